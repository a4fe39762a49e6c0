public import FlowCore
public import FlowText

/// A flow as it is written: the `properties` of an exported flow without its boilerplate.
///
/// Decoding gives it its shape and says what does not fit; validation checks the rules of the platform; a
/// ``FlowPlan`` is what runs.
public struct FlowDefinition: Sendable {
    /// Which platform's rules hold where they differ.
    public enum Kind: String, Sendable {
        /// A cloud flow of Power Automate.
        case flow
        /// A Logic Apps workflow: loops run 20 at a time where nothing is said.
        case logicApp = "logicapp"
    }

    /// The flow's name: of the file's `name`, or else the file's stem.
    public var name: String
    /// The flow's GUID in lower case, as written or derived from solution and name; nil for a file on its own without one.
    public var id: String?
    /// What the flow is for.
    public var description: String?
    /// Which platform's rules hold.
    public var kind: Kind
    /// The connection references, in the order written.
    public var connectionReferences: [ConnectionReference]
    /// The declared parameters, in the order written.
    public var parameters: [ParameterDeclaration]
    /// The triggers, in the order written; a flow that runs has exactly one.
    public var triggers: [Trigger]
    /// The top-level actions, in the order written.
    public var actions: [Action]
    /// The outputs by name: each with `type` and `value`.
    public var outputs: [SourceNode.Member]
    /// The static results by name.
    public var staticResults: [SourceNode.Member]
    /// The file it was read from.
    public var file: String
    /// The whole text tree.
    public var node: SourceNode

    /// Makes a definition of its parts.
    public init(
        name: String, id: String? = nil, description: String? = nil, kind: Kind = .flow,
        connectionReferences: [ConnectionReference] = [], parameters: [ParameterDeclaration] = [],
        triggers: [Trigger] = [], actions: [Action] = [], outputs: [SourceNode.Member] = [],
        staticResults: [SourceNode.Member] = [], file: String, node: SourceNode
    ) {
        self.name = name
        self.id = id
        self.description = description
        self.kind = kind
        self.connectionReferences = connectionReferences
        self.parameters = parameters
        self.triggers = triggers
        self.actions = actions
        self.outputs = outputs
        self.staticResults = staticResults
        self.file = file
        self.node = node
    }

    /// Every action of the flow, containers before their children, in the order written.
    public var allActions: [Action] { actions.flatMap(\.selfAndDescendants) }

    /// The declared parameters and the platform's boilerplate, `$connections` and `$authentication`, which flow files leave out.
    public var allParameters: [ParameterDeclaration] {
        guard kind == .flow else { return parameters }
        return parameters
            + Self.boilerplate.filter { one in !parameters.contains { $0.name == one.name } }
    }

    private static let boilerplate: [ParameterDeclaration] = {
        let nowhere = SourceLocation(file: "", line: 1, column: 1)
        return [
            ParameterDeclaration(name: "$connections", type: "Object", defaultValue: [:], location: nowhere),
            ParameterDeclaration(name: "$authentication", type: "SecureObject", defaultValue: [:], location: nowhere),
        ]
    }()

    /// The connection reference of a key, or nil.
    public func connectionReference(_ key: String) -> ConnectionReference? {
        connectionReferences.first { $0.key == key }
    }
}

/// The name by which a flow's actions speak of a connection.
public struct ConnectionReference: Sendable, Hashable {
    /// Whose connection is used.
    public enum RuntimeSource: String, Sendable, Hashable {
        /// The owner's: "Use this connection".
        case embedded
        /// The caller's: "Provided by run-only user".
        case invoker
    }

    /// The key in the flow.
    public let key: String
    /// The connector's API name without `shared_`.
    public let connector: String
    /// The name in the environment under which a connection is bound; without one the key serves.
    public let logicalName: String?
    /// Whose connection is used, as the file says.
    public let runtimeSource: RuntimeSource
    /// Where the reference is declared.
    public let location: SourceLocation

    /// Makes a connection reference.
    public init(
        key: String, connector: String, logicalName: String? = nil, runtimeSource: RuntimeSource = .embedded,
        location: SourceLocation
    ) {
        self.key = key
        self.connector = connector
        self.logicalName = logicalName
        self.runtimeSource = runtimeSource
        self.location = location
    }
}

/// A declared parameter of a flow; those of environment variables are keyed `Display name (schema_name)`.
public struct ParameterDeclaration: Sendable {
    /// The name.
    public let name: String
    /// The type as written: string, securestring, int, float, bool, array, object, secureobject, in any letter case.
    public let type: String
    /// The default, or nil where there is none.
    public let defaultValue: JSON?
    /// The values that are allowed, or nil for any.
    public let allowedValues: [JSON]?
    /// The schema name of the environment variable behind it (`metadata.schemaName`), or nil.
    public let schemaName: String?
    /// Where the parameter is declared.
    public let location: SourceLocation

    /// Makes a declaration.
    public init(
        name: String, type: String, defaultValue: JSON? = nil, allowedValues: [JSON]? = nil, schemaName: String? = nil,
        location: SourceLocation
    ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.allowedValues = allowedValues
        self.schemaName = schemaName
        self.location = location
    }

    /// Whether the value must not be shown.
    public var isSecure: Bool { type.lowercased().hasPrefix("secure") }
}
