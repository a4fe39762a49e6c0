import ArgumentParser
import FlowCore
import FlowDefinitions

/// `flowrun schema KIND`: the JSON Schema of a kind of file.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the JSON Schema of flow, solution or project files, for editors.",
        discussion: """
            Most editors take a schema by a line at the top of a YAML file: \
            # yaml-language-server: $schema=flow.schema.json
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "flow (*.flow.yaml), solution (solution.yaml) or project (flowrun.yaml).")
    var kind: String

    func run() throws {
        guard let schema = FileSchema(rawValue: kind.lowercased()) else {
            let kinds = FileSchema.allCases.map(\.rawValue)
            let near = Suggestion.nearest(to: kind, among: kinds)
            throw FlowError(
                .invalidArgument, "There is no schema '\(kind)'.",
                hint: near.map { "did you mean '\($0)'? flowrun schema \($0)" }
                    ?? "there are \(kinds.joined(separator: ", "))")
        }
        // A schema is JSON for a program whatever the output.
        Console.write(options.format == .ndjson ? schema.json.text : schema.json.indentedText)
    }
}
