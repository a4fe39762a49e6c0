import FlowCore

/// Many deals that stand in Partner Center and in both CRMs, so that what reads all of them can be tried at size.
package enum ManyDeals {
    /// The most that one call adds: other requests wait meanwhile.
    package static let mostAtOnce = 1_000

    /// Adds deals: an accepted co-sell referral, its opportunity in Salesforce and the one in Dataverse, in step.
    ///
    /// Nobody is told by webhook.
    /// - Parameters:
    ///   - count: how many deals.
    ///   - behind: of how many the CRMs have an older value.
    ///   - transaction: the transaction.
    /// - Throws: what the database raises; the rules of the services.
    package static func plant(_ count: Int, behind: Int, in transaction: Transaction) throws {
        guard let opportunity = SalesforceSchema.object("Opportunity"), let user = SalesforceSchema.object("User"),
            let row = DataverseSchema.table("opportunity")
        else { preconditionFailure("the schemas have opportunities") }
        let seller = try SalesforceOAuth.user(SeededPerson.joel.upn, in: transaction)?.id ?? user.keyPrefix
        for place in 0..<count {
            let instant = transaction.stamp()
            let number = Int(try transaction.next("share"))
            var body = Referral.merge(SampleReferral.body(number, at: instant), over: Referral.template)
            let details = body["details"] ?? .null
            let id = UUIDText.random()
            let closing = String((details["closingDateTime"]?.stringValue ?? "").prefix(10))
            let value = (details["dealValue"]?.integerValue ?? 0) - (place < behind ? 1 : 0)
            let record = try SalesforceStore.create(
                opportunity,
                [
                    "Name": body["name"] ?? .null, "StageName": "Active", "Amount": .integer(value),
                    "CurrencyIsoCode": details["currency"] ?? .null, "CloseDate": .string(closing),
                    "Description": details["notes"] ?? .null, "Sync_with_Partner_Center__c": true,
                    "Referral_Identifier__c": .string(id), "Referral_Visible_to_Microsoft_Sellers__c": true,
                ], by: seller, isSystem: true, in: transaction)
            let currency = DataverseSeed.currencyID(details["currency"]?.stringValue ?? DataverseSeed.baseCurrency)
            _ = try DataverseStore.create(
                row,
                [
                    "name": body["name"] ?? .null, "estimatedvalue": .integer(value),
                    "transactioncurrencyid@odata.bind": .string("/transactioncurrencies(\(currency))"),
                    "estimatedclosedate": .string(closing), "description": details["notes"] ?? .null,
                    "msft_syncwithpartnercenter": true, "msft_referralidentifier": .string(id),
                    "msft_referralvisibility": true,
                ], by: DataverseSeed.userID(of: SeededPerson.joel.upn), in: transaction)
            body["engagementId"] = .string(UUIDText.random())
            body["organizationId"] = .string(Referral.ownOrganization)
            body["organizationName"] = .string(Tenant.name)
            body["status"] = "Active"
            body["substatus"] = "Accepted"
            body["externalReferenceId"] = .string(record.id)
            body["acceptedDateTime"] = .string(instant.description)
            body["expirationDateTime"] = .string((instant + Referral.answerTime).description)
            try ReferralStore.insertSilently(body, id: id, in: transaction)
        }
    }
}
