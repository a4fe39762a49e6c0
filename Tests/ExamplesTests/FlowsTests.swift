import FlowCore
import Foundation
import Testing

/// The shipped flows, through the built binary.
@Suite struct FlowsTests {
    @Test func `the check of all shipped flows finds nothing that is worth a warning`() async throws {
        let outcome = try await BuiltBinary.run(["check", "flows", "Examples", "--json"])
        #expect(outcome.exitCode == 0)
        let findings = try #require(try outcome.json.arrayValue)
        let grave = findings.filter { $0["severity"] != "information" }
        #expect(grave.isEmpty, "\(grave)")
    }

    @Test func `the Salesforce solution is turned on in the documented order, each flow with its reasons`() async throws
    {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        try await scratch.flowrun("init", "--sandbox")
        try await scratch.flowrun("solution", "install", BuiltBinary.checkout + "/flows/partner-center-salesforce")
        let off = try #require(try await scratch.json("flow", "list").arrayValue)
        #expect(off.count == 9)
        #expect(off.allSatisfy { $0["state"] == "Stopped" })
        let variables = try await scratch.json("variable", "list").arrayValue ?? []
        #expect(variables.count { $0["schemaName"]?.stringValue?.hasPrefix("msft_") == true } == 7)
        let before = try await scratch.state()
        let refused = try await scratch.json("activate", "--all", exit: 4)
        #expect(refused["activated"] == [])
        for problem in refused["problems"]?.arrayValue ?? [] {
            for key in ["code", "flow", "action", "reference", "message", "hint"] {
                #expect(problem[key]?.stringValue?.isEmpty == false, "\(key) of \(problem)")
            }
        }
        #expect(try await scratch.state() == before)

        for connector in ["partnercenterref", "partnercenterevents"] {
            try await scratch.flowrun("connection", "create", connector, "--account", "referrals.admin@adatum.example")
        }
        for connector in ["salesforce", "commondataserviceforapps"] {
            try await scratch.flowrun("connection", "create", connector, "--account", "crm.admin@adatum.example")
        }
        #expect(try await scratch.json("bind-connection").arrayValue?.isEmpty == false)
        try await scratch.flowrun("bind-connection", "--all")
        #expect(try await scratch.json("bind-connection") == [])

        let order = [
            "Partner Center Webhook Registration (Insider Preview)",
            "[Customize] Create or Get Details from Salesforce",
            "Create Co-sell Referral - Salesforce to Partner Center (Insider Preview)",
            "Partner Center Microsoft Co-sell Referral Updates to Salesforce (Insider Preview)",
            "Partner Center to Salesforce (Insider Preview)",
            "Salesforce to Partner Center (Insider Preview)",
            "Salesforce Opportunity to Partner Center (Insider Preview)",
            "Salesforce Microsoft Solutions to Partner Center (Insider Preview)",
            "Salesforce Leads to Partner Center (Insider Preview)",
        ]
        let planned = try await scratch.json("activate", "--all", "--plan")
        #expect(Self.names(planned) == order)
        let planning = try await scratch.json("flow", "list").arrayValue ?? []
        #expect(planning.allSatisfy { $0["state"] == "Stopped" })
        let done = try await scratch.json("activate", "--all")
        #expect(Self.names(done) == order)
        #expect(done["activated"]?.arrayValue?.count == 9)
        for step in done["order"]?.arrayValue ?? [] { #expect(step["because"]?.arrayValue?.isEmpty == false) }
        let on = try await scratch.json("flow", "list").arrayValue ?? []
        #expect(on.allSatisfy { $0["state"] == "Started" })
    }

    @Test func `the Dynamics 365 solution is turned on in the documented order`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.dynamicsSolution()
        let done = try await scratch.json("activate", "--all")
        #expect(
            Self.names(done) == [
                "Partner Center Webhook Registration (Insider Preview)",
                "[Customize] Create or Get Details from Dynamics 365",
                "Create Co-sell Referral - Dynamics 365 to Partner Center (Insider Preview)",
                "Partner Center to Dynamics 365 - Helper (Insider Preview)",
                "Partner Center Microsoft Co-sell Referral Updates to Dynamics 365 (Insider Preview)",
                "Partner Center to Dynamics 365 (Insider Preview)",
                "Dynamics 365 to Partner Center (Insider Preview)",
                "Dynamics 365 Opportunity to Partner Center (Insider Preview)",
                "Dynamics 365 Microsoft Solutions to Partner Center (Insider Preview)",
                "Dynamics 365 Leads to Partner Center (Insider Preview)",
                "Auto-heal of Microsoft Partner Center sychronization details",
            ])
        let variables = try #require(try await scratch.json("variable", "list").arrayValue)
        // Six are Microsoft's; the others stand for what its documents leave open.
        let names = variables.compactMap { $0["schemaName"]?.stringValue }
        #expect(
            names.count { $0.hasPrefix("msft_") } == 6
                && names.allSatisfy { $0.hasPrefix("msft_") || $0.hasPrefix("flowrun_") })
    }

    @Test func `the Dynamics 365 flows meet the FAQ's errors, and their remedy`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        try await scratch.flowrun("init", "--sandbox")
        try await scratch.flowrun("solution", "install", BuiltBinary.checkout + "/flows/partner-center-dynamics365")
        try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", "referrals.admin@adatum.example")
        try await scratch.flowrun(
            "connection", "create", "commondataserviceforapps", "--account", "crm.admin@adatum.example")
        try await scratch.flowrun("bind-connection", "--all")
        let parent = "Partner Center to Dynamics 365 (Insider Preview)"
        let helper = "Partner Center to Dynamics 365 - Helper (Insider Preview)"
        let updates = "Partner Center Microsoft Co-sell Referral Updates to Dynamics 365 (Insider Preview)"
        let customize = "[Customize] Create or Get Details from Dynamics 365"

        let never = try await scratch.json("activate", parent, "--no-dependencies", exit: 4)
        #expect(Set(Self.codes(never)) == ["ChildFlowNeverPublished"])
        try await scratch.flowrun("activate", helper, updates)
        try await scratch.flowrun("deactivate", helper)
        let off = try await scratch.json("activate", parent, "--no-dependencies", exit: 4)
        #expect(Set(Self.codes(off)) == ["WorkflowTriggerNotFound"])
        #expect(off["problems"]?[0]?["hint"]?.stringValue?.contains(helper) == true)
        let flows = try await scratch.json("flow", "list").arrayValue ?? []
        #expect(
            flows.filter { $0["state"] == "Started" }.map { $0["name"] } == [.string(customize), .string(updates)])

        try await scratch.flowrun("bind-connection", helper, "--run-only", "provided-by-user")
        let invoker = try await scratch.json("activate", parent, exit: 4)
        #expect(Self.codes(invoker).contains("ChildFlowUnsupportedForInvokerConnections"))
        try await scratch.flowrun("bind-connection", helper, "--run-only", "use-connection")
        #expect(Self.names(try await scratch.json("activate", parent)) == [helper, parent])
    }

    private static func names(_ report: JSON) -> [String] {
        (report["order"]?.arrayValue ?? []).compactMap { $0["flow"]?.stringValue }
    }

    private static func codes(_ report: JSON) -> [String] {
        (report["problems"]?.arrayValue ?? []).compactMap { $0["code"]?.stringValue }
    }
}
