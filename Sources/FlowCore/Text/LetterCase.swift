extension String {
    /// Whether two texts are equal but for the case of ASCII letters, as the names of headers are compared.
    package func equals(ignoringASCIICase other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy {
            $0 == $1 || ($0 | 0x20) == ($1 | 0x20) && ($0 | 0x20) &- UInt8(ascii: "a") < 26
        }
    }
}
