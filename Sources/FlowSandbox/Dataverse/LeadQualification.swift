import FlowCore

/// Qualifies a lead: what the bound action `QualifyLead` does, and a seller in the lead's form.
struct LeadQualification {
    let lead: Record
    let user: String
    let transaction: Transaction

    /// What is made of the lead.
    struct Wishes {
        var account = true
        var contact = true
        var opportunity = true
        /// The currency's row, or nil for that of the lead.
        var currency: String?
        /// 3 is the only reason of a qualified lead.
        var status: Int64 = 3
    }

    /// Makes the rows and closes the lead.
    /// - Returns: table and row of each, in the order account, contact, opportunity.
    /// - Throws: the environment's refusal; what the database raises.
    func perform(_ wishes: Wishes) throws -> [(table: DataverseTable, record: Record)] {
        guard lead.body["statecode"] == 0 else {
            throw DataverseFailure.make(400, "0x80040203", "The lead is already closed.")
        }
        guard wishes.status == 3 || wishes.status == -1 else {
            throw DataverseFailure.make(
                400, "0x80048408", "\(wishes.status) is not a valid status code for state code 1 on lead.")
        }
        var made: [(table: DataverseTable, record: Record)] = []
        var account: String?
        var contact: String?
        if wishes.account, let name = text("companyname") {
            var values: JSONObject = ["name": .string(name)]
            for column in Self.address { values[column] = lead.body[column] ?? .null }
            let (table, record) = try create("account", values)
            account = record.id
            made.append((table, record))
        }
        if wishes.contact, text("lastname") != nil {
            var values = JSONObject()
            for column in ["firstname", "lastname", "emailaddress1", "telephone1"] {
                values[column] = lead.body[column] ?? .null
            }
            if let account { values["parentcustomerid_account@odata.bind"] = .string("/accounts(\(account))") }
            let (table, record) = try create("contact", values)
            contact = record.id
            made.append((table, record))
        }
        var opportunity: String?
        if wishes.opportunity {
            var values: JSONObject = [
                "name": .string(text("subject") ?? text("fullname") ?? "Opportunity"),
                "originatingleadid@odata.bind": .string("/leads(\(lead.id))"),
                "estimatedvalue": lead.body["estimatedamount"] ?? .null,
                "estimatedclosedate": lead.body["estimatedclosedate"] ?? .null,
                "budgetamount": lead.body["budgetamount"] ?? .null,
                "description": lead.body["description"] ?? .null,
            ]
            if let account { values["parentaccountid@odata.bind"] = .string("/accounts(\(account))") }
            if let contact { values["parentcontactid@odata.bind"] = .string("/contacts(\(contact))") }
            if let currency = wishes.currency ?? text("transactioncurrencyid") {
                values["transactioncurrencyid@odata.bind"] = .string("/transactioncurrencies(\(currency))")
            }
            let (table, record) = try create("opportunity", values)
            opportunity = record.id
            made.append((table, record))
        }
        var changes: JSONObject = ["statecode": 1, "statuscode": 3]
        if let opportunity { changes["qualifyingopportunityid@odata.bind"] = .string("/opportunities(\(opportunity))") }
        _ = try DataverseStore.update(try table("lead"), lead, changes, by: user, in: transaction)
        return made
    }

    private static let address = ["line1", "line2", "city", "stateorprovince", "postalcode", "country"]
        .map { "address1_" + $0 }

    private func text(_ column: String) -> String? {
        guard let text = lead.body[column]?.stringValue, !text.isEmpty else { return nil }
        return text
    }

    private func table(_ name: String) throws -> DataverseTable {
        guard let table = DataverseSchema.table(name) else { throw DataverseFailure.segmentUnknown(name) }
        return table
    }

    private func create(_ name: String, _ values: JSONObject) throws -> (DataverseTable, Record) {
        let table = try table(name)
        return (table, try DataverseStore.create(table, values, by: user, in: transaction))
    }
}
