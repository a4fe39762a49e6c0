import FlowCore

/// What a new world holds.
public enum SandboxSeed: String, Sendable, CaseIterable {
    /// A partner with co-sell-ready solutions, its users, a Salesforce organization and a Dataverse environment.
    case cosell

    /// Plants the seed into an empty world.
    package func plant(in transaction: Transaction) throws {
        try transaction.setSetting("seed", rawValue)
        try DirectorySeed.plant(in: transaction)
        try SalesforceSeed.plant(in: transaction)
        try DataverseSeed.plant(in: transaction)
    }
}

/// A person of the seeded organization, the same in directory, Salesforce and Dataverse.
struct SeededPerson: Sendable {
    var upn, firstName, lastName, title: String
    var phone = "+442000000000"
    var roles: [String]
    var hasSignedIn = true
    /// Whether it is a user of the CRM.
    var isCRMUser = true

    var name: String { firstName + " " + lastName }
    /// A stable object id.
    var objectID: String { UUIDText.named(upn, namespace: DirectorySeed.namespace) }

    /// Everybody, in the order in which `sandbox.json` lists them.
    static let all = [
        SeededPerson(
            upn: "referrals.admin@adatum.example", firstName: "Rita", lastName: "Adams", title: "Alliance Lead",
            phone: "+442000000001", roles: ["Referral Admin", "Admin Agent", "Basic User"]),
        SeededPerson(
            upn: "referrals.user@adatum.example", firstName: "Uma", lastName: "Stone", title: "Partner Seller",
            phone: "+442000000002", roles: ["Referral User"]),
        SeededPerson(
            upn: "no.role@adatum.example", firstName: "Noah", lastName: "Reed", title: "Analyst",
            phone: "+442000000003",
            roles: [], isCRMUser: false),
        SeededPerson(
            upn: "never.signedin@adatum.example", firstName: "Nell", lastName: "Snow", title: "Partner Seller",
            phone: "+442000000004", roles: ["Referral Admin"], hasSignedIn: false, isCRMUser: false),
        SeededPerson(
            upn: "crm.admin@adatum.example", firstName: "Cara", lastName: "Marsh", title: "CRM Administrator",
            phone: "+442000000005", roles: ["System Administrator"]),
        SeededPerson(
            upn: "seller@adatum.example", firstName: "Sam", lastName: "Ellis", title: "Account Executive",
            phone: "+442000000006", roles: ["Referral User", "Salesperson"]),
    ]

    /// Joel Kim, the seller of the documentation's samples: a user of both CRMs, without a sign-in of his own.
    static let joel = SeededPerson(
        upn: "joel.kim@adatum.example", firstName: "Joel", lastName: "Kim", title: "Account Executive", roles: [])
}

/// The users of the tenant.
enum DirectorySeed {
    /// The namespace of stable ids.
    static let namespace: [UInt8] = [
        0x6b, 0x1d, 0x0c, 0x52, 0x9a, 0x77, 0x4e, 0x0f, 0x8c, 0x3e, 0x41, 0x5a, 0x90, 0x2b, 0x6d, 0x11,
    ]

    static func plant(in transaction: Transaction) throws {
        for person in SeededPerson.all {
            try transaction.insert(
                DirectoryUser.kind, person.upn,
                [
                    "upn": .string(person.upn), "displayName": .string(person.name),
                    "objectId": .string(person.objectID), "roles": .array(person.roles.map { .string($0) }),
                    "password": .string(transaction.world.secrets.password(of: person.upn)),
                    "signedInOnce": .bool(person.hasSignedIn), "enabled": true, "tokensValidFrom": 0,
                ])
        }
        transaction.hasUserChanges = true
    }
}
