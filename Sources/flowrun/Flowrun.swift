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
            FlowCommand.self, VariableCommand.self, UserCommand.self, ShareCommand.self, UnshareCommand.self,
            ConnectionCommand.self, LoginCommand.self, BindConnectionCommand.self, ActivateCommand.self,
            DeactivateCommand.self, RunCommand.self, RunsCommand.self, ServeCommand.self, SandboxCommand.self,
            ExplainCommand.self, CompletionCommand.self,
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
}

/// A first word that is no command.
private struct UnknownCommand: Error {
    /// What is printed.
    let message: String

    /// The first word, where it is neither an option nor a command.
    static func find(_ arguments: [String]) -> UnknownCommand? {
        guard let word = arguments.first, !word.hasPrefix("-"), word != "help" else { return nil }
        var names = Flowrun.configuration.subcommands.flatMap { [$0._commandName] + $0.configuration.aliases }
        if names.contains(word) || word.hasPrefix("---") { return nil }
        names.append("help")
        var message = "error: flowrun has no command '\(word)'."
        if let near = Suggestion.nearest(to: word, among: names) { message += " Did you mean '\(near)'?" }
        return UnknownCommand(message: message + "\n  hint: flowrun --help lists the commands")
    }
}
