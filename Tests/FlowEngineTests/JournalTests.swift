import Foundation
import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// Journals that earlier versions wrote are read and folded by this one.
///
/// `FLOWRUN_RECORD_JOURNALS=FOLDER swift test --filter JournalTests` writes those of the present version anew.
@Suite struct JournalTests {
    static let names = ["loop", "parent", "calls", "everything"]

    private static func flow(_ name: String) -> String {
        switch name {
        case "loop": SimulatedFlows.loop
        case "parent": SimulatedFlows.parent
        case "everything": SimulatedFlows.everything
        default: SimulatedFlows.calls
        }
    }

    /// The loop of which a repair was recorded, and what failed in it.
    private static let repaired = RepairTests.each(1)
    private static let failures = ["Send[1]": RepairTests.refused, "Send[3]": RepairTests.gone]

    @Test func `A recorded journal of a repair gives the finished run`() throws {
        let events = try Self.journal("repair")
        let plan = try SimulatedFlows.plan(Self.repaired)
        let machine = try RunStateMachine(plan: plan, identity: RunIdentity(run: "", flowName: ""), folding: events)
        #expect(machine.outcome?.status == "Succeeded" && machine.identity.sourceRun == "run")
        let record = RunRecord(folding: events, of: plan.outline)
        #expect(record.action("Sum")?.record?.outputs == "a,b,c,d,e")
        let kept = record.action("Send")?.repetitions.filter(\.isKept).map(\.indexes)
        #expect(kept == [[2], [4]])
    }

    private static func journal(_ name: String) throws -> [RunEvent] {
        let file = try #require(
            Bundle.module.url(forResource: name + ".v1", withExtension: "jsonl", subdirectory: "Journals"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            try RunEvent(journal: JSON(parsing: String(line)))
        }
    }

    @Test(arguments: names) func `A recorded journal gives the finished run`(_ name: String) throws {
        let events = try Self.journal(name)
        let plan = try SimulatedFlows.plan(Self.flow(name))
        let machine = try RunStateMachine(
            plan: plan, identity: RunIdentity(run: "", flowName: ""), folding: events)
        #expect(machine.outcome?.status == "Succeeded" && machine.identity.run == "run-1")
        let record = RunRecord(folding: events, of: plan.outline)
        #expect(record.status == "Succeeded")
        #expect(record.actions.allSatisfy { $0.summary?.status.isFinal == true })
    }

    @Test(arguments: names) func `Every beginning of a recorded journal can be gone on with`(_ name: String) throws {
        let events = try Self.journal(name)
        let plan = try SimulatedFlows.plan(Self.flow(name))
        for count in 1..<events.count {
            var machine = try RunStateMachine(
                plan: plan, identity: RunIdentity(run: "", flowName: ""), folding: events.prefix(count))
            let step = machine.resume(at: RunCase.usualClock + .seconds(864_000), entropy: 1, budget: .unlimited)
            #expect(step.wait != nil || step.outcome != nil, "after \(count) events")
        }
    }

    @Test func `A journal of another flow is refused`() throws {
        let plan = try SimulatedFlows.plan(SimulatedFlows.calls)
        #expect(throws: FlowError.self) {
            _ = try RunStateMachine(
                plan: plan, identity: RunIdentity(run: "", flowName: ""), folding: try Self.journal("loop"))
        }
        #expect(throws: FlowError.self) { _ = try RunEvent(journal: ["t": "unheardOf", "at": 1]) }
        #expect(throws: FlowError.self) { _ = try RunEvent(journal: ["t": "runStarted", "at": 1, "v": 99]) }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["FLOWRUN_RECORD_JOURNALS"] != nil))
    func `Journals are recorded`() throws {
        let folder = ProcessInfo.processInfo.environment["FLOWRUN_RECORD_JOURNALS"] ?? "."
        for (name, world) in zip(Self.names, RecoveryTests.worlds) {
            let events = try RecoveryTests.simulate(world, crash: nil).runs[0].events
            let text = events.map { $0.journalForm.json.text + "\n" }.joined()
            try text.write(toFile: "\(folder)/\(name).v1.jsonl", atomically: true, encoding: .utf8)
        }
        let (source, _) = try RepairTests.World.source(
            Self.repaired, Self.failures, body: ["items": ["a", "b", "c", "d", "e"]])
        let (repair, _, _) = try RepairTests.World.repair(source, Self.repaired)
        let text = repair.events.map { $0.journalForm.json.text + "\n" }.joined()
        try text.write(toFile: "\(folder)/repair.v1.jsonl", atomically: true, encoding: .utf8)
    }
}
