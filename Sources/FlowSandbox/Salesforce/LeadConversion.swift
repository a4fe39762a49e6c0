import FlowCore

/// Converts a lead as a seller does in Salesforce's own pages: plain REST cannot.
struct LeadConversion {
    let lead: Record
    let user: String
    let transaction: Transaction

    /// Makes account, contact and opportunity, and closes the lead.
    /// - Parameter given: values of the opportunity that the seller fills in, by its field names.
    /// - Returns: the lead.
    /// - Throws: the organization's refusal; what the database raises.
    func perform(_ given: JSONObject) throws -> Record {
        guard lead.body["IsConverted"] != true else {
            throw SalesforceFailure.make(
                400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields: [])
        }
        let account = try create("Account", ["Name": value("Company"), "BillingCountry": value("Country")])
        var person: JSONObject = ["AccountId": .string(account)]
        for field in ["FirstName", "LastName", "Email", "Phone"] { person[field] = value(field) }
        let contact = try create("Contact", person)
        var deal: JSONObject = [
            "Name": .string("\(value("Company").stringValue ?? "")-"), "AccountId": .string(account),
            "StageName": "Prospecting",
            "CloseDate": .string(String((transaction.now + .seconds(30 * 86_400)).description.prefix(10))),
        ]
        for (name, value) in given { deal[name] = value }
        let opportunity = try create("Opportunity", deal)
        _ = try create(
            "OpportunityContactRole",
            [
                "OpportunityId": .string(opportunity), "ContactId": .string(contact), "IsPrimary": true,
            ])
        guard let object = SalesforceSchema.object("Lead") else { return lead }
        var record = lead
        record.body["IsConverted"] = true
        record.body["Status"] = "Closed - Converted"
        record.body["ConvertedDate"] = .string(String(transaction.now.description.prefix(10)))
        record.body["ConvertedAccountId"] = .string(account)
        record.body["ConvertedContactId"] = .string(contact)
        record.body["ConvertedOpportunityId"] = .string(opportunity)
        record.body["LastModifiedById"] = .string(user)
        return try transaction.update(record, keys: SalesforceStore.keys(object, record.body))
    }

    private func value(_ field: String) -> JSON { lead.body[field] ?? .null }

    private func create(_ name: String, _ values: JSONObject) throws -> String {
        guard let object = SalesforceSchema.object(name) else { throw SalesforceFailure.notFound }
        return try SalesforceStore.create(object, values, by: user, in: transaction).id
    }
}
