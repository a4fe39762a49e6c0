import FlowCore
import FlowExpressions
import FlowText

/// What a word in a flow file stands for.
enum Subject {
    /// A function of the expression language.
    case function(FunctionDeclaration)
    /// An action, by its name.
    case action(FlowFacts.Place)
    /// The trigger.
    case trigger(Trigger)
    /// A variable.
    case variable(FlowFacts.Variable)
    /// A parameter of the flow.
    case parameter(ParameterDeclaration)
    /// A connection reference.
    case connectionReference(ConnectionReference)
    /// An operation of a connector.
    case operation(ConnectorOperation, connector: String)
    /// A trigger of a connector.
    case connectorTrigger(ConnectorTrigger, connector: String)
    /// A parameter of an operation or trigger.
    case operationParameter(OperationParameter)
    /// A call of another flow, by what it names.
    case flow(String)
    /// A property of a value.
    case property(Structure.Property)
    /// A type of actions.
    case actionType(ActionType)
    /// A key or word with its meaning.
    case word(String, meaning: String)
}

/// Finds what the word around a cursor stands for.
struct SubjectFinder {
    private let view: EditingView

    private init(_ view: EditingView) { self.view = view }

    /// The subject around a cursor and where its word stands, as offsets; nil where there is none.
    static func find(_ view: EditingView) -> (subject: Subject, range: Range<Int>)? {
        let finder = SubjectFinder(view)
        let written = view.written
        if let expression = ExpressionCursor(written.bytes, end: written.bytes.count) {
            return finder.find(expression, written)
        }
        return finder.findWord()
    }

    // MARK: Expressions

    private func find(_ expression: ExpressionCursor, _ written: ScalarText) -> (Subject, Range<Int>)? {
        let start = min(view.cursor.start, view.offset)
        let whole = ScalarText(view.document.bytes, start..<CompletionWriter.endOfText(view), view.cursor.style)
        let end = expression.tokenEnd(whole.bytes, from: written.bytes.count)
        guard let full = ExpressionCursor(whole.bytes, end: end) else { return nil }
        let subject: Subject?
        let first: Int
        switch full.place {
        case .complete: return nil
        case .name(let name, let start):
            first = start
            subject = FunctionLibrary.declaration(named: name).map { .function($0) }
        case .text(let text, let start):
            first = start
            subject = full.call.flatMap { named(text, by: $0) }
        case .property(let name, let base, let start, _):
            first = start
            let text = String(decoding: whole.bytes[base], as: UTF8.self)
            subject = StructureFinder(view).properties(of: text)
                .first { $0.name.lowercased() == name.lowercased() }.map { .property($0) }
        }
        guard let subject, first < end else { return nil }
        return (subject, whole.offsets[first]..<whole.offsets[end])
    }

    private func named(_ name: String, by call: ExpressionCursor.OpenCall) -> Subject? {
        guard call.argument == 0 else { return nil }
        switch call.name.lowercased() {
        case "outputs", "body", "actions", "actionoutputs", "actionbody", "result", "items", "iterationindexes",
            "multipartbody", "formdatavalue", "formdatamultivalues":
            return action(name)
        case "variables": return view.facts.variables[name.lowercased()].map { .variable($0) }
        case "parameters": return parameter(name)
        default: return nil
        }
    }

    private func action(_ name: String) -> Subject? {
        if let place = view.facts.place(name) { return .action(place) }
        return view.facts.flow.triggers.first { $0.name.lowercased() == name.lowercased() }.map { .trigger($0) }
    }

    private func parameter(_ name: String) -> Subject? {
        view.facts.flow.allParameters.first { $0.name.lowercased() == name.lowercased() }.map { .parameter($0) }
    }

    // MARK: Keys and values

    private func findWord() -> (Subject, Range<Int>)? {
        let cursor = view.cursor
        guard cursor.role != .nothing else { return nil }
        let (range, isKey) = word
        guard range.lowerBound < range.upperBound else { return nil }
        let text = ScalarText(view.document.bytes, range, cursor.style).text
        let subject = isKey ? key(text) : value(text)
        return subject.map { ($0, range) }
    }

    /// The word around the cursor, and whether it is a key.
    private var word: (range: Range<Int>, isKey: Bool) {
        let bytes = view.document.bytes
        let cursor = view.cursor
        let limit = view.document.line(view.document.line(of: view.offset)).upperBound
        let start = min(cursor.start, view.offset)
        var end = max(view.offset, start)
        switch cursor.style {
        case .single, .double: end = CompletionWriter.endOfText(view)
        case .block: break
        case .plain(let inFlow):
            while end < limit {
                if bytes[end] == UInt8(ascii: ":"), end + 1 >= limit || bytes[end + 1] == UInt8(ascii: " ") { break }
                if bytes[end] == UInt8(ascii: "#"), end > 0, bytes[end - 1] == UInt8(ascii: " ") { break }
                if inFlow, ",[]{}".utf8.contains(bytes[end]) { break }
                end += 1
            }
        }
        var next = end
        if cursor.style == .single || cursor.style == .double { next += 1 }
        if case .plain = cursor.style {
            while end > start, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        }
        while next < limit, bytes[next] == UInt8(ascii: " ") { next += 1 }
        let hasColon = next < limit && bytes[next] == UInt8(ascii: ":")
        return (start..<end, cursor.role == .key || (cursor.role == .entry && hasColon))
    }

    private func key(_ text: String) -> Subject? {
        let place = view.place
        switch place.part {
        case .action where place.isList: return view.facts.place(text).map { .action($0) }
        case .action where place.keys == ["runAfter"]: return action(text)
        case .trigger where place.isList:
            return view.facts.flow.triggers.first { $0.name == text }.map { .trigger($0) }
        case .parameters where place.isList: return parameter(text)
        case .connectionReferences where place.isList: return reference(text)
        case .action where place.keys == ["inputs", "parameters"],
            .trigger where place.keys == ["inputs", "parameters"]:
            return view.operationParameters.first { $0.name.lowercased() == text.lowercased() }
                .map { .operationParameter($0) }
        case .file, .action, .trigger, .parameters, .connectionReferences:
            return FlowVocabulary.meaning(of: text).map { .word(text, meaning: $0) }
        case .outputs, .other: return nil
        }
    }

    private func reference(_ key: String) -> Subject? {
        view.facts.flow.connectionReference(key).map { .connectionReference($0) }
    }

    private func value(_ text: String) -> Subject? {
        let place = view.place
        guard place.part == .action || place.part == .trigger else { return nil }
        switch place.keys {
        case ["type"] where place.part == .action:
            return ActionType(ignoringCase: text).map { .actionType($0) }
        case ["type"]:
            return FlowVocabulary.triggerTypes.first { $0.name.lowercased() == text.lowercased() }
                .map { .word($0.name, meaning: $0.summary) }
        case ["inputs", "host", "connectionName"], ["inputs", "host", "connectionReferenceName"]: return reference(text)
        case ["inputs", "host", "workflowReferenceName"]: return .flow(text)
        case ["inputs", "host", "operationId"]:
            guard let connector = view.connector else { return nil }
            if place.part == .trigger {
                return view.facts.catalog.trigger(text, of: connector)
                    .map { .connectorTrigger($0, connector: connector) }
            }
            return view.facts.catalog.operation(text, of: connector).map { .operation($0, connector: connector) }
        case ["inputs", "name"], ["inputs", "variables", "[]", "name"]:
            return view.facts.variables[text.lowercased()].map { .variable($0) }
        default: return nil
        }
    }
}
