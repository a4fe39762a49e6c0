import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun user`: the people of the environment.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Adds, lists and removes people, and sets their passwords.",
        subcommands: [Add.self, List.self, Password.self, Remove.self])

    /// `user add`.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Adds a person, or changes their role.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The person's user principal name, such as ana@adatum.example.")
        var upn: String

        @Option(
            help: "admin: every right on every flow; maker: may make connections; user: only what is shared with them.")
        var role: String?

        func run() async throws {
            var arguments: JSONObject = ["upn": .string(upn)]
            arguments["role"] = role.map { .string($0) }
            let result = try await options.perform(.addUser, arguments)
            options.present(result) { "added \(upn)" }
        }
    }

    /// `user list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the people.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listUsers)
            options.present(result) {
                var table = Table("USER", "ROLE")
                for user in result.arrayValue ?? [] { table.add(user.text("upn"), user.text("role")) }
                return table.text
            }
        }
    }

    /// `user password`.
    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "password",
            abstract: "Sets the password with which a person signs in with a browser.",
            discussion: """
                On a terminal it is asked for twice and not shown; else it is read from stdin. It has twelve characters \
                at least. Whoever is signed in as that person has to sign in again.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The person's user principal name.")
        var upn: String

        func run() async throws {
            let password = try Self.read()
            let result = try await options.perform(
                .setPassword, ["upn": .string(upn), "password": .string(password)])
            options.present(result) { "set the password of \(result.text("upn"))" }
        }

        private static func read() throws(FlowError) -> String {
            guard Console.canAsk else { return try Input.secret("-", name: "password") }
            let first = Console.askSecret("New password:") ?? ""
            guard first == Console.askSecret("The same again:") ?? "" else {
                throw FlowError(
                    .invalidArgument, "Both passwords differ.", hint: "call the command again and type the same twice")
            }
            return first
        }
    }

    /// `user remove`.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Removes a person.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The person's user principal name.")
        var upn: String

        func run() async throws {
            let result = try await options.perform(.removeUser, ["upn": .string(upn)])
            options.present(result) { "removed \(upn)" }
        }
    }
}

/// What `share` and `unshare` take.
struct ShareOptions: ParsableArguments {
    @OptionGroup var global: GlobalOptions

    @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
    var flow: String

    @Option(help: "The person becomes (or is no longer) a co-owner.")
    var owner: String?

    @Option(help: "The person becomes (or is no longer) a run-only user.")
    var runOnly: String?

    /// Exactly one of both.
    func validate() throws {
        if (owner == nil) == (runOnly == nil) {
            throw ValidationError("Give either --owner UPN or --run-only UPN.")
        }
    }

    /// Sends the operation.
    func perform(_ operation: EnvironmentRequest.Operation) async throws(FlowError) -> JSON {
        let arguments: JSONObject = [
            "flow": .string(flow), "role": owner != nil ? "owner" : "runOnly", "upn": .string(owner ?? runOnly ?? ""),
        ]
        return try await global.perform(operation, arguments)
    }
}

/// `flowrun share`: lets a person own or run a flow.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Makes a person a co-owner or run-only user of a flow.")

    @OptionGroup var options: ShareOptions

    func run() async throws {
        let result = try await options.perform(.addShare)
        options.global.present(result) { "shared \(result.text("flow")) with \(result.text("upn"))" }
    }
}

/// `flowrun unshare`: takes a person's right to a flow away.
struct UnshareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unshare", abstract: "Takes a co-owner's or run-only user's right to a flow away.")

    @OptionGroup var options: ShareOptions

    func run() async throws {
        let result = try await options.perform(.removeShare)
        options.global.present(result) { "unshared \(result.text("flow")) with \(result.text("upn"))" }
    }
}
