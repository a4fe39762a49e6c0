import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowStorage

/// Tells echoes of our own writes from changes by others: by the values of the compared fields, never by version or user.
///
/// Of each record is known, field by field, with which values a run was started last, and over that what runs wrote since.
/// An item of the trigger is an echo where a run has written since, and all compared fields are as they are known.
struct EchoGuardian: Sendable {
    private let guards: [EchoGuard]

    /// No guards.
    init() { guards = [] }

    /// The guards of all solutions; which fields they compare may depend on variables.
    init(_ catalog: Catalog, _ state: EnvironmentState, now: Timestamp) {
        let values = VariableValues(catalog, state)
        guards = catalog.solutions.flatMap { part -> [EchoGuard] in
            guard part.solution.echoGuards.contains(where: { $0.fields.contains { $0.contains("@") } }) else {
                return part.solution.echoGuards
            }
            var parameters = JSONObject()
            for flow in catalog.flows where flow.solution == part.installed.name {
                for (name, value) in values.parameters(of: flow.definition) { parameters[name] = value }
            }
            let scope = ContextScope(["parameters": .object(parameters)], now: now)
            return part.solution.echoGuards.map { written in
                var guardian = written
                guardian.fields = written.fields.map { field in
                    guard field.contains("@") else { return field }
                    return (try? CompiledTemplate(field).evaluate(in: scope))?.stringValue ?? field
                }
                return guardian
            }
        }
    }

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

    /// The digests of what a call writes to compared fields.
    static func values(ofWritten parameters: JSONObject, _ guardian: EchoGuard) -> [String: String] {
        var written: [String: JSON] = [:]
        for (name, value) in parameters {
            // `item` with its members, or each member for itself as `item/Name`.
            for (member, value) in value.objectValue ?? [:] { written[member.lowercased()] = value }
            written[name.split(separator: "/").last.map { $0.lowercased() } ?? ""] = value
        }
        var values: [String: String] = [:]
        for field in guardian.fields {
            if let value = written[field.lowercased()] {
                values[field] = digest(of: value)
            } else if let column = lookedUp(by: field), let value = written["\(column)@odata.bind"] {
                values[field] = digest(of: .string(rowID(value.stringValue ?? "")))
            }
        }
        return values
    }

    /// The digests of a record's compared fields, as far as it has them.
    func values(ofRecord record: JSONObject, of trigger: String) -> [String: String] {
        var values: [String: String] = [:]
        for field in guards.filter({ $0.trigger == trigger }).flatMap(\.fields) {
            if let value = record.value(ignoringCase: field) { values[field] = Self.digest(of: value) }
        }
        return values
    }

    /// The column whose row an OData member such as `_ownerid_value` names.
    private static func lookedUp(by field: String) -> String? {
        let name = field.lowercased()
        guard name.hasPrefix("_"), name.hasSuffix("_value") else { return nil }
        return String(name.dropFirst().dropLast(6))
    }

    /// The id in a reference such as `/accounts(ID)`.
    private static func rowID(_ reference: String) -> String {
        guard let open = reference.lastIndex(of: "("), reference.hasSuffix(")") else { return reference }
        return String(reference[reference.index(after: open)...].dropLast()).lowercased()
    }

    /// A value as it is compared: a number and its text are the same, 42000 is 42000.0, and an empty text is none.
    private static func digest(of value: JSON) -> String {
        let text =
            value.isNull ? "" : value.stringValue ?? value.integerValue.map { String($0) } ?? value.text
        return String(Base64.encodeURL(Digest.sha256(Array(text.utf8))).prefix(22))
    }

    /// What a trigger's item is to the guards of its flow.
    enum Judgement {
        /// An echo of this write. The write is seen with it: a later item needs another write to be an echo.
        case echo(EchoEntry, seen: StoreChange)
        /// A change by others; what is then known of the record is committed with the run that comes of it.
        case change(remembering: [StoreChange])
    }

    /// Judges an item of a flow's trigger.
    func judge(
        _ item: JSON, flow: String, at now: Timestamp, store: any FlowStore
    ) async throws(FlowError) -> Judgement {
        var remembered: [StoreChange] = []
        for guardian in guards(ofTriggerOf: flow) {
            guard let record = item.objectValue,
                let entity = record.value(ignoringCase: guardian.entityID)?.stringValue
            else { continue }
            var values: [String: String] = [:]
            for field in guardian.fields {
                values[field] = Self.digest(of: record.value(ignoringCase: field) ?? .null)
            }
            let known = try await store.echo(kind: guardian.trigger, entity: entity)
            if let known, !known.run.isEmpty, values.allSatisfy({ known.values[$0.key] == $0.value }) {
                var seen = known
                seen.run = ""
                return .echo(known, seen: .echo(seen))
            }
            remembered.append(
                .echo(EchoEntry(kind: guardian.trigger, entity: entity, values: values, run: "", writtenAt: now)))
        }
        return .change(remembering: remembered)
    }
}
