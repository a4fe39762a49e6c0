import FlowCore

/// Dates and times read by a given format, as .NET's `DateTime.ParseExact` does.
struct ExactDateTimeParser {
    private let culture: DateSymbols
    private var rest: Substring
    private var year: Int?
    private var month = 1
    private var day = 1
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var fraction: Int64 = 0
    private var isAfternoon: Bool?
    private var zone = DateTimeParser.Zone.none

    /// Reads a time; nil where the text does not fit the format.
    static func parse(_ text: String, _ format: String, _ culture: DateSymbols) -> DateTimeValue? {
        guard format.utf8.count <= DateTimeFormat.limit else { return nil }
        var pattern = format
        if format.count == 1, let letter = format.first {
            guard let standard = DateTimeFormat.pattern(of: letter, culture) else { return nil }
            pattern = standard
        }
        var parser = ExactDateTimeParser(culture: culture, rest: Substring(text))
        guard parser.read(Array(pattern)), parser.rest.isEmpty else { return nil }
        if "uRr".contains(format), format.count == 1 { parser.zone = .utc }
        return parser.value()
    }

    private init(culture: DateSymbols, rest: Substring) {
        self.culture = culture
        self.rest = rest
    }

    private func value() -> DateTimeValue? {
        var hour = hour
        if let isAfternoon {
            guard hour <= 12 else { return nil }
            hour = hour % 12 + (isAfternoon ? 12 : 0)
        }
        guard let year, hour < 24, minute < 60, second < 60 else { return nil }
        let ticks = Int64(hour * 3_600 + minute * 60 + second) * Timestamp.ticksPerSecond + fraction
        return DateTimeParser.value(year: year, month: month, day: day, ticksOfDay: ticks, zone: zone)
    }

    private mutating func read(_ pattern: [Character]) -> Bool {
        var place = 0
        while place < pattern.count {
            let character = pattern[place]
            switch character {
            case "'", "\"":
                place += 1
                while place < pattern.count, pattern[place] != character {
                    guard take(String(pattern[place])) else { return false }
                    place += 1
                }
                place += 1
            case "\\":
                guard place + 1 < pattern.count, take(String(pattern[place + 1])) else { return false }
                place += 2
            case "%": place += 1
            case "/":
                guard take(culture.dateSeparator) else { return false }
                place += 1
            case ":":
                guard take(culture.timeSeparator) else { return false }
                place += 1
            default:
                var count = 1
                while place + count < pattern.count, pattern[place + count] == character { count += 1 }
                place += count
                guard read(character, count) else { return false }
            }
        }
        return true
    }

    private mutating func read(_ letter: Character, _ count: Int) -> Bool {
        switch letter {
        case "y":
            guard let value = count <= 2 ? number(count, 2) : number(min(count, 4), max(count, 4)) else { return false }
            year = count > 2 ? value : value < 30 ? 2_000 + value : 1_900 + value
        case "M":
            if count >= 3 {
                let tables =
                    count == 3
                    ? [culture.shortMonths, DateSymbols.english.shortMonths]
                    : [culture.months, culture.genitiveMonths, DateSymbols.english.months]
                guard let place = name(in: tables), place < 12 else { return false }
                month = place + 1
                return true
            }
            guard let value = number(count, 2) else { return false }
            month = value
        case "d":
            if count >= 3 {
                let tables =
                    count == 3
                    ? [culture.shortDays, DateSymbols.english.shortDays] : [culture.days, DateSymbols.english.days]
                return name(in: tables) != nil
            }
            guard let value = number(count, 2) else { return false }
            day = value
        case "H", "h":
            guard let value = number(min(count, 2), 2), value <= (letter == "H" ? 23 : 12) else { return false }
            hour = value
            if letter == "h", isAfternoon == nil, value == 12 { hour = 12 }
        case "m":
            guard let value = number(min(count, 2), 2) else { return false }
            minute = value
        case "s":
            guard let value = number(min(count, 2), 2) else { return false }
            second = value
        case "f": return readFraction(exactly: count)
        case "F": return readFraction(upTo: count)
        case "t": return readHalfDay(short: count == 1)
        case "K": return rest.isEmpty ? true : readZone()
        case "z": return readOffset(parts: count)
        case "g": return take(culture.era)
        default: return take(String(repeating: letter, count: count))
        }
        return true
    }

    private mutating func number(_ least: Int, _ most: Int) -> Int? {
        let digits = rest.prefix(most).prefix { $0.isASCII && $0.isNumber }
        guard digits.count >= min(least, most), !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        return Int(digits)
    }

    private mutating func readFraction(exactly count: Int) -> Bool {
        let digits = rest.prefix(count).prefix { $0.isASCII && $0.isNumber }
        guard digits.count == count else { return false }
        return readFraction(upTo: count)
    }

    private mutating func readFraction(upTo count: Int) -> Bool {
        let digits = rest.prefix(count).prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        fraction = Int64(digits + String(repeating: "0", count: max(0, 7 - digits.count))) ?? 0
        return count <= 7
    }

    private mutating func readHalfDay(short: Bool) -> Bool {
        for (name, isAfternoon) in [(culture.morning, false), (culture.afternoon, true), ("AM", false), ("PM", true)] {
            let wanted = short ? String(name.prefix(1)) : name
            guard !wanted.isEmpty, rest.prefix(wanted.count).lowercased() == wanted.lowercased() else { continue }
            rest = rest.dropFirst(wanted.count)
            self.isAfternoon = isAfternoon
            return true
        }
        return false
    }

    private mutating func readZone() -> Bool {
        if take("Z") || take("z") {
            zone = .utc
            return true
        }
        return readOffset(parts: 3)
    }

    private mutating func readOffset(parts: Int) -> Bool {
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return parts == 3 && readZoneLetter() }
        guard let hours = number(parts == 1 ? 1 : 2, 2) else { return false }
        var minutes = 0
        if parts >= 3 {
            _ = take(":")
            guard let value = number(2, 2) else { return false }
            minutes = value
        }
        zone = .offset(minutes: sign * (hours * 60 + minutes))
        return hours <= 14
    }

    private mutating func readZoneLetter() -> Bool {
        guard take("Z") else { return false }
        zone = .utc
        return true
    }

    private mutating func name(in tables: [[String]]) -> Int? {
        for table in tables {
            // The longest name first: one may begin another.
            let places = table.indices.sorted { table[$0].count > table[$1].count }
            for place in places where !table[place].isEmpty {
                guard rest.prefix(table[place].count).lowercased() == table[place].lowercased() else { continue }
                rest = rest.dropFirst(table[place].count)
                return place
            }
        }
        return nil
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }
}
