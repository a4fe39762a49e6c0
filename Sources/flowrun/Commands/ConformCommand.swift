import ArgumentParser
import Dispatch
import FlowCore
import Synchronization

/// `flowrun conform FILE…`: runs case files through the code that real runs use.
struct ConformCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform", abstract: "Runs conformance cases: expressions, runs and checks.",
        discussion: """
            A file holds one JSON case a line. Each failing case is a line; the last line counts. Disputed cases are \
            run and counted apart.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Case files (.jsonl).")
    var files: [String]

    @Flag(help: "Disputed cases fail the command too.")
    var strict = false

    @Option(help: "The least share of passing cases, in per cent, for exit code 0.")
    var minRate: Double?

    func run() async throws {
        var total = ConformanceTally()
        for file in files { total.add(try Self.tally(file)) }
        for line in total.lines { Console.write(line) }
        Console.write("\(total.passed) passed, \(total.failed) failed, \(total.disputed) disputed")
        if !isEnough(total) { throw EndWith(.failed) }
    }

    private func isEnough(_ tally: ConformanceTally) -> Bool {
        if strict, tally.disputedFailures > 0 { return false }
        guard let minRate, tally.failed > 0 else { return tally.failed == 0 }
        let rate = 100 * Double(tally.passed) / Double(tally.passed + tally.failed)
        return rate >= minRate && tally.falseAlarms == 0
    }

    private static func tally(_ file: String) throws(FlowError) -> ConformanceTally {
        let bytes = try TextFile.read(file)
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
        let outcomes = Mutex([ConformanceOutcome?](repeating: nil, count: lines.count))
        DispatchQueue.concurrentPerform(iterations: lines.count) { number in
            let outcome = ConformanceCase.run(lines[number])
            outcomes.withLock { $0[number] = outcome }
        }
        var tally = ConformanceTally()
        for (number, outcome) in outcomes.withLock({ $0 }).enumerated() {
            guard let outcome else { continue }
            tally.add(outcome, place: "\(file):\(number + 1)")
        }
        return tally
    }
}

/// What became of one case.
struct ConformanceOutcome: Sendable {
    /// The case's id.
    let id: String
    /// What was expected and what came, where they differ.
    let failure: String?
    /// Whether the sources disagree about the case.
    let isDisputed: Bool
    /// Whether it is a valid flow about which something was said.
    let isFalseAlarm: Bool

    /// Makes an outcome.
    init(id: String, failure: String?, isDisputed: Bool = false, isFalseAlarm: Bool = false) {
        self.id = id
        self.failure = failure
        self.isDisputed = isDisputed
        self.isFalseAlarm = isFalseAlarm
    }
}

/// Outcomes, counted.
struct ConformanceTally {
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var disputed = 0
    private(set) var disputedFailures = 0
    private(set) var falseAlarms = 0
    private(set) var lines: [String] = []

    /// Counts one outcome.
    mutating func add(_ outcome: ConformanceOutcome, place: String) {
        if outcome.isDisputed {
            disputed += 1
            if outcome.failure != nil { disputedFailures += 1 }
        } else if outcome.failure == nil {
            passed += 1
        } else {
            failed += 1
        }
        if outcome.isFalseAlarm { falseAlarms += 1 }
        if let failure = outcome.failure {
            lines.append("\(outcome.id): \(failure)" + (outcome.isDisputed ? " (disputed)" : ""))
        }
    }

    /// Counts another tally's outcomes.
    mutating func add(_ other: ConformanceTally) {
        passed += other.passed
        failed += other.failed
        disputed += other.disputed
        disputedFailures += other.disputedFailures
        falseAlarms += other.falseAlarms
        lines += other.lines
    }
}

/// A case of any of the three kinds, told apart by its keys.
enum ConformanceCase {
    /// Runs one line of a case file.
    static func run(_ line: [UInt8]) -> ConformanceOutcome {
        let json: JSON
        do {
            json = try JSON(parsing: line)
        } catch {
            return ConformanceOutcome(id: "?", failure: "expected a case, got \(error.message)")
        }
        if json["expression"] != nil { return ExpressionConformance.run(json) }
        if json["flows"] != nil { return RunConformance.run(json) }
        if json["text"] != nil || json["files"] != nil { return CheckConformance.run(json) }
        let id = json["id"]?.stringValue ?? "?"
        return ConformanceOutcome(id: id, failure: "expected an expression, run or check case, got other keys")
    }
}
