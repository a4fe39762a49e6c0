/// A number read from text with the rules of .NET's number styles.
enum NumberText {
    /// What a text may hold beside digits.
    struct Style: OptionSet {
        let rawValue: UInt8
        /// A sign after the digits.
        static let trailingSign = Style(rawValue: 1)
        /// A decimal point.
        static let decimalPoint = Style(rawValue: 2)
        /// Group separators anywhere between and after whole digits.
        static let thousands = Style(rawValue: 4)
        /// An exponent.
        static let exponent = Style(rawValue: 8)

        /// What `float` accepts.
        static let float: Style = [.trailingSign, .decimalPoint, .thousands, .exponent]
        /// What `decimal` accepts.
        static let decimal: Style = [.trailingSign, .decimalPoint, .thousands]
        /// What `int` accepts.
        static let integer: Style = [.decimalPoint, .thousands]
    }

    /// A number as it was read.
    struct Number {
        /// Whether a minus sign stands with it.
        var isNegative = false
        /// The digits before and after the point, zeros kept.
        var digits: [UInt8] = []
        /// How many of them stand after the point.
        var fractionCount = 0
        /// The exponent that is written.
        var exponent = 0

        /// The digits as a decimal's text.
        var plainText: String {
            var text = digits.map { $0 + UInt8(ascii: "0") }
            while text.count <= fractionCount { text.insert(UInt8(ascii: "0"), at: 0) }
            if fractionCount > 0 { text.insert(UInt8(ascii: "."), at: text.count - fractionCount) }
            return (isNegative ? "-" : "") + String(decoding: text, as: UTF8.self)
        }

        /// The value as a float, infinite beyond its range.
        var double: Double? { Double("\(plainText)e\(exponent)") }

        /// The value as an integer, where there is no fraction and it fits.
        var integer: Int64? {
            guard digits.suffix(fractionCount).allSatisfy({ $0 == 0 }) else { return nil }
            let whole = digits.dropLast(fractionCount).map { $0 + UInt8(ascii: "0") }
            guard !whole.isEmpty else { return 0 }
            return Int64((isNegative ? "-" : "") + String(decoding: whole, as: UTF8.self))
        }
    }

    /// Reads a number that fills the text but for blanks at both ends; nil where it is none.
    static func read(_ text: String, _ style: Style, _ symbols: NumberSymbols = .invariant) -> Number? {
        var scanner = Scanner(rest: Array(text.utf8)[...], style: style, symbols: symbols)
        return scanner.scan()
    }

    /// Reads what `int` makes of a text: a float without fraction.
    ///
    /// Beyond 2^53 the last digits are those of the nearest float, and `NaN` is the least integer, as in the cloud.
    static func readInteger(_ text: String) -> Int64? {
        if let number = read(text, .integer) { return number.double.flatMap { Int64(exactly: $0) } }
        return CaseMapping.trimmed(text).lowercased() == "nan" ? .min : nil
    }

    /// Reads a float, also `NaN` and the culture's sign of infinity in any letter case.
    static func readDouble(_ text: String, _ symbols: NumberSymbols = .invariant) -> Double? {
        if let number = read(text, .float, symbols) { return number.double }
        let word = CaseMapping.trimmed(text).lowercased()
        let infinity = symbols.infinity.lowercased()
        switch word {
        case symbols.notANumber.lowercased(), "-nan", "+nan": return .nan
        case infinity, "+" + infinity: return .infinity
        case symbols.negativeSign + infinity, "-" + infinity: return -.infinity
        default: return nil
        }
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>
        let style: Style
        let symbols: NumberSymbols

        mutating func scan() -> Number? {
            var number = Number()
            skipBlanks()
            var hasSign = takeSign(&number)
            var hasPoint = false
            while true {
                if let byte = rest.first, byte &- UInt8(ascii: "0") < 10 {
                    number.digits.append(byte - UInt8(ascii: "0"))
                    if hasPoint { number.fractionCount += 1 }
                    rest.removeFirst()
                } else if style.contains(.decimalPoint), !hasPoint, take(symbols.decimalSeparator) {
                    hasPoint = true
                } else if style.contains(.thousands), !hasPoint, !number.digits.isEmpty, takeGroupSeparator() {
                    continue
                } else {
                    break
                }
            }
            guard !number.digits.isEmpty else { return nil }
            if style.contains(.exponent) { takeExponent(&number) }
            skipBlanks()
            if style.contains(.trailingSign), !hasSign {
                hasSign = takeSign(&number)
                skipBlanks()
            }
            return rest.isEmpty ? number : nil
        }

        private mutating func takeSign(_ number: inout Number) -> Bool {
            if take("+") { return true }
            if take("-") || take(symbols.negativeSign) {
                number.isNegative = true
                return true
            }
            return false
        }

        private mutating func takeExponent(_ number: inout Number) {
            guard let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") else { return }
            let before = rest
            rest.removeFirst()
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            var value: Int?
            while let byte = rest.first, byte &- UInt8(ascii: "0") < 10 {
                value = min(99_999, (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0")))
                rest.removeFirst()
            }
            guard let value else {
                rest = before
                return
            }
            number.exponent = isNegative ? -value : value
        }

        private mutating func takeGroupSeparator() -> Bool {
            if take(symbols.groupSeparator) { return true }
            // Cultures that group by a no-break space accept a plain one.
            return (symbols.groupSeparator == "\u{A0}" || symbols.groupSeparator == "\u{202F}")
                && (take(" ") || take("\u{A0}"))
        }

        private mutating func take(_ text: String) -> Bool {
            let bytes = text.utf8
            guard !bytes.isEmpty, rest.starts(with: bytes) else { return false }
            rest.removeFirst(bytes.count)
            return true
        }

        private mutating func skipBlanks() {
            while let byte = rest.first, byte == 0x20 || (0x09...0x0D).contains(byte) { rest.removeFirst() }
        }
    }
}
