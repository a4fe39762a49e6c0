import FlowCore
import FlowExpressions
import Foundation
import Testing

/// Runs a conformance file that an environment variable names; without it the test is skipped.
@Suite struct ConformanceFileTests {
    static let path = ProcessInfo.processInfo.environment["FLOWRUN_CONFORMANCE"]

    @Test(.enabled(if: ConformanceFileTests.path != nil))
    func `every case that is not disputed comes out as expected`() throws {
        let file = try String(contentsOfFile: Self.path ?? "", encoding: .utf8)
        var passed = 0
        var failed: [String] = []
        var disputed: [String] = []
        for line in file.split(separator: "\n") {
            let expressionCase = ExpressionCase(try JSON(parsing: String(line)))
            switch expressionCase.run(now: Timestamp(year: 2026, month: 1, day: 15)) {
            case .passed: passed += 1
            case .failed(let expected, let got):
                let text = "\(expressionCase.id): expected \(expected), got \(got)"
                if expressionCase.isDisputed { disputed.append(text) } else { failed.append(text) }
            }
        }
        print("\(passed) passed, \(failed.count) failed, \(disputed.count) of the disputed came out otherwise")
        for text in disputed { print("disputed \(text)") }
        #expect(failed.isEmpty, "\(failed.joined(separator: "\n"))")
    }
}
