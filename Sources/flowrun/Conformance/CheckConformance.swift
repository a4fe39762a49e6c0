import FlowCore
import FlowDefinitions

/// Runs the cases of a conformance file that check flows before any run.
enum CheckConformance {
    private static let checker = FlowChecker(catalog: Wiring.catalog)

    /// Runs one case.
    static func run(_ value: JSON) -> ConformanceOutcome {
        guard let checkCase = CheckCase(value) else {
            return ConformanceOutcome(id: value["id"]?.stringValue ?? "?", failure: "this is no check case")
        }
        let isDisputed = value["disputed"]?.boolValue == true
        switch checkCase.run(with: checker) {
        case .passed: return ConformanceOutcome(id: checkCase.id, failure: nil, isDisputed: isDisputed)
        case .failed(let text):
            return ConformanceOutcome(
                id: checkCase.id, failure: text, isDisputed: isDisputed, isFalseAlarm: checkCase.isValid)
        }
    }
}
