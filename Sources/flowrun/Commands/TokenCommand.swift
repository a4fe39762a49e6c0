import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun token`: bearer tokens for the management API of `serve`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Creates, lists and revokes bearer tokens for the management API.",
        subcommands: [Create.self, List.self, Revoke.self])

    /// `token create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Creates a token.",
            discussion: "It is printed this once; the environment keeps only its digest.")

        @OptionGroup var options: GlobalOptions

        @Option(help: "The name by which it is listed and revoked.")
        var name: String?

        @Option(
            name: .customLong("as"), help: "The person in whose name it acts; without it, whoever is at the machine.")
        var person: String?

        @Option(
            name: .customLong("scope"),
            help:
                "What it may be used for: \(TokenScope.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated. Without it, User: everything that the person may do."
        )
        var scopes: [String] = []

        @Option(help: "How long it lasts: 30s, 5m, 2h, 14d or ISO 8601; without it, until it is revoked.")
        var expires: String?

        func run() async throws {
            var arguments: JSONObject = ["scopes": .array(scopes.map { .string($0) })]
            arguments["name"] = name.map { .string($0) }
            arguments["as"] = person.map { .string($0) }
            arguments["expires"] = expires.map { .string($0) }
            let result = try await options.perform(.createToken, arguments)
            options.present(result) { result.text("token") }
        }
    }

    /// `token list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the tokens, without what is secret of them.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listTokens)
            options.present(result) {
                var table = Table("TOKEN", "AS", "SCOPES", "EXPIRES")
                for token in result.arrayValue ?? [] {
                    let scopes = (token["scopes"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
                    table.add(
                        token.text("name"), token.text("as"), scopes.isEmpty ? "everything" : scopes,
                        token["expires"]?.stringValue ?? "never")
                }
                return table.text
            }
        }
    }

    /// `token revoke`.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Revokes a token at once.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The token's name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.revokeToken, ["name": .string(name)])
            options.present(result) { "revoked \(name)" }
        }
    }
}
