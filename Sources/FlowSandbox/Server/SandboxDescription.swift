public import FlowCore

/// Where a running sandbox is and what opens it: the value of `sandbox.json` and of `sandbox start --json`.
///
/// The object's fields are a contract; fields are only added. Beyond the contract it has `services.salesforce.refreshToken`,
/// a refresh token of the seeded connected app. `services.partnercenterevents.webhookRoot` is the PEM text of the root
/// certificate under which webhooks are signed.
public struct SandboxDescription: Sendable, Hashable {
    /// The whole value.
    public let json: JSON

    /// Makes a description of its value, as read from `sandbox.json`.
    public init(json: JSON) { self.json = json }

    /// The name of the file in the state folder.
    public static let fileName = "sandbox.json"

    /// The process id.
    public var pid: Int32 { Int32(truncatingIfNeeded: json["pid"]?.integerValue ?? 0) }
    /// The base URL of the control API.
    public var controlURL: String { json["controlUrl"]?.stringValue ?? "" }
    /// The bearer token of the control API.
    public var controlToken: String { json["controlToken"]?.stringValue ?? "" }

    /// The base URL of a service.
    public func url(of service: SandboxService) -> String {
        json["services"]?[service.rawValue]?["url"]?.stringValue ?? ""
    }

    /// Describes the present state of a world.
    init(of world: World, pid: Int32, in transaction: Transaction) throws {
        let secrets = world.secrets
        let users = try DirectoryUser.all(in: transaction)
        let api = users.first { $0.upn == SalesforceSeed.apiUser }
        func url(_ service: SandboxService) -> JSON { .string(world.url(of: service)) }
        json = [
            "pid": .integer(Int64(pid)), "controlUrl": .string(world.controlURL),
            "controlToken": .string(secrets.controlToken),
            "services": [
                "identity": [
                    "url": url(.identity), "tenant": .string(Tenant.id), "clientId": .string(Tenant.clientID),
                    "clientSecret": .string(secrets.clientSecret),
                    "users": .array(
                        users.map { user in
                            [
                                "upn": .string(user.upn), "password": .string(user.password),
                                "roles": .array(user.roles.map { .string($0) }),
                                "signedInOnce": .bool(user.hasSignedIn),
                            ]
                        }),
                ],
                "partnercenterref": ["url": url(.partnercenterref)],
                "partnercenterevents": [
                    "url": url(.partnercenterevents), "webhookRoot": .string(world.certificates.rootPEM),
                ],
                "salesforce": [
                    "url": url(.salesforce), "clientId": .string(secrets.consumerKey),
                    "clientSecret": .string(secrets.consumerSecret), "username": .string(SalesforceSeed.apiUser),
                    "password": .string(api?.password ?? ""), "securityToken": .string(secrets.securityToken),
                    "apiVersion": "v58.0", "refreshToken": .string(secrets.salesforceRefreshToken),
                ],
                "commondataserviceforapps": ["url": url(.commondataserviceforapps)],
            ],
        ]
    }
}
