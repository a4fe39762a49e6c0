import Foundation
import Testing

/// Every question of the FAQ on the co-sell connectors: reproduced, diagnosed, repaired, with the binary of the tests.
@Suite struct FAQTests {
    private static let folder = BuiltBinary.checkout + "/Examples/faq"
    private static let questions =
        (1...6).map { "prerequisite-\($0)" } + (1...5).map { "configuration-\($0)" }
        + (1...8).map { "maintenance-\($0)" }

    private static let scenarios: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in
            name.hasPrefix("cause-") || questions.contains { name.hasPrefix($0 + "-") }
        }.sorted()

    @Test func `every question has one scenario, with its text and its line in the table`() throws {
        let table = try String(contentsOfFile: Self.folder + "/README.md", encoding: .utf8)
        for question in Self.questions {
            let own = Self.scenarios.filter { $0.hasPrefix(question + "-") }
            #expect(own.count == 1, "\(question): \(own)")
            guard let name = own.first else { continue }
            let line = "| \(question.replacingOccurrences(of: "-", with: " ")) |"
            #expect(table.contains(line), "the table has no line for \(question)")
            #expect(table.contains("[\(name)](\(name))"), "the table does not lead to \(name)")
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)/README.md", encoding: .utf8)
            for part in ["**What the user sees.**", "**flowrun's diagnosis.**", "**The repair.**"] {
                #expect(text.contains(part), "\(name)/README.md has no part \(part)")
            }
        }
    }

    @Test func `every scenario has its text, and every line of the tables its scenario`() throws {
        let table = try String(contentsOfFile: Self.folder + "/README.md", encoding: .utf8)
        for name in Self.scenarios {
            #expect(table.contains("[\(name)](\(name))"), "the tables do not lead to \(name)")
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)/README.md", encoding: .utf8)
            for part in ["**What the user sees.**", "**flowrun's diagnosis.**", "**The repair.**"] {
                #expect(text.contains(part), "\(name)/README.md has no part \(part)")
            }
        }
        for match in table.matches(of: /\]\(([a-z0-9-]+)\)/) {
            #expect(Self.scenarios.contains(String(match.1)), "\(match.1)")
        }
    }

    @Test(arguments: scenarios)
    func `the scenario shows question, diagnosis and repair`(name: String) async throws {
        let scratch = try ScratchFolder()
        let outcome = try await BuiltBinary.script(
            "exec Examples/faq/\(name)/scenario.sh \"$flowrun\"", in: BuiltBinary.checkout,
            environment: ["TMPDIR": scratch.path], limit: .seconds(200))
        #expect(outcome.exitCode == 0, "\(outcome.output.suffix(3_000))\(outcome.messages.suffix(2_000))")
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(left.isEmpty, "the scenario leaves \(left)")
    }
}
