import FlowCore
import FlowDefinitions
import FlowText
import Testing

@Suite struct DecodingTests {
    private static let body = """
        triggers: {manual: {type: Request, kind: Button, inputs: {}}}
        actions:
          Route:
            type: Switch
            expression: "@triggerBody()?['a']"
            cases:
              First: {case: 1, actions: {One: {type: Compose, inputs: 1}}}
            default: {actions: {Two: {type: Compose, inputs: 2}}}
          Check:
            type: if
            runAfter: {Route: [SUCCEEDED, Skipped]}
            expression: {equals: [1, 1]}
            actions: {}
            else: {actions: {"A/B~": {type: Compose, inputs: 3}}}
        """

    @Test func `A flow file keeps names, paths, branches and order`() throws {
        let text = """
            name: Deals
            id: 0D5E1C1E-1111-4222-8333-444455556666
            connectionReferences:
              sf: {connector: shared_salesforce, connectionReferenceLogicalName: msft_sf, runtimeSource: invoker, tier: x}
              dv: {api: {name: shared_commondataserviceforapps}, connection: {connectionReferenceLogicalName: msft_dv}, runtimeSource: embedded}
              old: {id: /providers/Microsoft.PowerApps/apis/shared_office365, source: Invoker, connectionName: c}
            parameters:
              "Deal field (msft_f)": {type: String, defaultValue: Amount, metadata: {schemaName: msft_f}}

            """ + Self.body
        let decoded = FlowDecoder.decode(text, file: "flows/deals.flow.yaml")
        #expect(decoded.diagnostics.isEmpty, "\(decoded.diagnostics)")
        let flow = try #require(decoded.flows.first)
        #expect(flow.name == "Deals")
        #expect(flow.id == "0d5e1c1e-1111-4222-8333-444455556666")
        #expect(flow.kind == .flow)
        #expect(flow.connectionReferences.map(\.connector) == ["salesforce", "commondataserviceforapps", "office365"])
        #expect(flow.connectionReferences.map(\.logicalName) == ["msft_sf", "msft_dv", nil])
        #expect(flow.connectionReferences.map(\.runtimeSource) == [.invoker, .embedded, .invoker])
        #expect(flow.parameters.first?.schemaName == "msft_f")
        #expect(
            flow.allActions.map(\.path.text) == [
                "actions/Route", "actions/Route/cases/First/actions/One", "actions/Route/default/actions/Two",
                "actions/Check", "actions/Check/else/actions/A~1B~0",
            ])
        #expect(flow.actions[1].type == .if)
        #expect(flow.actions[1].runAfter.first?.statuses == [.succeeded, .skipped])
        #expect(flow.actions[0].branches.map(\.role) == [Action.Branch.Role.switchCase("First"), .switchDefault])
        #expect(flow.actions[1].location.line == 17)
    }

    @Test(arguments: [
        (
            "{\"properties\": {\"displayName\": \"Deals\", \"definition\": DEF, \"connectionReferences\": {\"a\": {\"api\": {\"name\": \"shared_x\"}, \"connection\": {}, \"runtimeSource\": \"embedded\"}}, \"templateName\": \"\"}, \"schemaVersion\": \"1.0.0.0\"}",
            "Deals", FlowDefinition.Kind.flow
        ),
        ("{\"definition\": DEF, \"kind\": \"Stateful\"}", "file", .logicApp),
        ("DEF", "file", .logicApp),
        (
            "{\"$schema\": \"deploymentTemplate.json#\", \"resources\": [{\"type\": \"Microsoft.Logic/workflows\", \"name\": \"[parameters('n')]\", \"properties\": {\"definition\": DEF}}, {\"type\": \"Other\"},]}",
            "file", .logicApp
        ),
    ])
    func `Foreign shapes are read as they are`(shape: String, name: String, kind: FlowDefinition.Kind) throws {
        let definition =
            "{\"$schema\": \"workflowdefinition.json#\", \"contentVersion\": \"1.0.0.0\", \"triggers\": {\"manual\": {\"type\": \"Request\", \"kind\": \"Http\"}}, \"actions\": {\"A\": {\"type\": \"Compose\", \"inputs\": 1, \"runAfter\": {\"manual\": [\"Succeeded\"]}}}, \"outputs\": {}}"
        let decoded = FlowDecoder.decode(shape.replacing("DEF", with: definition), file: "a/file.json")
        #expect(decoded.diagnostics.isEmpty, "\(decoded.diagnostics)")
        let flow = try #require(decoded.flows.first)
        #expect(flow.name == name)
        #expect(flow.kind == kind)
        #expect(flow.actions.first?.runAfter.count == (kind == .flow ? 1 : 0))
    }

    @Test func `A template of several workflows gives them all, and a definition with authentication is a flow`() {
        let workflow =
            "{type: Microsoft.Logic/workflows, name: NAME, properties: {definition: {triggers: {}, actions: {}, parameters: {$authentication: {type: SecureObject}}}}}"
        let text =
            "resources:\n- \(workflow.replacing("NAME", with: "one"))\n- \(workflow.replacing("NAME", with: "\"[concat('x')]\""))\n"
        let decoded = FlowDecoder.decode(text, file: "main.json")
        #expect(decoded.flows.map(\.name) == ["one", "main-2"])
        #expect(decoded.flows.map(\.kind) == [.flow, .flow])
    }

    @Test(arguments: [
        ("- a", 1, "InvalidRequestContent"), ("name: 7\nactions: {}", 1, "InvalidRequestContent"),
        ("actions: []", 1, "InvalidTemplate"), ("actions: {A: 1}", 1, "InvalidTemplate"),
        ("actions: {A: {inputs: 1}}", 1, "InvalidTemplate"), ("action: {}", 1, "InvalidRequestContent"),
        ("id: nine", 1, "InvalidRequestContent"), ("triggers: {T: {kind: Button}}", 1, "InvalidTemplate"),
        ("actions:\n  A: {type: Compose, inputs: 1}\n  A: {type: Compose, inputs: 1}", 3, "DuplicateActionName"),
        ("connectionReferences:\n  a: {runtimeSource: embedded}", 2, "ConnectionReferenceInvalid"),
        ("connectionReferences:\n  a: {connector: x, runtimeSource: mine}", 2, "ConnectionReferenceInvalid"),
        ("actions:\n  A:\n    type: Compose\n    input: 1", 4, "InvalidRequestContent"),
    ])
    func `What does not fit is reported at its place`(text: String, line: Int, code: String) throws {
        let decoded = FlowDecoder.decode(text + "\n", file: "f.yaml")
        let first = try #require(decoded.diagnostics.first)
        #expect(decoded.diagnostics.count == 1, "\(decoded.diagnostics)")
        #expect(first.code.rawValue == code)
        #expect(first.location.line == line)
        #expect(first.severity == .error)
    }

    @Test func `References of child calls are found by id, name and stem, in this order`() {
        func flow(_ name: String, _ id: String?, _ file: String) -> FlowDefinition {
            FlowDefinition(
                name: name, id: id, file: file, node: SourceNode([:], at: .init(file: file, line: 1, column: 1)))
        }
        let id = "0d5e1c1e-1111-4222-8333-444455556666"
        let set = FlowSet([
            flow("One", id, "a/one.flow.yaml"), flow("Two", nil, "a/two.yaml"), flow("Twin", nil, "a/x.yaml"),
            flow("Twin", nil, "a/y.yaml"),
        ])
        func found(_ reference: String) -> String {
            do throws(FlowError) { return try set.flow(reference).name } catch { return error.code.rawValue }
        }
        #expect(found(id.uppercased()) == "One")
        #expect(found("Two") == "Two")
        #expect(found("two") == "Two")
        #expect(found("one") == "One")
        #expect(found("Twin") == "AmbiguousFlow")
        #expect(found("x") == "Twin")
        #expect(found("Three") == "NestedWorkflowNotFound")
    }

    @Test func `A solution takes its flows in order and gives them lasting ids`() throws {
        let text = """
            uniqueName: Deals
            displayName: Deals of all kinds
            version: 1.2.0.0
            publisher: {uniqueName: flowrun, prefix: msft}
            connectionReferences:
              msft_sf: {connector: shared_salesforce, displayName: Salesforce}
            environmentVariables:
              msft_f: {type: string, displayName: Deal field, default: Amount}
            flows:
              - {file: b.flow.yaml, aliases: [Bee]}
              - {file: a.flow.yaml}
            businessKeys: {referral: "@triggerBody()?['ResourceUri']"}
            deduplication: {Flow A: "@triggerBody()"}
            echoGuard: [{trigger: Flow A, entityId: id, fields: [x], writtenBy: [Flow B]}]

            """
        let flows = [
            "a.flow.yaml": "name: Flow A\n\(Self.body)\n", "b.flow.yaml": "name: Flow B\n\(Self.body)\n",
        ]
        let decoded = SolutionDecoder.decode(text, file: "s/solution.yaml") { flows[$0] }
        #expect(decoded.diagnostics.isEmpty, "\(decoded.diagnostics)")
        let solution = try #require(decoded.solution)
        #expect(solution.flows.map(\.definition.name) == ["Flow B", "Flow A"])
        #expect(solution.flows[0].aliases == ["Bee"])
        #expect(solution.flows[0].definition.file == "s/b.flow.yaml")
        #expect(solution.flows[0].definition.id == SolutionDecoder.id(of: "Flow B", in: "Deals"))
        #expect(SolutionDecoder.id(of: "Flow B", in: "Deals") == "dfc1d027-61ca-5be7-bdbd-7a0663925d0d")
        #expect(solution.environmentVariables.first?.parameterName == "Deal field (msft_f)")
        #expect(solution.connectionReferences.first?.connector == "salesforce")
        #expect(solution.echoGuards.first?.fields == ["x"])
        #expect(solution.businessKeys.first?.name == "referral")

        let broken = SolutionDecoder.decode(
            "uniqueName: X\nversion: 1.0\nflows: [{file: none.yaml}]\nvariables: {}\n", file: "solution.yaml"
        ) { _ in nil }
        #expect(broken.diagnostics.map(\.location.line) == [2, 3, 4])
        #expect(broken.diagnostics.allSatisfy { $0.code == .invalidSolution })
    }

    @Test(arguments: [
        ("PT1H30M", 5_400.0), ("P1D", 86_400), ("P1W", 604_800), ("PT0.5S", 0.5), ("P1Y", 31_536_000),
        ("P1DT1S", 86_401),
    ])
    func `Durations are read`(text: String, seconds: Double) {
        #expect(ISO8601Duration(text)?.approximateSeconds == seconds)
    }

    @Test(arguments: ["PT", "P", "P1H", "1 hour", "1M", "PT1", "PTS", "PT1M1H", "", "30s"])
    func `What is no duration is refused`(text: String) { #expect(ISO8601Duration(text) == nil) }
}
