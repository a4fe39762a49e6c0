import FlowCore
import FlowDefinitions
import FlowStorage

/// A solution as its folder holds it: the text of `solution.yaml` and those of the flow files it names.
///
/// The texts enter the store: whatever happens to the files, the environment stays as it is until the next
/// `solution install`.
struct SolutionSource {
    /// The folder, as an absolute path.
    let folder: String
    /// The text of `solution.yaml`.
    let text: String
    /// The texts of the flow files by their paths.
    let files: [String: String]
    /// What the texts came to.
    let solution: Solution
    /// What was found in the texts.
    let diagnostics: [Diagnostic]

    /// A flow of the solution with its text.
    struct Flow: Sendable {
        let id: String
        let definition: FlowDefinition
        let aliases: [String]
        let stored: StoredDefinition
    }

    /// The flows in the documented order.
    var flows: [Flow] {
        solution.flows.map { flow in
            let definition = flow.definition
            let id = definition.id ?? SolutionDecoder.id(of: definition.name, in: solution.uniqueName)
            return Flow(
                id: id.lowercased(), definition: definition, aliases: flow.aliases,
                stored: StoredDefinition(file: definition.file, text: files[definition.file] ?? ""))
        }
    }

    /// Reads a solution.
    /// - Parameter path: the folder, or its `solution.yaml`.
    /// - Throws: `SolutionNotFound`, `InvalidSolution` and other codes of the decoder, `FileNotReadable`.
    init(readingFrom path: String) throws(FlowError) {
        var folder = StateFiles.absolute(path)
        if folder.hasSuffix("/solution.yaml") { folder = String(folder.dropLast("/solution.yaml".count)) }
        let file = folder + "/solution.yaml"
        guard StateFiles.exists(file) else {
            throw FlowError(
                .solutionNotFound, "There is no solution.yaml in \(folder).",
                hint: "name the folder of a solution: `flowrun solution install PATH`")
        }
        let text = String(decoding: try StateFiles.read(file), as: UTF8.self)
        // The decoder asks for each flow file; what it asks for is what is kept.
        var files: [String: String] = [:]
        let decoded = SolutionDecoder.decode(text, file: file) { name in
            guard let bytes = try? StateFiles.read(StateFiles.absolute(name, in: folder)) else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            files["\(folder)/\(name)"] = text
            return text
        }
        let errors = decoded.diagnostics.filter { $0.severity == .error }
        // A flow with errors may be installed, as on the platform; it cannot be turned on. A text that comes to no flow
        // at all cannot.
        let flowFiles = Set(decoded.solution?.flows.map(\.definition.file) ?? [])
        let fatal = errors.filter { $0.code == .invalidSolution || !flowFiles.contains($0.location.file) }
        guard let solution = decoded.solution, !solution.uniqueName.isEmpty, fatal.isEmpty else {
            throw Self.failure(folder, fatal.isEmpty ? errors : fatal)
        }
        self.folder = folder
        self.text = text
        self.files = files
        self.solution = solution
        self.diagnostics = decoded.diagnostics
    }

    private static func failure(_ folder: String, _ findings: [Diagnostic]) -> FlowError {
        guard var first = findings.first?.error else {
            return FlowError(
                .invalidSolution, "\(folder)/solution.yaml says no uniqueName.",
                hint: "write `uniqueName:` at its beginning")
        }
        first.details = findings.dropFirst().map(\.error)
        return first
    }
}
