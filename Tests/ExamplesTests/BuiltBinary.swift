import FlowCore
import Foundation
import Testing

/// The built `flowrun`, run as a user runs it.
struct BuiltBinary {
    /// What a command did.
    struct Outcome {
        let exitCode: Int32
        let output: String
        let messages: String

        /// The output as JSON.
        var json: JSON { get throws { try JSON(parsing: output) } }
    }

    /// The binary, beside the test executable.
    static let path: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("flowrun").path
    }()

    /// The root of the checkout.
    static let checkout: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs a command and waits for its end.
    static func run(
        _ arguments: [String], in folder: String = checkout, input: String? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        try launch(path, arguments, in: folder, input: input, environment: environment)
    }

    /// Runs a shell script in which `$flowrun` is the binary.
    static func script(_ text: String, in folder: String, environment: [String: String] = [:]) throws -> Outcome {
        try launch(
            "/bin/bash", ["-c", text], in: folder, input: nil,
            environment: environment.merging(["flowrun": path, "CLONE": checkout]) { own, _ in own })
    }

    private static func launch(
        _ executable: String, _ arguments: [String], in folder: String, input: String?, environment: [String: String]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var variables = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        variables["NO_COLOR"] = "1"
        process.environment = variables
        // Files rather than pipes: a detached child that keeps a pipe open would be waited for.
        let scratch = try ScratchFolder()
        let output = try scratch.file("stdout")
        let messages = try scratch.file("stderr")
        process.standardOutput = output
        process.standardError = messages
        if let input {
            try scratch.write("stdin", input)
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: scratch.path + "/stdin"))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        process.waitUntilExit()
        return Outcome(
            exitCode: process.terminationStatus, output: try scratch.read("stdout"),
            messages: try scratch.read("stderr"))
    }
}

/// A folder that goes away with its last user.
final class ScratchFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("flowrun-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)), as: UTF8.self)
    }

    func file(_ name: String) throws -> FileHandle {
        try write(name, "")
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/" + name))
    }
}

/// Texts that are reviewed like code.
enum Golden {
    /// Compares a text with its golden file; with `RECORD_GOLDEN=1` the file is written and the test fails once.
    static func check(_ text: String, _ name: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
    {
        let file = BuiltBinary.checkout + "/Tests/ExamplesTests/Golden/" + name
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            Issue.record("recorded \(name); read the difference", sourceLocation: sourceLocation)
            return
        }
        let expected = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text == expected, "differs from \(name)", sourceLocation: sourceLocation)
    }
}
