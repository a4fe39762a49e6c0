import FlowCore
import FlowRuntime
import FlowStorage
import FlowTesting
import Testing

@Suite struct ActivationTests {
    /// A row of the table of preconditions: flows, what is done before, and what activation then says.
    struct Row: Sendable, CustomTestStringConvertible {
        let about: String
        var flows: [(file: String, text: String)]
        var before: [EnvironmentRequest] = []
        var activation: JSONObject = ["all": true]
        var user: String?
        let codes: [String]

        var testDescription: String { about }
    }

    static let connection = EnvironmentRequest(
        .createConnection, ["connector": "crm", "account": "ana@adatum.example", "secrets": ["password": "right"]])
    static let bindAll = EnvironmentRequest(.bind, ["all": true])

    static func parent(calling name: String) -> (file: String, text: String) {
        (
            "parent.flow.yaml",
            FlowTexts.parent.replacing("workflowReferenceName: Child", with: "workflowReferenceName: \(name)")
        )
    }

    static let child = (file: "child.flow.yaml", text: FlowTexts.child)
    static let variable = """
        name: Variable
        parameters:
          Word (tst_word): { type: String, metadata: { schemaName: tst_word } }
        triggers: { manual: { type: Request, kind: Button } }
        actions: { A: { type: Compose, inputs: "@parameters('Word (tst_word)')" } }
        """

    static let rows: [Row] = [
        Row(
            about: "an expression that does not parse",
            flows: [
                (
                    "bad.flow.yaml",
                    "name: Bad\ntriggers: { manual: { type: Request, kind: Button } }\nactions: { A: { type: Compose, inputs: \"@concat(\" } }\n"
                )
            ], codes: ["InvalidTemplate"]),
        Row(
            about: "a trigger that flowrun does not listen for",
            flows: [
                (
                    "hook.flow.yaml",
                    """
                    name: Hook
                    triggers:
                      Hook:
                        type: Batch
                        inputs: { mode: Inline, batchGroupName: DEFAULT, configurations: {} }
                    actions: { A: { type: Compose, inputs: 1 } }
                    """
                )
            ], codes: ["TriggerTypeNotSupported"]),
        Row(
            about: "a child that does not exist",
            flows: [parent(calling: "3f2504e0-4f89-41d3-9a0c-0305e82c3301")], codes: ["NestedWorkflowNotFound"]),
        Row(
            about: "a child without Response",
            flows: [
                (
                    "child.flow.yaml",
                    "name: Child\ntriggers: { manual: { type: Request, kind: Button } }\nactions: { A: { type: Compose, inputs: 1 } }\n"
                ),
                parent(calling: "Child"),
            ], codes: ["NestedWorkflowDoesNotContainResponseAction"]),
        Row(
            about: "a child that was never on",
            flows: [child, parent(calling: "Child")], before: [connection, bindAll],
            activation: ["flows": ["Parent"], "noDependencies": true], codes: ["ChildFlowNeverPublished"]),
        Row(
            about: "a child that was turned off",
            flows: [child, parent(calling: "Child")],
            before: [
                connection, bindAll, EnvironmentRequest(.activate, ["flows": ["Child"]]),
                EnvironmentRequest(.deactivate, ["flows": ["Child"]]),
            ],
            activation: ["flows": ["Parent"], "noDependencies": true], codes: ["WorkflowTriggerNotFound"]),
        Row(
            about: "a child with invoker connections",
            flows: [child, parent(calling: "Child")],
            before: [
                connection, bindAll, EnvironmentRequest(.bindRunOnly, ["flow": "Child", "runtimeSource": "invoker"]),
            ], codes: ["ChildFlowUnsupportedForInvokerConnections"]),
        Row(
            about: "a flow that calls itself", flows: [parent(calling: "Parent")],
            codes: ["NestedWorkflowDoesNotContainResponseAction", "WorkflowSelfReference"]),
        Row(
            about: "a reference without connection", flows: [child],
            codes: ["XrmConnectionReferenceMissingConnection"]),
        Row(
            about: "a connection of someone else", flows: [child],
            before: [connection, bindAll, EnvironmentRequest(.addUser, ["upn": "bob@adatum.example"])],
            user: "bob@adatum.example", codes: ["ConnectionAuthorizationFailed"]),
    ]

    @Test(arguments: rows) func `each precondition has its code and changes nothing`(_ row: Row) async throws {
        let world = try TestWorld(row.flows)
        let environment = try await world.environment()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        for request in row.before { _ = try await environment.perform(request) }
        let states = try await world.store.flows().map(\.state)
        let result = try await environment.perform(EnvironmentRequest(.activate, row.activation, as: row.user))
        let codes = (result["problems"]?.arrayValue ?? []).compactMap { $0["code"]?.stringValue }
        if row.codes.count == 1 {
            #expect(codes == row.codes, "\(result)")
        } else {
            #expect(codes.contains(row.codes[1]), "\(result)")
        }
        #expect(result["activated"] == [])
        #expect(try await world.store.flows().map(\.state) == states)
        for problem in result["problems"]?.arrayValue ?? [] where problem["code"] != "InvalidTemplate" {
            #expect(problem["hint"]?.stringValue != nil, "\(problem)")
        }
        await environment.shutdown()
    }

    @Test func `a variable needs a value, and Yes or No where it is one`() async throws {
        let variables = """
            environmentVariables:
              tst_word: { type: String, displayName: Word }
              tst_flag: { type: Boolean, displayName: Flag, default: true }
            """
        let world = try TestWorld([("variable.flow.yaml", Self.variable)], solution: variables)
        let environment = try await world.environment()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        let refused = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        #expect(refused["problems"]?[0]?["code"] == "EnvironmentVariableMissing", "\(refused)")
        _ = try await environment.perform(EnvironmentRequest(.setVariable, ["name": "Word", "value": "hi"]))
        let done = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        #expect(done["activated"] == ["Variable"])
        let run = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "variable"]))
        #expect(run["status"] == "Succeeded", "\(run)")
        let wrong = await environment.reply(
            to: EnvironmentRequest(.setVariable, ["name": "tst_flag", "value": "true"]))
        guard case .error(let error) = wrong else { return #expect(Bool(false)) }
        #expect(error.code == .invalidVariableValue)
        let list = try await environment.perform(EnvironmentRequest(.listVariables))
        #expect(list.arrayValue?.map { $0["default"] ?? .null } == [.null, "Yes"])
        await environment.shutdown()
    }

    @Test func `children come first, parents go first, and reasons are given`() async throws {
        let world = try TestWorld([Self.parent(calling: "Child"), Self.child])
        let environment = try await world.environment()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        _ = try await environment.perform(Self.connection)
        let missing = try await environment.perform(EnvironmentRequest(.listBindings))
        #expect(missing.arrayValue?.map { $0["action"] ?? .null } == ["Create"])
        _ = try await environment.perform(Self.bindAll)
        #expect(try await environment.perform(EnvironmentRequest(.listBindings)) == [])
        let plan = try await environment.perform(EnvironmentRequest(.activate, ["flows": ["Parent"], "plan": true]))
        #expect(plan["order"]?.arrayValue?.map { $0["flow"] ?? .null } == ["Child", "Parent"])
        #expect(plan["activated"] == [])
        #expect(plan["order"]?[0]?["because"]?[0] == "'Parent' calls it")
        let done = try await environment.perform(EnvironmentRequest(.activate, ["flows": ["Parent"]]))
        #expect(done["activated"] == ["Child", "Parent"])
        let flows = try await environment.perform(EnvironmentRequest(.listFlows))
        #expect(flows.arrayValue?.map { $0["state"] ?? .null } == ["Started", "Started"])
        #expect(flows.arrayValue?.map { $0["isChild"] ?? .null } == [false, true])
        let off = try await environment.perform(EnvironmentRequest(.deactivate, ["all": true]))
        #expect(off["deactivated"] == ["Parent", "Child"])
        await environment.shutdown()
    }
}
