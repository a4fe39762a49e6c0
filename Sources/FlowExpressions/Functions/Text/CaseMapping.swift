/// Letter case as .NET's invariant culture has it: letter by letter, and without regard to Turkish.
enum CaseMapping {
    /// The text in upper case.
    static func uppercased(_ text: String) -> String {
        if let mapped = mapASCII(text, from: UInt8(ascii: "a")) { return mapped }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(upper(scalar)) }
        return String(result)
    }

    /// The text in lower case.
    static func lowercased(_ text: String) -> String {
        if let mapped = mapASCII(text, from: UInt8(ascii: "A")) { return mapped }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(lower(scalar)) }
        return String(result)
    }

    /// The UTF-16 code units of the text in upper case; as many as the text has.
    static func foldedUnits(_ text: String) -> [UInt16] {
        var units: [UInt16] = []
        units.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            let folded = upper(scalar)
            // A mapping into another plane would shift the places of all that follows.
            let same = UTF16.width(folded) == UTF16.width(scalar) ? folded : scalar
            units.append(contentsOf: Character(same).utf16)
        }
        return units
    }

    /// Whether two texts are equal when letter case is ignored.
    static func areEqualIgnoringCase(_ left: String, _ right: String) -> Bool {
        var rightBytes = right.utf8.makeIterator()
        for byte in left.utf8 {
            guard let other = rightBytes.next() else { return false }
            if byte == other { continue }
            guard byte < 0x80, other < 0x80 else { return foldedUnits(left) == foldedUnits(right) }
            guard byte ^ other == 0x20, (byte | 0x20) &- UInt8(ascii: "a") < 26 else { return false }
        }
        return rightBytes.next() == nil
    }

    /// The text without white space at both ends.
    static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// An ASCII text with the letters of one case in the other; nil where it holds more than ASCII.
    private static func mapASCII(_ text: String, from first: UInt8) -> String? {
        var text = text
        return text.withUTF8 { bytes -> String? in
            var union: UInt8 = 0
            for byte in bytes { union |= byte }
            guard union < 0x80 else { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { room in
                for place in bytes.indices {
                    let byte = bytes[place]
                    room.initializeElement(at: place, to: byte &- first < 26 ? byte ^ 0x20 : byte)
                }
                return bytes.count
            }
        }
    }

    private static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar == "\u{131}" { return scalar }
        let mapping = scalar.properties.uppercaseMapping.unicodeScalars
        return mapping.count == 1 ? mapping.first ?? scalar : scalar
    }

    private static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar == "\u{130}" { return scalar }
        let mapping = scalar.properties.lowercaseMapping.unicodeScalars
        return mapping.count == 1 ? mapping.first ?? scalar : scalar
    }
}
