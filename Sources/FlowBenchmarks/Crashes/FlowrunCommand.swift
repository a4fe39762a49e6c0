import FlowCore
import FlowRuntime
import FlowTesting
import Foundation

/// A command of `flowrun`, run to its end.
enum FlowrunCommand {
    /// Runs a command.
    /// - Returns: what stands on its stdout.
    static func output(_ flowrun: String, _ arguments: [String], in folder: String) throws -> String {
        // A file rather than a pipe: a detached child would keep the pipe open.
        let file = folder + "/command.out"
        try StateFiles.write(file, [])
        guard try SpawnedProcess(flowrun, arguments, in: folder, output: .file(file)).blockUntilEnd() == 0 else {
            throw FlowError(.invalidArgument, "flowrun \(arguments.joined(separator: " ")) failed in \(folder).")
        }
        return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
