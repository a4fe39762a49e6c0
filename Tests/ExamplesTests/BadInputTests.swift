import FlowCore
import Foundation
import Testing

/// Mistakes of users and failures of the world, through the built binary: a clear error, the right exit code, and the
/// state as it was.
@Suite struct BadInputTests {
    private static let hello = """
        name: Hello
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Name } }, required: [text] } }
        actions:
          Greet:
            type: Compose
            inputs: "@concat('Hello, ', triggerBody()['text'])"
        """

    @Test func `broken YAML and unknown keys and names are pointed at, all at once`() throws {
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
        let outcome = try BuiltBinary.run(["check", ".", "--json"], in: scratch.path)
        #expect(outcome.exitCode == 3)
        let findings = try #require(outcome.json.arrayValue)
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
        let text = try BuiltBinary.run(["check", "mistakes.flow.yaml"], in: scratch.path).output
        #expect(text.contains("mistakes.flow.yaml:12:"))
        #expect(text.contains("^"))
    }

    @Test func `a file that is not there and a folder without a project are named`() throws {
        let scratch = try ScratchFolder()
        let missing = try BuiltBinary.run(["check", "nothing.flow.yaml"], in: scratch.path)
        #expect(missing.exitCode == 2)
        #expect(missing.messages.contains("FileNotReadable"))
        let noProject = try BuiltBinary.run(["flow", "list"], in: scratch.path)
        #expect(noProject.exitCode == 4)
        #expect(noProject.messages.contains("flowrun init"))
    }

    @Test func `a flow file on its own runs, and refuses missing input and unknown names`() throws {
        let scratch = try ScratchFolder()
        try scratch.write("hello.flow.yaml", Self.hello)
        let run = try BuiltBinary.run(
            ["run", "--file", "hello.flow.yaml", "--input", #"{"Name":"Ana"}"#, "--json"], in: scratch.path)
        #expect(run.exitCode == 0, "\(run.messages)")
        #expect(try run.json["status"] == "Succeeded")
        let missing = try BuiltBinary.run(["run", "--file", "hello.flow.yaml"], in: scratch.path)
        #expect(missing.exitCode == 2)
        #expect(missing.messages.contains("Name") || missing.messages.contains("text"))
    }

    @Test func `an environment refuses what is not there, and a second owner`() throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "s/solution.yaml",
            "uniqueName: S\ndisplayName: S\nversion: 1.0.0.0\nflows:\n  - { file: hello.flow.yaml }\n")
        try scratch.write("s/hello.flow.yaml", Self.hello)
        let script = """
            set -u
            $flowrun init > /dev/null 2>&1
            $flowrun solution install s > /dev/null || exit 90
            $flowrun activate Helo; [ $? = 4 ] || exit 91
            $flowrun run Hello --input '{"text":"x"}' ; [ $? = 4 ] || exit 92
            $flowrun activate Hello > /dev/null || exit 93
            $flowrun run Hello --input '{"text":"x"}' --json || exit 94
            $flowrun run Hello < /dev/null ; [ $? = 2 ] || exit 95
            $flowrun serve --listen 127.0.0.1:0 2> serve.log & serve=$!
            for i in $(seq 200); do [ -S .flowrun/default/flowrun.sock ] && break; sleep 0.05; done
            $flowrun serve --listen 127.0.0.1:0; [ $? = 4 ] || exit 96
            $flowrun flow list --json > /dev/null || exit 97
            kill -STOP $serve
            $flowrun variable set x y ; [ $? = 4 ] || exit 98
            kill -CONT $serve
            kill -TERM $serve; wait $serve
            $flowrun runs list --json || exit 99
            """
        let outcome = try BuiltBinary.script(script, in: scratch.path)
        #expect(outcome.exitCode == 0, "\(outcome.messages)")
        #expect(outcome.messages.contains("Did you mean") || outcome.messages.contains("did you mean"))
        #expect(outcome.messages.contains("StoreInUse"))
    }

    @Test func `a full disk is said, and the state stays as it was`() throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "s/solution.yaml",
            "uniqueName: S\ndisplayName: S\nversion: 1.0.0.0\nflows:\n  - { file: hello.flow.yaml }\n")
        try scratch.write("s/hello.flow.yaml", Self.hello)
        // No file may grow beyond what it is now: the next commit finds no room.
        let script = """
            $flowrun init > /dev/null 2>&1
            $flowrun solution install s > /dev/null || exit 90
            $flowrun activate --all > /dev/null || exit 91
            (trap '' XFSZ; ulimit -f 1; $flowrun run Hello --input '{"text":"x"}'); [ $? = 6 ] || exit 92
            $flowrun runs list --json
            """
        let outcome = try BuiltBinary.script(script, in: scratch.path)
        #expect(outcome.exitCode == 0, "\(outcome.messages)")
        #expect(try outcome.json == [])
    }

    @Test func `activation and connections refuse with the platform's codes`() throws {
        let scratch = try ScratchFolder()
        let script = """
            set -u
            trap '$flowrun sandbox stop > /dev/null 2>&1' EXIT
            $flowrun sandbox start --port 0 --detach > /dev/null || exit 80
            $flowrun init --sandbox > /dev/null 2>&1
            $flowrun solution install "$CLONE/flows/partner-center-dynamics365" > /dev/null || exit 81
            $flowrun activate "Partner Center to Dynamics 365 (Insider Preview)" --no-dependencies --json > never.json
            [ $? = 4 ] || exit 82
            $flowrun connection create partnercenterref --account no.role@adatum.example ; [ $? = 5 ] || exit 83
            $flowrun connection create partnercenterref --account never.signedin@adatum.example ; [ $? = 5 ] || exit 84
            [ "$($flowrun connection list --json)" = "[]" ] || exit 85
            $flowrun connection create partnercenterref --account referrals.admin@adatum.example > /dev/null || exit 86
            $flowrun sandbox fault identity --garbage > /dev/null || exit 87
            $flowrun connection test "$($flowrun connection list --json | grep '"name"' | cut -d'"' -f4)" ; [ $? = 5 ] || exit 88
            $flowrun sandbox fault --clear > /dev/null
            $flowrun sandbox stop > /dev/null
            $flowrun connection create salesforce --account crm.admin@adatum.example ; code=$?
            [ $code = 4 ] || [ $code = 5 ] || exit 89
            cat never.json
            """
        let outcome = try BuiltBinary.script(script, in: scratch.path)
        #expect(outcome.exitCode == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("ChildFlowNeverPublished"))
        #expect(outcome.output.contains("XrmConnectionReferenceMissingConnection"))
        #expect(outcome.messages.contains("AADSTS650052"))
        #expect(outcome.messages.contains("accessDenied") || outcome.messages.contains("ConnectionAuthorizationFailed"))
        #expect(!outcome.messages.lowercased().contains("password="))
    }
}
