import FlowCore
import FlowExpressions
import FlowText

/// What one expression refers to: actions, loops, variables and parameters that must exist and be within reach.
struct ReferenceRules {
    private static let actionFunctions: Set<String> = [
        "actions", "outputs", "body", "actionbody", "actionoutputs", "result", "multipartbody", "formdatavalue",
        "formdatamultivalues",
    ]

    /// The types whose actions have no outputs.
    static let withoutOutputs: Set<ActionType> = [
        .wait, .if, .switch, .foreach, .until, .scope, .initializeVariable, .appendToArrayVariable,
        .appendToStringVariable, .terminate,
    ]

    private let facts: FlowFacts
    private let site: TemplateSite
    /// Where the call that is looked at stands.
    private var location: SourceLocation
    private(set) var report: CheckReport

    init(facts: FlowFacts, site: TemplateSite, report: CheckReport) {
        self.facts = facts
        self.site = site
        location = site.location
        self.report = report
    }

    mutating func check(_ expression: Expression) {
        for call in expression.calls { check(call) }
    }

    private mutating func check(_ call: Expression.Call) {
        location = site.location(of: call.range.lowerBound)
        let function = call.name.lowercased()
        let name = call.arguments.first?.literal?.stringValue
        if Self.actionFunctions.contains(function), let name {
            checkAction(name, function: function)
        } else {
            switch function {
            case "items": if let name { checkLoop(name, call.name, kinds: [.foreach]) }
            case "iterationindexes": if let name { checkLoop(name, call.name, kinds: [.until, .foreach]) }
            case "item": checkItem()
            case "variables": if let name { checkVariable(name) }
            case "parameters": if let name { checkParameter(name) }
            case "triggerbody", "triggerformdatavalue", "triggerformdatamultivalues", "triggermultipartbody":
                checkTriggerBody(call.name)
            default: break
            }
        }
    }

    private mutating func error(_ message: String, hint: String? = nil) {
        report.error(.invalidTemplate, message, at: location, path: site.path, hint: hint)
    }

    private var owner: String {
        if let place = site.place { return "action '\(place.action.name)'" }
        return site.path.text.hasPrefix("triggers") ? "trigger '\(site.path.name)'" : "output '\(site.path.name)'"
    }

    // MARK: Actions

    private mutating func checkAction(_ name: String, function: String) {
        if facts.flow.triggers.contains(where: { $0.name.lowercased() == name.lowercased() }) { return }
        guard let other = facts.place(name) else {
            if facts.hiddenNames.contains(name.lowercased()) { return }
            let names = facts.places.map(\.action.name)
            error(
                "The template action(s) '\(name)' referenced by '\(site.property)' in \(owner) are not defined in the template.",
                hint: Suggestion.hint(for: name, among: names) ?? spelling(of: name, among: names))
            return
        }
        if site.place == nil, site.path.text.hasPrefix("triggers") {
            error(
                "The '\(site.property)' of \(owner) cannot reference action '\(name)': a trigger is evaluated before any action.",
                hint: "read triggerBody() or triggerOutputs()")
            return
        }
        if let place = site.place { checkOrder(of: other, from: place) }
        checkOutputs(of: other.action, function: function)
    }

    /// A name that differs in blanks and underscores only.
    private func spelling(of name: String, among names: [String]) -> String? {
        func fold(_ text: String) -> String { text.trimmed.lowercased().replacing(" ", with: "_") }
        return names.first { fold($0) == fold(name) }.map { "did you mean '\($0)'?" }
    }

    private mutating func checkOrder(of other: FlowFacts.Place, from place: FlowFacts.Place) {
        let own = place.action.name.lowercased()
        if other.action.name.lowercased() == own {
            error("The action cannot reference itself: '\(site.property)' of \(owner) reads '\(other.action.name)'.")
            return
        }
        if place.action.type == .until, site.property == "expression",
            other.ancestors.contains(where: { $0.name.lowercased() == own })
        {
            return
        }
        // In a flow of several triggers or with a broken order the rules of runAfter speak first.
        guard !facts.mayRead(other, from: place) else { return }
        error(
            "The \(site.property) of template action '\(place.action.name)' cannot reference action '\(other.action.name)'. Action '\(other.action.name)' must either be in 'runAfter' path or within a scope action on the 'runAfter' path of action '\(place.action.name)', or be a Trigger.",
            hint: orderHint(other, place))
    }

    private func orderHint(_ other: FlowFacts.Place, _ place: FlowFacts.Place) -> String? {
        let otherLine = other.ancestors.map(\.name) + [other.action.name]
        for (step, siblings) in zip(
            place.ancestors + [place.action], [facts.flow.actions] + place.ancestors.map(\.allChildren))
        {
            if let before = siblings.first(where: { otherLine.contains($0.name) }), before.name != step.name {
                return "let '\(step.name)' run after '\(before.name)'"
            }
        }
        return nil
    }

    private mutating func checkOutputs(of action: Action, function: String) {
        guard let type = action.type, Self.withoutOutputs.contains(type),
            ["body", "outputs", "actionbody", "actionoutputs"].contains(function)
        else { return }
        report.warning(
            .noOutput,
            "The action '\(action.name)' of type '\(action.typeName)' has no outputs, so \(function)('\(action.name)') is null.",
            at: location, path: site.path,
            hint: type.isContainer ? "read an action inside it, or result('\(action.name)')" : nil)
    }

    // MARK: Loops

    private func enclosing(_ kinds: Set<ActionType>) -> [Action] {
        guard let place = site.place else { return [] }
        var enclosing = place.ancestors
        if site.property == "expression", place.action.type == .until { enclosing.append(place.action) }
        return enclosing.filter { $0.type.map(kinds.contains) == true }
    }

    private mutating func checkLoop(_ name: String, _ function: String, kinds: Set<ActionType>) {
        let loops = enclosing(kinds)
        guard !loops.contains(where: { $0.name.lowercased() == name.lowercased() }) else { return }
        if facts.hiddenNames.contains(name.lowercased()) { return }
        let hint =
            Suggestion.hint(for: name, among: loops.map(\.name))
            ?? loops.last.map { "the loop around this action is '\($0.name)'" }
        error(
            "The template repetition action(s) '\(name)' referenced by '\(site.property)' in \(owner) are not defined in the template: \(function)('\(name)') works inside that loop only.",
            hint: hint)
    }

    private mutating func checkItem() {
        if case .of = site.row { return }
        guard enclosing([.foreach]).isEmpty, site.place != nil else { return }
        report.warning(
            .invalidTemplate, "item() stands in no loop here, so it fails when \(owner) runs.", at: location,
            path: site.path, hint: "put the action into a Foreach, or read the value in another way")
    }

    // MARK: Variables and parameters

    private mutating func checkVariable(_ name: String) {
        guard let variable = facts.variables[name.lowercased()] else {
            error(
                "The variable '\(name)' must be initialized before it can be used inside \(owner).",
                hint: Suggestion.hint(for: name, among: facts.variables.values.map(\.name).sorted())
                    ?? "add an InitializeVariable action at the top level")
            return
        }
        guard let place = site.place else {
            if site.path.text.hasPrefix("triggers") {
                error(
                    "The '\(site.property)' of \(owner) cannot read the variable '\(name)': none exists before the run."
                )
            }
            return
        }
        if variable.action == place.action.name.lowercased() {
            checkOwn(variable, place)
            return
        }
        if place.action.type == .setVariable, site.property == "inputs",
            place.action.inputs?["name"]?.string?.lowercased() == name.lowercased()
        {
            report.error(
                .workflowRunActionInputsInvalidProperty,
                "The inputs of workflow run action '\(place.action.name)' of type 'SetVariable' are not valid. Self reference is not supported when updating the value of variable '\(variable.name)'.",
                at: location, path: site.path,
                hint: "compute the value in a Compose action first, or use IncrementVariable or AppendToStringVariable"
            )
            return
        }
        VariableRules.checkOrder(of: variable, at: location, from: place, facts, into: &report)
    }

    /// An InitializeVariable action that reads a variable it declares itself.
    private mutating func checkOwn(_ variable: FlowFacts.Variable, _ place: FlowFacts.Place) {
        let names = place.action.inputs?["variables"]?.elements.map { $0["name"]?.string?.lowercased() } ?? []
        let index = names.firstIndex(of: variable.name.lowercased())
        if index == site.variableIndex {
            error("The variable '\(variable.name)' must be initialized before it can be used inside \(owner).")
        } else {
            report.warning(
                .invalidTemplate,
                "The variable '\(variable.name)' is declared by the same action, so it may have no value yet.",
                at: location, path: site.path, hint: "declare it in an action of its own before")
        }
    }

    private mutating func checkParameter(_ name: String) {
        let folded = name.lowercased()
        guard !["$connections", "$authentication"].contains(folded),
            !facts.flow.parameters.contains(where: { $0.name.lowercased() == folded })
        else { return }
        let message = "The workflow parameter '\(name)' is not found, so \(owner) fails when it is evaluated."
        let hint =
            Suggestion.hint(for: name, among: facts.flow.parameters.map(\.name)) ?? "declare it under 'parameters'"
        if facts.flow.kind == .flow {
            report.warning(.invalidTemplate, message, at: location, path: site.path, hint: hint)
        } else {
            // A Logic App may keep its parameters in a file of their own.
            report.information(.invalidTemplate, message, at: location, path: site.path, hint: hint)
        }
    }

    private mutating func checkTriggerBody(_ function: String) {
        guard let trigger = facts.trigger, ["recurrence", "slidingwindow"].contains(trigger.type.lowercased()),
            site.property != "splitOn"
        else { return }
        report.warning(
            .noOutput, "A trigger of type '\(trigger.type)' brings no body, so \(function)() is null.",
            at: location, path: site.path)
    }
}

extension Action {
    /// The actions directly inside, of all branches.
    var allChildren: [Action] { branches.flatMap(\.actions) }
}
