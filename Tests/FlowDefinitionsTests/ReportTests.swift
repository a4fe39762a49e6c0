import FlowCore
import FlowDefinitions
import Foundation
import Testing

/// Checks the flows in `Cases` and compares with the report beside each.
@Suite struct ReportTests {
    private static let folder = Bundle.module.resourceURL?.appendingPathComponent("Cases")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: #require(folder).appendingPathComponent(name), encoding: .utf8)
    }

    @Test(arguments: ["names", "order", "variables", "inputs", "triggers", "real-shapes", "logic-app", "types"])
    func `The report of a flow is the one beside it`(name: String) throws {
        let file = name == "logic-app" ? "\(name).flow.json" : "\(name).flow.yaml"
        let found = FlowChecker(catalog: SmallCatalog()).check(files: [(file, try Self.text(file))])
        let lines = found.map { finding in
            let hint = finding.hint.map { " -> \($0)" } ?? ""
            return
                "\(finding.location.line):\(finding.location.column) \(finding.severity.rawValue) \(finding.code) [\(finding.path)] \(finding.message)\(hint)"
        }
        let expected = try Self.text("\(name).expected.txt").split(separator: "\n").map(String.init)
        for line in lines where !expected.contains(line) { Issue.record("new: \(line)") }
        for line in expected where !lines.contains(line) { Issue.record("gone: \(line)") }
    }

    private static func child(
        _ name: String,
        trigger: String =
            "{type: Request, kind: Button, inputs: {schema: {type: object, properties: {text: {type: string}, number: {type: number}}, required: [text]}}}",
        references: String = "", actions: String
    ) -> (name: String, text: String) {
        (
            "\(name).flow.yaml",
            "name: \(name)\n\(references)\ntriggers: {manual: \(trigger)}\nactions:\n\(actions)\n"
        )
    }

    private static let answer =
        "  Answer: {type: Response, kind: PowerApp, inputs: {statusCode: 200, body: {result: done}}}"

    private static func call(_ name: String, body: String = "{text: a}") -> String {
        "  Call: {type: Workflow, inputs: {host: {workflowReferenceName: \(name)}, body: \(body)}}"
    }

    @Test(arguments: [
        (child("kid", actions: answer), "", "{text: a}"),
        (
            child("kid", actions: "  A: {type: Compose, inputs: 1}"), "NestedWorkflowDoesNotContainResponseAction",
            "{text: a}"
        ),
        (
            child(
                "kid", trigger: "{type: Recurrence, recurrence: {frequency: Day, interval: 1}}",
                actions: "  A: {type: Compose, inputs: 1}"),
            "ChildFlowTriggerUnsupported,NestedWorkflowDoesNotContainResponseAction", "{text: a}"
        ),
        (
            child(
                "kid", trigger: "{type: Request, kind: Http, splitOn: '@triggerBody()'}",
                actions: answer.replacing("PowerApp", with: "Http")), "NestedWorkflowContainsSplitOnTrigger",
            "{text: a}"
        ),
        (
            child(
                "kid", references: "connectionReferences: {sf: {connector: salesforce, runtimeSource: invoker}}",
                actions: answer
                    + "\n  G: {type: OpenApiConnection, inputs: {host: {connectionName: sf, operationId: GetItem_V2}, parameters: {table: a, id: b}}}"
            ), "ChildFlowUnsupportedForInvokerConnections", "{text: a}"
        ),
        (
            child(
                "kid",
                references: "connectionReferences: {dv: {connector: commondataserviceforapps, runtimeSource: invoker}}",
                actions: answer
                    + "\n  G: {type: OpenApiConnection, inputs: {host: {connectionName: dv, operationId: ListRecords}, parameters: {entityName: a}}}"
            ), "", "{text: a}"
        ),
        (child("other", actions: answer), "NestedWorkflowNotFound", "{text: a}"),
        (child("kid", actions: answer + "\n" + call("main")), "WorkflowCycle", "{text: a}"),
        (child("kid", actions: answer), "TriggerInputSchemaMismatch", "{number: 1}"),
        (child("kid", actions: answer), "TriggerInputSchemaMismatch", "{text: a, number: many}"),
    ])
    func `A child flow must be fit to be called`(child: (name: String, text: String), codes: String, body: String) {
        let parent = Self.child(
            "main", trigger: "{type: Request, kind: Button, inputs: {}}",
            actions: Self.call("kid", body: body) + "\n" + Self.answer)
        let found = FlowChecker(catalog: SmallCatalog()).check(files: [parent, child])
        let own = found.filter { $0.location.file == "main.flow.yaml" && $0.path.text == "actions/Call" }
        #expect(Set(own.map(\.code.rawValue)) == Set(codes.split(separator: ",").map(String.init)), "\(own)")
    }

    @Test func `A flow may not call itself`() {
        let flow = Self.child("main", actions: Self.call("main") + "\n" + Self.answer)
        let found = FlowChecker(catalog: SmallCatalog()).check(files: [flow])
        #expect(found.map(\.code) == [.workflowSelfReference])
    }

    @Test func `Children come before their parents, else the given order holds`() {
        let flows = ["a": "c", "b": "", "c": "d", "d": "", "e": "b"].sorted { $0.key < $1.key }.flatMap { name, child in
            FlowDecoder.decode(
                "name: \(name)\ntriggers: {}\nactions:\n\(child.isEmpty ? Self.answer : Self.call(child))\n",
                file: "\(name).yaml"
            ).flows
        }
        let graph = DependencyGraph(FlowSet(flows))
        #expect(graph.order.map { graph.flows[$0].name } == ["b", "d", "c", "a", "e"])
        #expect(graph.closure(of: [0]) == [0, 2, 3])
        #expect(graph.ring(through: 0) == nil)
    }

    @Test func `The state of a child decides whether its parent can be turned on`() throws {
        let flows = [Self.child("main", actions: Self.call("kid")), Self.child("kid", actions: Self.answer)].flatMap {
            FlowDecoder.decode($0.text, file: $0.name).flows
        }
        let call = try #require(ChildFlowRules.calls(in: flows[0]).first)
        #expect(ChildFlowRules.stateFinding(call, child: flows[1], state: .on) == nil)
        #expect(ChildFlowRules.stateFinding(call, child: flows[1], state: .off)?.code == .workflowTriggerNotFound)
        #expect(
            ChildFlowRules.stateFinding(call, child: flows[1], state: .neverPublished)?.code == .childFlowNeverPublished
        )
    }

    @Test func `A type that flowrun does not run is noted by check and refused for running`() {
        let flows = FlowDecoder.decode(
            "name: x\ntriggers: {manual: {type: Request, kind: Http}}\nactions: {A: {type: xslt, inputs: {}}}",
            file: "x.yaml"
        ).flows
        let checker = FlowChecker(catalog: EmptyCatalog())
        let set = FlowSet(flows)
        #expect(checker.check(flows[0], in: set).map(\.severity) == [.information])
        #expect(checker.checkForRunning(flows[0], in: set).map(\.severity) == [.error])
    }

    @Test func `A solution is checked with its flows`() {
        let solution = """
            uniqueName: Deals
            connectionReferences: {msft_sf: {connector: salesforce}}
            environmentVariables: {msft_f: {type: String}}
            flows: [{file: a.flow.yaml}]
            businessKeys: {referral: "@broken("}
            deduplication: {Aa: "@triggerBody()"}
            echoGuard: [{trigger: A, entityId: id, fields: [x], writtenBy: [C/Write]}]

            """
        let flow = """
            name: A
            connectionReferences:
              one: {connector: salesforce, connectionReferenceLogicalName: msft_sf}
              two: {connector: salesforce, connectionReferenceLogicalName: msft_sx}
              msft_sf: {connector: office365}
            parameters:
              F (msft_f): {type: String, metadata: {schemaName: msft_f}}
              G (msft_g): {type: String, metadata: {schemaName: msft_g}}
            triggers: {manual: {type: Request, kind: Http}}
            actions: {}

            """
        let found = FlowChecker(catalog: EmptyCatalog()).check(files: [
            ("s/solution.yaml", solution), ("s/a.flow.yaml", flow),
        ])
        #expect(
            found.map { "\($0.location.file):\($0.location.line) \($0.code)" } == [
                "s/a.flow.yaml:4 ConnectionReferenceInvalid", "s/a.flow.yaml:5 ConnectionReferenceInvalid",
                "s/a.flow.yaml:8 InvalidTemplateParameter", "s/solution.yaml:5 InvalidTemplate",
                "s/solution.yaml:6 InvalidSolution", "s/solution.yaml:7 InvalidSolution",
            ], "\(found)")
    }
}
