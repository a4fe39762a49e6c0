import FlowCore
import FlowText

/// Flows that start themselves again by writing what their trigger watches.
enum SelfTriggerRules {
    private enum Change: Hashable { case create, update, delete }

    /// What a trigger watches.
    private struct Watch {
        let connector: String
        let table: String
        let changes: Set<Change>
        /// The columns that a change must touch; empty for any.
        let columns: Set<String>
    }

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        guard let trigger = facts.trigger, let watch = watch(of: trigger, facts.flow) else { return }
        // A trigger condition is the usual guard.
        if trigger.node["conditions"]?.elements.isEmpty == false { return }
        for place in facts.places where place.action.type == .openApiConnection {
            // Inside a condition the author has thought about it.
            if place.ancestors.contains(where: { $0.type == .if || $0.type == .switch }) { continue }
            guard let (table, changes, columns) = write(of: place.action, facts.flow, connector: watch.connector),
                isSame(table, watch.table), !changes.isDisjoint(with: watch.changes)
            else { continue }
            if !watch.columns.isEmpty, !changes.contains(.create) || !watch.changes.contains(.create),
                columns.isDisjoint(with: watch.columns)
            {
                continue
            }
            report.warning(
                .selfTrigger,
                "The action '\(place.action.name)' changes the table '\(table)', which the trigger '\(trigger.name)' watches: the flow starts itself again.",
                at: place.action.location, path: place.action.path,
                hint: "add a trigger condition, or let the trigger watch only columns that the flow does not write")
        }
    }

    private static func connector(of host: SourceNode?, _ flow: FlowDefinition) -> String? {
        let key = host?["connectionName"]?.string ?? host?["connectionReferenceName"]?.string
        return key.flatMap { flow.connectionReference($0)?.connector }
            ?? host?["apiId"]?.string.map(ConnectorRegistry.shortName)
    }

    private static func watch(of trigger: Trigger, _ flow: FlowDefinition) -> Watch? {
        guard let inputs = trigger.inputs, let connector = connector(of: inputs["host"], flow),
            let operation = inputs["host"]?["operationId"]?.string
        else { return nil }
        let parameters = inputs["parameters"]
        switch (connector, operation.lowercased()) {
        case ("commondataserviceforapps", "subscribewebhooktrigger"):
            guard let table = parameters?["subscriptionRequest/entityname"]?.string,
                let message = parameters?["subscriptionRequest/message"]?.wholeNumber,
                parameters?["subscriptionRequest/filterexpression"] == nil
            else { return nil }
            let changes: Set<Change>
            switch message {
            case 1: changes = [.create]
            case 2: changes = [.delete]
            case 3: changes = [.update]
            case 4: changes = [.create, .update]
            case 5: changes = [.create, .delete]
            case 6: changes = [.update, .delete]
            default: changes = [.create, .update, .delete]
            }
            let filter = parameters?["subscriptionRequest/filteringattributes"]?.string ?? ""
            let columns = Set(filter.split(separator: ",").map { String($0).trimmed.lowercased() })
            return Watch(connector: connector, table: table, changes: changes, columns: columns)
        case ("salesforce", "getonnewitems"), ("salesforce", "getonnewitems_v2"):
            guard let table = parameters?["table"]?.string else { return nil }
            return Watch(connector: connector, table: table, changes: [.create], columns: [])
        case ("salesforce", "getonupdateditems"), ("salesforce", "getonupdateditems_v2"):
            guard let table = parameters?["table"]?.string else { return nil }
            return Watch(connector: connector, table: table, changes: [.create, .update], columns: [])
        default: return nil
        }
    }

    private static func write(
        of action: Action, _ flow: FlowDefinition, connector wanted: String
    ) -> (table: String, changes: Set<Change>, columns: Set<String>)? {
        guard let inputs = action.inputs, let connector = connector(of: inputs["host"], flow), connector == wanted,
            let operation = inputs["host"]?["operationId"]?.string?.lowercased(),
            let table = (inputs["parameters"]?["entityName"] ?? inputs["parameters"]?["table"])?.string
        else { return nil }
        let columns = Set(
            inputs["parameters"]?.members.compactMap { member -> String? in
                guard member.key.hasPrefix("item/") else { return nil }
                return member.key.dropFirst(5).prefix { $0 != "@" && $0 != "/" }.lowercased()
            } ?? [])
        switch operation {
        case "createrecord", "postitem", "postitem_v2": return (table, [.create], columns)
        case "updaterecord": return (table, [.update], columns)
        case "updateonlyrecord", "patchitem", "patchitem_v2", "patchitem_v3": return (table, [.update], columns)
        case "deleterecord", "deleteitem", "deleteitem_v2": return (table, [.delete], columns)
        default: return nil
        }
    }

    /// Whether a table's name in the plural, as actions write it, is that of a trigger's in the singular.
    private static func isSame(_ plural: String, _ singular: String) -> Bool {
        let plural = plural.lowercased()
        let singular = singular.lowercased()
        if plural == singular || plural == singular + "s" || plural == singular + "es" { return true }
        return singular.hasSuffix("y") && plural == singular.dropLast() + "ies"
    }
}
