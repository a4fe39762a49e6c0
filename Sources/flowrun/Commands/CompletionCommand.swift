import ArgumentParser
import FlowCore

/// `flowrun completion SHELL`: a script that completes flowrun's commands and options.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Prints a completion script for a shell.",
        discussion: "For bash: flowrun completion bash > /etc/bash_completion.d/flowrun")

    @Argument(help: "bash, zsh or fish.")
    var shell: String

    func run() throws {
        guard let known = CompletionShell(rawValue: shell) else {
            let names = CompletionShell.allCases.map(\.rawValue)
            let near = Suggestion.nearest(to: shell, among: names)
            throw FlowError(
                .invalidArgument,
                "flowrun writes completions for \(names.joined(separator: ", ")), not for '\(shell)'.",
                hint: "flowrun completion \(near ?? "bash")")
        }
        Console.write(Flowrun.completionScript(for: known))
    }
}
