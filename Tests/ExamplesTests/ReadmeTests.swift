import Foundation
import Testing

/// Every command that the README shows in a `sh` block is run, in one scratch folder, in the order of the text.
@Suite struct ReadmeTests {
    @Test func `every command of the README works as it is written`() async throws {
        let readme = try String(contentsOfFile: BuiltBinary.checkout + "/README.md", encoding: .utf8)
        let scratch = try ScratchFolder()
        let flow = try #require(blocks(of: "yaml", in: readme).first)
        try scratch.write("hello.flow.yaml", flow)
        try await run(blocks(of: "sh", in: readme), atLeast: 2, in: scratch.path)
        withExtendedLifetime(scratch) {}
    }

    @Test func `every command of the examples' page works as it is written`() async throws {
        let page = try String(contentsOfFile: BuiltBinary.checkout + "/Examples/README.md", encoding: .utf8)
        try await run(blocks(of: "sh", in: page), atLeast: 1, in: BuiltBinary.checkout)
    }

    @Test func `every code, command and file that the README names is there`() async throws {
        let readme = try String(contentsOfFile: BuiltBinary.checkout + "/README.md", encoding: .utf8)
        for match in readme.matches(of: /\]\((?!https?:)([^)#]+)\)/) {
            let file = BuiltBinary.checkout + "/" + match.1
            #expect(FileManager.default.fileExists(atPath: file), "\(match.1)")
        }
        // What is only shown (placeholders, real services) at least exists: its help can be printed.
        let commands = Set(
            readme.matches(of: /(?:`|\n *)flowrun ([a-z][a-z-]*(?: (?:create|install|list|show|url|start|stop))?)/).map
            { String($0.1) })
        #expect(commands.count > 10)
        for command in commands.sorted() {
            let outcome = try await BuiltBinary.run(command.split(separator: " ").map(String.init) + ["--help"])
            #expect(outcome.exitCode == 0, "flowrun \(command)")
        }
    }

    /// The pages of the solutions speak of real services: what they name has to exist, down to each option.
    @Test(arguments: ["salesforce", "dynamics365"], ["README.md", "PRODUCTION.md"])
    func `every command, option, variable and file that a solution's page names is there`(
        solution: String, page: String
    ) async throws {
        let folder = BuiltBinary.checkout + "/flows/partner-center-" + solution
        let text = try String(contentsOfFile: folder + "/" + page, encoding: .utf8)
        for match in text.matches(of: /\]\((?!https?:)([^)#]+)\)/) {
            #expect(FileManager.default.fileExists(atPath: folder + "/" + match.1), "\(match.1)")
        }
        let declared = try String(contentsOfFile: folder + "/solution.yaml", encoding: .utf8)
        for match in text.matches(of: /variable set (msft_[a-z0-9]+)/) {
            #expect(declared.contains("\(match.1):"), "\(match.1)")
        }
        let lines = text.split(separator: "\n").flatMap {
            $0.matches(of: /(?:`|^|&& )flowrun ([a-z][^`&|>]*)/).map { String($0.1) }
        }
        #expect(lines.count >= 4)
        var helps: [String: String] = [:]
        for line in lines {
            // A command is followed by its subcommand where it has some.
            let words = line.split(separator: " ").map(String.init)
            var command = [words[0].trimmingCharacters(in: .punctuationCharacters)]
            if ["connection", "flow", "runs", "sandbox", "solution", "token", "user", "variable"].contains(command[0]) {
                command.append((words.dropFirst().first ?? "").trimmingCharacters(in: .punctuationCharacters))
            }
            let name = command.joined(separator: " ")
            if helps[name] == nil {
                let outcome = try await BuiltBinary.run(command + ["--help"])
                #expect(outcome.exitCode == 0, "flowrun \(name)")
                helps[name] = outcome.output
            }
            for match in line.matches(of: /(--[a-z][a-z-]+)/) {
                #expect(helps[name]?.contains(match.1) == true, "flowrun \(name) has no \(match.1)")
            }
        }
    }

    private func run(_ commands: [String], atLeast count: Int, in folder: String) async throws {
        #expect(commands.count >= count)
        let tools = try ScratchFolder()
        try FileManager.default.createSymbolicLink(
            atPath: tools.path + "/flowrun", withDestinationPath: BuiltBinary.path)
        let path = tools.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        for block in commands {
            let outcome = try await BuiltBinary.script(
                "set -ex\n" + block, in: folder, environment: ["PATH": path])
            #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.messages)")
        }
        withExtendedLifetime(tools) {}
    }

    private func blocks(of language: String, in text: String) -> [String] {
        var blocks: [String] = []
        var lines: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```" + language {
                lines = []
            } else if line == "```", let block = lines {
                blocks.append(block.joined(separator: "\n") + "\n")
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return blocks
    }
}
