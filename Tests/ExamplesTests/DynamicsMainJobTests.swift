import FlowCore
import FlowTesting
import Foundation
import Testing

/// The main job with Dynamics 365, through the built binary: both directions, leads, help from Microsoft, closing.
@Suite struct DynamicsMainJobTests {
    @Test func `a co-sell referral travels from Partner Center to Dynamics 365 and back, and is won`() async throws {
        let world = try await DynamicsWorld()
        try await world.scratch.flowrun("sandbox", "share")
        let referral = try #require(try await world.referrals().first?["id"]?.stringValue)
        var deal = JSON.null
        try await until("the audit line stands in the opportunity") {
            deal = try await world.opportunity(of: referral)
            return deal["msft_audit"]?.stringValue?.contains("Partner Center Referral to CRM sync success.") == true
        }
        let id = try #require(deal["opportunityid"]?.stringValue)
        #expect(deal["name"] == "✔ Northwind data platform")
        #expect(deal["estimatedvalue"] == 42_000 && deal["statuscode"] == 2 && deal["msft_referralvisibility"] == true)
        #expect(deal["_ownerid_value@OData.Community.Display.V1.FormattedValue"] == "Joel Kim")
        #expect(deal["_transactioncurrencyid_value@OData.Community.Display.V1.FormattedValue"] == "Euro")
        #expect(
            deal["msft_referrallink"] == .string("https://partner.microsoft.com/referrals/v2/inbox?id=\(referral)"))
        #expect(try await world.referral(referral)["externalReferenceId"] == .string(id))
        let account = try #require(deal["_parentaccountid_value"]?.stringValue)
        #expect(try await world.row("account", account)["address1_country"] == "PT")
        #expect(try await world.rows("contact", "_parentcustomerid_value=\(account)").count == 1)
        #expect(try await world.rows("connection", "_record1id_value=\(id)").count == 2)
        #expect(
            try await world.rows("msft_microsoftsolution", "_msft_opportunity_value=\(id)")
                .map { $0["msft_solutionidentifier"] } == ["SOL-70001-ADT"])

        // While it is on hold nothing goes to Partner Center; leaving that state accepts the referral, with all edits.
        try await world.edit("opportunity", id, "description=Edited on hold.")
        try await world.edit("opportunity", id, "estimatedvalue=56000", "estimatedclosedate=2027-03-31", "statuscode=1")
        try await until("the referral is accepted and has the new values") {
            let now = try await world.referral(referral)
            return now["substatus"] == "Accepted" && now["details"]?["dealValue"] == 56_000
                && now["details"]?["notes"] == "Edited on hold."
        }
        try await until("the success is written") {
            try await world.audit(id).contains("CRM to Partner Center Referral sync success.")
        }

        // A change on Microsoft's side, and then the deal is won in Dynamics.
        try await world.scratch.flowrun(
            "sandbox", "data", "partnercenterref", "referral", referral, "--set", "referralProgram=AzureIPCoSell")
        try await until("the program stands in the opportunity") {
            try await world.row("opportunity", id)["msft_referralprogram"] == "AzureIPCoSell"
        }
        try await world.edit("opportunity", id, "statecode=1")
        try await until("the referral is won") {
            let now = try await world.referral(referral)
            return now["status"] == "Closed" && now["substatus"] == "Won"
        }
        // The CRM id, the acceptance with the seller's values, the win: what we wrote ourselves came back and caused nothing.
        try await world.quiet()
        #expect(try await world.writes() == 3)
        #expect(await world.end() == 0)
    }

    @Test func `an opportunity is shared when its details are there, and Microsoft's answer comes back`() async throws {
        let world = try await DynamicsWorld()
        try await world.scratch.flowrun("variable", "set", "msft_displaycheckmarkinname", "No")
        let account = try #require(
            try await world.rows("account", "name=Contoso Manufacturing").first?["accountid"]?.stringValue)
        let contact = try #require(
            try await world.rows("contact", "_parentcustomerid_value=\(account)").first?["contactid"]?.stringValue)
        let euro = try #require(
            try await world.rows("transactioncurrency", "isocurrencycode=EUR").first?["transactioncurrencyid"]?
                .stringValue)
        let created = try await world.create(
            "opportunity", "name=Plant monitoring", "parentaccountid@odata.bind=/accounts(\(account))",
            "transactioncurrencyid@odata.bind=/transactioncurrencies(\(euro))", "estimatedvalue=30000",
            "estimatedclosedate=2027-05-01", "msft_syncwithpartnercenter=true", "msft_howcanmicrosofthelp=861980002")
        let id = try #require(created["opportunityid"]?.stringValue)
        try await until("what is missing stands in the audit") {
            try await world.audit(id).contains("Solution Id is required. A customer contact")
        }
        #expect(try await world.row("opportunity", id)["name"] == "Plant monitoring")
        try await world.edit("opportunity", id, "parentcontactid@odata.bind=/contacts(\(contact))")
        try await world.create(
            "msft_microsoftsolution", "msft_opportunity@odata.bind=/opportunities(\(id))",
            "msft_solutionidentifier=SOL-70001-ADT", "msft_solutionname=Adatum Insight", "msft_type=3P")
        try await until("the deal is shared") {
            try await world.audit(id).contains("CRM to Partner Center referral creation success.")
        }
        let both = try await world.referrals()
        #expect(both.count == 2 && both[0]["engagementId"] == both[1]["engagementId"])
        let own = try #require(both.first { $0["externalReferenceId"] == .string(id) })
        #expect(own["inviteContext"]?["assistanceRequestCode"] == "ProofOfConceptOrDemo" && own["type"] == "Shared")
        #expect(own["consent"]?["consentToShareReferralWithMicrosoftSellers"] == true)
        #expect(own["customerProfile"]?["address"]?["country"] == "DE" && own["details"]?["currency"] == "EUR")
        #expect(own["customerProfile"]?["team"]?[0]?["email"] == "mia.vogel@customer.example")
        try await world.scratch.flowrun("sandbox", "accept", try #require(own["id"]?.stringValue))
        try await until("Microsoft's CRM id stands in the opportunity") {
            try await world.row("opportunity", id)["msft_microsoftcrmidentifier"]?.stringValue?.hasPrefix("7-") == true
        }
        #expect(try await world.audit(id).contains("Co-sell referral of Microsoft is Active (Accepted)."))
        #expect(await world.end() == 0)
    }

    @Test
    func `a lead comes as a lead where the variable says so, and goes on with its opportunity when it is qualified`()
        async throws
    {
        let world = try await DynamicsWorld()
        let lead = #"{"type":"Independent","qualification":"Direct","name":"Trial request"}"#
        try await world.scratch.flowrun("sandbox", "share", "-", input: lead)
        try await until("the first event was looked at") {
            try await world.scratch.json("runs", "list", "--status", "Succeeded").arrayValue?.contains {
                $0["flow"]?["name"] == "Partner Center to Dynamics 365 (Insider Preview)"
            } == true
        }
        #expect(try await world.rows("lead").isEmpty)
        try await world.scratch.flowrun("variable", "set", "msft_synccosellopportunitiesonly", "No")
        let referral = try #require(try await world.referrals().first?["id"]?.stringValue)
        try await world.scratch.flowrun(
            "sandbox", "data", "partnercenterref", "referral", referral, "--set", "favorite=true")
        var row = JSON.null
        try await until("the lead is there and the referral knows it") {
            row = try await world.rows("lead").first ?? .null
            return try await world.referral(referral)["externalReferenceId"] == row["leadid"] && !row.isNull
        }
        #expect(row["companyname"] == "Northwind Traders" && row["lastname"] == "Reis")
        let id = try #require(row["leadid"]?.stringValue)
        try await world.edit("lead", id, "statecode=1")
        var deal = JSON.null
        try await until("the referral goes on with the opportunity") {
            deal = try await world.opportunity(of: referral)
            return try await world.referral(referral)["externalReferenceId"] == deal["opportunityid"] && !deal.isNull
        }
        let accepted = try await world.referral(referral)
        #expect(accepted["status"] == "Active" && accepted["substatus"] == "Accepted")
        #expect(deal["msft_audit"]?.stringValue?.contains("Lead was qualified; the referral goes on") == true)
        #expect(try await world.rows("opportunity").count == 1)
        #expect(await world.end() == 0)
    }
}

/// A sandbox, the Dynamics 365 solution turned on, and a server that listens.
private struct DynamicsWorld {
    let scratch: ScratchFolder
    private let server: SpawnedProcess

    init() async throws {
        scratch = try ScratchFolder()
        try await scratch.dynamicsSolution()
        try await scratch.flowrun("activate", "--all")
        server = try await scratch.serve("--poll-interval", "0.6s")
        try await scratch.registerWebhook(of: "Partner Center to Dynamics 365")
    }

    /// Ends the server.
    func end() async -> Int32 {
        let code = await server.end()
        _ = try? await scratch.flowrun("sandbox", "stop")
        return code == 143 ? 0 : code
    }

    func rows(_ table: String, _ condition: String? = nil) async throws -> [JSON] {
        let all = try await scratch.json("sandbox", "data", "commondataserviceforapps", table).arrayValue ?? []
        guard let condition, let mark = condition.firstIndex(of: "=") else { return all }
        let wanted = JSON.string(String(condition[condition.index(after: mark)...]))
        return all.filter { $0[String(condition[..<mark])] == wanted }
    }

    func row(_ table: String, _ id: String) async throws -> JSON {
        try await scratch.json("sandbox", "data", "commondataserviceforapps", table, id)
    }

    func audit(_ opportunity: String) async throws -> String {
        try await row("opportunity", opportunity)["msft_audit"]?.stringValue ?? ""
    }

    func opportunity(of referral: String) async throws -> JSON {
        try await rows("opportunity", "msft_referralidentifier=\(referral)").first ?? .null
    }

    func edit(_ table: String, _ id: String, _ values: String...) async throws {
        let outcome = try await BuiltBinary.run(
            ["sandbox", "data", "commondataserviceforapps", table, id] + values.flatMap { ["--set", $0] },
            in: scratch.path)
        #expect(outcome.exitCode == 0, "\(outcome.messages)")
    }

    @discardableResult
    func create(_ table: String, _ values: String...) async throws -> JSON {
        let outcome = try await BuiltBinary.run(
            ["sandbox", "data", "commondataserviceforapps", table, "--json"]
                + values.flatMap { ["--set", $0] }, in: scratch.path)
        #expect(outcome.exitCode == 0, "\(outcome.messages)")
        return try outcome.json
    }

    func referrals() async throws -> [JSON] {
        try await scratch.json("sandbox", "data", "partnercenterref", "referral").arrayValue ?? []
    }

    func referral(_ id: String) async throws -> JSON {
        try await scratch.json("sandbox", "data", "partnercenterref", "referral", id)
    }

    /// How often referrals were written.
    func writes() async throws -> Int {
        try await scratch.json("sandbox", "requests", "--service", "partnercenterref", "--method", "PATCH").arrayValue?
            .count ?? 0
    }

    /// Waits until every event was delivered and no run is under way.
    func quiet() async throws {
        try await until("everything is done") {
            let events = try await scratch.json("sandbox", "data", "partnercenterevents", "delivery").arrayValue ?? []
            let running = try await scratch.json("runs", "list", "--status", "Running")
            return running == [] && events.allSatisfy { $0["status"] == "delivered" }
        }
    }
}
