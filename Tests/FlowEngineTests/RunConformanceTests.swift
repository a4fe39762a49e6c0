import Foundation
import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// The run cases of the conformance set; its folder is named in `FLOWRUN_CONFORMANCE`.
@Suite struct RunConformanceTests {
    static let folder = ProcessInfo.processInfo.environment["FLOWRUN_CONFORMANCE"]

    @Test(.enabled(if: folder != nil)) func `Every undisputed run case comes out as expected`() throws {
        let path = (Self.folder ?? "") + "/runs.jsonl"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let checker = FlowChecker(catalog: EmptyCatalog())
        var passed = 0
        var failures: [String] = []
        var disputed: [String] = []
        for line in text.split(separator: "\n") {
            let value = try JSON(parsing: String(line))
            let runCase = try #require(RunCase(value), "\(line.prefix(80))")
            switch runCase.run(check: { checker.check($0) }) {
            case .passed: passed += 1
            case .failed(let differences):
                let report = "\(runCase.id): " + differences.joined(separator: "; ")
                if runCase.isDisputed { disputed.append(report) } else { failures.append(report) }
            }
        }
        for failure in failures { print("FAILED", failure) }
        for failure in disputed { print("DISPUTED", failure) }
        print("\(passed) passed, \(failures.count) failed, \(disputed.count) disputed failed")
        #expect(failures.isEmpty)
    }
}
