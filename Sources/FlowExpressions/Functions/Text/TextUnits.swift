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
        firstIndex(of: CaseMapping.foldedUnits(wanted)[...], in: CaseMapping.foldedUnits(text), from: 0)
    }

    /// The place where a text occurs last, or nil; letter case is ignored.
    static func lastIndex(of wanted: String, in text: String) -> Int? {
        let (wanted, text) = (CaseMapping.foldedUnits(wanted), CaseMapping.foldedUnits(text))
        guard wanted.count <= text.count else { return nil }
        var place = text.count - wanted.count
        while place >= 0 {
            if text[place..<(place + wanted.count)].elementsEqual(wanted) { return place }
            place -= 1
        }
        return nil
    }

    /// All places where a text occurs, also those that overlap; letter case is ignored.
    static func indices(of wanted: String, in text: String) -> [Int] {
        let (wanted, text) = (CaseMapping.foldedUnits(wanted), CaseMapping.foldedUnits(text))
        guard !wanted.isEmpty else { return [] }
        var places: [Int] = []
        var start = 0
        while let place = firstIndex(of: wanted[...], in: text, from: start) {
            places.append(place)
            start = place + 1
        }
        return places
    }

    private static func firstIndex(of wanted: ArraySlice<UInt16>, in text: [UInt16], from start: Int) -> Int? {
        guard let first = wanted.first else { return start }
        guard wanted.count + start <= text.count else { return nil }
        for place in start...(text.count - wanted.count) where text[place] == first {
            if text[place..<(place + wanted.count)].elementsEqual(wanted) { return place }
        }
        return nil
    }
}
