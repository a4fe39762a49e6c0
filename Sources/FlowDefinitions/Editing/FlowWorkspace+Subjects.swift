import FlowCore
import FlowExpressions
import FlowText

extension FlowWorkspace {
    /// What an editor shows about a place: what the word there stands for, and what is wrong there.
    /// - Parameters:
    ///   - name: the file.
    ///   - position: the place.
    /// - Returns: what is shown, or nil.
    public mutating func hover(in name: String, at position: TextPosition) -> Hover? {
        guard let document = document(name) else { return nil }
        var texts: [String] = []
        var range: TextRange?
        if let (subject, offsets, view) = subject(in: name, at: position) {
            texts.append(SubjectText(view: view).text(of: subject))
            range = document.range(offsets)
        }
        for diagnostic in diagnostics(of: name)
        where diagnostic.range.start <= position && position <= diagnostic.range.end {
            texts.append(Self.page(of: diagnostic.finding))
            range = range ?? diagnostic.range
        }
        guard let range else { return nil }
        return Hover(text: texts.joined(separator: "\n\n---\n\n"), range: range)
    }

    /// Where the thing that a word names is declared.
    /// - Parameters:
    ///   - name: the file.
    ///   - position: the place of the word.
    /// - Returns: one place, several of an ambiguous flow, or none.
    public mutating func definitions(in name: String, at position: TextPosition) -> [TextPlace] {
        guard let (subject, _, view) = subject(in: name, at: position) else { return [] }
        switch subject {
        case .action(let place): return places([place.action.location])
        case .trigger(let trigger): return places([trigger.location])
        case .variable(let variable): return places([variable.location])
        case .parameter(let parameter): return places([parameter.location])
        case .connectionReference(let reference): return places([reference.location])
        case .flow(let reference):
            switch view.facts.flows.resolve(reference) {
            case .found(let flow): return places([Self.location(of: flow)])
            case .ambiguous(let flows): return places(flows.map(Self.location))
            case .missing: return []
            }
        default: return []
        }
    }

    private static func location(of flow: FlowDefinition) -> SourceLocation {
        let name = flow.node["properties"]?["displayName"] ?? flow.node["name"]
        return name?.location ?? SourceLocation(file: flow.file, line: 1, column: 1)
    }

    private func places(_ locations: [SourceLocation]) -> [TextPlace] {
        locations.compactMap { location in
            document(location.file).map { TextPlace(file: location.file, range: $0.range(at: location)) }
        }
    }

    /// The subject of the character at a place, or of the word that ends there.
    private mutating func subject(
        in name: String, at position: TextPosition
    ) -> (Subject, Range<Int>, EditingView)? {
        guard let document = document(name) else { return nil }
        let offset = document.offset(of: position)
        var tries = [offset]
        if offset < document.bytes.count, document.bytes[offset] > 0x20 {
            tries.insert(offset + TextDocument.width(document.bytes[offset]), at: 0)
        }
        for place in tries {
            guard let view = view(of: name, at: place), let (subject, range) = SubjectFinder.find(view),
                range.contains(offset) || range.upperBound == offset
            else { continue }
            return (subject, range, view)
        }
        return nil
    }

    /// A finding with what its code means.
    private static func page(of finding: Diagnostic) -> String {
        var text = "**\(finding.code)** (\(finding.severity.rawValue))\n\n\(finding.message)"
        if let hint = finding.hint { text += "\n\n*Hint:* \(hint)" }
        if let page = ErrorPage.all[finding.code] {
            text += "\n\n*Why:* \(page.why)\n\n*What to do:* \(page.remedy)"
        }
        return text
    }
}

/// What is said about a subject, as Markdown.
struct SubjectText {
    let view: EditingView

    func text(of subject: Subject) -> String {
        switch subject {
        case .function(let function):
            return code("\(function.signature) → \(function.returns)") + "\n\n"
                + CompletionWriter.documentation(of: function)
        case .action(let place): return text(of: place)
        case .trigger(let trigger):
            let kind = trigger.kind.map { ", \($0)" } ?? ""
            return "**\(trigger.name)**: trigger of type `\(trigger.type)`\(kind), line \(trigger.location.line)"
        case .variable(let variable):
            return "**\(variable.name)**: variable of type `\(variable.type)`, initialized in line "
                + "\(variable.location.line)"
        case .parameter(let parameter): return text(of: parameter)
        case .connectionReference(let reference):
            let bound = reference.logicalName.map { ", bound as `\($0)`" } ?? ""
            return "**\(reference.key)**: connection of `\(reference.connector)`\(bound), "
                + (reference.runtimeSource == .embedded ? "the owner's" : "provided by the run-only user")
        case .operation(let operation, let connector):
            let newer = operation.replacedBy.map { "\n\nDeprecated: `\($0)` has taken its place." } ?? ""
            return "**\(operation.id)** of `\(connector)`\n\n\(operation.summary)\(newer)"
                + list(operation.parameters)
        case .connectorTrigger(let trigger, let connector):
            return "**\(trigger.id)** of `\(connector)`, "
                + (trigger.mode == .polling ? "asked again and again" : "called by the service")
                + "\n\n\(trigger.summary)" + list(trigger.parameters)
        case .operationParameter(let parameter):
            let allowed = parameter.allowedValues.map { "\n\nOne of \($0.map(\.text).joined(separator: ", "))." } ?? ""
            return line(parameter) + (parameter.summary.map { "\n\n\($0)" } ?? "") + allowed
        case .flow(let reference): return text(ofFlow: reference)
        case .property(let property):
            return "**\(property.name)**" + (property.type.map { ": \($0)" } ?? "")
                + (property.summary.map { "\n\n\($0)" } ?? "")
        case .actionType(let type): return "**\(type.rawValue)**\n\n\(FlowVocabulary.summary(of: type))"
        case .word(let word, let meaning): return "**\(word)**\n\n\(meaning)"
        }
    }

    private func code(_ text: String) -> String { "```\n\(text)\n```" }

    private func text(of place: FlowFacts.Place) -> String {
        let action = place.action
        var text = "**\(action.name)**: action of type `\(action.typeName)`, line \(action.location.line)"
        if !place.ancestors.isEmpty {
            text += ", in " + place.ancestors.map { "`\($0.name)`" }.joined(separator: " › ")
        }
        if let description = action.node["description"]?.string { text += "\n\n\(description)" }
        if let type = action.type { text += "\n\n\(FlowVocabulary.summary(of: type))" }
        if !action.runAfter.isEmpty {
            let conditions = action.runAfter.map { condition in
                "`\(condition.action)` (\(condition.statuses.map(\.rawValue).joined(separator: ", ")))"
            }
            text += "\n\nRuns after \(conditions.joined(separator: ", "))."
        }
        return text
    }

    private func text(of parameter: ParameterDeclaration) -> String {
        var text = "**\(parameter.name)**: parameter of type `\(parameter.type)`"
        if let schema = parameter.schemaName { text += ", environment variable `\(schema)`" }
        if let value = parameter.defaultValue, !parameter.isSecure { text += "\n\nDefault: `\(value.text)`" }
        if let description = view.definition["parameters"]?[parameter.name]?["description"]?.string {
            text += "\n\n\(description)"
        }
        return text
    }

    private func text(ofFlow reference: String) -> String {
        switch view.facts.flows.resolve(reference) {
        case .found(let flow):
            var text = "**\(flow.name)**: flow in `\(flow.file)`"
            if let trigger = flow.triggers.first {
                text += ", trigger `\(trigger.type)`\(trigger.kind.map { ", \($0)" } ?? "")"
            }
            if let description = flow.description { text += "\n\n\(description)" }
            return text
        case .ambiguous(let flows): return "'\(reference)' may mean \(FlowSet.list(flows))."
        case .missing: return "No flow is called '\(reference)'."
        }
    }

    private func list(_ parameters: [OperationParameter]) -> String {
        guard !parameters.isEmpty else { return "" }
        return "\n\n"
            + parameters.map { "- \(line($0))" + ($0.summary.map { ": \($0)" } ?? "") }.joined(separator: "\n")
    }

    private func line(_ parameter: OperationParameter) -> String {
        "`\(parameter.name)` (\(parameter.type.rawValue)\(parameter.isRequired ? ", required" : ""))"
    }
}
