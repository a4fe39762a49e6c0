import FlowCore

/// Numbers as text by .NET's standard formats (`C2`, `N0`, `D4`) and custom formats (`#,##0.00`).
struct NumberFormat {
    private static let greatestPrecision = 99
    /// The longest format, in bytes: as long as an expression.
    private static let formatLimit = 8_192

    private let value: JSON
    private let symbols: NumberSymbols

    private init(value: JSON, symbols: NumberSymbols) {
        self.value = value
        self.symbols = symbols
    }

    /// The text of a number, or nil where the format is none, or none for this kind of number.
    static func format(_ value: JSON, _ format: String, _ symbols: NumberSymbols) -> String? {
        let formatter = NumberFormat(value: value, symbols: symbols)
        if case .double(let double) = value, !double.isFinite { return ValueText.text(of: double) }
        let bytes = Array(format.utf8)
        guard bytes.count <= formatLimit else { return nil }
        guard let letter = bytes.first else { return formatter.general(precision: nil) }
        let isLetter = (letter | 0x20) &- UInt8(ascii: "a") < 26
        if isLetter, bytes.count <= 10, bytes.dropFirst().allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) {
            let precision = Int(format.dropFirst())
            guard precision ?? 0 <= greatestPrecision else { return nil }
            return formatter.standard(letter, precision: precision)
        }
        guard let digits = formatter.digits(forCustom: true) else { return nil }
        return CustomNumberFormat(format).format(digits, symbols)
    }

    /// Standard formats see 17 digits of a float, custom ones 15.
    private func digits(forCustom isCustom: Bool) -> NumberDigits? {
        switch value {
        case .integer(let value): NumberDigits(value)
        case .double(let value): NumberDigits(exact: value, significant: isCustom ? 15 : 17)
        case .decimal(let text): NumberDigits(decimal: text)
        default: nil
        }
    }

    private var rounding: NumberDigits.Rounding {
        if case .double = value { .halfToEven } else { .halfAwayFromZero }
    }

    private func standard(_ letter: UInt8, precision: Int?) -> String? {
        guard let digits = digits(forCustom: false) else { return nil }
        switch letter | 0x20 {
        case UInt8(ascii: "c"):
            let (text, isNegative) = grouped(digits, precision ?? 2)
            return (isNegative ? symbols.negativeSign : "") + symbols.currencyPrefix + text + symbols.currencySuffix
        case UInt8(ascii: "d"): return whole(precision: precision ?? 0)
        case UInt8(ascii: "e"): return scientific(digits, precision ?? 6, letter)
        case UInt8(ascii: "f"): return fixed(digits, precision ?? 2)
        case UInt8(ascii: "g"): return general(precision: precision)
        case UInt8(ascii: "n"):
            let (text, isNegative) = grouped(digits, precision ?? 2)
            return (isNegative ? symbols.negativeSign : "") + text
        case UInt8(ascii: "p"):
            var scaled = digits
            scaled.scale(byPowerOfTen: 2)
            let (text, isNegative) = grouped(scaled, precision ?? 2)
            return (isNegative ? symbols.negativeSign : "") + text + symbols.percentGap + symbols.percentSign
        case UInt8(ascii: "r"): return general(precision: nil)
        case UInt8(ascii: "x"): return hexadecimal(letter, precision ?? 0)
        default: return nil
        }
    }

    private func whole(precision: Int) -> String? {
        guard case .integer(let value) = value else { return nil }
        let digits = String(value.magnitude)
        return (value < 0 ? symbols.negativeSign : "") + String(repeating: "0", count: max(0, precision - digits.count))
            + digits
    }

    private func hexadecimal(_ letter: UInt8, _ precision: Int) -> String? {
        guard case .integer(let value) = value else { return nil }
        let digits = String(UInt64(bitPattern: value), radix: 16, uppercase: letter == UInt8(ascii: "X"))
        return String(repeating: "0", count: max(0, precision - digits.count)) + digits
    }

    private func fixed(_ digits: NumberDigits, _ precision: Int) -> String {
        var digits = digits
        digits.round(toFraction: precision, rounding)
        let (whole, fraction) = digits.parts(fraction: precision)
        return (digits.isNegative ? symbols.negativeSign : "") + (whole.isEmpty ? "0" : whole)
            + (fraction.isEmpty ? "" : symbols.decimalSeparator + fraction)
    }

    private func grouped(_ digits: NumberDigits, _ precision: Int) -> (text: String, isNegative: Bool) {
        var digits = digits
        digits.round(toFraction: precision, rounding)
        let (whole, fraction) = digits.parts(fraction: precision)
        let text = symbols.grouping(whole.isEmpty ? "0" : whole)
        return (text + (fraction.isEmpty ? "" : symbols.decimalSeparator + fraction), digits.isNegative)
    }

    private func scientific(_ digits: NumberDigits, _ precision: Int, _ letter: UInt8) -> String {
        var digits = digits
        digits.round(toSignificant: precision + 1, rounding)
        let exponent = digits.isZero ? 0 : digits.exponent - 1
        let padded = digits.text + String(repeating: "0", count: max(0, precision + 1 - digits.text.count))
        let size = String(exponent.magnitude)
        return (digits.isNegative ? symbols.negativeSign : "") + padded.prefix(1)
            + (precision > 0 ? symbols.decimalSeparator + padded.dropFirst() : "")
            + String(Character(Unicode.Scalar(letter))) + (exponent < 0 ? "-" : "+")
            + String(repeating: "0", count: max(0, 3 - size.count)) + size
    }

    private func general(precision: Int?) -> String? {
        guard let precision, precision > 0, var digits = digits(forCustom: false) else {
            return ValueText.text(of: value).replacing(".", with: symbols.decimalSeparator)
        }
        digits.round(toSignificant: precision, rounding)
        let exponent = digits.exponent - 1
        guard !digits.isZero, exponent >= precision || exponent < -5 else {
            return (digits.isNegative ? symbols.negativeSign : "")
                + digits.plainText.replacing(".", with: symbols.decimalSeparator)
        }
        let size = String(exponent.magnitude)
        return (digits.isNegative ? symbols.negativeSign : "") + digits.text.prefix(1)
            + (digits.text.count > 1 ? symbols.decimalSeparator + digits.text.dropFirst() : "")
            + (exponent < 0 ? "E-" : "E+") + (size.count < 2 ? "0" : "") + size
    }
}

extension NumberSymbols {
    /// Whole digits in groups.
    func grouping(_ digits: String) -> String {
        var rest = digits.utf8[...]
        var groups: [String] = []
        var place = 0
        while let size = groupSizes.isEmpty ? nil : groupSizes[min(place, groupSizes.count - 1)], size > 0,
            rest.count > size
        {
            groups.append(String(Substring(rest.suffix(size))))
            rest = rest.dropLast(size)
            place += 1
        }
        groups.append(String(Substring(rest)))
        return groups.reversed().joined(separator: groupSeparator)
    }
}
