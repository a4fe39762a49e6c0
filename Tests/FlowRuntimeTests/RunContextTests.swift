import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Testing

/// What expressions see of a stored run.
@Suite struct RunContextTests {
    private static let flow = """
        name: Counter
        parameters:
          Step: { type: Int, defaultValue: 10 }
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Word } }, required: [text] } }
        actions:
          Total: { type: InitializeVariable, inputs: { variables: [{ name: Total, type: integer }] } }
          Seen: { type: InitializeVariable, runAfter: { Total: [Succeeded] }, inputs: { variables: [{ name: Seen, type: array }] } }
          Each:
            type: Foreach
            runAfter: { Seen: [Succeeded] }
            foreach: "@createArray(1, 2, 3)"
            actions:
              Doubled: { type: Compose, inputs: "@mul(item(), 2)" }
              Add: { type: IncrementVariable, runAfter: { Doubled: [Succeeded] }, inputs: { name: Total, value: "@outputs('Doubled')" } }
              Inner:
                type: Foreach
                runAfter: { Add: [Succeeded] }
                foreach: "@createArray('a', 'b')"
                actions:
                  Name: { type: Compose, inputs: "@concat(items('Each'), items('Inner'))" }
                  Note: { type: AppendToArrayVariable, runAfter: { Name: [Succeeded] }, inputs: { name: Seen, value: "@outputs('Name')" } }
          Again:
            type: Until
            runAfter: { Each: [Succeeded] }
            expression: "@greaterOrEquals(iterationIndexes('Again'), 1)"
            limit: { count: 5 }
            actions:
              Round: { type: Compose, inputs: "@iterationIndexes('Again')" }
          Key:
            type: Compose
            runAfter: { Again: [Succeeded] }
            inputs: secret-5ecret
            runtimeConfiguration: { secureData: { properties: [inputs, outputs] } }
          Keep: { type: SetVariable, runAfter: { Key: [Succeeded] }, inputs: { name: Total, value: "@length(outputs('Key'))" } }
        """

    private func context(_ arguments: JSONObject) async throws -> (context: JSON, hidden: JSON) {
        let world = try TestWorld([("counter.flow.yaml", Self.flow)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let run = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Counter", "input": ["Word": "hello"]]))
        #expect(run["status"] == "Succeeded", "\(run)")
        var arguments = arguments
        arguments["run"] = run["name"]
        let reply = await environment.reply(to: EnvironmentRequest(.runContext, arguments))
        await environment.shutdown()
        let result = try reply.get()
        #expect(!result.text.contains("5ecret"))
        return (result["context"] ?? [:], result["hidden"] ?? [:])
    }

    @Test func `Without an action a run is seen from its end`() async throws {
        let (context, hidden) = try await context(["results": ["Each"]])
        #expect(context["parameters"]?["Step"] == 10)
        #expect(context["trigger"]?["outputs"]?["body"]?["text"] == "hello")
        #expect(context["actions"]?["Doubled"]?["outputs"] == [2, 4, 6])
        #expect(context["actions"]?["Name"]?["outputs"] == ["1a", "1b", "2a", "2b", "3a", "3b"])
        #expect(context["actions"]?["Round"]?["outputs"] == 1)
        #expect(context["actions"]?["Again"]?["iterationCount"] == 2)
        #expect(context["variables"]?["Seen"] == ["1a", "1b", "2a", "2b", "3a", "3b"])
        #expect(context["variables"]?["Total"] == nil)
        #expect(hidden["variables"]?["Total"] != nil)
        #expect(hidden["actions"]?["Key"] == ["inputs", "outputs"])
        #expect(context["results"]?["Each"]?.arrayValue?.map { $0["name"] } == ["Doubled", "Add", "Inner"])
        #expect(context["results"]?["Again"] == nil)
        #expect(context["workflow"]?["tags"]?["flowDisplayName"] == "Counter")
    }

    @Test func `With an action a run is seen as it stood when the action began`() async throws {
        let (one, _) = try await context(["action": "Add", "item": 1])
        #expect(one["item"] == 2)
        #expect(one["items"] == ["Each": 2])
        #expect(one["iterationIndexes"] == ["Each": 1])
        #expect(one["actions"]?["Doubled"]?["outputs"] == 4)
        #expect(one["variables"] == ["Total": 2, "Seen": ["1a", "1b"]])
        #expect(one["now"] != nil)
        let (nested, _) = try await context(["action": "Note", "item": 3])
        #expect(nested["items"] == ["Each": 2, "Inner": "b"])
        #expect(nested["item"] == "b")
        #expect(nested["actions"]?["Name"]?["outputs"] == "2b")
        #expect(nested["variables"]?["Seen"] == ["1a", "1b", "2a"])
        let (path, _) = try await context(["action": "actions/Each[2]/actions/Inner[0]/actions/Note"])
        #expect(path["items"] == ["Each": 3, "Inner": "a"])
        let (loop, _) = try await context(["action": "Each", "item": 2])
        #expect(loop["item"] == 3)
        #expect(loop["variables"]?["Total"] == 6)
        let (scope, _) = try await context(["action": "Again"])
        #expect(scope["actions"]?["Doubled"]?["outputs"] == [2, 4, 6])
        #expect(scope["variables"]?["Total"] == 12)
    }

    @Test(
        arguments: [
            (["action": "Ad"], "did you mean 'Add'?"), (["action": "Add"], "--item 0 to --item 2"),
            (["action": "Add", "item": 3], "--item 0 to --item 2"),
            (["action": "Note", "item": 6], "--item 0 to --item 5"),
            (["action": "Key", "item": 0], "leave --item out"),
        ] as [(JSONObject, String)])
    func `An action or item that is not there is refused`(arguments: JSONObject, hint: String) async throws {
        let error = await #expect(throws: FlowError.self) { _ = try await context(arguments) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
    }
}
