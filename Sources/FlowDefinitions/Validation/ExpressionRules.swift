import FlowCore
import FlowExpressions
import FlowText

/// The expressions of a flow: their form, their functions, and what they refer to.
struct ExpressionRules {
    private let facts: FlowFacts
    private var report: CheckReport
    private var shapes: ShapeRules

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        var rules = ExpressionRules(facts: facts, report: report, shapes: ShapeRules(facts))
        for site in TemplateSites.all(in: facts) { rules.check(site) }
        rules.checkLoops()
        report = rules.report
    }

    private mutating func check(_ site: TemplateSite) {
        // An ARM template evaluates these before anybody else sees them.
        if facts.flow.kind == .logicApp, site.text.hasPrefix("["), site.text.hasSuffix("]") { return }
        let template: Template
        do throws(SyntaxFailure) {
            template = try Template.read(site.text)
        } catch {
            report.error(
                .invalidTemplate, error.message, at: site.location(of: error.range.lowerBound), path: site.path,
                hint: error.hint ?? Self.escapeHint(site))
            return
        }
        switch template.content {
        case .literal(let text): checkPlain(text, site)
        case .interpolation(let parts):
            for part in parts {
                if case .text(let text) = part { checkBraces(text, site) }
            }
        case .expression: break
        }
        FunctionRules.check(template, site, facts, into: &report)
        var references = ReferenceRules(facts: facts, site: site, report: report)
        for expression in template.expressions { references.check(expression) }
        report = references.report
        let types = ArgumentTypeRules(shapes: shapes, facts: facts, site: site)
        for expression in template.expressions {
            shapes.check(expression, site, into: &report)
            types.check(expression, into: &report)
        }
    }

    private static func escapeHint(_ site: TemplateSite) -> String? {
        guard site.text.hasPrefix("@"), !site.text.contains("(") else { return nil }
        return "write '@\(site.text.shortened)' where the text itself is meant"
    }

    // MARK: Texts that were meant as expressions

    private mutating func checkPlain(_ text: String, _ site: TemplateSite) {
        guard !site.isKey, site.property == "inputs" || site.property == "outputs" else { return }
        // The rules of Query speak of its condition.
        if case .of = site.row, site.place?.action.type == .query { return }
        if ExpressionText.looksLikeExpression(text), !site.text.hasPrefix("@@") {
            report.warning(
                .expressionNotEvaluated, "'\(text.shortened)' is a text, not an expression.", at: site.location,
                path: site.path, hint: "begin it with '@' if its value is meant")
            return
        }
        checkBraces(text, site)
    }

    private mutating func checkBraces(_ text: String, _ site: TemplateSite) {
        guard !site.isKey, !site.text.contains("@@{"), let braces = ExpressionText.bareBraces(in: text) else { return }
        report.warning(
            .expressionNotEvaluated, "The call after '\(braces)' is text, not an expression.", at: site.location,
            path: site.path, hint: "write @{...} if its value is meant")
    }

    // MARK: What loops and conditions need

    /// What the static type of an expression says about the places where only some types work.
    private mutating func checkLoops() {
        for place in facts.places {
            let action = place.action
            switch action.type {
            case .foreach: checkType(of: action.node["foreach"], place, wanted: [.array], "an array")
            case .until, .if:
                guard let expression = action.node["expression"], expression.string != nil else { continue }
                checkType(of: expression, place, wanted: [.boolean], "a Boolean")
            case .switch: checkCases(place)
            case .query: checkType(of: action.inputs?["where"], place, wanted: [.boolean], "a Boolean")
            case .select, .table, .join: checkType(of: action.inputs?["from"], place, wanted: [.array], "an array")
            default: break
            }
        }
    }

    private mutating func checkType(
        of node: SourceNode?, _ place: FlowFacts.Place, wanted: Set<StaticType>, _ what: String
    ) {
        guard let node, let text = node.string, text.hasPrefix("@"),
            let template = try? Template.read(text), let type = shapes.type(of: template, in: place),
            !wanted.contains(type)
        else { return }
        report.warning(
            .invalidTemplate,
            "The expression gives \(type.phrase), and '\(place.action.name)' needs \(what).", at: node.location,
            path: place.action.path)
    }

    private mutating func checkCases(_ place: FlowFacts.Place) {
        let action = place.action
        guard let expression = action.node["expression"], let text = expression.string,
            let template = try? Template.read(text), let type = shapes.type(of: template, in: place)
        else { return }
        guard type == .string || type == .integer else {
            if type != .number, type != .null {
                report.warning(
                    .invalidTemplate,
                    "The expression gives \(type.phrase), and a Switch compares texts and whole numbers only.",
                    at: expression.location, path: action.path)
            }
            return
        }
        for branch in action.branches {
            guard let value = branch.caseValue, let literal = VariableRules.type(of: value) else { continue }
            let fits = type == .string ? literal == "string" : literal == "integer"
            guard !fits else { continue }
            report.warning(
                .invalidTemplate,
                "The case \(value.json.text) never matches: the expression of '\(action.name)' gives \(type.phrase), and a Switch compares types strictly.",
                at: value.location, path: action.path,
                hint: type == .string ? "put the value in quotes" : "write the value without quotes")
        }
    }
}
