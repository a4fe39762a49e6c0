package import FlowCore

/// Keeps referrals and tells the webhook of every change.
///
/// A write of an own referral sends `referral-created` or `referral-updated`; a write of another referral of an engagement
/// that has an own one sends `related-referral-created` or `related-referral-updated`, whose `ResourceUri` names the
/// referral that changed.
package enum ReferralStore {
    /// Creates a referral.
    /// - Parameters:
    ///   - body: its values.
    ///   - id: its id; a new one where none is given.
    ///   - instant: when.
    ///   - transaction: the transaction.
    /// - Returns: the referral.
    /// - Throws: `SandboxKeysFailed`; what the database raises.
    package static func insert(
        _ body: JSONObject, id: String? = nil, at instant: Timestamp? = nil, in transaction: Transaction
    ) throws -> Referral {
        let referral = try insertSilently(body, id: id ?? UUIDText.random(), at: instant, in: transaction)
        try publish("created", referral, in: transaction)
        return referral
    }

    /// Creates a referral of which nobody is told.
    @discardableResult
    static func insertSilently(
        _ body: JSONObject, id: String, at instant: Timestamp? = nil, in transaction: Transaction
    ) throws -> Referral {
        var body = body
        body["id"] = .string(id)
        let keys = Referral(
            Record(
                kind: Referral.kind, id: id, body: body, created: transaction.now, modified: transaction.now,
                version: 0,
                isDeleted: false)
        ).keys
        return Referral(try transaction.insert(Referral.kind, id, body, keys: keys, at: instant))
    }

    /// Keeps a changed referral.
    package static func update(_ referral: Referral, in transaction: Transaction) throws -> Referral {
        let kept = Referral(try transaction.update(referral.record, keys: referral.keys))
        try publish("updated", kept, in: transaction)
        return kept
    }

    /// Closes every invitation whose time is over.
    package static func expire(in transaction: Transaction) throws {
        for record in try transaction.records(Referral.kind, where: "status", is: "New") {
            var referral = Referral(record)
            guard let end = referral.expires, end <= transaction.now else { continue }
            referral.record.body["status"] = "Closed"
            referral.record.body["substatus"] = "Expired"
            referral.record.body["closedDateTime"] = .string(end.description)
            referral.record.body["lastModifiedVia"] = .null
            _ = try update(referral, in: transaction)
        }
    }

    private static func publish(_ change: String, _ referral: Referral, in transaction: Transaction) throws {
        let event: String
        if referral.isOwn {
            event = "referral-" + change
        } else {
            let hasOwn = try Referral.inEngagement(referral.engagement, in: transaction).contains { $0.isOwn }
            guard hasOwn else { return }
            event = "related-referral-" + change
        }
        try WebhookEvents.publish(event, referral: referral, in: transaction)
    }
}
