import FlowCore
import FlowExpressions
import FlowText

/// What a solution says about its flows, and what its flows expect of it.
enum SolutionRules {
    static func check(_ solution: Solution) -> [Diagnostic] {
        var report = CheckReport()
        let names = solution.flows.map(\.definition.name)
        let known = Set(names + solution.flows.flatMap(\.aliases) + solution.flows.compactMap(\.definition.id))
        func checkFlow(_ name: String, at location: SourceLocation) {
            guard !known.contains(name) else { return }
            report.error(
                .invalidSolution, "The solution has no flow '\(name)'.", at: location, path: .root,
                hint: Suggestion.hint(for: name, among: names))
        }
        for member in solution.node["deduplication"]?.members ?? [] {
            checkFlow(member.key, at: member.keyLocation)
            checkExpression(member.value, into: &report)
        }
        for member in solution.node["missedTimes"]?.members ?? [] {
            checkFlow(member.key, at: member.keyLocation)
            checkSchedule(member, in: solution, into: &report)
        }
        for member in solution.node["businessKeys"]?.members ?? [] { checkExpression(member.value, into: &report) }
        for node in solution.node["echoGuard"]?.elements ?? [] {
            if let trigger = node["trigger"], let name = trigger.string { checkFlow(name, at: trigger.location) }
            for field in node["fields"]?.elements ?? [] { checkExpression(field, into: &report) }
            for writer in node["writtenBy"]?.elements ?? [] {
                guard let text = writer.string, !known.contains(text) else { continue }
                checkFlow(String(text.prefix { $0 != "/" }), at: writer.location)
            }
        }
        for node in (solution.node["oneAtATime"]?.elements ?? []).flatMap(\.elements) {
            if let name = node.string { checkFlow(name, at: node.location) }
        }
        checkAudit(solution, into: &report)
        for node in solution.node["audit"]?["reconcile"]?.elements ?? [] {
            if let flow = node["flow"], let name = flow.string { checkFlow(name, at: flow.location) }
            if let condition = node["when"] { checkExpression(condition, into: &report) }
        }
        for flow in solution.flows { check(flow.definition, in: solution, into: &report) }
        return report.diagnostics
    }

    private static func checkSchedule(
        _ member: SourceNode.Member, in solution: Solution, into report: inout CheckReport
    ) {
        guard let flow = solution.flows.first(where: { $0.definition.name == member.key })?.definition,
            let trigger = flow.triggers.first, trigger.type.lowercased() != "recurrence"
        else { return }
        report.error(
            .invalidSolution,
            "The flow '\(member.key)' has a trigger of type '\(trigger.type)'; only times of a Recurrence can be missed.",
            at: member.keyLocation, path: .root, hint: "take the entry out of 'missedTimes'")
    }

    private static func checkAudit(_ solution: Solution, into report: inout CheckReport) {
        guard let audit = solution.node["audit"] else { return }
        let names = solution.connectionReferences.map(\.logicalName)
        for side in ["left", "right"].compactMap({ audit[$0] }) {
            if let reference = side["reference"], let name = reference.string, !names.contains(name) {
                report.error(
                    .invalidSolution, "The solution declares no connection reference '\(name)'.",
                    at: reference.location, path: .root, hint: Suggestion.hint(for: name, among: names))
            }
            for key in ["key", "title", "changed"] { side[key].map { checkExpression($0, into: &report) } }
            for member in side["values"]?.members ?? [] { checkExpression(member.value, into: &report) }
        }
        for rule in audit["rules"]?.elements ?? [] {
            for key in ["when", "message"] { rule[key].map { checkExpression($0, into: &report) } }
        }
    }

    private static func checkExpression(_ node: SourceNode, into report: inout CheckReport) {
        guard let text = node.string else { return }
        do throws(SyntaxFailure) {
            _ = try Template.read(text)
        } catch {
            report.error(
                .invalidTemplate, error.message, at: node.location, path: .root,
                hint: error.hint)
        }
    }

    private static func check(_ flow: FlowDefinition, in solution: Solution, into report: inout CheckReport) {
        let logicalNames = solution.connectionReferences.map(\.logicalName)
        for reference in flow.connectionReferences {
            let name = reference.logicalName ?? reference.key
            guard let declared = solution.connectionReferences.first(where: { $0.logicalName == name }) else {
                report.warning(
                    .connectionReferenceInvalid,
                    "The solution '\(solution.uniqueName)' declares no connection reference '\(name)'.",
                    at: reference.location, path: ActionPath.root.appending("connectionReferences", reference.key),
                    hint: Suggestion.hint(for: name, among: logicalNames) ?? "declare it in solution.yaml")
                continue
            }
            guard declared.connector.lowercased() != reference.connector.lowercased() else { continue }
            report.error(
                .connectionReferenceInvalid,
                "The reference '\(reference.key)' is one of '\(reference.connector)', and the solution declares '\(name)' for '\(declared.connector)'.",
                at: reference.location, path: ActionPath.root.appending("connectionReferences", reference.key))
        }
        let schemaNames = solution.environmentVariables.map(\.schemaName)
        for parameter in flow.parameters {
            guard let name = parameter.schemaName, !schemaNames.contains(name) else { continue }
            report.warning(
                .invalidTemplateParameter,
                "The solution '\(solution.uniqueName)' declares no environment variable '\(name)'.",
                at: parameter.location, path: ActionPath.root.appending("parameters", parameter.name),
                hint: Suggestion.hint(for: name, among: schemaNames) ?? "declare it in solution.yaml")
        }
    }
}
