import FlowCore
import Foundation
import Testing

/// `flowrun audit` through the built binary: both sides of every deal.
@Suite struct AuditTests {
    @Test func `deals are in step, behind or blocked, each with the rule and the run that shows it`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        try await scratch.flowrun("init", "--sandbox")
        let none = try await scratch.json("solution", "list")
        #expect(none == [])
        try await scratch.flowrun("audit", exit: 4)
        try await scratch.flowrun("solution", "install", BuiltBinary.checkout + "/flows/partner-center-salesforce")
        for connector in ["partnercenterref", "partnercenterevents"] {
            try await scratch.flowrun("connection", "create", connector, "--account", "referrals.admin@adatum.example")
        }
        for connector in ["salesforce", "commondataserviceforapps"] {
            try await scratch.flowrun("connection", "create", connector, "--account", "crm.admin@adatum.example")
        }
        try await scratch.flowrun("bind-connection", "--all")
        try await scratch.flowrun("activate", "--all")
        let empty = try await scratch.json("audit")
        #expect(empty["solutions"]?[0]?["inStep"] == 0 && empty["solutions"]?[0]?["deals"] == [])

        // Six deals, of which the server writes the first four into Salesforce.
        let server = try await scratch.serve("--poll-interval", "0.3s")
        try await scratch.registerWebhook(of: "Partner Center to Salesforce")
        var ids: [String] = []
        for number in 1...4 {
            let id = "00000000-0000-4000-8000-00000000000\(number)"
            ids.append(id)
            try await scratch.flowrun(
                "sandbox", "share", "-",
                input: #"{"id":"\#(id)","name":"Deal \#(number)","status":"Active","substatus":"Accepted"}"#)
        }
        func opportunity(_ id: String) async throws -> JSON {
            let all = try await scratch.json("sandbox", "data", "salesforce", "Opportunity").arrayValue ?? []
            return all.first { $0["Referral_Identifier__c"] == .string(id) } ?? .null
        }
        try await until("four deals are there") {
            for id in ids where try await opportunity(id)["Audit__c"]?.stringValue == nil { return false }
            return try await scratch.json("runs", "list", "--status", "Running") == []
        }
        let good = try await scratch.json("audit")
        #expect(good["solutions"]?[0]?["inStep"] == 4, "\(good)")
        _ = await server.end()

        // Nobody serves now: one value changes in Partner Center, one opportunity is no longer synchronised, one goes on hold.
        func edit(_ id: String, _ setting: String) async throws {
            let record = try await opportunity(id)["Id"]?.stringValue ?? ""
            try await scratch.flowrun("sandbox", "data", "salesforce", "Opportunity", record, "--set", setting)
        }
        try await scratch.flowrun(
            "sandbox", "data", "partnercenterref", "referral", ids[1], "--set",
            #"details={"dealValue":99,"currency":"EUR"}"#)
        try await edit(ids[2], "Sync_with_Partner_Center__c=false")
        try await edit(ids[2], "Amount=1")
        try await edit(ids[3], "StageName=On Hold")
        try await edit(ids[3], "Amount=2")
        try await scratch.flowrun("sandbox", "share", "-", input: #"{"name":"New one"}"#)
        try await scratch.flowrun(
            "sandbox", "share", "-", input: #"{"name":"Of another system","externalReferenceId":"006000000000ZZZ"}"#)
        let report = try await scratch.json("audit", exit: 1)
        let solution = try #require(report["solutions"]?[0])
        #expect(solution["inStep"] == 1 && solution["behind"] == 2 && solution["blocked"] == 3, "\(solution)")
        var rows: [String: JSON] = [:]
        for deal in solution["deals"]?.arrayValue ?? [] { rows[deal["title"]?.stringValue ?? ""] = deal }
        #expect(rows["Deal 1"]?["state"] == "inStep")
        let late = try #require(rows["Deal 2"])
        #expect(late["state"] == "behind" && late["behind"] == "Salesforce")
        let value = late["differences"]?.arrayValue?.first { $0["name"] == "DealValue" }
        #expect(value?["left"] == "99.00")
        #expect(late["run"]?["status"] == "Succeeded" && late["since"]?.stringValue != nil)
        #expect(rows["Deal 3"]?["rule"] == "SyncIsOff" && rows["Deal 4"]?["rule"] == "OnHold")
        #expect(rows["New one"]?["behind"] == "Salesforce" && rows["New one"]?["run"] == .null)
        #expect(rows["Of another system"]?["rule"] == "CRMIdNotFound")
        let text = try await scratch.flowrun("audit", exit: 1).output
        #expect(
            text.contains("1 in step, 2 behind, 3 blocked")
                && text.contains("SyncIsOff: Sync with Partner Center is off"))

        // What was missed while nobody served is run once for each deal; what is blocked stays so.
        let plan = try #require(try await scratch.json("reconcile", "--plan")["solutions"]?[0])
        #expect(plan["deals"]?.arrayValue?.map { $0["title"] } == ["Deal 2", "New one"])
        #expect(plan["deals"]?[0]?["flow"] == "Partner Center to Salesforce (Insider Preview)")
        #expect(plan["deals"]?[0]?["run"] == .null)
        let done = try #require(try await scratch.json("reconcile")["solutions"]?[0])
        #expect(done["deals"]?.arrayValue?.allSatisfy { $0["status"] == "Succeeded" } == true, "\(done)")
        #expect(done["behind"] == 0 && done["blocked"] == 3)
        #expect(try await opportunity(ids[1])["Amount"]?.doubleValue == 99)
        #expect(try await scratch.json("reconcile")["solutions"]?[0]?["deals"] == [])
        try await Self.checkRequests(scratch, of: "salesforce")
        try await scratch.flowrun("sandbox", "stop")
    }

    @Test func `an audit of Dynamics 365 asks by the page too`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.dynamicsSolution()
        try await Self.checkRequests(scratch, of: "commondataserviceforapps")
        try await scratch.flowrun("sandbox", "stop")
    }

    /// Both sides of 230 deals are read by pages of what the service gives at most, and nothing is asked for a single deal.
    private static func checkRequests(_ scratch: ScratchFolder, of crm: String) async throws {
        let before = try await scratch.json("sandbox", "data", "partnercenterref", "referral").arrayValue?.count ?? 0
        try await scratch.flowrun("sandbox", "fill", "--deals", "230", "--behind", "2")
        try await scratch.flowrun("sandbox", "requests", "--clear")
        let late = try #require(try await scratch.json("reconcile", "--plan")["solutions"]?[0])
        #expect(late["behind"] == 2 && late["deals"]?.arrayValue?.count == 2)
        var counts: [String: Int] = [:]
        for request in try await scratch.json("sandbox", "requests").arrayValue ?? [] {
            #expect(request["status"] == 200)
            counts[request["service"]?.stringValue ?? "", default: 0] += 1
        }
        // A hundred referrals a page; all records of the CRM in one, beside its token where it gives them itself.
        let isOwnSignIn = crm == "salesforce"
        #expect(
            counts == [
                "partnercenterref": (before + 230 + 99) / 100, crm: isOwnSignIn ? 2 : 1,
                "identity": isOwnSignIn ? 1 : 2,
            ])
    }
}
