import FlowCore

/// Dates and times read from text as .NET's `DateTime.Parse` does.
///
/// ISO 8601 is read in every culture; anything else by numbers in the culture's order, and by names of months.
enum DateTimeParser {
    /// The longest text that is read by numbers and names, in bytes.
    private static let limit = 512

    /// Reads a time; nil where the text is none.
    static func parse(_ text: String, _ culture: DateSymbols = .english) -> DateTimeValue? {
        var text = text
        let quick = text.withUTF8 { bytes in
            var reader = ISOReader(bytes: bytes)
            return reader.read()
        }
        switch quick {
        case .value(let value): return value
        case .invalid: return nil
        case .otherForm:
            guard text.utf8.count <= limit else { return nil }
            var reader = FreeReader(text, culture)
            return reader.read()
        }
    }

    /// Makes a value of a time and its zone; a time with an offset is converted to UTC.
    static func value(
        year: Int, month: Int, day: Int, ticksOfDay: Int64, zone: Zone
    ) -> DateTimeValue? {
        switch zone {
        case .none: DateTimeValue(year: year, month: month, day: day, ticksOfDay: ticksOfDay, kind: .unspecified)
        case .utc: DateTimeValue(year: year, month: month, day: day, ticksOfDay: ticksOfDay, kind: .utc)
        case .offset(let minutes):
            DateTimeValue(year: year, month: month, day: day, ticksOfDay: ticksOfDay, kind: .offset)?
                .adding(-Int64(minutes), .minute)
        }
    }

    /// The zone that a text names.
    enum Zone {
        case none
        case utc
        case offset(minutes: Int)
    }

    private enum Outcome {
        case value(DateTimeValue)
        case invalid
        case otherForm
    }

    /// Reads `yyyy-MM-dd`, optionally with time, fraction and zone.
    private struct ISOReader {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        mutating func read() -> Outcome {
            guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else {
                return .otherForm
            }
            var ticks: Int64 = 0
            var zone = Zone.none
            if position < bytes.count {
                guard take("T") || take("t") || take(" ") else { return .otherForm }
                guard let hour = number(2), take(":"), let minute = number(2) else { return .otherForm }
                var second = 0
                if take(":") {
                    guard let value = number(2) else { return .otherForm }
                    second = value
                    if take(".") {
                        guard let fraction = fraction() else { return .otherForm }
                        ticks += fraction
                    }
                }
                guard hour < 24, minute < 60, second < 60 else { return .invalid }
                ticks += Int64(hour * 3_600 + minute * 60 + second) * Timestamp.ticksPerSecond
                while take(" ") {}
                guard let found = readZone() else { return .otherForm }
                zone = found
            }
            guard let value = value(year: year, month: month, day: day, ticksOfDay: ticks, zone: zone) else {
                return .invalid
            }
            return .value(value)
        }

        private mutating func readZone() -> Zone? {
            if position == bytes.count { return Zone.none }
            if take("Z") || take("z") { return position == bytes.count ? .utc : nil }
            let sign: Int
            if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
            guard let hours = number(2) else { return nil }
            var minutes = 0
            if position < bytes.count {
                _ = take(":")
                guard let value = number(2) else { return nil }
                minutes = value
            }
            guard position == bytes.count, hours <= 14, minutes < 60 else { return nil }
            return .offset(minutes: sign * (hours * 60 + minutes))
        }

        private mutating func number(_ digits: Int) -> Int? {
            guard position + digits <= bytes.count else { return nil }
            var value = 0
            for place in position..<(position + digits) {
                let digit = bytes[place] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + Int(digit)
            }
            position += digits
            return value
        }

        private mutating func fraction() -> Int64? {
            let start = position
            while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
            guard position > start else { return nil }
            return DateTimeParser.fraction(bytes[start..<position])
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }
    }

    /// The ticks of a fraction's digits, rounded.
    fileprivate static func fraction(_ digits: some Collection<UInt8>) -> Int64 {
        var value: Int64 = 0
        for (place, digit) in digits.enumerated() {
            if place < 7 {
                value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            } else {
                if place == 7, digit >= UInt8(ascii: "5") { value += 1 }
            }
        }
        for _ in digits.count..<max(7, digits.count) { value *= 10 }
        return value
    }

    /// Reads dates in any other form.
    private struct FreeReader {
        private enum Token: Equatable {
            case number(Int, digits: String)
            case word(String)
            case symbol(Character)
        }

        private let culture: DateSymbols
        private var tokens: [Token] = []
        private var position = 0
        private var numbers: [(value: Int, digits: Int)] = []
        private var month: Int?
        private var hour: Int?
        private var isAfternoon: Bool?
        private var ticks: Int64 = 0
        private var zone = Zone.none

        init(_ text: String, _ culture: DateSymbols) {
            self.culture = culture
            var rest = Substring(text)
            while let character = rest.first {
                if character.isASCII, character.isNumber {
                    let digits = rest.prefix { $0.isASCII && $0.isNumber }
                    tokens.append(.number(digits.count > 9 ? -1 : Int(digits) ?? -1, digits: String(digits)))
                    rest = rest.dropFirst(digits.count)
                } else if character.isLetter {
                    let word = rest.prefix { $0.isLetter }
                    tokens.append(.word(word.lowercased()))
                    rest = rest.dropFirst(word.count)
                } else {
                    if !character.isWhitespace { tokens.append(.symbol(character)) }
                    rest.removeFirst()
                }
            }
        }

        mutating func read() -> DateTimeValue? {
            while position < tokens.count { guard readPart() else { return nil } }
            guard let (year, month, day) = date() else { return nil }
            if let hour, let isAfternoon {
                guard (1...12).contains(hour) else { return nil }
                self.hour = hour % 12 + (isAfternoon ? 12 : 0)
            } else if isAfternoon != nil {
                return nil
            }
            let time = Int64(hour ?? 0) * TimeUnit.hour.ticks + ticks
            return DateTimeParser.value(year: year, month: month, day: day, ticksOfDay: time, zone: zone)
        }

        private mutating func readPart() -> Bool {
            let token = tokens[position]
            position += 1
            switch token {
            case .number(let value, let digits):
                guard value >= 0 else { return false }
                if hour == nil, peek == .symbol(":") { return readTime(hour: value) }
                if hour == nil, case .word(let word) = peek, isHalfDay(word) {
                    hour = value
                    return value < 24
                }
                numbers.append((value, digits.count))
                return numbers.count <= 3
            case .word(let word): return readWord(word)
            case .symbol(let symbol):
                if hour != nil, symbol == "+" || symbol == "-" { return readOffset(sign: symbol == "+" ? 1 : -1) }
                return "/-.,".contains(symbol) || culture.dateSeparator.contains(symbol)
            }
        }

        private var peek: Token? { position < tokens.count ? tokens[position] : nil }

        private mutating func takeNumber() -> (value: Int, digits: String)? {
            guard case .number(let value, let digits) = peek, value >= 0 || digits.count > 9 else { return nil }
            position += 1
            return (value, digits)
        }

        private mutating func readTime(hour: Int) -> Bool {
            position += 1
            guard hour < 24, let minute = takeNumber(), (0..<60).contains(minute.value), minute.digits.count <= 2 else {
                return false
            }
            self.hour = hour
            ticks = Int64(minute.value) * TimeUnit.minute.ticks
            guard peek == .symbol(":") else { return true }
            position += 1
            guard let second = takeNumber(), (0..<60).contains(second.value), second.digits.count <= 2 else {
                return false
            }
            ticks += Int64(second.value) * TimeUnit.second.ticks
            guard peek == .symbol(".") else { return true }
            position += 1
            guard let fraction = takeNumber() else { return false }
            ticks += DateTimeParser.fraction(fraction.digits.utf8)
            return true
        }

        private mutating func readOffset(sign: Int) -> Bool {
            guard case .none = zone, let hours = takeNumber() else { return false }
            var minutes = 0
            if hours.digits.count == 4 {
                guard hours.value <= 1_400, hours.value % 100 < 60 else { return false }
                zone = .offset(minutes: sign * (hours.value / 100 * 60 + hours.value % 100))
                return true
            }
            if peek == .symbol(":") {
                position += 1
                guard let value = takeNumber(), value.value < 60 else { return false }
                minutes = value.value
            }
            guard (0...14).contains(hours.value) else { return false }
            zone = .offset(minutes: sign * (hours.value * 60 + minutes))
            return true
        }

        private mutating func readWord(_ word: String) -> Bool {
            if isHalfDay(word), hour != nil, isAfternoon == nil {
                isAfternoon = word == culture.afternoon.lowercased() || word == "pm" || word == "p"
                return true
            }
            if word == "z" || word == "gmt" || word == "utc", hour != nil {
                zone = .utc
                return true
            }
            if word == "t", hour == nil, !numbers.isEmpty { return true }
            if let place = monthIndex(word), month == nil {
                month = place
                return true
            }
            return isDayName(word) || culture.longDate.contains("'\(word)'") || culture.longDate.contains("'\(word) ")
                || word == "de" && culture.longDate.contains("de")
        }

        private func isHalfDay(_ word: String) -> Bool {
            word == "am" || word == "pm" || word == "a" || word == "p" || word == culture.morning.lowercased()
                || word == culture.afternoon.lowercased()
        }

        private func monthIndex(_ word: String) -> Int? {
            let tables = [
                culture.months, culture.genitiveMonths, culture.shortMonths, DateSymbols.english.months,
                DateSymbols.english.shortMonths,
            ]
            for table in tables {
                if let place = table.firstIndex(where: { plain($0) == word }), place < 12 { return place + 1 }
            }
            return nil
        }

        private func isDayName(_ word: String) -> Bool {
            let tables = [culture.days, culture.shortDays, DateSymbols.english.days, DateSymbols.english.shortDays]
            return tables.contains { $0.contains { plain($0) == word } }
        }

        private func plain(_ name: String) -> String {
            (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
        }

        private func date() -> (year: Int, month: Int, day: Int)? {
            if let month {
                guard let first = numbers.first else { return nil }
                if numbers.count == 1 { return first.digits >= 3 ? (first.value, month, 1) : nil }
                guard numbers.count == 2 else { return nil }
                return first.digits >= 3
                    ? (first.value, month, numbers[1].value) : (year(numbers[1]), month, first.value)
            }
            if numbers.count == 2 {
                if numbers[1].digits >= 3 { return (numbers[1].value, numbers[0].value, 1) }
                return numbers[0].digits >= 3 ? (numbers[0].value, numbers[1].value, 1) : nil
            }
            guard numbers.count == 3 else { return nil }
            if numbers[0].digits >= 3 { return (numbers[0].value, numbers[1].value, numbers[2].value) }
            let order = culture.shortDate.filter { "dMy".contains($0) }
            let places = order.reduce(into: "") { if $0.last != $1 { $0.append($1) } }
            switch places {
            case "dMy": return (year(numbers[2]), numbers[1].value, numbers[0].value)
            case "yMd" where numbers[2].digits < 3: return (year(numbers[0]), numbers[1].value, numbers[2].value)
            default: return (year(numbers[2]), numbers[0].value, numbers[1].value)
            }
        }

        private func year(_ number: (value: Int, digits: Int)) -> Int {
            number.digits > 2 ? number.value : number.value < 30 ? 2_000 + number.value : 1_900 + number.value
        }
    }
}
