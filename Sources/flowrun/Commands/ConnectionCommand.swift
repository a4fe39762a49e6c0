import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun connection`: accounts at services.
struct ConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Creates, lists, tests and deletes connections.",
        subcommands: [Create.self, List.self, Test.self, Delete.self])

    /// `connection create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Signs in to a service and keeps the connection.",
            discussion: """
                Sign-in is tried at once; where it is refused nothing is stored. With 'endpoints: sandbox' the seeded \
                values of the sandbox are the default. Secrets are never given as plain arguments: --secret \
                clientSecret=env:NAME, =file:PATH or =- for stdin.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The connector: partnercenterref, partnercenterevents, salesforce, commondataserviceforapps.")
        var connector: String

        @Option(help: "The account (user principal name) whose connection it is.")
        var account: String

        @Option(help: "The connection's name; without it one is made of connector and account.")
        var name: String?

        @Option(help: "client_credentials, refresh_token, password or device_code.")
        var grant: String?

        @Option(name: .customLong("set"), help: "An open parameter, NAME=VALUE; may be repeated.")
        var settings: [String] = []

        @Option(name: .customLong("secret"), help: "A secret parameter, NAME=env:VARIABLE, NAME=file:PATH or NAME=-.")
        var secrets: [String] = []

        func run() async throws {
            var parameters = JSONObject()
            for setting in settings {
                let (key, value) = try Input.pair(setting, option: "--set")
                parameters[key] = .string(value)
            }
            var hidden = JSONObject()
            for secret in secrets {
                let (key, source) = try Input.pair(secret, option: "--secret")
                hidden[key] = .string(try Input.secret(source, name: key))
            }
            var arguments: JSONObject = [
                "connector": .string(connector), "account": .string(account), "set": .object(parameters),
                "secrets": .object(hidden),
            ]
            if let name { arguments["name"] = .string(name) }
            if let grant { arguments["grant"] = .string(grant) }
            let result = try await options.perform(.createConnection, arguments)
            options.present(result) {
                "\(result.text("name")): \(result.text("status")) as \(result.text("account"))"
            }
        }
    }

    /// `connection list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the connections.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listConnections)
            options.present(result) { ConnectionTable.text(result.arrayValue ?? []) }
        }
    }

    /// `connection test`.
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Signs in again and says whether it works.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The connection's name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.testConnection, ["name": .string(name)])
            options.present(result) { ConnectionTable.text([result]) }
        }
    }

    /// `connection delete`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Deletes a connection and unbinds what is bound to it.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The connection's name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.deleteConnection, ["name": .string(name)])
            options.present(result) { "deleted \(name)" }
        }
    }
}

/// Connections as a table.
private enum ConnectionTable {
    static func text(_ connections: [JSON]) -> String {
        var table = Table("CONNECTION", "CONNECTOR", "ACCOUNT", "STATUS", "EXPIRES")
        for connection in connections {
            table.add(
                connection.text("name"), connection.text("connector"), connection.text("account"),
                connection.text("status"), connection.text("expires"))
        }
        return table.text
    }
}

/// `flowrun login ACCOUNT`: signs an account in at its identity service.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Signs an account in once, or renews an expired sign-in.",
        discussion: "Runs that wait for the sign-in go on afterwards.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The account (user principal name).")
    var account: String

    @Option(name: .customLong("secret"), help: "The password: env:VARIABLE, file:PATH or -.")
    var secret: String?

    func run() async throws {
        var arguments: JSONObject = ["account": .string(account)]
        if let secret { arguments["password"] = .string(try Input.secret(secret, name: "password")) }
        let result = try await options.perform(.login, arguments)
        options.present(result) { "signed in: \(account)" }
    }
}
