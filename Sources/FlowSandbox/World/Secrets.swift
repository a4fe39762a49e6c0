import FlowCore
package import GRDB

/// The sandbox's own secrets: made at random at the first start, kept over resets.
package struct Secrets: Sendable {
    /// The bearer token of the control API.
    package let controlToken: String
    /// The key that signs access tokens.
    package let tokenKey: [UInt8]
    /// The secret of the seeded app registration.
    package let clientSecret: String
    /// The consumer key and secret of the Salesforce connected app.
    package let consumerKey: String
    /// The secret of the Salesforce connected app.
    package let consumerSecret: String
    /// The security token of the Salesforce API user.
    package let securityToken: String
    /// The refresh token that the Salesforce connected app holds for the API user.
    package let salesforceRefreshToken: String
    private let passwordKey: [UInt8]

    /// Reads the secrets, making those that are missing.
    package init(in database: Database) throws {
        func secret(_ name: String, _ make: () -> String) throws -> String {
            let kept = try String.fetchOne(database, sql: "SELECT value FROM secret WHERE name = ?", arguments: [name])
            if let kept { return kept }
            let made = make()
            try database.execute(sql: "INSERT INTO secret(name, value) VALUES(?, ?)", arguments: [name, made])
            return made
        }
        func random(_ count: Int) -> String { Base64.encodeURL(SecureRandom.bytes(count)) }
        controlToken = try secret("control token") { random(32) }
        tokenKey = Base64.decode(try secret("token key") { Base64.encode(SecureRandom.bytes(32)) }) ?? []
        passwordKey = Base64.decode(try secret("password key") { Base64.encode(SecureRandom.bytes(32)) }) ?? []
        clientSecret = try secret("client secret") { random(30) }
        consumerKey = try secret("consumer key") { "3MVG9" + random(60) }
        consumerSecret = try secret("consumer secret") {
            Digest.sha256(SecureRandom.bytes(32)).hexadecimal.uppercased()
        }
        securityToken = try secret("security token") { String(random(30).filter { $0 != "-" && $0 != "_" }.prefix(24)) }
        salesforceRefreshToken = try secret("salesforce refresh token") { "5Aep861" + random(48) }
    }

    /// The seeded password of a user; the same after every reset.
    package func password(of user: String) -> String {
        String(Base64.encodeURL(Digest.hmacSHA256(Array(user.utf8), key: passwordKey)).prefix(20))
    }
}

extension [UInt8] {
    /// The bytes as hexadecimal digits in lower case.
    package var hexadecimal: String {
        let digits = Array<UInt8>("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
