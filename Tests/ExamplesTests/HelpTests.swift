import Foundation
import Testing

@Suite struct HelpTests {
    @Test func `the help of every command is as it was reviewed`() throws {
        let commands = [
            [], ["init"], ["check"], ["eval"], ["conform"], ["solution"], ["solution", "install"], ["flow"],
            ["variable"], ["user"], ["share"], ["unshare"], ["connection"], ["connection", "create"], ["login"],
            ["bind-connection"], ["activate"], ["deactivate"], ["run"], ["runs"], ["runs", "list"], ["serve"],
            ["sandbox"], ["sandbox", "start"], ["explain"], ["completion"],
        ]
        for command in commands {
            let outcome = try BuiltBinary.run(command + ["--help"], environment: ["COLUMNS": "100"])
            #expect(outcome.exitCode == 0)
            let name = command.isEmpty ? "flowrun" : command.joined(separator: "-")
            try Golden.check(outcome.output, "help/\(name).txt")
        }
    }

    @Test func `an unknown command or option gets a suggestion and exit code 2`() throws {
        let command = try BuiltBinary.run(["actvate"])
        #expect(command.exitCode == 2)
        #expect(command.messages.contains("Did you mean 'activate'?"))
        let option = try BuiltBinary.run(["check", "flows", "--jsom"])
        #expect(option.exitCode == 2)
        #expect(option.messages.contains("--json"))
    }
}
