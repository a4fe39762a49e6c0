import FlowCore
import FlowExpressions
import FlowText
import Foundation
import Testing

/// Runs the case files: a name, an expression, what it may read, and its result or a piece of its error.
@Suite struct CaseFileTests {
    static let files = ["text", "number", "date", "selection", "content"]

    @Test(arguments: files)
    func `the cases of a file come out as written`(file: String) throws {
        let url = try #require(Bundle.module.url(forResource: file, withExtension: "yaml", subdirectory: "Cases"))
        let source = FlowTextReader.read(Array(try Data(contentsOf: url)), file: "\(file).yaml")
        let cases = try #require(source.root).elements
        #expect(!cases.isEmpty)
        let now = Timestamp(year: 2026, month: 1, day: 15, hour: 10, minute: 30)
        for node in cases {
            let name = Comment(rawValue: "\(node.location): \(node["name"]?.string ?? "")")
            let text = try #require(node["expression"]?.string, name)
            let scope = ContextScope(node["context"]?.json ?? [:], now: now)
            do {
                let value = try CompiledTemplate(text).evaluate(in: scope)
                #expect(value == node["result"]?.json, name)
            } catch {
                let piece = try #require(node["error"]?.string, "\(node.location): \(error.message)")
                #expect(error.message.contains(piece), name)
            }
        }
    }
}
