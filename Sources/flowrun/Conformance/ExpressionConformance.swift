import FlowCore
import FlowExpressions
import FlowRuntime

/// Runs cases of the expression language.
enum ExpressionConformance {
    /// Runs one case.
    static func run(_ json: JSON) -> ConformanceOutcome {
        let expressionCase = ExpressionCase(json)
        let failure: String? =
            switch expressionCase.run(now: SystemClock().now) {
            case .passed: nil
            case .failed(let expected, let got): "expected \(expected), got \(got)"
            }
        return ConformanceOutcome(id: expressionCase.id, failure: failure, isDisputed: expressionCase.isDisputed)
    }
}
