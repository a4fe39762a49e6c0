internal import CLibCrypto

/// Digests and message authentication codes, by OpenSSL.
public enum Digest {
    /// The SHA-256 digest: 32 bytes.
    public static func sha256(_ data: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(data, data.count, &digest)
        return digest
    }

    /// The SHA-1 digest: 20 bytes; for UUID version 5 only.
    public static func sha1(_ data: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(data, data.count, &digest)
        return digest
    }

    /// The HMAC-SHA-256 of data under a key: 32 bytes.
    public static func hmacSHA256(_ data: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        _ = HMAC(EVP_sha256(), key, Int32(key.count), data, data.count, &code, &length)
        return code
    }

    /// Whether two codes are equal, in a time that does not tell where they differ.
    public static func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// Random bytes from the system, for keys, tokens and nonces.
public enum SecureRandom {
    /// So many random bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = RAND_bytes(&bytes, Int32(count))
        precondition(filled == 1, "the system gave no random bytes")
        return bytes
    }
}
