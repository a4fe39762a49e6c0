/// A custom number format of .NET: up to three sections of `0`, `#`, `.`, `,`, `%`, `‰`, `E0` and literal text.
struct CustomNumberFormat {
    private let sections: [Section]

    /// Reads a format.
    init(_ format: String) {
        sections = Self.split(format).map(Section.init)
    }

    /// The text of a number.
    func format(_ digits: NumberDigits, _ symbols: NumberSymbols) -> String {
        guard let first = sections.first else { return "" }
        if sections.count >= 2, digits.isNegative, !sections[1].isEmpty {
            return orZero(sections[1], digits, showsSign: false, symbols)
        }
        return orZero(digits.isZero && sections.count >= 3 ? sections[2] : first, digits, showsSign: true, symbols)
    }

    /// A number that the section rounds to zero is written by the section for zero.
    private func orZero(
        _ section: Section, _ digits: NumberDigits, showsSign: Bool, _ symbols: NumberSymbols
    ) -> String {
        let rounded = section.rounded(digits)
        if rounded.isZero, !digits.isZero, sections.count >= 3, !sections[2].isEmpty {
            return sections[2].format(rounded, showsSign: false, symbols)
        }
        return section.format(rounded, showsSign: showsSign, symbols)
    }

    private static func split(_ format: String) -> [[Character]] {
        var sections: [[Character]] = [[]]
        var quote: Character?
        var isEscaped = false
        for character in format {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == ";", sections.count < 3 {
                sections.append([])
                continue
            }
            sections[sections.count - 1].append(character)
        }
        return sections
    }

    private struct Section {
        private enum Element {
            case digit(isZero: Bool)
            case point
            case literal(String)
            case percent
            case permille
            case exponent(mark: Character, showsPlus: Bool, digits: Int)
        }

        private var elements: [Element] = []
        private var wholePlaces = 0
        private var fractionPlaces = 0
        private var leastWhole = 0
        private var leastFraction = 0
        private var isGrouped = false
        private var power = 0
        private var isScientific = false
        let isEmpty: Bool

        init(_ characters: [Character]) {
            isEmpty = characters.isEmpty
            var place = 0
            var hasPoint = false
            var pendingCommas = 0
            var firstZero: Int?
            func character(_ offset: Int) -> Character? {
                characters.indices.contains(place + offset) ? characters[place + offset] : nil
            }
            while place < characters.count {
                let current = characters[place]
                switch current {
                case "0", "#":
                    if pendingCommas > 0, !hasPoint, wholePlaces > 0 { isGrouped = true }
                    pendingCommas = 0
                    elements.append(.digit(isZero: current == "0"))
                    if hasPoint {
                        fractionPlaces += 1
                        if current == "0" { leastFraction = fractionPlaces }
                    } else {
                        if current == "0", firstZero == nil { firstZero = wholePlaces }
                        wholePlaces += 1
                    }
                case ".":
                    if !hasPoint {
                        power -= 3 * pendingCommas
                        pendingCommas = 0
                        hasPoint = true
                        elements.append(.point)
                    }
                case ",": pendingCommas += 1
                case "%":
                    power += 2
                    elements.append(.percent)
                case "‰":
                    power += 3
                    elements.append(.permille)
                case "'", "\"":
                    var text = ""
                    place += 1
                    while place < characters.count, characters[place] != current {
                        text.append(characters[place])
                        place += 1
                    }
                    elements.append(.literal(text))
                case "\\":
                    place += 1
                    if place < characters.count { elements.append(.literal(String(characters[place]))) }
                case "E"
                where character(1) == "0" || (character(1) == "+" || character(1) == "-") && character(2) == "0",
                    "e"
                where character(1) == "0" || (character(1) == "+" || character(1) == "-") && character(2) == "0":
                    let showsPlus = character(1) == "+"
                    if character(1) != "0" { place += 1 }
                    var count = 0
                    while character(1) == "0" {
                        count += 1
                        place += 1
                    }
                    isScientific = true
                    elements.append(.exponent(mark: current, showsPlus: showsPlus, digits: count))
                default: elements.append(.literal(String(current)))
                }
                place += 1
            }
            if !hasPoint { power -= 3 * pendingCommas }
            leastWhole = firstZero.map { wholePlaces - $0 } ?? 0
        }

        /// The number as the section's places hold it.
        func rounded(_ digits: NumberDigits) -> NumberDigits {
            var digits = digits
            digits.scale(byPowerOfTen: power)
            if isScientific {
                digits.round(toSignificant: max(1, wholePlaces) + fractionPlaces, .halfAwayFromZero)
            } else {
                digits.round(toFraction: fractionPlaces, .halfAwayFromZero)
            }
            return digits
        }

        /// The text of a number that was rounded by this section.
        func format(_ digits: NumberDigits, showsSign: Bool, _ symbols: NumberSymbols) -> String {
            var digits = digits
            var exponent = 0
            if isScientific, !digits.isZero {
                exponent = digits.exponent - max(1, wholePlaces)
                digits.scale(byPowerOfTen: -exponent)
            }
            let (whole, fraction) = digits.parts(fraction: fractionPlaces)
            let padded = Array(String(repeating: "0", count: max(0, leastWhole - whole.count)) + whole)
            let significantFraction = max(leastFraction, fraction.reversed().drop { $0 == "0" }.count)
            let fractionDigits = Array(fraction.prefix(significantFraction))
            var text = digits.isNegative && showsSign ? symbols.negativeSign : ""
            var wholePlace = 0
            var written = 0
            var fractionPlace = 0
            var isAfterPoint = false
            func append(wholeDigitsUpTo count: Int) {
                while written < count {
                    text.append(padded[written])
                    written += 1
                    let rest = padded.count - written
                    if isGrouped, rest > 0, isGroupEnd(rest, symbols) { text += symbols.groupSeparator }
                }
            }
            for element in elements {
                switch element {
                case .digit:
                    if isAfterPoint {
                        if fractionPlace < fractionDigits.count { text.append(fractionDigits[fractionPlace]) }
                        fractionPlace += 1
                    } else {
                        wholePlace += 1
                        append(wholeDigitsUpTo: max(written, padded.count - (wholePlaces - wholePlace)))
                    }
                case .point:
                    isAfterPoint = true
                    if wholePlaces == 0 { append(wholeDigitsUpTo: padded.count) }
                    if !fractionDigits.isEmpty { text += symbols.decimalSeparator }
                case .literal(let literal): text += literal
                case .percent: text += symbols.percentSign
                case .permille: text += "‰"
                case .exponent(let mark, let showsPlus, let count):
                    let size = String(exponent.magnitude)
                    text.append(mark)
                    text += exponent < 0 ? "-" : showsPlus ? "+" : ""
                    text += String(repeating: "0", count: max(0, count - size.count)) + size
                }
            }
            return text
        }

        private func isGroupEnd(_ rest: Int, _ symbols: NumberSymbols) -> Bool {
            var sum = 0
            for size in symbols.groupSizes {
                sum += size
                if rest == sum { return true }
                if rest < sum { return false }
            }
            guard let last = symbols.groupSizes.last, last > 0 else { return false }
            return (rest - sum) % last == 0
        }
    }
}
