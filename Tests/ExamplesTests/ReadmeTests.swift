import Foundation
import Testing

/// Every command that the README shows in a `sh` block is run, in one scratch folder, in the order of the text.
@Suite(.serialized) struct ReadmeTests {
    @Test func `every command of the README works as it is written`() throws {
        let readme = try String(contentsOfFile: BuiltBinary.checkout + "/README.md", encoding: .utf8)
        let scratch = try ScratchFolder()
        let flow = try #require(blocks(of: "yaml", in: readme).first)
        try scratch.write("hello.flow.yaml", flow)
        try scratch.write("bin/.keep", "")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/bin/flowrun", withDestinationPath: BuiltBinary.path)
        let commands = blocks(of: "sh", in: readme)
        #expect(commands.count >= 2)
        let path = scratch.path + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        for block in commands {
            let outcome = try BuiltBinary.script("set -ex\n" + block, in: scratch.path, environment: ["PATH": path])
            #expect(outcome.exitCode == 0, "\(outcome.messages)")
        }
        _ = try? BuiltBinary.run(["sandbox", "stop"], in: scratch.path)
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
