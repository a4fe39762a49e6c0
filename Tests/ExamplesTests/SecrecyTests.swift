import FlowCore
import Foundation
import Testing

/// Secrets through the built binary: they work, and stand in nothing that is printed, listed, logged or stored in plain.
@Suite struct SecrecyTests {
    private static let solution = """
        uniqueName: S
        displayName: S
        version: 1.0.0.0
        connectionReferences:
          tst_salesforce: { connector: salesforce, displayName: Salesforce }
        environmentVariables:
          tst_hidden: { type: Secret, displayName: Hidden }
        flows:
          - { file: secretive.flow.yaml }
          - { file: note.flow.yaml }
        """

    private static let secretive = """
        name: Secretive
        connectionReferences:
          salesforce: { connector: salesforce, connectionReferenceLogicalName: tst_salesforce }
        parameters:
          Hidden (tst_hidden): { type: String, metadata: { schemaName: tst_hidden } }
        triggers:
          manual:
            type: Request
            kind: Http
            inputs: { schema: {} }
            runtimeConfiguration: { secureData: { properties: [outputs] } }
        actions:
          Ask:
            type: Http
            inputs:
              method: POST
              uri: "@triggerBody()['uri']"
              headers: { X-Word: "@triggerBody()['word']" }
              authentication: { type: Basic, username: ana, password: "@parameters('Hidden (tst_hidden)')" }
              retryPolicy: { type: none }
          Authenticated:
            type: Http
            runAfter: { Ask: [Succeeded, Failed] }
            inputs:
              method: GET
              uri: https://nowhere.invalid/
              authentication: { type: Basic, username: ana, password: "@parameters('Hidden (tst_hidden)')" }
              retryPolicy: { type: none }
          Query:
            type: OpenApiConnection
            runAfter: { Authenticated: [Failed] }
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_salesforce, connectionName: salesforce, operationId: ExecuteSoqlQuery }
              parameters: { query: SELECT Id FROM Account LIMIT 1 }
            runtimeConfiguration: { secureData: { properties: [inputs, outputs] } }
          Wrong:
            type: Compose
            runAfter: { Query: [Succeeded] }
            inputs: "@int(parameters('Hidden (tst_hidden)'))"
          Nap:
            type: Wait
            runAfter: { Wrong: [Failed] }
            inputs: { interval: { count: "@length(triggerBody()['wait'])", unit: Second } }
          Stop:
            type: Terminate
            runAfter: { Nap: [Succeeded] }
            inputs: { runStatus: Failed, runError: { code: Stopped, message: "By @{triggerBody()['word']}" } }
        """

    private static let note = """
        name: Note
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: URL } }, required: [text] } }
        actions:
          Keep: { type: Compose, inputs: { url: "@triggerBody()['text']" } }
          Stop:
            type: Terminate
            runAfter: { Keep: [Succeeded] }
            inputs: { runStatus: Failed, runError: { code: No, message: "Not @{outputs('Keep')['url']}" } }
        """

    /// A project whose secrets are given as users give them.
    private static func project() async throws -> (ScratchFolder, sandbox: JSON) {
        let scratch = try ScratchFolder()
        let sandbox = try await scratch.sandbox()
        try scratch.write("s/solution.yaml", solution)
        try scratch.write("s/secretive.flow.yaml", secretive)
        try scratch.write("s/note.flow.yaml", note)
        try await scratch.flowrun("init", "--sandbox")
        try await scratch.flowrun("solution", "install", "s")
        let refused = try await scratch.flowrun("variable", "set", "tst_hidden", "plain", exit: 2)
        #expect(refused.messages.contains("must not stand on the command line"))
        try await scratch.flowrun("variable", "set", "tst_hidden", "-", input: "variable-5ecret\n")
        try await scratch.flowrun("connection", "create", "salesforce", "--account", "crm.admin@adatum.example")
        try await scratch.flowrun("bind-connection", "--all")
        try await scratch.flowrun("activate", "--all")
        return (scratch, sandbox)
    }

    /// The secrets of the sandbox that a connection holds, and those of the test.
    private static func secrets(_ sandbox: JSON) -> [String] {
        let salesforce = sandbox["services"]?["salesforce"]
        let own = ["clientSecret", "password", "securityToken"].compactMap { salesforce?[$0]?.stringValue }
        #expect(own.count == 3)
        // The beginnings of what a JSON Web Token and the header of Basic authentication begin with.
        return own + ["5ecret", "eyJhbGci", "eyJ0eXAi", Data("ana:variable-5ecret".utf8).base64EncodedString()]
    }

    /// The files of the environment in which a secret stands as plain bytes.
    private static func files(of scratch: ScratchFolder, with secrets: [String]) throws -> [String] {
        let folder = scratch.path + "/.flowrun/default"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.contains { $0.hasSuffix(".db") || $0.hasSuffix(".sqlite") }, "\(names)")
        var found: [String] = []
        for name in names {
            guard let bytes = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
            for secret in secrets where bytes.range(of: Data(secret.utf8)) != nil { found.append("\(name): \(secret)") }
        }
        return found
    }

    @Test func `no secret stands in what is printed, in the log, or in the files of the environment`() async throws {
        let (scratch, sandbox) = try await Self.project()
        let secrets = Self.secrets(sandbox)
        let identity = sandbox["services"]?["identity"]?["url"]?.stringValue ?? ""
        func input(wait: String) -> String {
            JSON.object(["uri": .string(identity + "/nothing"), "word": "word-5ecret", "wait": .string(wait)]).text
        }
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing(
                "  default:", with: "  default:\n    alerts: { command: [sh, -c, \"cat >> alerts.jsonl\"] }"))
        let admin = "ana@adatum.example"
        try await scratch.flowrun("user", "add", admin, "--role", "admin")
        try await scratch.flowrun("user", "password", admin, input: "password-5ecret\n")
        let token = try await scratch.json("token", "create", "--as", admin)["token"]?.stringValue ?? ""
        #expect(token.hasPrefix("fr_"))
        let runtime = try await scratch.serve("--log-format", "json", "--log-level", "info")
        let run = try await scratch.json("run", "Secretive", "--input", input(wait: ""), exit: 1)
        #expect(run["error"] == ["code": "Terminated", "message": "*sanitized*"])
        let name = run["name"]?.stringValue ?? ""
        // One that waits, so that the secrets stand in the journal that a later process goes on with.
        let waiting = try await scratch.json(
            "run", "Secretive", "--input", input(wait: String(repeating: "x", count: 3_000)), "--no-wait")
        let waitingName = waiting["name"]?.stringValue ?? ""
        try await until("the run waits") {
            try await scratch.json("runs", "show", waitingName)["waitsFor"]?["kind"] == "timer"
        }
        var texts = [run.text]
        for arguments in [
            ["runs", "show", name], ["runs", "show", name, "--json"], ["runs", "show", waitingName, "--json"],
            ["runs", "list", "--json"], ["runs", "list"], ["flow", "show", "Secretive", "--json"],
            ["variable", "list", "--json"], ["connection", "list", "--json"], ["bind-connection", "--json"],
        ] {
            let outcome = try await BuiltBinary.run(arguments, in: scratch.path)
            texts.append(outcome.output + outcome.messages)
        }
        texts += try await Self.replies(of: scratch, run: name, admin: admin, token: token)
        try await scratch.flowrun("backup", "copy.db")
        try await until("the alert of the run comes") {
            ((try? scratch.read("alerts.jsonl")) ?? "").contains(name)
        }
        texts.append(try scratch.read("alerts.jsonl"))
        for arguments in [
            ["limits"], ["doctor"], ["trace", name], ["user", "list", "--json"], ["token", "list", "--json"],
        ] {
            let outcome = try await BuiltBinary.run(arguments, in: scratch.path)
            texts.append(outcome.output + outcome.messages)
        }
        for word in ["5ecret", "word-", "variable-"] {
            #expect(try await scratch.json("runs", "list", "--text", word) == [], "\(word)")
        }
        let requests = try await scratch.json("sandbox", "requests")
        #expect(requests.text.contains("/nothing"))
        texts += [requests.text, try scratch.read("serve.log")]
        for text in texts {
            for secret in secrets + [token] {
                #expect(!text.contains(secret), "\(secret) in \(text.prefix(2_000))")
            }
        }
        let copy = try #require(FileManager.default.contents(atPath: scratch.path + "/copy.db"))
        for secret in secrets + [token] { #expect(copy.range(of: Data(secret.utf8)) == nil, "\(secret) in the copy") }
        #expect(try Self.files(of: scratch, with: secrets) == [])
        #expect(try Self.files(of: scratch, with: [name]) != [], "what is no secret is found in the files")
        let actions = Dictionary(
            (run["actions"]?.arrayValue ?? []).map { ($0["name"]?.stringValue ?? "", $0) }, uniquingKeysWith: { $1 })
        #expect(actions["Query"]?["status"] == "Succeeded")
        #expect(actions["Wrong"]?["error"] == ["code": "InvalidTemplate", "message": "*sanitized*"])
        let page = try await scratch.json("runs", "show", name)
        let shown = page["actions"]?.arrayValue?.first { $0["name"] == "Authenticated" }
        #expect(shown?["inputs"]?["authentication"] == ["type": "Basic", "username": "ana", "password": "*sanitized*"])
        try await scratch.flowrun("runs", "cancel", waitingName)
        #expect(await runtime.end() == 0)
        #expect(try Self.files(of: scratch, with: secrets) == [])
        // What the journal sealed is whole for the next process.
        let again = try await scratch.json("runs", "resubmit", name, exit: 1)
        #expect(again["error"] == run["error"])
        #expect(try Self.files(of: scratch, with: secrets) == [])
        try await scratch.flowrun("sandbox", "stop")
    }

    /// What the management API, the figures and the pages give of a run and its flow.
    private static func replies(
        of scratch: ScratchFolder, run: String, admin: String, token: String
    ) async throws -> [String] {
        let port = try scratch.servedPort()
        let bearer = ["Authorization: Bearer \(token)"]
        let base = "/providers/Microsoft.ProcessSimple/environments/default"
        let flow = try await scratch.json("flow", "show", "Secretive")["id"]?.stringValue ?? ""
        var texts: [String] = []
        func get(_ target: String) async throws -> JSON {
            let answer = try await PlainHTTP.send("GET", target, port: port, headers: bearer)
            #expect(answer.status == 200, "\(target): \(answer.body)")
            texts.append(answer.head + answer.body)
            return answer.json
        }
        let own = "\(base)/flows/\(flow)"
        for target in [
            "/metrics", "/healthz", "/readyz", "/openapi.json", base, "\(base)/flows", own, "\(own)/connections",
            "\(own)/permissions", "\(own)/runs", "\(own)/triggers", "\(own)/triggers/manual/histories",
            "/providers/Microsoft.PowerApps/apis/shared_salesforce/connections", "\(base)/connections",
        ] { _ = try await get(target) }
        let shown = try await get("\(own)/runs/\(run)?$expand=properties/actions")
        let actions = try await get("\(own)/runs/\(run)/actions")["value"]?.arrayValue ?? []
        #expect(actions.count >= 5)
        // What stands behind the links is given to whoever has them.
        let properties = actions.map { $0["properties"] ?? .null } + [shown["properties"]?["trigger"] ?? .null]
        var links = 0
        for value in properties {
            for name in ["inputsLink", "outputsLink"] {
                guard let uri = value[name]?["uri"]?.stringValue else { continue }
                links += 1
                _ = try await get("/" + uri.split(separator: "/").dropFirst(2).joined(separator: "/"))
            }
        }
        #expect(links >= 3)
        let signIn = try await PlainHTTP.send(
            "POST", "/signin", port: port, headers: ["Content-Type: application/json"],
            body: JSON.object(["upn": .string(admin), "password": "password-5ecret"]).text)
        #expect(signIn.status == 200)
        texts.append(signIn.body)
        return texts
    }

    @Test func `the signature of a trigger's URL is printed by flow url alone`() async throws {
        let (scratch, _) = try await Self.project()
        let url = try await scratch.json("flow", "url", "Secretive")["url"]?.stringValue ?? ""
        let signature = url.split(separator: "sig=").last.map(String.init) ?? ""
        #expect(signature.count == 43)
        let run = try await scratch.json("run", "Note", "--input", JSON.object(["URL": .string(url)]).text, exit: 1)
        #expect(run["error"]?["message"]?.stringValue?.hasSuffix("&sig=***") == true)
        let name = run["name"]?.stringValue ?? ""
        for arguments in [
            ["runs", "show", name], ["runs", "show", name, "--json"], ["runs", "watch", name, "--json"],
            ["runs", "list", "--json"], ["runs", "list", "--text", signature], ["flow", "show", "Secretive", "--json"],
            ["runs", "show", url], ["flow", "show", url], [url],
        ] {
            let outcome = try await BuiltBinary.run(arguments, in: scratch.path)
            #expect(!(outcome.output + outcome.messages).contains(signature), "\(arguments)")
        }
        #expect(try await scratch.json("runs", "list", "--text", signature) == [])
        let page = try await scratch.json("runs", "show", name)
        #expect(page["trigger"]?["outputs"]?.text.contains("sig=***") == true)
        try await scratch.flowrun("sandbox", "stop")
    }

    @Test func `run --file calls inside addresses only where they are named`() async throws {
        let scratch = try ScratchFolder()
        let sandbox = try await scratch.sandbox()
        let url = sandbox["services"]?["identity"]?["url"]?.stringValue ?? ""
        let host = url.split(separator: "/").last.map(String.init) ?? ""
        func run(_ uri: String, allowing hosts: [String] = []) async throws -> BuiltBinary.Outcome {
            try scratch.write(
                "call.flow.yaml",
                """
                name: Call
                triggers: { manual: { type: Request, kind: Button } }
                actions:
                  Get: { type: Http, inputs: { method: GET, uri: "\(uri)", retryPolicy: { type: none } } }
                """)
            let allowed = hosts.flatMap { ["--allow-host", $0] }
            return try await BuiltBinary.run(["run", "--file", "call.flow.yaml", "--json"] + allowed, in: scratch.path)
        }
        for uri in [
            url, "http://localhost:1/", "http://[::1]:1/", "http://10.0.0.1:1/", "http://192.168.1.1:1/",
            "http://169.254.169.254/metadata/instance", "http://[fd00:ec2::254]/", "http://2130706433:1/",
            "http://0x7f.1:1/", "http://[::ffff:127.0.0.1]:1/",
        ] {
            let outcome = try await run(uri)
            #expect(outcome.exitCode == 1, "\(uri)")
            let error = try outcome.json["actions"]?.arrayValue?.first?["error"]
            #expect(error?["code"] == "AddressNotAllowed", "\(uri): \(outcome.output)")
            #expect(error?["hint"]?.stringValue?.contains("--allow-host") == true, "\(uri)")
        }
        // Named, the sandbox answers; addresses that no network should lead to stay closed whatever is named.
        let allowed = try await run(url + "/", allowing: [host])
        #expect(try allowed.json["actions"]?.arrayValue?.first?["outputs"]?["statusCode"]?.integerValue != nil)
        let metadata = try await run("http://169.254.169.254/", allowing: ["169.254.169.254"])
        #expect(try metadata.json["actions"]?.arrayValue?.first?["error"]?["code"] == "AddressNotAllowed")
        let other = try await run(url, allowing: ["127.0.0.1:1"])
        #expect(try other.json["actions"]?.arrayValue?.first?["error"]?["code"] == "AddressNotAllowed")
        try await scratch.flowrun("sandbox", "stop")
    }
}
