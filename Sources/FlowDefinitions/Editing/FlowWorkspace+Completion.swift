import FlowCore
import FlowExpressions
import FlowText

extension FlowWorkspace {
    /// What may be written at a place, the likeliest first; the editor filters by what is written already.
    /// - Parameters:
    ///   - name: the file.
    ///   - position: the cursor.
    /// - Returns: the completions.
    public mutating func completions(in name: String, at position: TextPosition) -> [Completion] {
        guard let document = document(name), let view = view(of: name, at: document.offset(of: position)) else {
            return []
        }
        var writer = CompletionWriter(view)
        writer.collect()
        return writer.completions
    }
}

/// Collects what may be written at a place.
struct CompletionWriter {
    let view: EditingView
    private(set) var completions: [Completion] = []
    /// What is replaced, as offsets.
    private var range: Range<Int>
    /// How a word is made fit for its place.
    private var write: (String) -> String

    init(_ view: EditingView) {
        self.view = view
        let start = min(view.cursor.start, view.offset)
        range = start..<view.offset
        let style = view.cursor.style
        write = { style.written($0) }
    }

    mutating func collect() {
        let cursor = view.cursor
        guard cursor.role != .nothing else { return }
        let written = view.written
        if let expression = ExpressionCursor(written.bytes, end: written.bytes.count) {
            collectExpression(expression, written)
            return
        }
        range = range.lowerBound..<Self.end(of: cursor, view)
        switch cursor.role {
        case .key: collectKeys()
        case .value: collectValues()
        case .entry:
            collectKeys()
            collectValues()
        case .nothing: break
        }
    }

    /// The end of the word around the cursor, so that all of it is replaced.
    private static func end(of cursor: CursorPlace, _ view: EditingView) -> Int {
        let bytes = view.document.bytes
        let limit = view.document.line(view.document.line(of: view.offset)).upperBound
        var end = view.offset
        switch cursor.style {
        case .single, .double:
            let quote = UInt8(ascii: cursor.style == .single ? "'" : "\"")
            while end < limit, bytes[end] != quote { end += 1 }
            // A text that is not closed may run into what follows.
            return end < limit ? end : view.offset
        case .plain:
            while end < limit, bytes[end] > 0x20, !":,[]{}#'\"".utf8.contains(bytes[end]) { end += 1 }
            return end
        case .block: return end
        }
    }

    mutating func add(
        _ label: String, _ kind: Completion.Kind, detail: String? = nil, documentation: String? = nil,
        text: String? = nil, snippet: String? = nil
    ) {
        completions.append(
            Completion(
                label: label, kind: kind, detail: detail,
                documentation: documentation.flatMap { $0.isEmpty ? nil : $0 }, text: write(text ?? label),
                snippet: snippet, range: view.document.range(range)))
    }

    // MARK: Keys

    private mutating func add(_ words: [FlowVocabulary.Word], without present: Set<String>) {
        for word in words where !present.contains(word.name) {
            addKey(word.name, .key, documentation: word.summary)
        }
    }

    /// A key with its colon where none follows.
    private mutating func addKey(
        _ key: String, _ kind: Completion.Kind, detail: String? = nil, documentation: String? = nil
    ) {
        let bytes = view.document.bytes
        let isQuoted = view.cursor.style == .single || view.cursor.style == .double
        var next = range.upperBound
        while next < bytes.count, bytes[next] == UInt8(ascii: " ") { next += 1 }
        let hasColon = next < bytes.count && bytes[next] == UInt8(ascii: ":")
        let style = view.cursor.style
        let text = style.written(key) + (hasColon || isQuoted ? "" : ": ")
        let old = write
        write = { $0 }
        add(key, kind, detail: detail, documentation: documentation, text: text)
        write = old
    }

    private mutating func collectKeys() {
        let place = view.place
        var present = Set(view.cursor.keys)
        let written = ScalarText(view.document.bytes, range, view.cursor.style).text
        // Keys behind the cursor; the one under it is not there yet.
        let read: SourceNode?
        switch place.part {
        case .file: read = view.definition
        case .action where !place.isList: read = view.node(at: place.rest, from: view.action?.action.node)
        case .trigger where !place.isList: read = view.node(at: place.rest, from: view.trigger?.node)
        default: read = nil
        }
        for member in read?.members ?? [] where member.key != written { present.insert(member.key) }
        switch place.part {
        case .file: add(FlowVocabulary.fileKeys, without: present)
        case .connectionReferences where place.name != nil && place.rest.isEmpty:
            add(FlowVocabulary.referenceKeys, without: present)
        case .parameters where place.name != nil && place.rest.isEmpty:
            add(FlowVocabulary.parameterKeys, without: present)
        case .trigger where place.name != nil: collectTriggerKeys(present)
        case .action where !place.isList: collectActionKeys(present)
        default: break
        }
    }

    private mutating func collectTriggerKeys(_ present: Set<String>) {
        let keys = view.place.keys
        if keys.isEmpty { return add(FlowVocabulary.triggerKeys, without: present) }
        if keys == ["inputs", "parameters"] { return collectParameters(present) }
        add(FlowVocabulary.triggerKeys(at: keys, type: view.trigger?.type ?? ""), without: present)
    }

    private mutating func collectActionKeys(_ present: Set<String>) {
        let place = view.place
        if place.isBranch {
            if place.rest.isEmpty { add(FlowVocabulary.caseKeys, without: present) }
            return
        }
        switch place.keys {
        case []:
            var words = FlowVocabulary.actionKeys(view.actionType)
            if view.actionType == nil {
                words.removeAll { ["inputs"].contains($0.name) && present.contains("actions") }
            }
            add(words, without: present)
        case ["runAfter"]:
            for sibling in view.possiblePredecessors where !present.contains(sibling.name) {
                addKey(sibling.name, .action, detail: sibling.typeName, documentation: "Runs after this action.")
            }
        case ["inputs", "parameters"]
        where view.actionType == .openApiConnection
            || view.actionType == .openApiConnectionWebhook:
            collectParameters(present)
        default: add(FlowVocabulary.keys(at: place.keys, in: view.actionType), without: present)
        }
    }

    private mutating func collectParameters(_ present: Set<String>) {
        let parameters = view.operationParameters.filter { !present.contains($0.name) }
        for parameter in parameters.filter(\.isRequired) + parameters.filter({ !$0.isRequired }) {
            addKey(
                parameter.name, .parameter,
                detail: parameter.type.rawValue + (parameter.isRequired ? ", required" : ""),
                documentation: parameter.summary)
        }
    }

    // MARK: Values

    private mutating func collectValues() {
        let place = view.place
        switch place.part {
        case .connectionReferences:
            if place.keys == ["runtimeSource"] { addWords(["embedded", "invoker"]) }
        case .parameters where place.keys == ["type"]: addWords(FlowVocabulary.parameterTypes)
        case .trigger: collectTriggerValues()
        case .action where !place.isList: collectActionValues()
        default: break
        }
    }

    private mutating func addWords(_ words: [String], detail: String? = nil) {
        for word in words { add(word, .word, detail: detail) }
    }

    private mutating func collectTriggerValues() {
        let keys = view.place.keys
        if keys == ["type"] {
            for type in FlowVocabulary.triggerTypes { add(type.name, .type, documentation: type.summary) }
        } else if !collectHost(keys) {
            addWords(FlowVocabulary.words(at: keys, in: nil, isTrigger: true))
        }
    }

    private mutating func collectActionValues() {
        let place = view.place
        let keys = place.keys
        if keys == ["type"] {
            for type in ActionType.allCases {
                add(type.rawValue, .type, documentation: FlowVocabulary.summary(of: type))
            }
            return
        }
        if keys.count == 3, keys[0] == "runAfter", keys[2] == "[]" {
            let statuses: [ActionStatus] = [.succeeded, .failed, .skipped, .timedOut]
            return addWords(statuses.map(\.rawValue), detail: "status")
        }
        switch (view.actionType, keys) {
        case (.workflow, ["inputs", "host", "workflowReferenceName"]): return collectFlows()
        case (.setVariable, ["inputs", "name"]), (.incrementVariable, ["inputs", "name"]),
            (.decrementVariable, ["inputs", "name"]), (.appendToArrayVariable, ["inputs", "name"]),
            (.appendToStringVariable, ["inputs", "name"]):
            return collectVariables()
        default: break
        }
        if !collectHost(keys) { addWords(FlowVocabulary.words(at: keys, in: view.actionType, isTrigger: false)) }
    }

    /// What a host names, and the words of an operation's parameters.
    /// - Returns: whether the place is one of these.
    private mutating func collectHost(_ keys: [String]) -> Bool {
        switch keys {
        case ["inputs", "host", "connectionName"], ["inputs", "host", "connectionReferenceName"]:
            for reference in view.facts.flow.connectionReferences {
                add(
                    reference.key, .connectionReference, detail: reference.connector,
                    documentation: reference.logicalName.map { "Bound as `\($0)`." })
            }
        case ["inputs", "host", "operationId"]: collectOperations()
        case ["inputs", "host", "apiId"]:
            if let connector = view.connector {
                add("/providers/Microsoft.PowerApps/apis/shared_\(connector)", .word)
            }
        default:
            guard keys.count == 3, keys[0] == "inputs", keys[1] == "parameters",
                let parameter = view.operationParameters.first(where: { $0.name == keys[2] })
            else { return false }
            for value in parameter.allowedValues ?? [] { add(value.stringValue ?? value.text, .word) }
            if parameter.type == .boolean { addWords(["true", "false"]) }
        }
        return true
    }

    private mutating func collectOperations() {
        guard let connector = view.connector else { return }
        let catalog = view.facts.catalog
        let isTrigger = view.place.part == .trigger
        for id in catalog.operationIDs(of: connector) {
            if isTrigger {
                if let trigger = catalog.trigger(id, of: connector) {
                    add(id, .operation, detail: connector, documentation: trigger.summary)
                }
            } else if let operation = catalog.operation(id, of: connector), operation.replacedBy == nil {
                add(id, .operation, detail: connector, documentation: operation.summary)
            }
        }
    }

    private mutating func collectFlows() {
        let own = view.facts.flow
        for flow in view.facts.flows.flows where flow.file != own.file || flow.name != own.name {
            guard flow.triggers.first?.isCallable == true else { continue }
            add(flow.name, .flow, detail: flow.file, documentation: flow.description)
        }
        for flow in view.facts.flows.flows where flow.file != own.file || flow.name != own.name {
            guard flow.triggers.first?.isCallable == true, let id = flow.id else { continue }
            add(id, .flow, detail: flow.name, documentation: flow.description)
        }
    }

    private mutating func collectVariables() {
        for variable in variables { add(variable.name, .variable, detail: variable.type) }
    }

    private var variables: [FlowFacts.Variable] {
        view.facts.variables.values.sorted { $0.location < $1.location }
    }

    // MARK: Expressions

    private mutating func collectExpression(_ expression: ExpressionCursor, _ written: ScalarText) {
        let whole = wholeText(written)
        let end = expression.tokenEnd(whole.bytes, from: written.bytes.count)
        let style = view.cursor.style
        func offsets(from start: Int) -> Range<Int> {
            whole.offsets[min(start, whole.bytes.count)]..<whole.offsets[min(end, whole.bytes.count)]
        }
        switch expression.place {
        case .complete: break
        case .name(_, let start):
            range = offsets(from: start)
            let old = write
            write = { style.escaped("'" + $0.replacing("'", with: "''") + "'") }
            if let call = expression.call { collectNames(for: call) }
            write = { style.escaped($0) }
            collectFunctions(isCalled: whole.bytes[min(end, whole.bytes.count)...].first == UInt8(ascii: "("))
            write = old
        case .text(_, let start):
            range = offsets(from: start)
            write = { style.escaped($0.replacing("'", with: "''")) }
            if let call = expression.call { collectNames(for: call) }
        case .property(_, let base, let start, let form):
            range = offsets(from: start)
            switch form {
            case .dotted: write = { style.escaped($0) }
            case .quoted: write = { style.escaped($0.replacing("'", with: "''")) }
            case .bracket: write = { style.escaped("'" + $0.replacing("'", with: "''") + "'") }
            }
            let text = String(decoding: written.bytes[base], as: UTF8.self)
            for property in StructureFinder(view).properties(of: text) {
                if form == .dotted, !property.name.utf8.allSatisfy(Self.isNamePart) { continue }
                add(property.name, .property, detail: property.type, documentation: property.summary)
            }
        }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
    }

    /// The text up to the end of its line or quote.
    private func wholeText(_ written: ScalarText) -> ScalarText {
        ScalarText(
            view.document.bytes, min(view.cursor.start, view.offset)..<Self.endOfText(view), view.cursor.style)
    }

    /// Where the text around the cursor ends, at the latest with its line.
    static func endOfText(_ view: EditingView) -> Int {
        let bytes = view.document.bytes
        let limit = view.document.line(view.document.line(of: view.offset)).upperBound
        var end = view.offset
        switch view.cursor.style {
        case .double:
            while end < limit, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
            return min(end, limit)
        case .single:
            while end < limit {
                guard bytes[end] == UInt8(ascii: "'") else {
                    end += 1
                    continue
                }
                guard end + 1 < limit, bytes[end + 1] == UInt8(ascii: "'") else { break }
                end += 2
            }
            return end
        case .plain, .block: return limit
        }
    }

    private mutating func collectFunctions(isCalled: Bool) {
        for function in FunctionLibrary.all {
            let takesNone = function.maximumCount == 0
            add(
                function.name, .function, detail: function.signature, documentation: Self.documentation(of: function),
                text: isCalled ? function.name : function.name + (takesNone ? "()" : "("),
                snippet: isCalled || takesNone ? nil : function.name + "($0)")
        }
        for word in ["true", "false", "null"] { add(word, .word) }
    }

    /// A function's text: summary and examples.
    static func documentation(of function: FunctionDeclaration) -> String {
        var text = function.summary
        let examples = function.examples.prefix(3).map { "\($0.expression)  →  \($0.value.text)" }
        if !examples.isEmpty { text += "\n\n```\n" + examples.joined(separator: "\n") + "\n```" }
        return text
    }

    /// The names that the first argument of a call may be.
    private mutating func collectNames(for call: ExpressionCursor.OpenCall) {
        guard let function = FunctionLibrary.declaration(named: call.name) else { return }
        switch (function.name.lowercased(), call.argument) {
        case ("outputs", 0), ("body", 0), ("actionoutputs", 0), ("actionbody", 0), ("multipartbody", 0),
            ("formdatavalue", 0), ("formdatamultivalues", 0):
            addActions(
                view.readableActions.filter { $0.action.type.map(ReferenceRules.withoutOutputs.contains) != true })
        case ("actions", 0): addActions(view.readableActions)
        case ("result", 0): addActions(view.readableActions.filter { $0.action.type?.isContainer == true })
        case ("items", 0): addLoops(view.loops.filter { $0.type == .foreach })
        case ("iterationindexes", 0): addLoops(view.loops)
        case ("variables", 0): collectVariables()
        case ("parameters", 0):
            for parameter in view.facts.flow.allParameters {
                add(
                    parameter.name, .parameter, detail: parameter.type,
                    documentation: parameter.defaultValue.map { parameter.isSecure ? "" : "Default: `\($0.text)`" })
            }
        default:
            if function.parameter(at: call.argument)?.role == .timeUnit { addWords(TimeValues.units) }
        }
    }

    private mutating func addActions(_ places: [FlowFacts.Place]) {
        // What ran last is the likeliest.
        for place in places.reversed() {
            add(
                place.action.name, .action, detail: place.action.typeName,
                documentation: place.action.node["description"]?.string)
        }
    }

    private mutating func addLoops(_ loops: [Action]) {
        for loop in loops { add(loop.name, .loop, detail: loop.typeName) }
    }
}

extension ScalarStyle {
    /// The text with the escapes of its quotes, never with quotes of its own.
    func escaped(_ text: String) -> String {
        if case .plain = self { text } else { written(text) }
    }
}
