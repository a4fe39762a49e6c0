import FlowCore
import Foundation
import Testing

/// Mistakes of users, through the built binary: a clear error with code, place and next command, the right exit code.
@Suite struct BadInputTests {
    @Test func `broken YAML and unknown keys and names are pointed at, all at once`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("broken.flow.yaml", "name: x\nactions:\n\tA: 1\n")
        try scratch.write(
            "mistakes.flow.yaml",
            """
            name: Mistakes
            triggers:
              manual: { type: Request, kind: Button, inputs: { schema: {} } }
            actions:
              Greet:
                type: Compose
                inputs: "@outputs('Gret')"
                runAftr: {}
              Next:
                type: Compose
                inputs: "@concatenate('a', 'b')"
                runAfter: { Greeet: [Succeeded] }
            """)
        let findings = try #require(try await scratch.json("check", ".", exit: 3).arrayValue)
        let errors = findings.filter { $0["severity"] == "error" }
        #expect(errors.contains { $0["file"]?.stringValue?.hasSuffix("broken.flow.yaml") == true && $0["line"] == 3 })
        for line in [7, 8, 11, 12] {
            #expect(
                errors.contains {
                    $0["file"]?.stringValue?.hasSuffix("mistakes.flow.yaml") == true
                        && $0["line"] == .integer(Int64(line))
                },
                "line \(line)")
        }
        for finding in findings {
            #expect(finding["code"]?.stringValue?.isEmpty == false && finding["hint"]?.stringValue?.isEmpty == false)
        }
        let text = try await scratch.flowrun("check", "mistakes.flow.yaml", exit: 3).output
        for words in ["mistakes.flow.yaml:12:", "^", "did you mean 'Greet'?", "did you mean 'runAfter'?"] {
            #expect(text.contains(words), "\(words) in \(text)")
        }
        let run = try await scratch.flowrun("run", "--file", "mistakes.flow.yaml", exit: 3)
        for line in [7, 8, 11, 12] { #expect(run.messages.contains("mistakes.flow.yaml:\(line):"), "line \(line)") }
    }

    @Test func `an operation that may exist in the cloud is a warning, a misspelt one an error`() async throws {
        let scratch = try ScratchFolder()
        let dataverse = "commondataserviceforapps"
        try scratch.write(
            "ai.flow.yaml", SmallFlows.calling("aibuilderpredict_customprompt", of: dataverse, "{}", name: "AI"))
        let findings = try #require(try await scratch.json("check", "ai.flow.yaml", exit: 0).arrayValue)
        #expect(findings.map { $0["code"] } == ["ConnectorOperationNotSupported"])
        #expect(findings.first?["severity"] == "warning")
        try scratch.write(
            "misspelt.flow.yaml", SmallFlows.calling("UpdateRecrd", of: dataverse, "{}", name: "Misspelt"))
        let misspelt = try await scratch.flowrun("check", "misspelt.flow.yaml", exit: 3)
        #expect(misspelt.output.contains("did you mean 'UpdateRecord'?"), "\(misspelt.output)")
    }

    @Test func `the flows of an exported solution are found, and their children by the ids in the files' names`()
        async throws
    {
        let scratch = try ScratchFolder()
        let childID = "0a1b2c3d-1111-4222-8333-444455556666"
        func exported(_ actions: String) -> String {
            """
            {"properties": {"connectionReferences": {}, "definition": {
              "triggers": {"manual": {"type": "Request", "kind": "Button", "inputs": {"schema": {"type": "object"}}}},
              "actions": {\(actions)}}}, "schemaVersion": "1.0.0.0"}
            """
        }
        let host = #"{"workflowReferenceName": "\#(childID)"}"#
        try scratch.write(
            "export/Workflows/Parent-0A1B2C3D-1111-4222-8333-444455556667.json",
            exported(#""Call": {"type": "Workflow", "inputs": {"host": \#(host)}, "runAfter": {}}"#))
        try scratch.write(
            "export/Workflows/Child-\(childID.uppercased()).json",
            exported(#""Make": {"type": "Compose", "inputs": 1, "runAfter": {}}"#))
        let findings = try #require(try await scratch.json("check", "export", exit: 3).arrayValue)
        #expect(findings.map { $0["code"] } == ["NestedWorkflowDoesNotContainResponseAction"])
    }

    @Test func `a token is printed once, listed without its secret, and revoked`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.flowrun("init")
        let made = try await scratch.json("token", "create", "--name", "ci", "--expires", "14d")
        let token = try #require(made["token"]?.stringValue)
        #expect(token.hasPrefix("fr_"))
        let listed = try await scratch.flowrun("token", "list", "--json")
        #expect(listed.output.contains("\"ci\"") && !listed.output.contains(token))
        let twice = try await scratch.flowrun("token", "create", "--name", "ci", exit: 2)
        #expect(twice.messages.contains("flowrun token revoke ci"))
        try await scratch.flowrun("token", "revoke", "ci")
        #expect(try await scratch.json("token", "list") == [])
    }

    @Test func `a file that is not there and a folder without a project are named`() async throws {
        let scratch = try ScratchFolder()
        let missing = try await scratch.flowrun("check", "nothing.flow.yaml", exit: 2)
        #expect(missing.messages.contains("FileNotReadable"))
        #expect(missing.messages.contains("nothing.flow.yaml"))
        for command in [
            ["flow", "list"], ["activate", "--all"], ["run", "Hello"], ["serve"], ["connection", "list"],
        ] {
            let outcome = try await BuiltBinary.run(command, in: scratch.path)
            #expect(outcome.exitCode == 4, "\(command)")
            #expect(outcome.messages.contains("flowrun init"), "\(command): \(outcome.messages)")
        }
        // Asking changes nothing: no state folder has come into being.
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
        let stranger = try await scratch.flowrun("sandbox", "share", exit: 4)
        #expect(stranger.messages.contains("flowrun sandbox start"))
    }

    @Test func `a project file that is wrong is pointed at`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("flowrun.yaml", "environments:\n  default:\n    store: sqlite\n    durabilty: full\n")
        let outcome = try await scratch.flowrun("flow", "list", exit: 3)
        #expect(outcome.messages.contains("flowrun.yaml:4:"))
        #expect(outcome.messages.contains("durability"))
        try scratch.write("flowrun.yaml", "environments:\n  default: {}\n")
        let environment = try await scratch.flowrun("flow", "list", "--environment", "defualt", exit: 4)
        #expect(environment.messages.contains("default"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/.flowrun"))
    }

    @Test func `a flow file on its own runs, and refuses input that is missing or no JSON`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("hello.flow.yaml", SmallFlows.hello)
        let run = try await BuiltBinary.run(
            ["run", "--file", "hello.flow.yaml", "--input", #"{"Name":"Ana"}"#, "--json"], in: scratch.path)
        #expect(run.exitCode == 0, "\(run.messages)")
        #expect(try run.json["status"] == "Succeeded")
        let missing = try await scratch.flowrun("run", "--file", "hello.flow.yaml", exit: 2)
        #expect(missing.messages.contains("MissingInput"))
        #expect(missing.messages.contains("Name"))
        let broken = try await scratch.flowrun("run", "--file", "hello.flow.yaml", "--input", "{text:", exit: 2)
        #expect(broken.messages.contains("InvalidArgument"))
        let stdin = try await scratch.flowrun(
            "run", "--file", "hello.flow.yaml", "--input", "-", input: #"{"text":"Bo"}"#)
        #expect(stdin.output.contains("Succeeded"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["hello.flow.yaml"])
    }

    @Test func `names that are not there get a suggestion, and nothing changes`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(
            ["hello": SmallFlows.hello, "referrals": SmallFlows.referrals],
            references: ["partnercenterref_ref": "partnercenterref"])
        let before = try await scratch.state()
        let refusals: [([String], String, String)] = [
            (["activate", "Helo"], "FlowNotFound", "did you mean 'Hello'?"),
            (["run", "Helo"], "FlowNotFound", "did you mean 'Hello'?"),
            (["flow", "show", "Refferals"], "FlowNotFound", "did you mean 'Referrals'?"),
            (["bind-connection", "Referals"], "FlowNotFound", "did you mean 'Referrals'?"),
            (["bind-connection", "Referrals", "--action", "Cal", "--connection", "x"], "", "did you mean 'Call'?"),
            (
                ["bind-connection", "--reference", "partnercenterref_re", "--connection", "x"],
                "ConnectionReferenceNotFound", "did you mean 'partnercenterref_ref'?"
            ),
            (["bind-connection", "--reference", "ref", "--connection", "x"], "ConnectionNotFound", "connection list"),
            (["runs", "show", "123"], "WorkflowRunNotFound", "flowrun runs list"),
            (["connection", "test", "x"], "ConnectionNotFound", "flowrun connection list"),
            (
                ["activate", "Referrals"], "XrmConnectionReferenceMissingConnection",
                "flowrun connection create partnercenterref"
            ),
            (["run", "Hello", "--input", #"{"text":"x"}"#], "WorkflowTriggerIsNotEnabled", "flowrun activate 'Hello'"),
        ]
        for (command, code, hint) in refusals {
            let outcome = try await BuiltBinary.run(command, in: scratch.path)
            #expect(outcome.exitCode == 4, "\(command): \(outcome.messages)")
            let said = outcome.output + outcome.messages
            #expect(code.isEmpty || said.contains(code), "\(command): \(said)")
            #expect(said.lowercased().contains(hint.lowercased()), "\(command): \(said)")
        }
        let connector = try await scratch.flowrun(
            "connection", "create", "salesfroce", "--account", "a@b.example", exit: 4)
        #expect(connector.messages.contains("did you mean 'salesforce'?"))
        #expect(try await scratch.state() == before)

        try await scratch.flowrun("activate", "Hello")
        let missing = try await scratch.flowrun("run", "Hello", exit: 2)
        #expect(missing.messages.contains("MissingInput") && missing.messages.contains("Name"))
        #expect(try await scratch.json("runs", "list") == [])
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
        #expect(try await scratch.json("runs", "list").arrayValue?.count == 1)
    }

    @Test func `a secret on the command line is refused`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        let create = ["connection", "create", "salesforce", "--account", "a@b.example"]
        for option in [["--set", "password=hunter22"], ["--secret", "password=hunter22"]] {
            let outcome = try await BuiltBinary.run(create + option, in: scratch.path)
            #expect(outcome.exitCode == 2, "\(outcome.messages)")
            #expect(outcome.messages.contains("env:"))
            #expect(!outcome.messages.contains("hunter22"))
        }
        let unset = try await BuiltBinary.run(create + ["--secret", "password=env:FR_NOT_SET"], in: scratch.path)
        #expect(unset.exitCode == 2)
        #expect(unset.messages.contains("FR_NOT_SET"))
    }
}
