import FlowCore
import FlowDefinitions

/// Serves an editor: takes its texts in, answers what it asks about a place, and tells what is wrong.
///
/// One message is handled after another. Findings are sent when nothing more has arrived, so a burst of changes is
/// answered once, for its last state.
struct LanguageServer {
    /// How far the conversation is.
    private enum Stage { case beforeInitialize, running, afterShutdown }

    /// What the editor says of itself.
    struct Editor {
        /// Whether completions may hold places for the cursor.
        var takesSnippets = false
        /// Whether it watches files that the server names.
        var watchesFiles = false
    }

    var workspace: FlowWorkspace
    var editor = Editor()
    private var stream: MessageStream
    private var stage = Stage.beforeInitialize
    /// The folders that are open in the editor.
    private var folders: [String] = []
    /// The editor's addresses of the files that it has open.
    private var addresses: [String: String] = [:]
    /// The versions of the files that the editor has open.
    private var versions: [String: JSON] = [:]
    /// Files that have changed since their findings were sent, the most urgent first.
    private var changed: [String] = []
    /// Files whose findings may be others because another file has changed.
    private var affected: [String] = []
    /// The findings that were sent last.
    private var published: [String: JSON] = [:]
    private var nextRequest = 1

    /// Makes a server.
    init(catalog: any OperationCatalog, stream: MessageStream = MessageStream()) {
        workspace = FlowWorkspace(catalog: catalog)
        self.stream = stream
    }

    /// Serves until the editor says exit or is gone.
    /// - Returns: whether it took leave in order: with shutdown before exit.
    mutating func run() -> Bool {
        var queue: [JSON] = []
        var cancelled: Set<JSON> = []
        while true {
            reading: while let incoming = stream.next(waits: queue.isEmpty && changed.isEmpty && affected.isEmpty) {
                switch incoming {
                case .end:
                    // What was sent before the end is answered.
                    if queue.isEmpty { return stage == .afterShutdown }
                    break reading
                case .unreadable(let problem):
                    stream.send(RPC.failure(.null, .parseError, "The message is no JSON: \(problem)"))
                case .message(let message):
                    if message["method"] == "$/cancelRequest", let id = message["params"]?["id"] {
                        if queue.contains(where: { $0["id"] == id }) { cancelled.insert(id) }
                    } else {
                        queue.append(message)
                    }
                }
                if !queue.isEmpty, queue.last?["method"] == "exit" { break }
            }
            guard !queue.isEmpty else {
                if !changed.isEmpty {
                    publishChanged(changed.removeFirst())
                } else if !affected.isEmpty {
                    publishAffected(affected.removeFirst())
                }
                continue
            }
            let message = queue.removeFirst()
            if message["method"] == "exit" { return stage == .afterShutdown }
            if let id = message["id"], cancelled.remove(id) != nil {
                stream.send(RPC.failure(id, .requestCancelled, "The request was cancelled."))
            } else {
                handle(message)
            }
        }
    }

    private mutating func handle(_ message: JSON) {
        guard let method = message["method"]?.stringValue else {
            // The answer to a request of ours says nothing we need.
            if message["result"] == nil, message["error"] == nil {
                stream.send(RPC.failure(message["id"] ?? .null, .invalidRequest, "The message has no method."))
            }
            return
        }
        let parameters = message["params"] ?? .null
        guard let id = message["id"] else {
            if stage == .running { notice(method, parameters) }
            return
        }
        switch stage {
        case .beforeInitialize where method != "initialize":
            stream.send(RPC.failure(id, .serverNotInitialized, "The first request is 'initialize'."))
        case .afterShutdown:
            stream.send(RPC.failure(id, .invalidRequest, "The server was shut down; what remains is 'exit'."))
        default:
            do throws(RPC.Failure) {
                stream.send(RPC.success(id, try answer(method, parameters)))
            } catch {
                stream.send(RPC.failure(id, error.code, error.message))
            }
        }
    }

    // MARK: Requests

    private mutating func answer(_ method: String, _ parameters: JSON) throws(RPC.Failure) -> JSON {
        switch method {
        case "initialize":
            guard stage == .beforeInitialize else {
                throw RPC.Failure(.invalidRequest, "'initialize' was requested before.")
            }
            return initialize(parameters)
        case "shutdown":
            stage = .afterShutdown
            return .null
        case "textDocument/completion": return try completion(parameters)
        case "textDocument/hover": return try hover(parameters)
        case "textDocument/definition": return try definition(parameters)
        default: throw RPC.Failure(.methodNotFound, "flowrun does not answer '\(method)'.")
        }
    }

    private mutating func initialize(_ parameters: JSON) -> JSON {
        stage = .running
        let capabilities = parameters["capabilities"]
        let item = capabilities?["textDocument"]?["completion"]?["completionItem"]
        editor.takesSnippets = item?["snippetSupport"]?.boolValue ?? false
        let watching = capabilities?["workspace"]?["didChangeWatchedFiles"]
        editor.watchesFiles = watching?["dynamicRegistration"]?.boolValue ?? false
        let roots = parameters["workspaceFolders"]?.arrayValue?.compactMap { $0["uri"]?.stringValue } ?? []
        let root = parameters["rootUri"]?.stringValue ?? parameters["rootPath"]?.stringValue
        folders = (roots.isEmpty ? root.map { [$0] } ?? [] : roots).map(DocumentAddress.name)
        return [
            "capabilities": [
                "positionEncoding": "utf-16",
                "textDocumentSync": ["openClose": true, "change": 2],
                "completionProvider": ["triggerCharacters": ["@", "'", "(", "[", ".", "{", " "]],
                "hoverProvider": true,
                "definitionProvider": true,
                "workspace": ["workspaceFolders": ["supported": true, "changeNotifications": true]],
            ],
            "serverInfo": ["name": "flowrun", "version": .string(Flowrun.version)],
        ]
    }

    /// The file and place that a request is about.
    func place(_ parameters: JSON) throws(RPC.Failure) -> (name: String, position: TextPosition) {
        guard let uri = parameters["textDocument"]?["uri"]?.stringValue,
            let position = parameters["position"].flatMap(TextPosition.init(json:))
        else { throw RPC.Failure(.invalidParameters, "The request needs 'textDocument' and 'position'.") }
        return (DocumentAddress.name(of: uri), position)
    }

    /// The address of a file as the editor knows it.
    func address(of name: String) -> String { addresses[name] ?? DocumentAddress.uri(of: name) }

    // MARK: Notices

    private mutating func notice(_ method: String, _ parameters: JSON) {
        let document = parameters["textDocument"]
        let uri = document?["uri"]?.stringValue
        switch method {
        case "initialized": enterFolders()
        case "textDocument/didOpen":
            guard let uri, let text = document?["text"]?.stringValue else { return }
            let name = DocumentAddress.name(of: uri)
            addresses[name] = uri
            versions[name] = document?["version"]
            workspace.set(name, text: text)
            hasChanged(name)
        case "textDocument/didChange":
            guard let uri else { return }
            let name = DocumentAddress.name(of: uri)
            versions[name] = document?["version"]
            for change in parameters["contentChanges"]?.arrayValue ?? [] {
                guard let text = change["text"]?.stringValue else { continue }
                workspace.replace(change["range"].flatMap(TextRange.init(json:)), with: text, in: name)
            }
            hasChanged(name)
        case "textDocument/didClose":
            guard let uri else { return }
            let name = DocumentAddress.name(of: uri)
            addresses[name] = nil
            versions[name] = nil
            reload(name, isInFolder: isInFolder(name))
        case "workspace/didChangeWatchedFiles":
            for change in parameters["changes"]?.arrayValue ?? [] {
                guard let uri = change["uri"]?.stringValue else { continue }
                let name = DocumentAddress.name(of: uri)
                // What is open in the editor is as the editor says.
                guard addresses[name] == nil, FlowWorkspace.isKnown(name) else { continue }
                reload(name, isInFolder: change["type"] != 3)
            }
        case "workspace/didChangeWorkspaceFolders":
            let event = parameters["event"]
            let gone = (event?["removed"]?.arrayValue ?? []).compactMap { $0["uri"]?.stringValue }
                .map(DocumentAddress.name)
            folders.removeAll { gone.contains($0) }
            for name in workspace.names where addresses[name] == nil && !isInFolder(name) {
                reload(name, isInFolder: false)
            }
            let new = (event?["added"]?.arrayValue ?? []).compactMap { $0["uri"]?.stringValue }
                .map(DocumentAddress.name)
            folders += new
            read(new)
        default: break
        }
    }

    private func isInFolder(_ name: String) -> Bool {
        FlowWorkspace.isKnown(name) && folders.contains { name.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
    }

    private mutating func enterFolders() {
        read(folders)
        guard editor.watchesFiles else { return }
        let patterns = FlowWorkspace.flowEndings.map { "**/*" + $0 } + ["**/" + FlowWorkspace.solutionName]
        let watchers = patterns.map { JSON.object(["globPattern": .string($0)]) }
        let registration: JSON = [
            "id": "flow-files", "method": "workspace/didChangeWatchedFiles",
            "registerOptions": ["watchers": .array(watchers)],
        ]
        stream.send(RPC.request(nextRequest, "client/registerCapability", ["registrations": [registration]]))
        nextRequest += 1
    }

    private mutating func read(_ folders: [String]) {
        for folder in folders where TextFile.isFolder(folder) {
            let endings = FlowWorkspace.flowEndings + [FlowWorkspace.solutionName]
            for name in (try? TextFile.find(in: folder, endings: endings)) ?? []
            where FlowWorkspace.isKnown(name) && addresses[name] == nil {
                if let bytes = try? TextFile.read(name) { workspace.set(name, bytes: bytes) }
                isAffected([name])
            }
        }
    }

    /// Takes a file from the disk, or forgets it.
    private mutating func reload(_ name: String, isInFolder: Bool) {
        if isInFolder, let bytes = try? TextFile.read(name) {
            workspace.set(name, bytes: bytes)
        } else {
            isAffected(workspace.dependents(of: name))
            workspace.remove(name)
        }
        hasChanged(name)
    }

    // MARK: Findings

    private mutating func hasChanged(_ name: String) {
        changed.removeAll { $0 == name }
        changed.insert(name, at: 0)
    }

    private mutating func isAffected(_ names: [String]) {
        affected += names.filter { !affected.contains($0) }
    }

    private mutating func publishChanged(_ name: String) {
        affected.removeAll { $0 == name }
        let findings = JSON.array(workspace.diagnostics(of: name).map(\.json))
        if addresses[name] != nil || published[name] ?? [] != findings { publish(findings, of: name) }
        isAffected(workspace.dependents(of: name))
    }

    private mutating func publishAffected(_ name: String) {
        let findings = JSON.array(workspace.diagnostics(of: name).map(\.json))
        if published[name] ?? [] != findings { publish(findings, of: name) }
    }

    private mutating func publish(_ findings: JSON, of name: String) {
        published[name] = findings
        var parameters: JSONObject = ["uri": .string(address(of: name)), "diagnostics": findings]
        if let version = versions[name] { parameters["version"] = version }
        stream.send(RPC.notice("textDocument/publishDiagnostics", .object(parameters)))
    }
}
