import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun variable`: the environment variables' values.
struct VariableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "variable", abstract: "Lists, sets and unsets values of environment variables.",
        subcommands: [List.self, Set.self, Unset.self])

    /// `variable list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the environment variables and their values.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listVariables)
            options.present(result) {
                var table = Table("VARIABLE", "TYPE", "CURRENT VALUE", "DEFAULT VALUE", "DISPLAY NAME")
                for variable in result.arrayValue ?? [] {
                    table.add(
                        variable.text("schemaName"), variable.text("type"), variable.text("value"),
                        variable.text("default"), variable.text("displayName"))
                }
                return table.text
            }
        }
    }

    /// `variable set`.
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Sets the current value of an environment variable.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The schema or display name.")
        var name: String

        @Argument(
            help: """
                The value; Yes/No variables take only Yes or No. @FILE or - reads it from a file or stdin, as secrets must be.
                """)
        var value: String

        func run() async throws {
            let text = try Input.text(value)
            let result = try await options.perform(
                .setVariable, ["name": .string(name), "value": .string(text), "isPlain": .bool(Input.isPlain(value))])
            options.present(result) { "set \(result.text("schemaName"))" }
        }
    }

    /// `variable unset`.
    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unset",
            abstract: "Takes the current value away, so that the default holds.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The schema or display name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.unsetVariable, ["name": .string(name)])
            options.present(result) { "unset \(result.text("schemaName"))" }
        }
    }
}
