package import FlowCore

/// Encrypts and opens what a store keeps secret, with the environment's key.
package struct Vault: Sendable {
    private let key: [UInt8]?

    /// Makes a vault; without a key it neither encrypts nor opens.
    package init(key: [UInt8]?) { self.key = key }

    /// Whether it can open anything.
    package var hasKey: Bool { key != nil }

    /// A value that tells whether a key is the one a store was made with, and nothing about the key.
    package var keyCheck: [UInt8]? {
        key.map { Digest.hmacSHA256(Array("flowrun environment key".utf8), key: $0) }
    }

    /// Encrypts bytes.
    /// - Parameters:
    ///   - bytes: what is kept secret.
    ///   - place: where it is kept; it cannot be opened as the content of another place.
    /// - Returns: the box.
    /// - Throws: `StoreKeyWrong` where there is no key, `InvalidKey` where it has not the right length.
    package func seal(_ bytes: [UInt8], for place: String) throws(FlowError) -> [UInt8] {
        guard let key else { throw Self.missingKey }
        do {
            return try SealedBox.seal(bytes, key: key, context: Array(place.utf8))
        } catch {
            throw FlowError(.invalidKey, "The environment's key is not \(SealedBox.keyLength) bytes long.")
        }
    }

    /// Opens what was encrypted for the same place.
    package func open(_ box: [UInt8], for place: String) throws(FlowError) -> [UInt8] {
        guard let key else { throw Self.missingKey }
        do {
            return try SealedBox.open(box, key: key, context: Array(place.utf8))
        } catch {
            throw Self.wrongKey
        }
    }

    /// The error for a key that does not open the store.
    package static var wrongKey: FlowError {
        FlowError(
            .storeKeyWrong, "The environment's key does not open this store.",
            hint: "put back the key file that belongs to it, or set FLOWRUN_KEY to that key")
    }

    private static var missingKey: FlowError {
        FlowError(
            .storeKeyWrong, "A secret cannot be kept or opened without the environment's key.",
            hint: "put back `.flowrun/<environment>/key`, or set FLOWRUN_KEY")
    }
}
