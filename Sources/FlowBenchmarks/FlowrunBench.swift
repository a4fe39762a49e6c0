import FlowCore
import Foundation

/// `flowrun-bench [WORKLOAD…] [--json] [--record FILE] [--compare FILE] [--folder DIR]`: how fast the parts are, beside
/// the machine's own speed in the same minute.
///
/// `history` is run only where it is named: it stores a million runs first. `--folder DIR` leaves them in a project there
/// and finds them again.
@main
enum FlowrunBench {
    private static let workloads: [(name: String, run: @Sendable (Gauges) async throws -> [Measurement])] = [
        ("counts", CountedWork.run), ("W1", RunWorkloads.hello), ("W2", RunWorkloads.chain), ("W3", RunWorkloads.loops),
        ("W4", RunWorkloads.calls), ("W5", ExpressionWorkloads.run), ("W6", CrashWorkload.run),
        ("W7", ServerWorkload.run), ("children", RunWorkloads.children),
        ("timers", TimerWorkload.run), ("engine", EngineWorkload.run), ("check", CheckWorkload.run),
    ]

    static func main() async throws {
        let words = CommandLine.arguments
        switch (words.dropFirst().first, words.count) {
        case ("--work", 4): return try await CountedWork.perform(words[2], Int(words[3]) ?? 1)
        case ("--start", 3): return try await TimerWorkload.start(words[2])
        case ("converge", _): exit(try await Convergence.run(Array(words.dropFirst(2))) ? 0 : 1)
        case ("soak", _): exit(try await Soak.run(Array(words.dropFirst(2))) ? 0 : 1)
        default: break
        }
        let options: BenchOptions
        do throws(FlowError) {
            options = try BenchOptions(
                Array(CommandLine.arguments.dropFirst()), known: workloads.map(\.name) + [HistoryWorkload.name])
        } catch {
            note("error: \(error.message)\n  hint: \(error.hint ?? "")")
            exit(2)
        }
        var all: [Measurement] = []
        for workload in workloads where options.workloads.isEmpty || options.workloads.contains(workload.name) {
            var gauges = try Gauges.measure()
            let measurements = try await workload.run(gauges)
            gauges.sync = max(gauges.sync, try Gauges.syncTime())
            if gauges.isBusy {
                note(
                    "\(workload.name): a sync to disk takes \(gauges.syncText); times of what it writes do not count"
                )
            }
            for var measurement in measurements {
                measurement.gauges = gauges
                print(options.isJSON ? measurement.json.text : measurement.line)
                all.append(measurement)
            }
        }
        if options.workloads.contains(HistoryWorkload.name) {
            for measurement in try await HistoryWorkload.run(try Gauges.measure(), folder: options.folder) {
                print(options.isJSON ? measurement.json.text : measurement.line)
            }
        }
        if let file = options.recordFile {
            var baseline = (try? Baseline.read(from: file)) ?? Baseline()
            baseline.take(all)
            try baseline.write(to: file)
        }
        guard let file = options.compareFile else { return }
        let slower = try Baseline.read(from: file).regressions(of: all)
        for line in slower { note(line) }
        if !slower.isEmpty { exit(1) }
    }

    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// What the command line asks for.
struct BenchOptions {
    var workloads: [String] = []
    var isJSON = false
    var recordFile: String?
    var compareFile: String?
    var folder: String?

    init(_ arguments: [String], known: [String]) throws(FlowError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--json": isJSON = true
            case "--record": recordFile = try Self.value(of: argument, &rest)
            case "--compare": compareFile = try Self.value(of: argument, &rest)
            case "--folder": folder = try Self.value(of: argument, &rest)
            default:
                guard known.contains(argument) else {
                    throw FlowError(
                        .invalidArgument, "There is no workload '\(argument)'.",
                        hint:
                            "give some of \(known.joined(separator: ", ")), --json, --record FILE, --compare FILE, --folder DIR"
                    )
                }
                workloads.append(argument)
            }
        }
    }

    private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(FlowError) -> String {
        guard let value = rest.popFirst() else {
            throw FlowError(.invalidArgument, "'\(option)' needs a file.", hint: "write \(option) FILE")
        }
        return value
    }
}
