import FlowCore
import FlowDefinitions
import FlowEngine

/// Runs the cases of a conformance file that run flows.
enum RunConformance {
    private static let checker = FlowChecker(catalog: Wiring.catalog)

    /// Runs one case.
    static func run(_ value: JSON) -> ConformanceOutcome {
        guard let runCase = RunCase(value) else {
            return ConformanceOutcome(id: value["id"]?.stringValue ?? "?", failure: "this is no run case")
        }
        switch runCase.run(check: { checker.check($0) }) {
        case .passed: return ConformanceOutcome(id: runCase.id, failure: nil, isDisputed: runCase.isDisputed)
        case .failed(let differences):
            return ConformanceOutcome(
                id: runCase.id, failure: differences.joined(separator: "; "), isDisputed: runCase.isDisputed)
        }
    }
}
