import Testing

@testable import FlowCore

/// Secrets are compared by OpenSSL's comparison, whose time does not depend on where they differ; here is what it finds.
@Suite struct DigestTests {
    @Test func `bytes are equal only where each of them is`() {
        let secret = Digest.sha256(Array("a secret".utf8))
        #expect(Digest.constantTimeEqual(secret, secret))
        #expect(Digest.constantTimeEqual([], []))
        for place in secret.indices {
            for bit in 0..<8 {
                var other = secret
                other[place] ^= 1 << UInt8(bit)
                #expect(!Digest.constantTimeEqual(secret, other), "byte \(place), bit \(bit)")
            }
        }
        for count in 0..<secret.count {
            #expect(!Digest.constantTimeEqual(secret, Array(secret.prefix(count))))
            #expect(!Digest.constantTimeEqual(Array(secret.prefix(count)), secret))
        }
        #expect(!Digest.constantTimeEqual(secret, secret + [0]))
    }
}
