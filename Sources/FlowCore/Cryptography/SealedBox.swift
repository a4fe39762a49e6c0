internal import CLibCrypto

/// Authenticated encryption with AES-256-GCM.
///
/// The sealed form is nonce (12 bytes), ciphertext and tag (16 bytes), one after another.
public enum SealedBox {
    /// What can go wrong when a box is opened.
    public enum Failure: Error, Sendable {
        /// The key is not 32 bytes long.
        case keyLength
        /// The box was made with another key or context, or has been changed.
        case notAuthentic
    }

    /// How long a key is, in bytes.
    public static let keyLength = 32

    /// Encrypts data under a fresh random nonce.
    /// - Parameters:
    ///   - data: what is to be kept secret.
    ///   - key: 32 bytes.
    ///   - context: what must be the same when it is opened; it is not stored.
    /// - Returns: nonce, ciphertext and tag.
    /// - Throws: ``Failure/keyLength``.
    public static func seal(_ data: [UInt8], key: [UInt8], context: [UInt8] = []) throws(Failure) -> [UInt8] {
        guard key.count == keyLength else { throw .keyLength }
        let nonce = SecureRandom.bytes(12)
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var sealed = [UInt8](repeating: 0, count: data.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var length: Int32 = 0
        let ready =
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, nil, nil) == 1
            && EVP_EncryptInit_ex(cipher, nil, nil, key, nonce) == 1
            && (context.isEmpty || EVP_EncryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1)
            && (data.isEmpty || EVP_EncryptUpdate(cipher, &sealed, &length, data, Int32(data.count)) == 1)
            && EVP_EncryptFinal_ex(cipher, &tag, &length) == 1
            && fr_evp_ctrl_gcm_get_tag(cipher, 16, &tag) == 1
        precondition(ready, "AES-GCM refused to encrypt")
        return nonce + sealed + tag
    }

    /// Decrypts what ``seal(_:key:context:)`` made.
    /// - Throws: ``Failure``.
    public static func open(_ box: [UInt8], key: [UInt8], context: [UInt8] = []) throws(Failure) -> [UInt8] {
        guard key.count == keyLength else { throw .keyLength }
        guard box.count >= 28 else { throw .notAuthentic }
        let nonce = Array(box[..<12])
        let sealed = Array(box[12..<(box.count - 16)])
        var tag = Array(box[(box.count - 16)...])
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var data = [UInt8](repeating: 0, count: sealed.count)
        var rest = [UInt8](repeating: 0, count: 16)
        var length: Int32 = 0
        let authentic =
            EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, nil, nil) == 1
            && EVP_DecryptInit_ex(cipher, nil, nil, key, nonce) == 1
            && (context.isEmpty || EVP_DecryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1)
            && (sealed.isEmpty || EVP_DecryptUpdate(cipher, &data, &length, sealed, Int32(sealed.count)) == 1)
            && fr_evp_ctrl_gcm_set_tag(cipher, 16, &tag) == 1
            && EVP_DecryptFinal_ex(cipher, &rest, &length) == 1
        guard authentic else { throw .notAuthentic }
        return data
    }
}
