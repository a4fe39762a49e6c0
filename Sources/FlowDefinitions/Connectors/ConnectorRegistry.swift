import FlowCore

/// The connectors that an environment knows, by name.
public struct ConnectorRegistry: Sendable {
    private let connectors: [String: any Connector]

    /// Makes a registry; two connectors of one name are a mistake of the program.
    public init(_ connectors: [any Connector]) {
        self.connectors = Dictionary(uniqueKeysWithValues: connectors.map { ($0.name, $0) })
    }

    /// The connector of an API name, with or without `shared_`, or nil.
    public subscript(name: String) -> (any Connector)? { connectors[Self.shortName(name)] }

    /// All connectors, by name.
    public var all: [any Connector] { connectors.values.sorted { $0.name < $1.name } }

    /// An API name without `shared_` and without the path of an `apiId`.
    public static func shortName(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return last.hasPrefix("shared_") ? String(last.dropFirst("shared_".count)) : last
    }
}

/// What the checker may ask about connectors.
public protocol OperationCatalog: Sendable {
    /// Whether the connector is known at all; about an unknown one nothing above information is said.
    func knows(connector: String) -> Bool
    /// The operation, or nil.
    func operation(_ id: String, of connector: String) -> ConnectorOperation?
    /// The trigger, or nil.
    func trigger(_ id: String, of connector: String) -> ConnectorTrigger?
    /// The ids of all operations and triggers, for "did you mean".
    func operationIDs(of connector: String) -> [String]
    /// Whether the connector has no other operations and triggers.
    func listsAllOperations(of connector: String) -> Bool
}

extension OperationCatalog {
    /// Everything is listed where nothing else is said.
    public func listsAllOperations(of connector: String) -> Bool { true }
}

extension ConnectorRegistry: OperationCatalog {
    /// Whether the connector is known.
    public func knows(connector: String) -> Bool { self[connector] != nil }

    /// The operation, letter case ignored, or nil.
    public func operation(_ id: String, of connector: String) -> ConnectorOperation? {
        let folded = id.lowercased()
        return self[connector]?.operations.first { $0.id.lowercased() == folded }
    }

    /// The trigger, letter case ignored, or nil.
    public func trigger(_ id: String, of connector: String) -> ConnectorTrigger? {
        let folded = id.lowercased()
        return self[connector]?.triggers.first { $0.id.lowercased() == folded }
    }

    /// Whether the connector says that it has no others.
    public func listsAllOperations(of connector: String) -> Bool { self[connector]?.listsAllOperations ?? true }

    /// The ids of all operations and triggers.
    public func operationIDs(of connector: String) -> [String] {
        guard let connector = self[connector] else { return [] }
        return connector.operations.map(\.id) + connector.triggers.map(\.id)
    }
}
