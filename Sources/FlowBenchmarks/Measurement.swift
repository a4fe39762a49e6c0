import FlowCore
import Foundation

/// One figure of a workload, beside the floor that the machine sets.
struct Measurement {
    /// What a figure is compared by.
    enum Kind {
        /// Work a second: more is better, compared as a share of the floor.
        case rate
        /// Time or memory of one piece of work: less is better, compared as a multiple of the floor.
        case cost
        /// What does not vary with the machine, such as rows or instructions: less is better, compared as it is.
        case count
        /// What depends on how threads met: shown and not compared.
        case observation
    }

    let workload: String
    let metric: String
    let value: Double
    let unit: String
    /// How often the work was done for it.
    let runs: Int
    /// The same machine's floor in the same unit of time: durable one-row commits a second, or passes of a fixed loop; 1
    /// for what does not depend on it.
    let floor: Double
    /// The machine's load average when the round began.
    let load: Double
    var kind = Kind.rate
    /// Whether it says nothing where the disk is busy; what only computes is measured by processor time.
    var needsDisk = true
    /// The gauges of the round.
    var gauges: Gauges?

    /// Whether it may be compared.
    var counts: Bool { !needsDisk || gauges?.isBusy != true }

    /// The value as it is compared between machines: a share of the floor, the passes of the floor's loop meanwhile, or
    /// what the machine does not change.
    var ratio: Double {
        switch kind {
        case .rate: value / floor
        case .cost: value * floor / 1_000
        case .count, .observation: value
        }
    }

    var name: String { "\(workload) \(metric)" }

    var json: JSON {
        var object: JSONObject = [
            "workload": .string(workload), "metric": .string(metric), "value": Self.number(value),
            "unit": .string(unit), "runs": .integer(Int64(runs)), "floor": Self.number(floor),
            "ratio": Self.number(ratio), "load": Self.number(load),
        ]
        if let gauges {
            object["sync_ms"] = Self.number(gauges.sync / .milliseconds(1))
            object["cpu"] = Self.number(gauges.loopsPerSecond)
            object["counts"] = .bool(counts)
        }
        return .object(object)
    }

    var line: String {
        let title = name.padding(toLength: 34, withPad: " ", startingAt: 0)
        let amount = Self.short(value)
        guard kind == .rate || kind == .cost else { return "\(title) \(amount) \(unit)" }
        var text = "\(title) \(amount) \(unit)  (floor \(Self.short(floor)), ratio \(Self.short(ratio, digits: 3))"
        if let gauges { text += ", sync \(gauges.syncText), cpu \(Self.short(gauges.loopsPerSecond))" }
        return text + ", load \(String(format: "%.2f", load)))"
    }

    private static func short(_ value: Double, digits: Int = 4) -> String {
        value >= 10_000 ? String(format: "%.0f", value) : String(format: "%.\(digits)g", value)
    }

    private static func number(_ value: Double) -> JSON { .double((value * 1_000).rounded() / 1_000) }
}

/// Figures that were measured before and are kept in the repository: what does not vary with the machine first, then
/// shares of its floor.
struct Baseline {
    /// A figure may fall to this share of its recorded ratio: these machines are shared, and their disks more so.
    private static let tolerance = 0.6
    /// What does not vary with the machine may grow by this: threads meet in other orders, and pages fill differently.
    private static let countTolerance = 1.05

    private var counts: [String: Double] = [:]
    private var ratios: [String: Double] = [:]

    static func read(from file: String) throws -> Baseline {
        let json = try JSON(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: file))))
        var baseline = Baseline()
        for (name, value) in json["counts"]?.objectValue ?? [:] { baseline.counts[name] = value.doubleValue }
        for (name, value) in json["ratios"]?.objectValue ?? [:] { baseline.ratios[name] = value.doubleValue }
        return baseline
    }

    /// Takes over what was measured; figures of rounds that do not count stay as they were.
    mutating func take(_ measurements: [Measurement]) {
        for measurement in measurements {
            switch measurement.kind {
            case .count: counts[measurement.name] = measurement.value
            case .rate, .cost:
                if measurement.counts { ratios[measurement.name] = measurement.ratio }
            case .observation: break
            }
        }
    }

    func write(to file: String) throws {
        func members(_ figures: [String: Double]) -> String {
            figures.sorted { $0.key < $1.key }.map {
                "    \(JSON.string($0.key).text): \(String(format: "%.6g", $0.value))"
            }.joined(separator: ",\n")
        }
        let text = "{\n  \"counts\": {\n\(members(counts))\n  },\n  \"ratios\": {\n\(members(ratios))\n  }\n}\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }

    /// What has become worse than the machine explains.
    func regressions(of measurements: [Measurement]) -> [String] {
        measurements.compactMap { measurement in
            let name = measurement.name
            let isWorse: Bool
            switch measurement.kind {
            case .count:
                guard let before = counts[name], measurement.value > before * Self.countTolerance else { return nil }
                return "\(name): \(measurement.value) \(measurement.unit), \(before) before"
            case .observation: return nil
            case .rate: isWorse = measurement.ratio < (ratios[name] ?? 0) * Self.tolerance
            case .cost: isWorse = measurement.ratio > (ratios[name] ?? .infinity) / Self.tolerance
            }
            guard isWorse, measurement.counts else { return nil }
            return "\(name): ratio \(measurement.ratio) to the floor, \(ratios[name] ?? 0) before"
        }
    }
}
