import ArgumentParser
import FlowCore

/// How a command prints its data.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case table
    /// One JSON value.
    case json
    /// One JSON value a line.
    case ndjson
}

/// The options that every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The folder with flowrun.yaml; without it the working folder and those above are searched.")
    var project: String?

    @Option(help: "The environment of flowrun.yaml.")
    var environment: String = "default"

    @Option(help: "How data is printed: table, json or ndjson.")
    var output: OutputFormat = .table

    @Flag(help: "Short for --output json.")
    var json = false

    /// The format that is in force.
    var format: OutputFormat { json ? .json : output }

    /// Prints a value: as JSON, its elements a line each, or as a person reads it.
    func present(_ value: JSON, table: () -> String) {
        switch format {
        case .json: Console.write(value.indentedText)
        case .ndjson:
            for element in value.arrayValue ?? [value] { Console.write(element.text) }
        case .table:
            let text = table()
            if !text.isEmpty { Console.write(text) }
        }
    }
}
