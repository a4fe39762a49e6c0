import FlowCore
import FlowTesting
import Foundation
import Testing

/// Conversations with the built language server over its stdin and stdout.
@Suite(.serialized) struct LanguageServerTests {
    private static let child = """
        name: price of an item
        triggers:
          manual: {type: Request, kind: Button, inputs: {schema: {type: object, properties: {}}}}
        actions:
          Answer: {type: Response, kind: PowerApp, inputs: {statusCode: 200, body: {price: 3}}}

        """

    private static let parent = """
        name: offer
        connectionReferences:
          crm: {connector: salesforce, connectionReferenceLogicalName: msft_crm}
        triggers:
          manual: {type: Request, kind: Button, inputs: {schema: {type: object, properties: {}}}}
        actions:
          Ask:
            type: Workflow
            inputs:
              host: {workflowReferenceName: price of an item}
              body: {}
              retryPolicy: {type: none}
          Answer:
            type: Compose
            runAfter: {Ask: [Succeeded]}
            inputs: "😀 @{body('Ask')?['price']}"

        """

    @Test func `what was sent before the end of the input is answered`() async throws {
        let message = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#
        let outcome = try await BuiltBinary.run(
            ["lsp"], input: "Content-Length: \(message.utf8.count)\r\n\r\n\(message)")
        #expect(outcome.output.contains("\"serverInfo\""), "\(outcome.output)")
    }

    @Test func `an editor opens, edits, completes, hovers, follows names and closes`() throws {
        let folder = try ScratchFolder()
        try folder.write("flows/price.flow.yaml", Self.child)
        try folder.write("flows/offer.flow.yaml", Self.parent)
        let editor = try EditorProcess(folder: folder)
        let offer = editor.uri("flows/offer.flow.yaml")
        let price = editor.uri("flows/price.flow.yaml")

        // Nothing is answered before initialize.
        let early = try editor.request("textDocument/hover", [:])
        #expect(early["error"]?["code"] == -32_002)
        let initialized = try editor.initialize()
        let capabilities = initialized["result"]?["capabilities"]
        #expect(capabilities?["textDocumentSync"]?["change"] == 2)
        #expect(capabilities?["hoverProvider"] == true && capabilities?["definitionProvider"] == true)
        #expect(initialized["result"]?["serverInfo"]?["name"] == "flowrun")

        // A flow without a mistake; its child is known from the folder.
        try editor.open(offer, Self.parent)
        #expect(try editor.diagnostics(of: offer, version: 1) == [])

        // An unfinished expression, typed into the last line.
        try editor.change(offer, 2, (15, 18), (15, 39), "outputs('")
        let broken = try editor.diagnostics(of: offer, version: 2)
        #expect(broken.first?["severity"] == 1 && broken.first?["source"] == "flowrun")
        #expect(broken.first?["code"] == "InvalidTemplate")
        let names = try editor.completion(offer, (15, 27))
        #expect(names["Ask"]?["detail"] == "Workflow")
        #expect(names["Answer"] == nil)
        let range = names["Ask"]?["textEdit"]?["range"]
        #expect(range?["start"] == ["line": 15, "character": 27])

        // Finished wrongly: the finding stands on the call, counted in UTF-16 units; then rightly.
        try editor.change(offer, 3, (15, 27), (15, 27), "Aks')?['body']")
        let wrong = try editor.diagnostics(of: offer, version: 3)
        #expect(wrong.first?["range"]?["start"] == ["line": 15, "character": 18])
        #expect(wrong.first?["message"]?.stringValue?.contains("did you mean 'Ask'?") == true)
        let explained = try editor.hover(offer, (15, 20))
        #expect(explained.contains("InvalidTemplate") && explained.contains("outputs(action)"))
        try editor.change(offer, 4, (15, 27), (15, 30), "Ask")
        #expect(try editor.diagnostics(of: offer, version: 4) == [])

        // Functions as snippets, properties of the child's answer, operations and parameters of the connector.
        try editor.change(offer, 5, (15, 18), (15, 41), "toUp")
        let functions = try editor.completion(offer, (15, 22))
        #expect(functions["toUpper"]?["textEdit"]?["newText"] == "toUpper($0)")
        #expect(functions["toUpper"]?["insertTextFormat"] == 2)
        #expect(functions["toUpper"]?["detail"]?.stringValue?.hasPrefix("toUpper(") == true)
        try editor.change(offer, 6, (15, 18), (15, 22), "body('Ask')?['")
        #expect(try editor.completion(offer, (15, 32))["price"] != nil)
        try editor.change(offer, 7, (15, 18), (15, 32), "body('Ask')?['price']")
        let call =
            "  Call:\n    type: OpenApiConnection\n    inputs:\n      host: {connectionName: crm, operationId: }\n"
        try editor.change(offer, 8, (16, 0), (16, 0), call)
        let operations = try editor.completion(offer, (19, 47))
        #expect(operations["ExecuteSoqlQuery"]?["documentation"]?["value"] == "Runs a SOQL query.")
        try editor.change(offer, 9, (19, 47), (20, 0), "ExecuteSoqlQuery}\n      parameters:\n        ")
        #expect(try editor.completion(offer, (21, 8))["query"]?["detail"] == "any, required")
        #expect(try editor.hover(offer, (19, 50)).contains("Runs a SOQL query."))

        // Definitions: an action, a connection reference, the child in its file.
        let action = try editor.definition(offer, (15, 25))
        #expect(action.first?["range"]?["start"] == ["line": 6, "character": 2])
        let reference = try editor.definition(offer, (19, 30))
        #expect(reference.first?["range"]?["start"] == ["line": 2, "character": 2])
        let flow = try editor.definition(offer, (9, 40))
        #expect(flow.first?["uri"] == .string(price))
        #expect(flow.first?["range"]?["start"] == ["line": 0, "character": 6])
        try editor.change(offer, 10, nil, nil, Self.parent)
        #expect(try editor.diagnostics(of: offer, version: 10) == [])

        // The child gets another name: its caller is wrong from then on, without a touch.
        try editor.open(price, Self.child)
        #expect(try editor.diagnostics(of: price, version: 1) == [])
        try editor.change(price, 2, (0, 6), (0, 22), "cost of an item")
        #expect(try editor.diagnostics(of: price, version: 2) == [])
        let orphan = try editor.diagnostics(of: offer, version: 10)
        #expect(orphan.contains { $0["message"]?.stringValue?.contains("price of an item") == true })
        // Closed without saving, the file is again as it lies on the disk.
        try editor.notify("textDocument/didClose", ["textDocument": ["uri": .string(price)]])
        #expect(try editor.diagnostics(of: offer, version: 10) == [])

        let unknown = try editor.request("textDocument/rename", [:])
        #expect(unknown["error"]?["code"] == -32_601)
        let shutdown = try editor.request("shutdown", .null)
        #expect(shutdown["result"] == .null)
        let late = try editor.request("textDocument/hover", [:])
        #expect(late["error"]?["code"] == -32_600)
        try editor.notify("exit", .null)
        #expect(editor.waitForEnd() == 0)
    }

    @Test func `a burst of changes is answered once, for its last state`() throws {
        let folder = try ScratchFolder()
        let editor = try EditorProcess(folder: folder)
        let uri = editor.uri("x.flow.yaml")
        _ = try editor.initialize()
        try editor.open(uri, Self.child)
        _ = try editor.diagnostics(of: uri, version: 1)
        // All in one piece, so that they have arrived when the first is handled.
        var burst: [JSON] = []
        for version in 2...50 {
            burst.append(
                EditorProcess.change(uri, version, (5, 0), (5, 0), "  A\(version): {type: Compose, inputs: 1}\n"))
        }
        try editor.send(burst)
        #expect(try editor.diagnostics(of: uri, version: 50) == [])
        #expect(editor.skipped == 0)
        // A request that is cancelled before its turn.
        let position: JSON = ["textDocument": ["uri": .string(uri)], "position": ["line": 0, "character": 0]]
        try editor.send([
            ["jsonrpc": "2.0", "id": "a", "method": "textDocument/hover", "params": position],
            ["jsonrpc": "2.0", "id": "b", "method": "textDocument/hover", "params": position],
            ["jsonrpc": "2.0", "method": "$/cancelRequest", "params": ["id": "b"]],
        ])
        #expect(try editor.answer(to: "a")["error"] == nil)
        #expect(try editor.answer(to: "b")["error"]?["code"] == -32_800)
        editor.closeInput()
        #expect(editor.waitForEnd() == 1, "gone without shutdown")
    }

    @Test func `bad messages are refused, and the server goes on`() throws {
        let folder = try ScratchFolder()
        let editor = try EditorProcess(folder: folder)
        _ = try editor.initialize()
        try editor.sendRaw("Content-Length: 5\r\n\r\n{nope")
        #expect(try editor.answer(to: .null)["error"]?["code"] == -32_700)
        let incomplete = try editor.request("textDocument/completion", ["textDocument": [:]])
        #expect(incomplete["error"]?["code"] == -32_602)
        // Of a file that nobody opened nothing is known.
        let uri = editor.uri("not-there.flow.yaml")
        #expect(try editor.completion(uri, (0, 0)).isEmpty)
        #expect(try editor.definition(uri, (3, 3)).isEmpty)
        // A message in two pieces, with another header and another spelling.
        try editor.sendRaw(
            "content-type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length: 44\r\n\r\n{\"json")
        try editor.sendRaw("rpc\":\"2.0\",\"id\":7,\"method\":\"shutdown\"}")
        #expect(try editor.answer(to: 7)["result"] == .null)
        try editor.notify("exit", .null)
        #expect(editor.waitForEnd() == 0)
    }

    @Test func `five hundred actions are answered while one types`() throws {
        var text = "name: big\ntriggers: {manual: {type: Request, kind: Button, inputs: {}}}\nactions:\n"
        for number in 1...500 {
            text += "  Action_\(number):\n    type: Compose\n"
            if number > 1 { text += "    runAfter: {Action_\(number - 1): [Succeeded]}\n" }
            text += "    inputs: \"@concat('a', string(\(number > 1 ? "outputs('Action_\(number - 1)')" : "1")))\"\n"
        }
        let folder = try ScratchFolder()
        let editor = try EditorProcess(folder: folder)
        let uri = editor.uri("big.flow.yaml")
        _ = try editor.initialize()
        try editor.open(uri, text)
        #expect(try editor.diagnostics(of: uri, version: 1) == [])
        let clock = ContinuousClock()
        var checks: [Duration] = []
        var completions: [Duration] = []
        for version in 2..<12 {
            // A blank comes and goes behind the colon.
            let end: (Int64, Int64) = version % 2 == 0 ? (2_001, 11) : (2_001, 12)
            var findings: [JSON] = []
            checks.append(
                try clock.measure {
                    try editor.change(uri, version, (2_001, 11), end, version % 2 == 0 ? " " : "")
                    findings = try editor.diagnostics(of: uri, version: version)
                })
            #expect(findings == [])
            var found: [String: JSON] = [:]
            completions.append(try clock.measure { found = try editor.completion(uri, (2_001, 31)) })
            #expect(found["concat"] != nil)
        }
        print("500 actions: findings \(checks.sorted()[5]), completion \(completions.sorted()[5]) (median of 10)")
        #expect(checks.sorted()[5] < .seconds(2), "a debug build is many times slower than the release build")
        editor.closeInput()
        #expect(editor.waitForEnd() == 1)
    }
}

/// A language server as an editor starts it.
private final class EditorProcess {
    private let process: SpawnedProcess
    private let input = Pipe()
    private let output = Pipe()
    private let folder: ScratchFolder
    private var buffer: [UInt8] = []
    private var nextRequest: Int64 = 100
    /// Findings that were not asked for yet, the oldest first.
    private var findings: [JSON] = []
    private var answers: [JSON] = []
    /// How many findings of older versions were passed over by the last question.
    private(set) var skipped = 0

    init(folder: ScratchFolder) throws {
        self.folder = folder
        process = try SpawnedProcess(
            BuiltBinary.path, ["lsp", "--stdio"], in: folder.path,
            input: .descriptor(input.fileHandleForReading.fileDescriptor),
            output: .descriptor(output.fileHandleForWriting.fileDescriptor),
            errors: .descriptor(STDERR_FILENO))
        // The ends that the server has; while they are open here, it is not told of ours.
        try input.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
    }

    func uri(_ name: String) -> String { URL(fileURLWithPath: folder.path + "/" + name).absoluteString }

    // MARK: Sending

    func sendRaw(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    func send(_ messages: [JSON]) throws {
        try sendRaw(messages.map { "Content-Length: \($0.bytes.count)\r\n\r\n\($0.text)" }.joined())
    }

    func notify(_ method: String, _ parameters: JSON) throws {
        try send([["jsonrpc": "2.0", "method": .string(method), "params": parameters]])
    }

    func request(_ method: String, _ parameters: JSON) throws -> JSON {
        nextRequest += 1
        let id = JSON.integer(nextRequest)
        try send([["jsonrpc": "2.0", "id": id, "method": .string(method), "params": parameters]])
        return try answer(to: id)
    }

    func initialize() throws -> JSON {
        let answer = try request(
            "initialize",
            [
                "processId": .null, "rootUri": .string(URL(fileURLWithPath: folder.path).absoluteString),
                "capabilities": [
                    "textDocument": ["completion": ["completionItem": ["snippetSupport": true]]]
                ],
            ])
        try notify("initialized", [:])
        return answer
    }

    func open(_ uri: String, _ text: String) throws {
        try notify(
            "textDocument/didOpen",
            [
                "textDocument": [
                    "uri": .string(uri), "languageId": "yaml", "version": 1, "text": .string(text),
                ]
            ])
    }

    typealias Place = (line: Int64, character: Int64)

    static func change(_ uri: String, _ version: Int, _ start: Place?, _ end: Place?, _ text: String) -> JSON {
        var change: JSONObject = ["text": .string(text)]
        if let start, let end { change["range"] = ["start": position(start), "end": position(end)] }
        return [
            "jsonrpc": "2.0", "method": "textDocument/didChange",
            "params": [
                "textDocument": ["uri": .string(uri), "version": .integer(Int64(version))],
                "contentChanges": [.object(change)],
            ],
        ]
    }

    func change(_ uri: String, _ version: Int, _ start: Place?, _ end: Place?, _ text: String) throws {
        try send([Self.change(uri, version, start, end, text)])
    }

    private static func position(_ place: Place) -> JSON {
        ["line": .integer(place.line), "character": .integer(place.character)]
    }

    private func ask(_ method: String, _ uri: String, _ place: Place) throws -> JSON {
        let answer = try request(
            method, ["textDocument": ["uri": .string(uri)], "position": Self.position(place)])
        #expect(answer["error"] == nil)
        return answer["result"] ?? .null
    }

    /// The completions at a place, by label.
    func completion(_ uri: String, _ place: Place) throws -> [String: JSON] {
        let items = try ask("textDocument/completion", uri, place)["items"]?.arrayValue ?? []
        return Dictionary(items.map { ($0["label"]?.stringValue ?? "", $0) }) { first, _ in first }
    }

    func hover(_ uri: String, _ place: Place) throws -> String {
        try ask("textDocument/hover", uri, place)["contents"]?["value"]?.stringValue ?? ""
    }

    func definition(_ uri: String, _ place: Place) throws -> [JSON] {
        try ask("textDocument/definition", uri, place).arrayValue ?? []
    }

    // MARK: Receiving

    /// The next findings of a file at a version.
    func diagnostics(of uri: String, version: Int) throws -> [JSON] {
        skipped = 0
        while true {
            while !findings.isEmpty {
                let found = findings.removeFirst()
                guard found["uri"] == .string(uri) else { continue }
                if found["version"] == .integer(Int64(version)) { return found["diagnostics"]?.arrayValue ?? [] }
                skipped += 1
            }
            try receive()
        }
    }

    /// The answer to a request.
    func answer(to id: JSON) throws -> JSON {
        while true {
            if let place = answers.firstIndex(where: { $0["id"] == id }) { return answers.remove(at: place) }
            try receive()
        }
    }

    private struct Gone: Error {}

    private func receive() throws {
        while true {
            if let message = try takeMessage() {
                if message["method"] == "textDocument/publishDiagnostics", let found = message["params"] {
                    findings.append(found)
                } else {
                    answers.append(message)
                }
                return
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Gone() }
            buffer.append(contentsOf: more)
        }
    }

    private func takeMessage() throws -> JSON? {
        let text = Data(buffer)
        guard let header = text.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let words = String(decoding: text[..<header.lowerBound], as: UTF8.self).split(separator: " ")
        let length = try #require(words.last.flatMap { Int($0) })
        guard text.count - header.upperBound >= length else { return nil }
        let content = Array(text[header.upperBound..<(header.upperBound + length)])
        buffer.removeFirst(header.upperBound + length)
        return try JSON(parsing: content)
    }

    // MARK: The end

    func closeInput() { try? input.fileHandleForWriting.close() }

    func waitForEnd() -> Int32 {
        process.blockUntilEnd()
    }
}
