import FlowCore
import FlowText

/// The flow files of a folder as they are edited: what is wrong with them, and what an editor wants to know about a
/// place in one of them.
///
/// The workspace holds texts and reads no file. It knows all flows, so that calls of child flows are resolved; flows
/// beside the caller go before equally named ones elsewhere. Of a text that cannot be read the flows of its last
/// readable state stay known.
public struct FlowWorkspace: Sendable {
    /// A file with what was read from it.
    struct File: Sendable {
        var document: TextDocument
        /// What the text came to; nil as long as nobody asked.
        var decoded: DecodedFlows?
        /// Whether the text could be read.
        var isReadable = false
        /// The flows of the last text that could be read.
        var flows: [FlowDefinition] = []
        /// How often the text changed.
        var version = 0
        /// Whether the file is a flow by its name.
        let isFlowByName: Bool
    }

    /// A text repaired at the cursor, so that it can be read.
    struct Repair: Sendable {
        let name: String
        let version: Int
        let line: Int
        let flows: [FlowDefinition]
    }

    let catalog: any OperationCatalog
    private let checker: FlowChecker
    private var files: [String: File] = [:]
    private var solutions: [String: DecodedSolution] = [:]
    private var repair: Repair?
    /// How often anything changed.
    private var generation = 0
    /// The findings that were asked for last, and the generation for which they hold.
    private var latest: (name: String, generation: Int, findings: [FileDiagnostic])?

    /// Makes an empty workspace.
    /// - Parameter catalog: what is known about connectors.
    public init(catalog: any OperationCatalog) {
        self.catalog = catalog
        checker = FlowChecker(catalog: catalog)
    }

    /// The endings of flow files.
    public static let flowEndings = [".flow.yaml", ".flow.yml", ".flow.json"]
    /// The name of a solution's file.
    public static let solutionName = "solution.yaml"

    /// Whether a file is one of a workspace by its name: a flow or a solution.
    public static func isKnown(_ name: String) -> Bool { isSolution(name) || isFlow(name) }

    static func isSolution(_ name: String) -> Bool { name == solutionName || name.hasSuffix("/" + solutionName) }

    private static func isFlow(_ name: String) -> Bool { flowEndings.contains { name.hasSuffix($0) } }

    // MARK: Texts

    /// The names of all files.
    public var names: [String] { files.keys.sorted() }

    /// The text of a file, or nil.
    public func document(_ name: String) -> TextDocument? { files[name]?.document }

    /// Takes a file in, or gives it another text.
    public mutating func set(_ name: String, text: String) { set(TextDocument(name: name, text: text)) }

    /// Takes a file in, or gives it another text, as bytes that should be UTF-8.
    public mutating func set(_ name: String, bytes: [UInt8]) { set(TextDocument(name: name, bytes: bytes)) }

    private mutating func set(_ document: TextDocument) {
        let name = document.name
        guard files[name]?.document.bytes != document.bytes else { return }
        if files[name] == nil { forgetSolution(around: name) }
        files[name, default: File(document: document, isFlowByName: Self.isFlow(name))].document = document
        changed(name)
    }

    /// Changes a part of a file's text, or all of it where no range is given.
    public mutating func replace(_ range: TextRange?, with text: String, in name: String) {
        guard files[name] != nil else { return }
        files[name]?.document.replace(range, with: text)
        changed(name)
    }

    /// Forgets a file.
    public mutating func remove(_ name: String) {
        guard files.removeValue(forKey: name) != nil else { return }
        generation += 1
        solutions[name] = nil
        forgetSolution(around: name)
    }

    private mutating func changed(_ name: String) {
        generation += 1
        files[name]?.decoded = nil
        files[name]?.version += 1
        if Self.isSolution(name) { solutions[name] = nil }
    }

    private mutating func forgetSolution(around name: String) { solutions[Self.solutionFile(beside: name)] = nil }

    private static func folder(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    }

    private static func solutionFile(beside name: String) -> String { folder(of: name) + solutionName }

    // MARK: Flows

    /// The flows of a file, of its last readable state where it is broken.
    mutating func flows(of name: String) -> [FlowDefinition] {
        read(name)
        return files[name]?.flows ?? []
    }

    /// Reads a text that nobody has asked about since it changed.
    private mutating func read(_ name: String) {
        guard let file = files[name], file.decoded == nil, !Self.isSolution(name) else { return }
        let text = FlowTextReader.read(file.document.bytes, file: name)
        guard file.isFlowByName || text.root.map(Self.looksLikeFlow) == true else {
            files[name]?.decoded = DecodedFlows(flows: [], diagnostics: [])
            return
        }
        let decoded = FlowDecoder.decode(text, file: name)
        files[name]?.decoded = decoded
        files[name]?.isReadable = text.root != nil
        guard text.root != nil else { return }
        var flows = decoded.flows
        if let solution = solutionText(beside: name) {
            for place in flows.indices where flows[place].id == nil {
                flows[place].id = SolutionDecoder.id(of: flows[place].name, in: solution)
            }
        }
        files[name]?.flows = flows
    }

    /// Whether a file without the ending of flows holds one.
    private static func looksLikeFlow(_ root: SourceNode) -> Bool {
        let body = root["properties"]?["definition"] ?? root["definition"] ?? root
        return body["triggers"]?.isMapping == true && body["actions"]?.isMapping == true
    }

    /// The unique name of the solution beside a file, or nil.
    private mutating func solutionText(beside name: String) -> String? {
        let file = Self.solutionFile(beside: name)
        guard let document = files[file]?.document else { return nil }
        return FlowTextReader.read(document.bytes, file: file).root?["uniqueName"]?.string
    }

    /// The solution of a file with the flows as they are now.
    private mutating func solution(_ name: String) -> DecodedSolution? {
        guard let document = files[name]?.document else { return nil }
        if solutions[name] == nil {
            let folder = Self.folder(of: name)
            let files = files
            solutions[name] = SolutionDecoder.decode(document.text, file: name) { files[folder + $0]?.document.text }
        }
        guard let decoded = solutions[name], var solution = decoded.solution else { return solutions[name] }
        for place in solution.flows.indices {
            let file = solution.flows[place].definition.file
            let flows = flows(of: file)
            let old = solution.flows[place].definition
            if let flow = flows.first(where: { $0.name == old.name }) ?? flows.first {
                solution.flows[place].definition = flow
            }
        }
        return DecodedSolution(solution: solution, diagnostics: decoded.diagnostics)
    }

    /// The flows that a file's flows may call: those beside it, and those elsewhere that are not called alike.
    mutating func flowSet(for name: String, own: [FlowDefinition]? = nil) -> FlowSet {
        let folder = Self.folder(of: name)
        var near: [FlowDefinition] = own ?? flows(of: name)
        var far: [FlowDefinition] = []
        for other in names where other != name {
            if Self.folder(of: other) == folder { near += flows(of: other) } else { far += flows(of: other) }
        }
        let taken = Set(near.flatMap { [$0.name, $0.id ?? $0.name, FlowSet.stem(of: $0.file)] })
        far.removeAll {
            taken.contains($0.name) || taken.contains(FlowSet.stem(of: $0.file)) || $0.id.map(taken.contains) == true
        }
        return FlowSet(near + far)
    }

    // MARK: Findings

    /// Everything that is wrong with a file, by place.
    public mutating func diagnostics(of name: String) -> [FileDiagnostic] {
        if let latest, latest.name == name, latest.generation == generation { return latest.findings }
        let findings = findings(in: name)
        latest = (name, generation, findings)
        return findings
    }

    private mutating func findings(in name: String) -> [FileDiagnostic] {
        guard let document = files[name]?.document else { return [] }
        var found: [Diagnostic] = []
        if Self.isSolution(name) {
            guard let decoded = solution(name) else { return [] }
            found = decoded.diagnostics
            if let solution = decoded.solution { found += SolutionRules.check(solution) }
        } else {
            read(name)
            guard let decoded = files[name]?.decoded else { return [] }
            found = decoded.diagnostics
            if files[name]?.isReadable == true {
                let flows = flows(of: name)
                let set = flowSet(for: name)
                for flow in flows { found += checker.check(flow, in: set) }
                if let solution = solution(Self.solutionFile(beside: name))?.solution,
                    solution.flows.contains(where: { $0.definition.file == name })
                {
                    found += SolutionRules.check(solution)
                }
            }
        }
        return found.filter { $0.location.file == name }.sortedByPlace
            .map { FileDiagnostic(finding: $0, range: document.range(at: $0.location)) }
    }

    /// The files whose findings may change with a file: those whose flows call others, and solutions.
    public mutating func dependents(of name: String) -> [String] {
        let folder = Self.folder(of: name)
        return names.filter { other in
            guard other != name else { return false }
            if Self.isSolution(name) || Self.isSolution(other) { return Self.folder(of: other) == folder }
            return flows(of: other).contains { !ChildFlowRules.calls(in: $0).isEmpty }
        }
    }

    // MARK: A cursor

    /// The flow around a cursor: of the text as it is, else of the text without the cursor's line, else of the last
    /// text that could be read.
    mutating func flow(in name: String, at offset: Int, of place: EditingPlace) -> FlowDefinition? {
        read(name)
        guard let file = files[name] else { return nil }
        let flows = file.isReadable ? file.flows : repaired(file, at: offset) ?? file.flows
        guard flows.count > 1, let first = place.actions.first ?? place.name else { return flows.first }
        return flows.first { flow in
            flow.actions.contains { $0.name == first } || flow.triggers.contains { $0.name == first }
        } ?? flows.first
    }

    private mutating func repaired(_ file: File, at offset: Int) -> [FlowDefinition]? {
        let document = file.document
        let line = document.line(of: offset)
        if let repair, repair.name == document.name, repair.version == file.version, repair.line == line {
            return repair.flows
        }
        var bytes = document.bytes
        for place in document.line(line) { bytes[place] = UInt8(ascii: " ") }
        let text = FlowTextReader.read(bytes, file: document.name)
        guard text.root != nil else { return nil }
        let flows = FlowDecoder.decode(text, file: document.name).flows
        repair = Repair(name: document.name, version: file.version, line: line, flows: flows)
        // It is the best that is known of a file that was broken from the start.
        if file.flows.isEmpty { files[document.name]?.flows = flows }
        return flows
    }

    /// What is known about a place: the text there, the flow around it, and its facts.
    mutating func view(of name: String, at offset: Int) -> EditingView? {
        guard let document = files[name]?.document, !Self.isSolution(name) else { return nil }
        let cursor = CursorScanner.place(in: document.bytes, at: offset)
        let place = EditingPlace(cursor.path)
        let nothing = SourceNode(.mapping([]), at: SourceLocation(file: name, line: 1, column: 1))
        let flow =
            flow(in: name, at: offset, of: place)
            ?? FlowDefinition(name: FlowSet.stem(of: name), file: name, node: nothing)
        let set = flowSet(for: name, own: [flow])
        return EditingView(
            document: document, offset: offset, cursor: cursor, place: place,
            facts: FlowFacts(flow, in: set, catalog: catalog))
    }
}

/// A finding with the part of the text that it is about.
public struct FileDiagnostic: Sendable, Hashable {
    /// The finding.
    public let finding: Diagnostic
    /// What it is about.
    public let range: TextRange
}
