import FlowCore

/// Dates as text by .NET's standard formats (one letter) and custom formats.
enum DateTimeFormat {
    /// The format of functions that name none.
    static let roundTrip = "o"
    /// The longest format, in bytes: as long as an expression.
    static let limit = 8_192

    /// The text of a time, or nil for an unknown format of one letter.
    static func format(_ value: DateTimeValue, _ format: String, _ culture: DateSymbols = .english) -> String? {
        guard format.utf8.count <= limit else { return nil }
        guard let letter = format.first else { return self.format(value, "G", culture) }
        guard format.utf8.count == 1 else { return custom(value, format, culture) }
        if letter == "o" || letter == "O" { return roundTrip(value) }
        guard let pattern = pattern(of: letter, culture) else { return nil }
        let isInvariant = "RrsuoO".contains(letter)
        return custom(value, pattern, isInvariant ? .english : culture)
    }

    /// The custom format behind a standard one.
    static func pattern(of letter: Character, _ culture: DateSymbols) -> String? {
        switch letter {
        case "d": culture.shortDate
        case "D": culture.longDate
        case "f": culture.longDate + " " + culture.shortTime
        case "F", "U": culture.longDate + " " + culture.longTime
        case "g": culture.shortDate + " " + culture.shortTime
        case "G": culture.shortDate + " " + culture.longTime
        case "M", "m": culture.monthDay
        case "o", "O": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK"
        case "R", "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'"
        case "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss"
        case "t": culture.shortTime
        case "T": culture.longTime
        case "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'"
        case "Y", "y": culture.yearMonth
        default: nil
        }
    }

    /// A number with leading zeros.
    static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
    }

    private static func roundTrip(_ value: DateTimeValue) -> String {
        let date = value.date
        var bytes: [UInt8] = []
        bytes.reserveCapacity(33)
        func append(_ number: Int, _ width: Int) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
        }
        append(date.year, 4)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, 2)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, 2)
        bytes.append(UInt8(ascii: "T"))
        append(value.hour, 2)
        bytes.append(UInt8(ascii: ":"))
        append(value.minute, 2)
        bytes.append(UInt8(ascii: ":"))
        append(value.second, 2)
        bytes.append(UInt8(ascii: "."))
        append(Int(value.fraction), 7)
        bytes.append(contentsOf: value.kind.suffix.utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func custom(_ value: DateTimeValue, _ format: String, _ culture: DateSymbols) -> String? {
        let characters = Array(format)
        let usesGenitive = hasDay(characters)
        var text = ""
        var place = 0
        while place < characters.count {
            let character = characters[place]
            switch character {
            case "'", "\"":
                place += 1
                while place < characters.count, characters[place] != character {
                    if characters[place] == "\\", place + 1 < characters.count { place += 1 }
                    text.append(characters[place])
                    place += 1
                }
                guard place < characters.count else { return nil }
                place += 1
            case "\\":
                guard place + 1 < characters.count else { return nil }
                text.append(characters[place + 1])
                place += 2
            case "%":
                guard place + 1 < characters.count, characters[place + 1] != "%" else { return nil }
                place += 1
            case "/":
                text += culture.dateSeparator
                place += 1
            case ":":
                text += culture.timeSeparator
                place += 1
            default:
                var count = 1
                while place + count < characters.count, characters[place + count] == character { count += 1 }
                place += count
                guard append(character, count, value, culture, usesGenitive, to: &text) else { return nil }
            }
        }
        return text
    }

    private static func append(
        _ letter: Character, _ count: Int, _ value: DateTimeValue, _ culture: DateSymbols, _ usesGenitive: Bool,
        to text: inout String
    ) -> Bool {
        let date = value.date
        switch letter {
        case "d":
            switch count {
            case 1, 2: text += padded(date.day, count)
            case 3: text += culture.shortDays[value.weekday]
            default: text += culture.days[value.weekday]
            }
        case "M":
            switch count {
            case 1, 2: text += padded(date.month, count)
            case 3: text += culture.shortMonths[date.month - 1]
            default:
                let names = usesGenitive && culture.genitiveMonths.count >= 12 ? culture.genitiveMonths : culture.months
                text += names[date.month - 1]
            }
        case "y": text += count <= 2 ? padded(date.year % 100, count) : padded(date.year, count)
        case "H": text += padded(value.hour, min(count, 2))
        case "h": text += padded(value.hour % 12 == 0 ? 12 : value.hour % 12, min(count, 2))
        case "m": text += padded(value.minute, min(count, 2))
        case "s": text += padded(value.second, min(count, 2))
        case "t":
            let name = value.hour < 12 ? culture.morning : culture.afternoon
            text += count == 1 ? String(name.prefix(1)) : name
        case "f", "F":
            guard count <= 7 else { return false }
            var digits = padded(Int(value.fraction), 7).prefix(count)
            if letter == "F" {
                while digits.last == "0" { digits = digits.dropLast() }
                // With no digit left, the point before them goes too.
                if digits.isEmpty, text.hasSuffix(".") { text.removeLast() }
            }
            text += digits
        case "g": text += culture.era
        case "K": text += String(repeating: value.kind.suffix, count: count)
        case "z": text += count == 1 ? "+0" : count == 2 ? "+00" : "+00:00"
        default: text += String(repeating: letter, count: count)
        }
        return true
    }

    /// Whether a day's number stands in the format: month names then take the form they have beside a day.
    private static func hasDay(_ characters: [Character]) -> Bool {
        var place = 0
        while place < characters.count {
            if characters[place] == "d" {
                var count = 1
                while place + count < characters.count, characters[place + count] == "d" { count += 1 }
                if count <= 2 { return true }
                place += count
            } else {
                place += 1
            }
        }
        return false
    }
}
