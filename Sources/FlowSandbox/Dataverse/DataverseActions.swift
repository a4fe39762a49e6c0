import FlowCore

extension DataverseCall {
    func qualify(_ table: DataverseTable, _ place: DataversePath) throws -> ServiceResponse {
        guard request.method == "POST" else {
            throw DataverseFailure.make(405, "0x8006088a", "The action QualifyLead takes POST only.")
        }
        let given = try body(table)
        var wishes = LeadQualification.Wishes()
        wishes.account = given["CreateAccount"]?.boolValue ?? false
        wishes.contact = given["CreateContact"]?.boolValue ?? false
        wishes.opportunity = given["CreateOpportunity"]?.boolValue ?? false
        wishes.status = given["Status"]?.integerValue ?? -1
        if let text = given["OpportunityCurrencyId@odata.bind"]?.stringValue,
            let currency = DataversePath.reference(text, in: transaction.world),
            let target = DataverseSchema.table(set: currency.set)
        {
            wishes.currency = try currency.key.find(target, in: transaction).id
        }
        let made = try LeadQualification(
            lead: try place.key.find(table, in: transaction), user: user.id, transaction: transaction
        ).perform(wishes)
        let rows = made.map { table, record -> JSON in
            .object(["@odata.type": .string("#Microsoft.Dynamics.CRM.\(table.name)"), table.key: .string(record.id)])
        }
        return json(
            200,
            ["@odata.context": .string("\(base)/$metadata#Collection(mscrm.crmbaseentity)"), "value": .array(rows)])
    }

    func close(state: Int64, allowed: [Int64]) throws -> ServiceResponse {
        guard let table = DataverseSchema.table("opportunity") else { throw DataverseFailure.segmentUnknown("") }
        let given = JSON.object(try body(table))
        let close = given["OpportunityClose"] ?? .null
        guard let text = close["opportunityid@odata.bind"]?.stringValue,
            let place = DataversePath.reference(text, in: transaction.world), place.set == table.set
        else { throw DataverseFailure.query("OpportunityClose must name the opportunity by opportunityid@odata.bind.") }
        // Status -1 is the standard one of the state.
        let status = given["Status"]?.integerValue ?? -1
        guard status == -1 || allowed.contains(status) else {
            throw DataverseFailure.make(
                400, "0x80048408", "\(status) is not a valid status code for state code \(state) on opportunity.")
        }
        let record = try place.key.find(table, in: transaction)
        try DataverseStore.close(
            record, state: state, status: status == -1 ? allowed[0] : status, close, by: user.id, in: transaction)
        return ServiceResponse(204, headers: [("OData-Version", "4.0")])
    }
}
