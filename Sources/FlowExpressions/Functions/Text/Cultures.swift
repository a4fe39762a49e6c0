import Foundation
import Synchronization

/// Cultures other than `en-US`, from the Unicode locale data in Foundation.
enum Cultures {
    private static let known = Mutex<[String: Culture]>([:])

    private static let identifiers: Set<String> = Set(
        Locale.availableIdentifiers.map { $0.replacingOccurrences(of: "_", with: "-").lowercased() })

    /// The culture of a name such as `de-DE`, or nil.
    static func culture(named name: String) -> Culture? {
        let key = name.lowercased().replacingOccurrences(of: "_", with: "-")
        if let culture = known.withLock({ $0[key] }) { return culture }
        // Only names that are known are kept: unknown ones come from data and have no end.
        guard isKnown(key) else { return nil }
        let culture = make(Locale(identifier: identifier(key)))
        known.withLock { $0[key] = culture }
        return culture
    }

    private static func isKnown(_ key: String) -> Bool {
        if identifiers.contains(key) { return true }
        let parts = key.split(separator: "-")
        guard parts.count == 2, parts[1].count == 2, identifiers.contains(String(parts[0])) else { return false }
        return parts[1].allSatisfy { $0.isASCII && $0.isLetter }
    }

    private static func identifier(_ key: String) -> String {
        let parts = key.split(separator: "-").enumerated().map { place, part in
            place == 0 ? String(part) : part.count == 4 ? part.capitalized : part.uppercased()
        }
        return parts.joined(separator: "_")
    }

    private static func make(_ locale: Locale) -> Culture {
        Culture(numbers: numbers(locale), dates: dates(locale))
    }

    private static func numbers(_ locale: Locale) -> NumberSymbols {
        let formatter = NumberFormatter()
        formatter.locale = locale
        formatter.numberStyle = .decimal
        var symbols = NumberSymbols()
        symbols.decimalSeparator = formatter.decimalSeparator ?? "."
        symbols.groupSeparator = formatter.groupingSeparator ?? ","
        let groups = 123_456_789.formatted(.number.locale(locale)).components(separatedBy: symbols.groupSeparator)
        if groups.count >= 3 { symbols.groupSizes = [groups[groups.count - 1].count, groups[groups.count - 2].count] }
        symbols.infinity = "∞"
        let money = NumberFormatter()
        money.locale = locale
        money.numberStyle = .currency
        money.minimumFractionDigits = 0
        money.maximumFractionDigits = 0
        let sample = money.string(from: 1) ?? "1"
        let parts = sample.components(separatedBy: "1")
        if parts.count == 2 {
            symbols.currencyPrefix = parts[0]
            symbols.currencySuffix = parts[1]
        }
        let share = NumberFormatter()
        share.locale = locale
        share.numberStyle = .percent
        let percent = (share.string(from: 1) ?? "100%").components(separatedBy: "100").last ?? "%"
        symbols.percentGap = String(percent.filter { $0 == " " || $0 == "\u{A0}" || $0 == "\u{202F}" })
        return symbols
    }

    private static func dates(_ locale: Locale) -> DateSymbols {
        let formatter = DateFormatter()
        formatter.calendar = Calendar(identifier: .gregorian)
        formatter.locale = locale
        var symbols = DateSymbols()
        symbols.months = formatter.standaloneMonthSymbols
        symbols.genitiveMonths = formatter.monthSymbols
        symbols.shortMonths = formatter.shortMonthSymbols
        symbols.days = formatter.weekdaySymbols
        symbols.shortDays = formatter.shortWeekdaySymbols
        symbols.morning = formatter.amSymbol
        symbols.afternoon = formatter.pmSymbol
        symbols.shortDate = pattern(formatter, date: .short, time: .none)
        symbols.longDate = pattern(formatter, date: .full, time: .none)
        symbols.shortTime = pattern(formatter, date: .none, time: .short)
        symbols.longTime = pattern(formatter, date: .none, time: .medium)
        symbols.monthDay = template("MMMMd", locale) ?? symbols.monthDay
        symbols.yearMonth = template("yMMMM", locale) ?? symbols.yearMonth
        let separator = symbols.shortDate.drop { $0.isLetter }.prefix { !$0.isLetter && $0 != "'" }
        if !separator.isEmpty { symbols.dateSeparator = String(separator) }
        return symbols
    }

    private static func pattern(
        _ formatter: DateFormatter, date: DateFormatter.Style, time: DateFormatter.Style
    ) -> String {
        formatter.dateStyle = date
        formatter.timeStyle = time
        return converted(formatter.dateFormat ?? "")
    }

    private static func template(_ skeleton: String, _ locale: Locale) -> String? {
        DateFormatter.dateFormat(fromTemplate: skeleton, options: 0, locale: locale).map(converted)
    }

    /// A Unicode date pattern as .NET writes it.
    private static func converted(_ pattern: String) -> String {
        var result = ""
        var quoted = false
        var characters = Array(pattern)[...]
        while let character = characters.popFirst() {
            if character == "'" { quoted.toggle() }
            guard !quoted, character.isLetter else {
                // .NET's patterns have plain blanks.
                result.append(character == "\u{202F}" || character == "\u{A0}" ? " " : character)
                continue
            }
            var count = 1
            while characters.first == character {
                characters.removeFirst()
                count += 1
            }
            switch character {
            case "E", "c", "e": result += count >= 4 ? "dddd" : "ddd"
            case "y", "u": result += "yyyy"
            case "L": result += String(repeating: "M", count: count)
            case "a", "b", "B": result += "tt"
            case "G": break
            default: result += String(repeating: character, count: count)
            }
        }
        return result
    }
}
