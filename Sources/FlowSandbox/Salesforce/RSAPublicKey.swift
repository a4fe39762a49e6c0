internal import CLibCrypto
import FlowCore

/// A public RSA key, and the check of what its private key has signed.
struct RSAPublicKey {
    /// The key alone, as `SubjectPublicKeyInfo`.
    let der: [UInt8]

    /// Makes a key of bytes that this type gave.
    init(der: [UInt8]) { self.der = der }

    /// Reads the key of a certificate, or a public key, from PEM text; nil where it holds no RSA key of 2,048 bits or more.
    init?(pem: String) {
        let bytes = Array(pem.utf8)
        func read(_ reader: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
            let bio = BIO_new_mem_buf(bytes, Int32(bytes.count))
            defer { BIO_free(bio) }
            return reader(bio)
        }
        var key = read { PEM_read_bio_PUBKEY($0, nil, nil, nil) }
        if key == nil, let certificate = read({ PEM_read_bio_X509($0, nil, nil, nil) }) {
            key = X509_get_pubkey(certificate)
            X509_free(certificate)
        }
        // What the attempts left in the thread's list of errors concerns nobody.
        ERR_clear_error()
        guard let key else { return nil }
        defer { EVP_PKEY_free(key) }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) >= 2_048 else { return nil }
        let length = i2d_PUBKEY(key, nil)
        guard length > 0 else { return nil }
        var der = [UInt8](repeating: 0, count: Int(length))
        let written = der.withUnsafeMutableBufferPointer { buffer in
            var place = buffer.baseAddress
            return i2d_PUBKEY(key, &place)
        }
        guard written == length else { return nil }
        self.der = der
    }

    /// Whether a signature is RSA PKCS#1 v1.5 over the SHA-256 digest of a message (`RS256`).
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        let key = der.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            return d2i_PUBKEY(nil, &place, buffer.count)
        }
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
            ERR_clear_error()
        }
        return key != nil && EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The SHA-256 digest of the key.
    var fingerprint: String { Digest.sha256(der).hexadecimal }
}
