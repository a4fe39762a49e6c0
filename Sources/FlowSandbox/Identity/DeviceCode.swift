import FlowCore

/// The device code flow: the device polls while a person approves its user code at `/devicelogin`.
enum DeviceCode {
    private static let kind = "identity/device"
    private static let lifetime = Duration.seconds(900)

    /// Issues a code.
    static func issue(version: Int, _ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        let form = request.form
        guard let client = form["client_id"]?.lowercased() else {
            throw IdentityFailure.parameterMissing("client_id").failure(in: transaction)
        }
        guard client == Tenant.clientID || client == Tenant.connectorClientID else {
            throw IdentityFailure.applicationNotFound(client).failure(in: transaction)
        }
        guard let asked = form["resource"] ?? form["scope"] else {
            throw IdentityFailure.parameterMissing(version == 1 ? "resource" : "scope").failure(in: transaction)
        }
        _ = try TokenEndpoint.resource(asked, in: transaction)
        let code = Base64.encodeURL(SecureRandom.bytes(32))
        let letters = Array("BCDFGHJKLMNPQRSTVWXZ23456789")
        let userCode = String(SecureRandom.bytes(9).map { letters[Int($0) % letters.count] })
        let digest = Digest.sha256(Array(code.utf8)).hexadecimal
        try transaction.insert(
            kind, digest, ["client": .string(client), "asked": .string(asked)], keys: ["userCode": userCode],
            at: transaction.now)
        let page = transaction.world.url(of: .identity) + "/devicelogin"
        let message = "To sign in, use a web browser to open the page \(page) and enter the code \(userCode)."
        let seconds: JSON = version == 1 ? "900" : 900
        return .json(
            200,
            [
                "user_code": .string(userCode), "device_code": .string(code),
                version == 1 ? "verification_url" : "verification_uri": .string(page), "expires_in": seconds,
                "interval": version == 1 ? "5" : 5, "message": .string(message),
            ])
    }

    /// Approves a user code for a user.
    static func approve(_ userCode: String, by user: DirectoryUser, in transaction: Transaction) throws {
        let code = userCode.trimmed
        guard var record = try transaction.records(kind, where: "userCode", is: code).first else {
            throw IdentityFailure.deviceCodeWrong.failure(in: transaction)
        }
        guard transaction.now < record.created + lifetime else {
            throw IdentityFailure.deviceCodeExpired.failure(in: transaction)
        }
        record.body["upn"] = .string(user.upn)
        try transaction.update(record, keys: ["userCode": code], at: transaction.now)
    }

    /// The user who approved a code, and the resource or scopes it was issued for; the code is used up.
    static func redeem(
        _ code: String, client: String, in transaction: Transaction
    ) throws -> (user: DirectoryUser, asked: String) {
        let digest = Digest.sha256(Array(code.utf8)).hexadecimal
        guard let record = try transaction.record(kind, digest), record.body["client"]?.stringValue == client else {
            throw IdentityFailure.deviceCodeWrong.failure(in: transaction)
        }
        guard transaction.now < record.created + lifetime else {
            throw IdentityFailure.deviceCodeExpired.failure(in: transaction)
        }
        guard let name = record.body["upn"]?.stringValue, let user = try DirectoryUser.find(name, in: transaction)
        else { throw IdentityFailure.authorizationPending.failure(in: transaction) }
        try transaction.delete(kind, digest)
        transaction.account = user.upn
        return (user, record.body["asked"]?.stringValue ?? "")
    }
}
