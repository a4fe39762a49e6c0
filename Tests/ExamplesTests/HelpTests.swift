import FlowCore
import Foundation
import Testing

@Suite struct HelpTests {
    @Test func `the help of every command is as it was reviewed`() async throws {
        var texts: [String: String] = [:]
        var commands: [[String]] = [[]]
        while let command = commands.popLast() {
            let outcome = try await BuiltBinary.run(command + ["--help"], environment: ["COLUMNS": "100"])
            #expect(outcome.exitCode == 0, "\(command)")
            texts[(command.isEmpty ? ["flowrun"] : command).joined(separator: "-") + ".txt"] = outcome.output
            commands += subcommands(in: outcome.output).map { command + [$0] }
        }
        #expect(texts.count > 50)
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { try Golden.check(text, "help/" + name) }
        // A text of a command that is gone says nothing any more.
        #expect(try Set(Golden.names(in: "help")) == Set(texts.keys))
    }

    /// The commands that a help text lists, each by its first name.
    private func subcommands(in help: String) -> [String] {
        guard let list = help.firstRange(of: "SUBCOMMANDS:\n") else { return [] }
        return help[list.upperBound...].matches(of: /(?m)^  ([a-z-]+)(?:, [a-z-]+)*(?: {2,}|$)/).map { String($0.1) }
    }

    @Test(arguments: [
        ("actvate", "Did you mean 'activate'?"),
        ("runs lst", "Did you mean 'list'?"),
        ("connection creat", "Did you mean 'create'?"),
        ("sandbox clock advnce 5m", "Did you mean 'advance'?"),
        ("help actvate", "Did you mean 'activate'?"),
        ("help runs lst", "Did you mean 'list'?"),
        ("check flows --jsom", "--json"),
        ("completion fsh", "fish"),
        ("sandbox start --seed cosel", "'cosell'"),
    ])
    func `unknown commands, options and values get a suggestion and exit code 2`(
        command: String, suggestion: String
    ) async throws {
        let outcome = try await BuiltBinary.run(command.split(separator: " ").map(String.init))
        #expect(outcome.exitCode == 2)
        #expect(outcome.messages.contains(suggestion), "\(outcome.messages)")
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a completion script names the commands`(shell: String) async throws {
        let outcome = try await BuiltBinary.run(["completion", shell])
        #expect(outcome.exitCode == 0)
        for command in ["bind-connection", "activate", "sandbox", "explain"] {
            #expect(outcome.output.contains(command), "\(command)")
        }
    }

    @Test func `every code is listed and explained`() async throws {
        let listed = try await BuiltBinary.run(["explain", "--json"]).json.arrayValue ?? []
        #expect(listed.count > 100)
        for page in listed {
            for key in ["code", "happened", "why", "remedy"] {
                #expect(page[key]?.stringValue?.isEmpty == false, "\(page)")
            }
        }
        let unknown = try await BuiltBinary.run(["explain", "StoreCorupt"])
        #expect(unknown.exitCode == 2)
        #expect(unknown.messages.contains("StoreCorrupt"))
    }

    @Test func `a command that a hint names is there`() async throws {
        let root = try await BuiltBinary.run(["help"], environment: ["COLUMNS": "100"])
        let commands = Set(subcommands(in: root.output)).union(["help"])
        var nested: [String: Set<String>] = [:]
        for name in try Golden.names(in: "help") where name.contains("-") {
            // `runs-show.txt` is the help of `runs show`; `bind-connection.txt` that of one command.
            guard let parent = commands.first(where: { name.hasPrefix($0 + "-") }) else { continue }
            nested[parent, default: []].insert(
                String(name.dropFirst(parent.count + 1).prefix { $0 != "-" && $0 != "." }))
        }
        let files = try #require(FileManager.default.enumerator(atPath: BuiltBinary.checkout + "/Sources"))
        var count = 0
        for case let file as String in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: BuiltBinary.checkout + "/Sources/" + file, encoding: .utf8)
            for named in text.matches(of: /[`']flowrun ([a-z][a-z-]+)(?: ([a-z][a-z-]+)\b)?/) {
                count += 1
                let command = String(named.1)
                #expect(commands.contains(command), "\(file): \(named.0)")
                guard let second = named.2, let known = nested[command] else { continue }
                #expect(known.contains(String(second)), "\(file): \(named.0)")
            }
        }
        #expect(count > 100)
    }

    @Test func `a hint begins in lower case and ends without a period, as a compiler's does`() throws {
        let files = try #require(FileManager.default.enumerator(atPath: BuiltBinary.checkout + "/Sources"))
        for case let file as String in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: BuiltBinary.checkout + "/Sources/" + file, encoding: .utf8)
            for hint in text.matches(of: /\bhint:\s*"([^"]+)"/) {
                let isName = hint.1.hasPrefix("Partner Center") || hint.1.hasPrefix("POST ")
                #expect(hint.1.first?.isUppercase == false || isName, "\(file): \(hint.1)")
                #expect(!hint.1.hasSuffix("."), "\(file): \(hint.1)")
            }
        }
    }

    @Test func `connectors are shown from the list down to one parameter`() async throws {
        let all = try await BuiltBinary.run(["connectors", "--json"]).json.arrayValue ?? []
        #expect(all.contains { $0["name"] == "partnercenterref" })
        let one = try await BuiltBinary.run(["connectors", "salesforce", "getitem_v2"])
        #expect(one.exitCode == 0)
        #expect(one.output.contains("it is sent again") && one.output.contains("The object's API name."))
        let none = try await BuiltBinary.run(["connectors", "salesforce", "GetItemz"])
        #expect(none.exitCode != 0)
        #expect(none.messages.contains("flowrun connectors salesforce GetItems"), "\(none.messages)")
    }
}
