/// Texts by UTF-16 code units, as .NET counts and cuts them.
enum TextUnits {
    /// How many units a text has.
    static func count(_ text: String) -> Int { text.utf16.count }

    /// The units from one place up to another, both within the text.
    static func slice(_ text: String, _ start: Int, _ end: Int) -> String {
        let units = text.utf16
        let first = units.index(units.startIndex, offsetBy: start)
        let last = units.index(first, offsetBy: end - start)
        // A cut through a pair leaves half of it, which no Swift text can hold; it becomes U+FFFD.
        return String(units[first..<last]) ?? String(decoding: units[first..<last], as: UTF16.self)
    }

    /// The place where a text occurs first, or nil; letter case is ignored.
    static func firstIndex(of wanted: String, in text: String) -> Int? {
        let wanted = CaseMapping.foldedUnits(wanted)
        return wanted.isEmpty ? 0 : TextSearch(wanted).first(in: CaseMapping.foldedUnits(text))
    }

    /// The place where a text occurs last, or nil; letter case is ignored.
    static func lastIndex(of wanted: String, in text: String) -> Int? {
        let (wanted, text) = (CaseMapping.foldedUnits(wanted), CaseMapping.foldedUnits(text))
        guard !wanted.isEmpty else { return text.count }
        let fromEnd = TextSearch<UInt16>(wanted.reversed()).first(in: text.reversed())
        return fromEnd.map { text.count - wanted.count - $0 }
    }

    /// All places where a text occurs, also those that overlap; letter case is ignored.
    static func indices(of wanted: String, in text: String) -> [Int] {
        let wanted = CaseMapping.foldedUnits(wanted)
        return wanted.isEmpty ? [] : TextSearch(wanted).all(in: CaseMapping.foldedUnits(text))
    }
}
