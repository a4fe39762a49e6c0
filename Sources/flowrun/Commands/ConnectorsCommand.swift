import ArgumentParser
import FlowCore
import FlowDefinitions

/// `flowrun connectors [NAME]`: what flows can call, and what can start them.
struct ConnectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors", abstract: "Shows the connectors: operations, triggers and their parameters.",
        discussion: "Without NAME all connectors are listed; with NAME and OPERATION one operation is shown whole.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A connector's API name, such as salesforce.")
    var name: String?

    @Argument(help: "One of its operations or triggers, in any letter case.")
    var operation: String?

    func run() throws {
        let registry = Wiring.catalog
        guard let name else {
            options.present(.array(registry.all.map(Self.json))) { Self.table(registry.all) }
            return
        }
        guard let connector = registry[name.lowercased()] else {
            let near = Suggestion.nearest(to: name, among: registry.all.map(\.name))
            throw FlowError(
                .connectorNotFound, "There is no connector '\(name)'.",
                hint: near.map { "did you mean '\($0)'? flowrun connectors \($0)" }
                    ?? "flowrun connectors lists all connectors")
        }
        guard let operation else {
            options.present(Self.json(of: connector)) { Self.page(of: connector) }
            return
        }
        guard let found = Offer.all(of: connector).first(where: { $0.id.lowercased() == operation.lowercased() }) else {
            let near = Suggestion.nearest(to: operation, among: Offer.all(of: connector).map(\.id))
            throw FlowError(
                .operationNotFound, "The connector '\(connector.name)' has no operation '\(operation)'.",
                hint: near.map { "did you mean '\($0)'? flowrun connectors \(connector.name) \($0)" }
                    ?? "flowrun connectors \(connector.name) lists all operations")
        }
        options.present(found.json) { found.page }
    }

    private static func table(_ connectors: [any Connector]) -> String {
        var table = Table("CONNECTOR", "NAME", "OPERATIONS", "TRIGGERS")
        for connector in connectors {
            table.add(
                connector.name, connector.displayName, String(connector.operations.count),
                String(connector.triggers.count))
        }
        return table.text
    }

    private static func json(of connector: any Connector) -> JSON {
        [
            "name": .string(connector.name), "displayName": .string(connector.displayName),
            "connectionParameters": .array(
                connector.connectionParameters.map { ["name": .string($0.name), "summary": .string($0.summary)] }),
            "operations": .array(Offer.operations(of: connector).map(\.json)),
            "triggers": .array(Offer.triggers(of: connector).map(\.json)),
        ]
    }

    private static func page(of connector: any Connector) -> String {
        var table = Table("", "NAME", "WHAT IT DOES")
        for offer in Offer.all(of: connector) { table.add(offer.kind, offer.id, offer.about) }
        return Style.bold("\(connector.name) (\(connector.displayName))") + "\n\n" + table.text
    }
}

/// An operation or trigger as it is shown.
private struct Offer {
    let kind: String
    let id: String
    let summary: String
    let parameters: [OperationParameter]
    let replay: ReplayRule?
    let replacedBy: String?

    static func operations(of connector: any Connector) -> [Offer] {
        connector.operations.map {
            Offer(
                kind: "operation", id: $0.id, summary: $0.summary, parameters: $0.parameters, replay: $0.replay,
                replacedBy: $0.replacedBy)
        }
    }

    static func triggers(of connector: any Connector) -> [Offer] {
        connector.triggers.map {
            Offer(
                kind: "trigger", id: $0.id, summary: $0.summary, parameters: $0.parameters, replay: nil, replacedBy: nil
            )
        }
    }

    static func all(of connector: any Connector) -> [Offer] { operations(of: connector) + triggers(of: connector) }

    var about: String { replacedBy.map { "Deprecated; '\($0)' has taken its place." } ?? summary }

    var json: JSON {
        var members: JSONObject = [
            "id": .string(id), "summary": .string(summary),
            "parameters": .array(
                parameters.map {
                    [
                        "name": .string($0.name), "type": .string($0.type.rawValue), "required": .bool($0.isRequired),
                        "summary": .string($0.summary ?? ""),
                    ]
                }),
        ]
        if let replay { members["replay"] = .string(replay.rawValue) }
        if let replacedBy { members["replacedBy"] = .string(replacedBy) }
        return .object(members)
    }

    var page: String {
        var text = "\(Style.bold(id)) (\(kind))\n\n  \(about)\n"
        if let replay { text += "  After a crash: \(replay.meaning).\n" }
        guard !parameters.isEmpty else { return text }
        var table = Table("PARAMETER", "TYPE", "", "MEANING")
        for parameter in parameters {
            table.add(
                parameter.name, parameter.type.rawValue, parameter.isRequired ? "required" : "", parameter.summary ?? ""
            )
        }
        return text + "\n" + table.text
    }
}

extension ReplayRule {
    /// What happens to a call that was under way when its process ended.
    fileprivate var meaning: String {
        switch self {
        case .read: "it is sent again, because it changes nothing"
        case .idempotent: "it is sent again, because twice is as once"
        case .lookup: "the service is asked whether it happened"
        case .inDoubt: "the run waits until someone settles whether it happened"
        }
    }
}
