public import FlowCore
public import FlowText

/// One action of a flow as it is written.
public struct Action: Sendable {
    /// The name, unique in its flow whatever the letter case.
    public let name: String
    /// The place in the flow, as in `actions/Try/actions/Send`.
    public let path: ActionPath
    /// The type as written.
    public let typeName: String
    /// The type, where flowrun knows it.
    public let type: ActionType?
    /// The kind, of Response and Expression actions for instance, or nil.
    public let kind: String?
    /// Which siblings must have ended how before this one starts, in the order written.
    public let runAfter: [RunAfter]
    /// The containers of children: none, `actions` alone, or several branches.
    public let branches: [Branch]
    /// The whole action as written.
    public let node: SourceNode
    /// Where its name stands.
    public let location: SourceLocation

    /// One condition of `runAfter`.
    public struct RunAfter: Sendable {
        /// The sibling that must end first.
        public let action: String
        /// The statuses with which it may have ended.
        public let statuses: [ActionStatus]
        /// Where the condition stands.
        public let location: SourceLocation

        /// Makes a condition.
        public init(action: String, statuses: [ActionStatus], location: SourceLocation) {
            self.action = action
            self.statuses = statuses
            self.location = location
        }
    }

    /// A list of child actions and when it runs.
    public struct Branch: Sendable {
        /// When a branch runs.
        public enum Role: Sendable, Hashable {
            /// The `actions` of a container, loop or true condition.
            case main
            /// The `else` of an If.
            case otherwise
            /// A case of a Switch, by its key.
            case switchCase(String)
            /// The `default` of a Switch.
            case switchDefault
        }

        /// When it runs.
        public let role: Role
        /// The `case` value of a Switch case, or nil.
        public let caseValue: SourceNode?
        /// The actions, in the order written.
        public let actions: [Action]
        /// Where the branch stands.
        public let location: SourceLocation

        /// Makes a branch.
        public init(role: Role, caseValue: SourceNode? = nil, actions: [Action], location: SourceLocation) {
            self.role = role
            self.caseValue = caseValue
            self.actions = actions
            self.location = location
        }
    }

    /// Makes an action of its parts.
    public init(
        name: String, path: ActionPath, typeName: String, type: ActionType?, kind: String? = nil,
        runAfter: [RunAfter] = [], branches: [Branch] = [], node: SourceNode, location: SourceLocation
    ) {
        self.name = name
        self.path = path
        self.typeName = typeName
        self.type = type
        self.kind = kind
        self.runAfter = runAfter
        self.branches = branches
        self.node = node
        self.location = location
    }

    /// The `inputs` as written, or nil.
    public var inputs: SourceNode? { node["inputs"] }

    /// This action and everything inside it.
    public var selfAndDescendants: [Action] {
        [self] + branches.flatMap { $0.actions.flatMap(\.selfAndDescendants) }
    }

    /// The key of the connection reference that a connector action names, or nil.
    public var connectionReferenceKey: String? {
        let host = inputs?["host"]
        return host?["connectionName"]?.string ?? host?["connectionReferenceName"]?.string
            ?? host?["connection"]?["referenceName"]?.string
            ?? host?["connection"]?["name"]?.string.flatMap(Self.connectionKey)
    }

    /// The key in `@parameters('$connections')['key']['connectionId']`, or nil.
    private static func connectionKey(in expression: String) -> String? {
        let prefix = "@parameters('$connections')['"
        guard expression.hasPrefix(prefix) else { return nil }
        let key = expression.dropFirst(prefix.count).prefix { $0 != "'" }
        return key.isEmpty ? nil : String(key)
    }

    /// The operation that a connector action names, or nil.
    public var operationID: String? { inputs?["host"]?["operationId"]?.string }

    /// What a child-flow call names: an id or a name, or nil.
    public var childReference: String? { inputs?["host"]?["workflowReferenceName"]?.string }
}

/// The action types that flowrun runs; the raw value is the platform's spelling.
public enum ActionType: String, Sendable, CaseIterable {
    /// Compose: a value.
    case compose = "Compose"
    /// Parse JSON: a value checked against a schema.
    case parseJson = "ParseJson"
    /// Select: maps each element of an array.
    case select = "Select"
    /// Filter array: keeps some elements.
    case query = "Query"
    /// Join: elements to a text.
    case join = "Join"
    /// Create CSV or HTML table.
    case table = "Table"
    /// A date or text function as an action of its own.
    case expression = "Expression"
    /// Initialize variable.
    case initializeVariable = "InitializeVariable"
    /// Set variable.
    case setVariable = "SetVariable"
    /// Increment variable.
    case incrementVariable = "IncrementVariable"
    /// Decrement variable.
    case decrementVariable = "DecrementVariable"
    /// Append to array variable.
    case appendToArrayVariable = "AppendToArrayVariable"
    /// Append to string variable.
    case appendToStringVariable = "AppendToStringVariable"
    /// Delay, or delay until.
    case wait = "Wait"
    /// Terminate the run.
    case terminate = "Terminate"
    /// Condition.
    case `if` = "If"
    /// Switch.
    case `switch` = "Switch"
    /// Apply to each.
    case foreach = "Foreach"
    /// Do until.
    case until = "Until"
    /// Scope.
    case scope = "Scope"
    /// Run a child flow.
    case workflow = "Workflow"
    /// HTTP request.
    case http = "Http"
    /// HTTP webhook.
    case httpWebhook = "HttpWebhook"
    /// Response to the caller.
    case response = "Response"
    /// Connector operation by operation id.
    case openApiConnection = "OpenApiConnection"
    /// Connector operation that waits for a callback.
    case openApiConnectionWebhook = "OpenApiConnectionWebhook"
    /// Connector operation by method and path.
    case apiConnection = "ApiConnection"
    /// Connector operation by method and path that waits for a callback.
    case apiConnectionWebhook = "ApiConnectionWebhook"

    /// The type of a name, whatever its letter case.
    public init?(ignoringCase name: String) {
        guard let type = Self.byLowercasedName[name.lowercased()] else { return nil }
        self = type
    }

    private static let byLowercasedName: [String: ActionType] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue.lowercased(), $0) })

    /// Whether the action has children.
    public var isContainer: Bool {
        switch self {
        case .if, .switch, .foreach, .until, .scope: true
        default: false
        }
    }

    /// Whether children run once for each item or round.
    public var isLoop: Bool { self == .foreach || self == .until }
}

/// How an action stands or ended; the raw value is the platform's spelling.
public enum ActionStatus: String, Sendable, Hashable, CaseIterable {
    /// Ended well.
    case succeeded = "Succeeded"
    /// Ended with an error.
    case failed = "Failed"
    /// Not run.
    case skipped = "Skipped"
    /// Ran out of time.
    case timedOut = "TimedOut"
    /// Ended from outside.
    case cancelled = "Cancelled"
    /// Being carried out.
    case running = "Running"
    /// Waiting for time, a callback or a person.
    case waiting = "Waiting"

    /// Whether it has ended.
    public var isFinal: Bool { self != .running && self != .waiting }
}
