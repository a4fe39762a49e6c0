import Foundation
import Testing

/// Texts that are reviewed like code.
enum Golden {
    /// The names of the golden files in a folder.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: BuiltBinary.checkout + "/Tests/ExamplesTests/Golden/" + folder)
    }

    /// Compares a text with its golden file; with `RECORD_GOLDEN=1` the file is written and the test fails once.
    static func check(_ text: String, _ name: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
    {
        let file = BuiltBinary.checkout + "/Tests/ExamplesTests/Golden/" + name
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            if let known = try? String(contentsOfFile: file, encoding: .utf8), known == text { return }
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            Issue.record("recorded \(name); read the difference", sourceLocation: sourceLocation)
            return
        }
        let expected = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text == expected, "differs from \(name)", sourceLocation: sourceLocation)
    }
}
