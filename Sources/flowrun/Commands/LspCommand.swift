import ArgumentParser

/// `flowrun lsp`: the language server that editors start.
struct LspCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsp", abstract: "Serves an editor by the Language Server Protocol over stdin and stdout.",
        discussion: """
            Editors start it for *.flow.yaml, *.flow.json and solution.yaml files. It reports what is wrong while one \
            types, completes functions, names, properties, keys and operations, explains what the cursor is on, and \
            goes to definitions. Nothing is run and nothing is written.
            """)

    @Flag(name: .customLong("stdio"), help: "Speak over stdin and stdout; it always does, and some editors say so.")
    var usesStandardStreams = false

    func run() throws {
        var server = LanguageServer(catalog: Wiring.catalog)
        guard server.run() else { throw EndWith(.failed) }
    }
}
