import Foundation
import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// The run cases of the conformance set; its folder is named in `FLOWRUN_CONFORMANCE`.
@Suite struct RunConformanceTests {
    static let folder = ProcessInfo.processInfo.environment["FLOWRUN_CONFORMANCE"]

    private static func cases() throws -> [RunCase] {
        let text = try String(contentsOfFile: (folder ?? "") + "/runs.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            try #require(RunCase(try JSON(parsing: String(line))), "\(line.prefix(80))")
        }
    }

    private static func check(_ set: FlowSet) -> [Diagnostic] { FlowChecker(catalog: EmptyCatalog()).check(set) }

    @Test(.enabled(if: folder != nil)) func `Every undisputed run case comes out as expected`() throws {
        var passed = 0
        var failures: [String] = []
        var disputed: [String] = []
        for runCase in try Self.cases() {
            switch runCase.run(check: Self.check) {
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

    @Test(.enabled(if: folder != nil)) func `A crash after any event of a case changes nothing of what comes out`()
        throws
    {
        var failures: [String] = []
        var crashes = 0
        for runCase in try Self.cases() where runCase.rejected == nil {
            guard case .passed = runCase.run(check: { _ in [] }) else { continue }
            let simulator = try RunSimulator(flows: runCase.flows, mocks: runCase.mocks, clock: runCase.clock)
            guard case .runs(let places) = try runCase.fire(simulator), !places.isEmpty else { continue }
            let count = simulator.runs[0].events.count
            // Of very long runs every so many events is enough.
            for event in stride(from: 1, through: count, by: max(1, count / 60)) {
                crashes += 1
                if case .failed(let differences) = runCase.run(crashesAfterEvents: event, check: { _ in [] }) {
                    failures.append("\(runCase.id) after event \(event): " + differences.joined(separator: "; "))
                }
            }
        }
        for failure in failures.prefix(60) { print("FAILED", failure) }
        print("\(crashes) crashes, \(failures.count) failed")
        #expect(failures.isEmpty)
    }
}
