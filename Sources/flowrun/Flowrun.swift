import ArgumentParser
import FlowCore
import Glibc

/// The command line of flowrun.
@main
struct Flowrun: AsyncParsableCommand {
    /// The version that `--version` prints.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "flowrun",
        abstract: "Runs Power Automate cloud flows on your own machine.",
        discussion: """
            Flows are YAML files. 'check' reads them, 'solution install' brings them into an environment, 'connection \
            create' and 'bind-connection' give them their connections, 'activate' turns them on, 'run' starts one, \
            'serve' keeps them running, and 'sandbox' is the whole co-sell world offline.
            """,
        version: version,
        subcommands: [
            InitCommand.self, CheckCommand.self, EvalCommand.self, ConformCommand.self, SolutionCommand.self,
            FlowCommand.self, VariableCommand.self, UserCommand.self, TokenCommand.self, ShareCommand.self,
            UnshareCommand.self,
            ConnectionCommand.self, LoginCommand.self, BindConnectionCommand.self, ActivateCommand.self,
            DeactivateCommand.self, RunCommand.self, RunsCommand.self, TraceCommand.self, LimitsCommand.self,
            DoctorCommand.self, AuditCommand.self, ReconcileCommand.self,
            BackupCommand.self, RestoreCommand.self,
            ServeCommand.self, SandboxCommand.self,
            ExplainCommand.self, FunctionsCommand.self, ConnectorsCommand.self, SchemaCommand.self, FmtCommand.self,
            LspCommand.self, CompletionCommand.self,
        ])

    /// Parses the arguments, carries out the command and ends the process with the contract's exit code.
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if let suggestion = UnknownCommand.find(arguments) { throw suggestion }
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        switch error {
        case let error as FlowError:
            Console.note(ErrorReport().text(of: error))
            exit(withStatus: ExitStatus(of: error))
        case let status as EndWith:
            exit(withStatus: status.status)
        case let unknown as UnknownCommand:
            Console.note(unknown.message)
            exit(withStatus: .usage)
        default:
            let text = fullMessage(for: error)
            guard exitCode(for: error) == .success else {
                if !text.isEmpty { Console.note(text) }
                exit(withStatus: exitCode(for: error) == .validationFailure ? .usage : .fault)
            }
            if !text.isEmpty { Console.write(text) }
            exit(withStatus: .success)
        }
    }

    private static func exit(withStatus status: ExitStatus) -> Never {
        Glibc.exit(status.rawValue)
    }
}

/// Ends the command with an exit code when everything has been said.
struct EndWith: Error {
    /// The exit code.
    let status: ExitStatus

    /// Makes an end.
    init(_ status: ExitStatus) { self.status = status }

    /// Ends the command with the exit code of a run, unless that has succeeded.
    static func unlessSucceeded(_ run: JSON) throws {
        let status = ExitStatus(ofRun: run)
        if status != .success { throw EndWith(status) }
    }
}

/// A word in the place of a command that is none.
private struct UnknownCommand: Error {
    /// What is printed.
    let message: String

    /// The first word that stands where a command is expected and is none.
    static func find(_ arguments: [String]) -> UnknownCommand? {
        var group: any ParsableCommand.Type = Flowrun.self
        var path = ["flowrun"]
        for word in arguments.first == "help" ? Array(arguments.dropFirst()) : arguments {
            let commands = group.configuration.subcommands
            // Options of groups take no values, so what else stands here is a command.
            if commands.isEmpty || word.hasPrefix("---") { return nil }
            if word.hasPrefix("-") { continue }
            guard let command = commands.first(where: { names(of: $0).contains(word) }) else {
                if path.count == 1, word == "help" { return nil }
                return unknown(word, in: path, among: commands.flatMap(names(of:)))
            }
            group = command
            path.append(command._commandName)
        }
        return nil
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }

    private static func unknown(_ word: String, in path: [String], among names: [String]) -> UnknownCommand {
        let place = path.joined(separator: " ")
        var message = "error: \(place) has no command '\(word)'."
        if let near = Suggestion.nearest(to: word, among: names + (path.count == 1 ? ["help"] : [])) {
            message += " Did you mean '\(near)'?"
        }
        return UnknownCommand(message: message + "\n  hint: \(place) --help lists the commands")
    }
}
