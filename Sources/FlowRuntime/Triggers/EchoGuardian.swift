import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// Tells echoes of our own writes from changes by others: by the values of the compared fields, never by version or user.
struct EchoGuardian {
    private let guards: [EchoGuard]

    init(_ catalog: Catalog) { guards = catalog.solutions.flatMap(\.solution.echoGuards) }

    /// The guards that an action's writes concern: those that name it, its flow, or nobody.
    func guards(ofFlow flow: String, action: String) -> [EchoGuard] {
        guards.filter {
            $0.writtenBy.isEmpty || $0.writtenBy.contains(flow) || $0.writtenBy.contains("\(flow)/\(action)")
        }
    }

    /// The guards of a flow's trigger.
    func guards(ofTriggerOf flow: String) -> [EchoGuard] { guards.filter { $0.trigger == flow } }

    /// The members that identify records of a trigger's guards.
    func entityNames(of trigger: String) -> [String] { guards.filter { $0.trigger == trigger }.map(\.entityID) }

    /// The hash of what a call writes to the compared fields; nil where it does not write all of them, for then its
    /// values alone cannot tell an echo.
    static func hash(ofWritten parameters: JSONObject, _ guardian: EchoGuard) -> String? {
        var values = JSONObject()
        for field in guardian.fields {
            let found = parameters.first { name, _ in
                name == field || name.hasSuffix("/\(field)")
            }
            guard let value = found?.1 ?? nested(field, in: parameters) else { return nil }
            values[field] = value
        }
        return values.isEmpty ? nil : hash(values)
    }

    /// The hash of the compared fields of a trigger's item.
    static func hash(ofItem item: JSON, _ guardian: EchoGuard) -> String {
        var values = JSONObject()
        for field in guardian.fields { values[field] = item.objectValue?.value(ignoringCase: field) ?? .null }
        return hash(values)
    }

    private static func nested(_ field: String, in parameters: JSONObject) -> JSON? {
        for (_, value) in parameters {
            if let found = value.objectValue?[field] { return found }
        }
        return nil
    }

    private static func hash(_ values: JSONObject) -> String {
        let sorted = values.sorted { $0.0 < $1.0 }.map { name, value in "\(name)=\(text(of: value))" }
        return ContentHash.of(Array(sorted.joined(separator: "\n").utf8))
    }

    /// A value as it is compared: a number and its text are the same, and 42000 is 42000.0.
    private static func text(of value: JSON) -> String {
        value.stringValue ?? value.integerValue.map { String($0) } ?? value.text
    }

    /// What a trigger's item is to the guards of its flow.
    enum Judgement {
        /// An echo of this write.
        case echo(EchoEntry)
        /// A change by others. What was written before is forgotten with the run that comes of it: should the record
        /// come back to those values later, that is a change again.
        case change(forgetting: [StoreChange])
    }

    /// Judges an item of a flow's trigger.
    func judge(_ item: JSON, flow: String, store: any FlowStore) async throws(FlowError) -> Judgement {
        var forgotten: [StoreChange] = []
        for guardian in guards(ofTriggerOf: flow) {
            guard let entity = item.objectValue?.value(ignoringCase: guardian.entityID)?.stringValue,
                var written = try await store.echo(kind: guardian.trigger, entity: entity), !written.fieldsHash.isEmpty
            else { continue }
            if written.fieldsHash == Self.hash(ofItem: item, guardian) { return .echo(written) }
            written.fieldsHash = ""
            forgotten.append(.echo(written))
        }
        return .change(forgetting: forgotten)
    }
}
