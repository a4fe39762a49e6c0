internal import CLibCrypto

/// The key derivation function scrypt (RFC 7914), which takes memory on purpose.
public enum Scrypt {
    /// How much one derivation takes.
    public struct Cost: Sendable, Hashable {
        /// The cost in time and memory as a power of two: with a block size of 8, one KiB for each.
        public var logCost: Int
        /// The block size.
        public var blockSize: Int
        /// How often it is done side by side.
        public var parallelization: Int

        /// Makes a cost.
        public init(logCost: Int, blockSize: Int, parallelization: Int) {
            self.logCost = logCost
            self.blockSize = blockSize
            self.parallelization = parallelization
        }

        /// What is taken for passwords: 32 MiB, three times.
        public static let password = Cost(logCost: 15, blockSize: 8, parallelization: 3)

        /// Whether it is between what protects at all and what a process can spare.
        var isSensible: Bool {
            (14...17).contains(logCost) && blockSize == 8 && (1...16).contains(parallelization)
        }
    }

    /// Derives a key.
    /// - Parameters:
    ///   - password: the password.
    ///   - salt: what differs from one password to the next.
    ///   - cost: how much it takes.
    ///   - length: how many bytes are wanted.
    /// - Returns: the key, or nil where the cost is none or the system has no memory for it.
    public static func key(password: [UInt8], salt: [UInt8], cost: Cost, length: Int) -> [UInt8]? {
        guard (1..<32).contains(cost.logCost), cost.blockSize > 0, cost.parallelization > 0 else { return nil }
        let memory = 128 * UInt64(cost.blockSize) * ((1 << UInt64(cost.logCost)) + UInt64(cost.parallelization) + 2)
        var key = [UInt8](repeating: 0, count: length)
        let isDone = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                1 << UInt64(cost.logCost), UInt64(cost.blockSize), UInt64(cost.parallelization), memory, &key, length)
        }
        return isDone == 1 ? key : nil
    }
}

/// A password as it is kept: salted and stretched by scrypt, so that who has it cannot find the password by trying.
public struct PasswordHash: Sendable, Hashable {
    private static let length = 32

    private let cost: Scrypt.Cost
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Makes the hash of a password with a new salt, or nil where the system has no memory for it.
    public init?(of password: String, cost: Scrypt.Cost = .password) {
        let salt = SecureRandom.bytes(16)
        guard let key = Self.key(of: password, salt: salt, cost: cost) else { return nil }
        (self.cost, self.salt, self.key) = (cost, salt, key)
    }

    /// Reads the form that ``text`` gives, or nil for another one.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]),
            let salt = Base64.decode(String(parts[3])), let key = Base64.decode(String(parts[4])),
            salt.count >= 16, key.count == Self.length
        else { return nil }
        (self.cost, self.salt, self.key) = (cost, salt, key)
    }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let pairs = text.split(separator: ",").map { $0.split(separator: "=") }
        guard pairs.map(\.first) == ["ln", "r", "p"], pairs.allSatisfy({ $0.count == 2 }) else { return nil }
        let numbers = pairs.compactMap { Int($0[1]) }
        guard numbers.count == 3 else { return nil }
        let cost = Scrypt.Cost(logCost: numbers[0], blockSize: numbers[1], parallelization: numbers[2])
        return cost.isSensible ? cost : nil
    }

    /// The hash as text, with what is needed to try a password: `$scrypt$ln=15,r=8,p=3$SALT$KEY`.
    public var text: String {
        "$scrypt$ln=\(cost.logCost),r=\(cost.blockSize),p=\(cost.parallelization)$\(Base64.encode(salt))$\(Base64.encode(key))"
    }

    /// Whether it is the hash of a password, in a time that does not tell how near a wrong one is.
    public func fits(_ password: String) -> Bool {
        guard let other = Self.key(of: password, salt: salt, cost: cost) else { return false }
        return Digest.constantTimeEqual(other, key)
    }

    private static func key(of password: String, salt: [UInt8], cost: Scrypt.Cost) -> [UInt8]? {
        Scrypt.key(password: Array(password.utf8), salt: salt, cost: cost, length: length)
    }
}
