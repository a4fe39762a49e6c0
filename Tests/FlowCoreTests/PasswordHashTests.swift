import FlowCore
import Testing

/// Passwords as they are kept.
@Suite struct PasswordHashTests {
    /// The vectors of RFC 7914, section 12, that fit a test's memory.
    @Test(arguments: [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func `scrypt gives what its specification says`(
        _ password: String, _ salt: String, _ logCost: Int, _ blockSize: Int, _ parallelization: Int, _ key: String
    ) {
        let derived = Scrypt.key(
            password: Array(password.utf8), salt: Array(salt.utf8),
            cost: Scrypt.Cost(logCost: logCost, blockSize: blockSize, parallelization: parallelization), length: 64)
        let digits = (derived ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digits == key)
    }

    @Test func `a password is kept as a hash that only it fits`() throws {
        let hash = try #require(PasswordHash(of: "correct horse battery"))
        #expect(hash.fits("correct horse battery"))
        #expect(!hash.fits("correct horse battery!"))
        #expect(!hash.fits(""))
        #expect(PasswordHash(hash.text)?.fits("correct horse battery") == true)
        #expect(!hash.text.contains("correct"))
        #expect(hash.text != PasswordHash(of: "correct horse battery")?.text)
    }

    @Test(arguments: [
        "plain", "$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA==$AAAA", "$scrypt$$$", "$scrypt$ln=15,r=8,p=3$$",
        "$scrypt$ln=31,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "$scrypt$ln=15,r=8,p=999999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ])
    func `what is no hash, or one that protects nothing or takes all memory, is not read`(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }
}
