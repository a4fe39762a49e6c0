import FlowCore
import FlowStorage

/// Bytes as a row keeps them, with how they are to be read.
struct StoredContent: Sendable {
    /// How bytes are kept: the version of their form, and flags.
    struct Format: OptionSet, Sendable {
        let rawValue: Int64

        /// Compressed by zstd.
        static let compressed = Format(rawValue: 1)
        /// Holds the marks of ``JournalCoding``.
        static let marked = Format(rawValue: 2)
        /// Encrypted with the environment's key.
        static let sealed = Format(rawValue: 4)

        /// The version, above the flags.
        static let current = Format(rawValue: JournalCoding.format << 8)
        var version: Int64 { rawValue >> 8 }
    }

    var format: Format
    var bytes: [UInt8]

    /// Takes bytes, compressing large ones.
    init(_ bytes: [UInt8], _ flags: Format = []) {
        format = Format.current.union(flags)
        self.bytes = bytes
        if bytes.count >= Compression.threshold, let compressed = Compression.compress(bytes) {
            format.insert(.compressed)
            self.bytes = compressed
        }
    }

    /// Takes JSON text that is encrypted where it is to be secret.
    init(_ json: JSON, sealed: Bool, vault: Vault, place: String) throws(FlowError) {
        guard sealed else {
            self.init(json.bytes)
            return
        }
        try self.init(format: Format.current.union(.sealed).rawValue, bytes: vault.seal(json.bytes, for: place))
    }

    /// Takes what a row holds.
    /// - Throws: `StoreFormatNewer`.
    init(format: Int64, bytes: [UInt8]) throws(FlowError) {
        self.format = Format(rawValue: format)
        self.bytes = bytes
        guard self.format.version <= JournalCoding.format else {
            throw FlowError(
                .storeFormatNewer,
                "A row of the store has the format \(self.format.version); this version of flowrun knows "
                    + "\(JournalCoding.format).",
                hint: "use the version of flowrun that wrote it")
        }
    }

    /// The bytes as they were given.
    var content: [UInt8] {
        get throws(FlowError) { format.contains(.compressed) ? try Compression.decompress(bytes) : bytes }
    }

    /// The JSON value, opened where it was encrypted.
    func json(vault: Vault, place: String) throws(FlowError) -> JSON {
        if format.contains(.sealed) { return try JournalCoding.parse(vault.open(bytes, for: place)) }
        return try JournalCoding.parse(content)
    }
}
