import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import Foundation

/// Instructions and allocations, counted by valgrind: they do not vary with the machine.
///
/// Each work is done in a process of its own, once a few times and once more often; what lies between is the work alone.
enum CountedWork {
    /// A work by its name: how often it is done in the two processes, how many pieces it has, and whether its allocations
    /// are counted as well.
    private struct Work {
        let name: String
        let few: Int
        let many: Int
        var pieces = 1
        var unit: String
        var countsAllocations = false
    }

    private static let works = [
        Work(name: "evaluation", few: 2_000, many: 12_000, unit: "evaluation", countsAllocations: true),
        Work(name: "compile", few: 200, many: 1_200, unit: "compile"),
        Work(name: "engine", few: 20, many: 120, pieces: 100, unit: "action", countsAllocations: true),
        Work(name: "check", few: 1, many: 3, unit: "check_of_500_actions"),
        Work(name: "hello", few: 20, many: 120, unit: "durable_run_of_one_action"),
        Work(name: "foreach1000-1", few: 1, many: 4, pieces: 3_000, unit: "durable_action_in_a_loop"),
    ]

    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        guard let valgrind = valgrind else {
            FlowrunBench.note("counts: valgrind is not here, so instructions and allocations are not counted")
            return []
        }
        var measurements: [Measurement] = []
        for work in works {
            func count(_ what: String, _ tool: [String], _ mark: String) throws {
                let amounts = try [work.few, work.many].map { number in
                    try amount(of: work.name, number, under: [valgrind] + tool, after: mark)
                }
                let value = Double(amounts[1] - amounts[0]) / Double((work.many - work.few) * work.pieces)
                measurements.append(
                    Measurement(
                        workload: "counts", metric: "\(what)_a_\(work.unit)", value: (value * 10).rounded() / 10,
                        unit: what, runs: work.many - work.few, floor: 1, load: gauges.load, kind: .count))
            }
            try count("instructions", ["--tool=callgrind", "--callgrind-out-file=/dev/null"], "Collected :")
            if work.countsAllocations {
                try count("allocations", ["--leak-check=no", "--undef-value-errors=no"], "total heap usage:")
            }
        }
        return measurements
    }

    /// The number that the tool prints after a mark.
    private static func amount(
        of work: String, _ count: Int, under tool: [String], after mark: String
    ) throws -> Int {
        let errors = try ChildProcess.runWithErrors(["--work", work, String(count)], under: tool).errors
        let line = errors.split(separator: "\n").last { $0.contains(mark) }
        let rest = line.flatMap { line in line.firstRange(of: mark).map { line[$0.upperBound...] } }
        let digits = rest?.drop { $0 == " " }.prefix { $0.isNumber || $0 == "," }.filter(\.isNumber)
        guard let digits, let number = Int(digits) else {
            throw FlowError(.invalidArgument, "\(tool.joined(separator: " ")) counts nothing: \(errors)")
        }
        return number
    }

    private static var valgrind: String? {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/valgrind" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Does a work a number of times; the other process.
    static func perform(_ work: String, _ count: Int) async throws {
        switch work {
        case "evaluation": try ExpressionWorkloads.evaluate(count)
        case "compile": try ExpressionWorkloads.compile(count)
        case "engine": try EngineWorkload.runs(count)
        case "check": try CheckWorkload.checks(count)
        default:
            let environment = try await BenchEnvironment(work, listening: false)
            try await environment.run(count, width: 1)
            await environment.close()
        }
    }
}
