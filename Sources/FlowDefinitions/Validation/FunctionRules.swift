import FlowCore
import FlowExpressions

/// The functions of an expression: whether they exist, and whether they can work with what they are given.
enum FunctionRules {
    /// Functions that only Logic Apps have, in lower case.
    private static let logicAppFunctions: Set<String> = [
        "agentparameters", "appsetting", "assistantmessage", "channeltriggerbody",
    ]

    static func check(_ template: Template, _ site: TemplateSite, _ facts: FlowFacts, into report: inout CheckReport) {
        let findings = ExpressionChecker.check(template)
        let outcome = findings.isEmpty ? nil : fails(template)
        for finding in findings {
            let location = site.location(of: finding.range.lowerBound)
            if isOfLogicApps(finding, in: template, facts) {
                report.information(
                    .invalidTemplate,
                    "The expression uses a function that only Logic Apps have; flowrun cannot run it.",
                    at: location, path: site.path)
                continue
            }
            let isForm = finding.kind == .unknownFunction || finding.kind == .argumentCount
            let isError = isForm || outcome ?? (finding.severity == .error)
            report.add(
                Diagnostic(
                    isError ? .error : .warning, .invalidTemplate, finding.message, at: location, path: site.path,
                    hint: finding.hint))
        }
        guard site.property != "trackedProperties", facts.flow.kind == .flow else { return }
        for call in template.calls where call.name.lowercased() == "action" {
            report.error(
                .invalidTemplate, "The template function '\(call.name)' is not expected at this location.",
                at: site.location(of: call.range.lowerBound), path: site.path,
                hint: "it works in 'trackedProperties' only")
        }
    }

    /// Whether a template fails that reads nothing of the run; nil for one that reads.
    private static func fails(_ template: Template) -> Bool? {
        let readsNothing = template.calls.allSatisfy { FunctionLibrary.declaration(named: $0.name)?.isPure == true }
        guard readsNothing else { return nil }
        return (try? CompiledTemplate(template).evaluate(in: ContextScope([:], now: Timestamp(ticks: 0)))) == nil
    }

    private static func isOfLogicApps(_ finding: ExpressionFinding, in template: Template, _ facts: FlowFacts) -> Bool {
        guard finding.kind == .unknownFunction, facts.flow.kind == .logicApp else { return false }
        return template.calls.contains {
            $0.nameRange == finding.range && logicAppFunctions.contains($0.name.lowercased())
        }
    }

    /// The type that a template is known to give by its functions, or nil.
    static func type(of template: Template) -> StaticType? {
        guard case .expression(let expression) = template.content else { return .string }
        if let constant = CompiledTemplate(template).constant { return StaticType(of: constant) }
        return StaticType(ExpressionChecker.types(of: expression))
    }
}

extension StaticType {
    /// The type of a value.
    init?(of value: JSON) { self.init(ValueTypes(of: value)) }

    /// The one type that is left, or nil where there are several.
    init?(_ types: ValueTypes) {
        switch types {
        case .string: self = .string
        case .integer: self = .integer
        case .float, .number: self = .number
        case .boolean: self = .boolean
        case .array: self = .array
        case .object: self = .object
        case .null: self = .null
        default: return nil
        }
    }
}
