import FlowCore
import Foundation

/// One figure of a workload, beside the floor that the machine sets.
struct Measurement {
    let workload: String
    let metric: String
    let value: Double
    let unit: String
    /// How often the work was done for it.
    let runs: Int
    /// The same machine's floor in the same unit of time: durable one-row commits a second, or passes of a fixed loop.
    let floor: Double
    /// The machine's load average when the round began.
    let load: Double

    /// The value as a share of the floor: what is compared between machines.
    var ratio: Double { value / floor }

    var json: JSON {
        [
            "workload": .string(workload), "metric": .string(metric), "value": Self.number(value),
            "unit": .string(unit), "runs": .integer(Int64(runs)), "floor": Self.number(floor),
            "ratio": Self.number(ratio), "load": Self.number(load),
        ]
    }

    var line: String {
        let name = "\(workload) \(metric)".padding(toLength: 30, withPad: " ", startingAt: 0)
        let amount = String(format: "%.4g", value)
        return "\(name) \(amount) \(unit)  (floor \(String(format: "%.4g", floor)), ratio "
            + "\(String(format: "%.3g", ratio)), load \(String(format: "%.2f", load)))"
    }

    private static func number(_ value: Double) -> JSON { .double((value * 1_000).rounded() / 1_000) }
}

/// Ratios that were measured before and are kept in the repository.
struct Baseline {
    /// A figure may fall to this share of its recorded ratio: these machines are shared, and their disks more so.
    private static let tolerance = 0.6

    private let ratios: [String: Double]

    init(_ measurements: [Measurement]) {
        ratios = Dictionary(measurements.map { ("\($0.workload) \($0.metric)", $0.ratio) }) { first, _ in first }
    }

    private init(ratios: [String: Double]) { self.ratios = ratios }

    static func read(from file: String) throws -> Baseline {
        let json = try JSON(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: file))))
        var ratios: [String: Double] = [:]
        for (name, value) in json.objectValue ?? [:] { ratios[name] = value.doubleValue }
        return Baseline(ratios: ratios)
    }

    func write(to file: String) throws {
        let lines = ratios.sorted { $0.key < $1.key }.map {
            "  \(JSON.string($0.key).text): \(String(format: "%.5g", $0.value))"
        }
        try Data("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8).write(to: URL(fileURLWithPath: file))
    }

    /// What has become slower than the machine explains; every figure is better when it is larger.
    func regressions(of measurements: [Measurement]) -> [String] {
        measurements.compactMap { measurement in
            let name = "\(measurement.workload) \(measurement.metric)"
            guard let before = ratios[name], measurement.ratio < before * Self.tolerance else { return nil }
            return "\(name): ratio \(measurement.ratio) to the floor, \(before) before"
        }
    }
}
