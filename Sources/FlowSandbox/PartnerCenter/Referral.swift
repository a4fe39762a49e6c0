package import FlowCore

/// A referral as Partner Center keeps it: the wire's object, without what is derived when it is read.
///
/// Transitions of (status, substatus): New (Pending, Received) → New, Active, Closed; Active (Accepted) → Active,
/// Closed; Closed (Won, Lost, Declined, Expired) → nothing at all.
package struct Referral: Sendable {
    /// The record's kind.
    package static let kind = "referral"
    /// The organization whose Partner Center account this is.
    package static let ownOrganization = "0e4b1b62-6a1d-4a55-8f0f-7b9d2f3c4d5e"
    /// The id that stands for Microsoft.
    package static let microsoft = "msft"
    /// How long an invitation stays open.
    package static let answerTime = Duration.seconds(14 * 86_400)
    /// The member that tells who created it; never shown.
    static let creatorKey = "_createdBy"

    /// The record that holds it.
    package var record: Record

    /// Makes a referral of its record.
    package init(_ record: Record) { self.record = record }

    /// A referral by its id.
    package static func find(_ id: String, in transaction: Transaction) throws -> Referral? {
        try transaction.record(kind, id.lowercased()).map(Referral.init)
    }

    /// All referrals of an engagement, oldest first.
    package static func inEngagement(_ engagement: String, in transaction: Transaction) throws -> [Referral] {
        try transaction.records(kind, where: "engagement", is: engagement)
            .sorted { $0.created < $1.created }.map(Referral.init)
    }

    /// Its id.
    package var id: String { record.id }
    /// The engagement that joins the referrals of one deal.
    package var engagement: String { text("engagementId") }
    /// Whose it is.
    package var organization: String { text("organizationId") }
    /// Whether it belongs to the account's own organization.
    package var isOwn: Bool { organization == Self.ownOrganization }
    /// The status.
    package var status: String { text("status") }
    /// The substatus.
    package var substatus: String { text("substatus") }
    /// Whether nothing may change any more.
    package var isClosed: Bool { status == "Closed" }
    /// When the invitation ends.
    var expires: Timestamp? { record.body["expirationDateTime"]?.stringValue.flatMap(Timestamp.init(iso8601:)) }

    /// The version as it stands in `eTag` and the header: with its quotes.
    package var eTag: String {
        let seconds = record.modified.ticks / Timestamp.ticksPerSecond
        return "\"\(Self.hexadecimal(record.version))-0000-0000-0000-\(Self.hexadecimal(seconds))0000\""
    }

    /// Whether a user with the role Referral User may see it: members of the team and the creator may.
    func isVisible(to upn: String) -> Bool {
        if record.body[Self.creatorKey]?.stringValue == upn { return true }
        let team = record.body["team"]?.arrayValue ?? []
        return team.contains { $0["email"]?.stringValue?.lowercased() == upn.lowercased() }
    }

    /// The object as it is sent.
    package func wire(in world: World) -> JSON {
        var body = record.body
        body[Self.creatorKey] = nil
        body["createdDateTime"] = .string(record.created.description)
        body["updatedDateTime"] = .string(record.modified.description)
        body["eTag"] = .string(eTag)
        let collection = world.url(of: .partnercenterref) + "/v1.0/engagements/referrals"
        body["links"] = [
            "relatedReferrals": [
                "uri": .string("\(collection)?$filter=engagementId eq '\(engagement)'"), "method": "GET",
            ],
            "self": ["uri": .string("\(collection)/\(id)"), "method": "GET"],
        ]
        return .object(body)
    }

    /// The values by which it is looked up.
    var keys: [String: String] {
        var keys = ["engagement": engagement, "status": status]
        if let reference = record.body["externalReferenceId"]?.stringValue, !reference.isEmpty {
            keys["reference"] = reference
        }
        return keys
    }

    private func text(_ key: String) -> String { record.body[key]?.stringValue ?? "" }

    private static func hexadecimal(_ value: Int64) -> String {
        let digits = String(UInt32(truncatingIfNeeded: value), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

extension Referral {
    /// An object with every member, in the order in which the service writes them.
    static let template: JSONObject = [
        "id": "", "engagementId": "", "name": .null, "organizationId": "", "organizationName": "",
        "lastModifiedVia": .null, "lastRunId": .null, "externalReferenceId": .null, "createdDateTime": "",
        "updatedDateTime": "", "expirationDateTime": .null, "acceptedDateTime": .null, "closedDateTime": .null,
        "status": "New", "substatus": "Pending", "statusReason": .null, "qualification": "SalesQualified",
        "type": "Independent", "direction": "Outgoing", "favorite": false, "campaignId": .null, "salesStage": .null,
        "referralProgram": .null, "mpnId": "7000001", "quality": "Unknown", "isSpam": false, "dealSensitivity": "None",
        "createdVia": .null, "tags": [], "referralSource": .null, "callToAction": .null, "registrationStatus": "None",
        "registrations": [], "eTag": "", "target": [],
        "customerProfile": [
            "name": .null, "size": .null, "isMatchingComplete": false,
            "address": [
                "addressLine1": .null, "addressLine2": .null, "city": .null, "state": .null, "postalCode": .null,
                "country": .null, "region": .null,
            ],
            "team": [], "ids": [],
        ],
        "consent": [
            "consentToToShareInfoWithOthers": false, "consentToContact": false,
            "consentToShareReferralWithMicrosoftSellers": false,
        ],
        "details": [
            "notes": .null, "dealValue": 0, "currency": .null, "closingDateTime": .null,
            "customerRequestedContact": .null,
            "customerAction": .null, "incentiveLevel": .null,
            "requirements": [
                "industries": [], "products": [], "services": [], "solutions": [], "offers": [], "salesPlays": [],
                "additionalRequirements": ["iot": .null, "attributes": []],
            ],
        ],
        "team": [],
        "inviteContext": [
            "notes": .null, "assistanceRequestCode": "Unknown", "invitedMpnId": .null,
            "invitedBy": ["organizationId": .null, "organizationName": .null],
        ],
        "trackingInfo": [
            "microsoftMsxId": .null, "microsoftUSFedOpportunityId": .null, "microsoftUSFedLeadId": .null,
            "migratedPSCDealId": .null, "migratedPSCPartnerDealId": .null,
        ],
        "links": [:],
    ]

    /// The members that a caller may give when it creates or replaces a referral.
    static let writableKeys: Set<String> = [
        "name", "externalReferenceId", "status", "substatus", "statusReason", "qualification", "type", "favorite",
        "campaignId", "salesStage", "referralProgram", "target", "customerProfile", "consent", "details", "team",
        "inviteContext",
    ]

    /// Lays given values over an object: objects member by member, all else as a whole; null replaces too.
    static func merge(_ given: JSONObject, over base: JSONObject) -> JSONObject {
        var merged = base
        for (key, value) in given {
            if let object = value.objectValue, let below = base[key]?.objectValue {
                merged[key] = .object(merge(object, over: below))
            } else {
                merged[key] = value
            }
        }
        return merged
    }
}
