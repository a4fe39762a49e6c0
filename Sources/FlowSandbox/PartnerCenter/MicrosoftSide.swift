package import FlowCore

/// What Microsoft and its sellers do: share referrals, answer requests for help, change their own side.
package enum MicrosoftSide {
    /// Shares a co-sell referral with the account's organization.
    ///
    /// The referral arrives New/Pending with 14 days to answer (`referral-created`); then Microsoft's matching finishes and
    /// writes it once more (`referral-updated`), so that a receiver is called more than once, as in the real world.
    /// - Parameters:
    ///   - given: values that replace those of the sample; an `id` is taken as it is.
    ///   - transaction: the transaction.
    /// - Returns: the referral after both writes.
    /// - Throws: `InvalidSandboxRequest` where the id is taken.
    package static func share(_ given: JSONObject, in transaction: Transaction) throws -> Referral {
        let instant = transaction.stamp()
        let number = Int(try transaction.next("share"))
        let sample = SampleReferral.body(number, at: instant)
        // What is given stands for itself; whole members that are not given come from the sample.
        var body = Referral.merge(JSONObject(sample.filter { given[$0.0] == nil }), over: Referral.template)
        body = Referral.merge(JSONObject(given.filter { !derivedKeys.contains($0.0) }), over: body)
        body["engagementId"] = .string(
            (ReferralRules.text(given["engagementId"]) ?? UUIDText.random()).lowercased())
        body["organizationId"] = .string(Referral.ownOrganization)
        body["organizationName"] = .string(Tenant.name)
        body["direction"] = "Incoming"
        if ReferralRules.text(given["expirationDateTime"]) == nil {
            body["expirationDateTime"] = .string((instant + Referral.answerTime).description)
        }
        let id = ReferralRules.text(given["id"])?.lowercased()
        if let id, try Referral.find(id, in: transaction) != nil {
            throw FlowError(.invalidSandboxRequest, "There is a referral '\(id)' already.")
        }
        var referral = try ReferralStore.insert(body, id: id, at: instant, in: transaction)
        referral.record.body = Referral.merge(
            ["customerProfile": ["isMatchingComplete": true]], over: referral.record.body)
        return try ReferralStore.update(referral, in: transaction)
    }

    /// Accepts: Microsoft a connected referral, the partner one that was shared with it.
    ///
    /// The id may be the connected referral's, or that of the own referral whose Microsoft side is to answer. Accepting a
    /// connected referral gives it Microsoft's CRM id (`trackingInfo.microsoftMsxId`), which Microsoft then writes to the
    /// own referral of the engagement too.
    package static func accept(_ id: String, in transaction: Transaction) throws -> Referral {
        var referral = try answering(id, in: transaction)
        try change(&referral, "Active", "Accepted", at: transaction.now)
        guard !referral.isOwn else { return try ReferralStore.update(referral, in: transaction) }
        let number = String(try transaction.next("msx"))
        let crmID = "7-" + String(repeating: "0", count: max(0, 10 - number.count)) + number
        let tracking: JSONObject = ["trackingInfo": ["microsoftMsxId": .string(crmID)]]
        referral.record.body = Referral.merge(tracking, over: referral.record.body)
        let accepted = try ReferralStore.update(referral, in: transaction)
        for var own in try Referral.inEngagement(referral.engagement, in: transaction) where own.isOwn && !own.isClosed
        {
            own.record.body = Referral.merge(tracking, over: own.record.body)
            own.record.body["lastModifiedVia"] = .null
            _ = try ReferralStore.update(own, in: transaction)
        }
        return accepted
    }

    /// Declines, with the same meaning of the id.
    package static func decline(_ id: String, in transaction: Transaction) throws -> Referral {
        var referral = try answering(id, in: transaction)
        try change(&referral, "Closed", "Declined", at: transaction.now)
        return try ReferralStore.update(referral, in: transaction)
    }

    /// Changes a referral as Microsoft's side may: every member, laid over what there is.
    package static func edit(_ id: String, _ given: JSONObject, in transaction: Transaction) throws -> Referral {
        guard var referral = try Referral.find(id, in: transaction) else { throw unknown(id) }
        referral.record.body = Referral.merge(given, over: referral.record.body)
        referral.record.body["id"] = .string(referral.id)
        if given["lastModifiedVia"] == nil { referral.record.body["lastModifiedVia"] = .null }
        return try ReferralStore.update(referral, in: transaction)
    }

    private static let derivedKeys: Set<String> = [
        "@odata.context", "eTag", "links", "createdDateTime", "updatedDateTime",
    ]

    private static func answering(_ id: String, in transaction: Transaction) throws -> Referral {
        try ReferralStore.expire(in: transaction)
        guard let referral = try Referral.find(id, in: transaction) else { throw unknown(id) }
        if referral.isOwn, referral.status != "New" {
            let other = try Referral.inEngagement(referral.engagement, in: transaction)
                .first { !$0.isOwn && $0.status == "New" }
            if let other { return other }
        }
        guard referral.status == "New" else {
            throw FlowError(
                .invalidSandboxRequest,
                "The referral '\(id)' waits for no answer: it is \(referral.status)/\(referral.substatus).")
        }
        return referral
    }

    private static func change(
        _ referral: inout Referral, _ status: String, _ substatus: String, at now: Timestamp
    ) throws {
        try ReferralPatch.setStatus(of: &referral, status, substatus, at: now)
        referral.record.body["lastModifiedVia"] = .null
    }

    private static func unknown(_ id: String) -> FlowError {
        FlowError(
            .invalidSandboxRequest, "There is no referral '\(id)'.",
            hint: "list them with: flowrun sandbox data partnercenterref referral")
    }
}
