public import FlowCore
public import FlowText

/// A solution: a folder with `solution.yaml` and the flows it names.
public struct Solution: Sendable {
    /// The unique name.
    public var uniqueName: String
    /// The name for people.
    public var displayName: String
    /// The version, four numbers.
    public var version: String
    /// The publisher's unique name and prefix.
    public var publisher: Publisher
    /// The connection references, in the order written.
    public var connectionReferences: [SolutionConnectionReference]
    /// The environment variables, in the order written.
    public var environmentVariables: [EnvironmentVariable]
    /// The flows in the documented order, which breaks ties of the activation order.
    public var flows: [SolutionFlow]
    /// Expressions over the trigger by which runs are found, by name.
    public var businessKeys: [(name: String, expression: String)]
    /// Expressions over the trigger by which a sender's retries collapse, by flow name.
    public var deduplication: [(flow: String, expression: String)]
    /// What becomes of the times of a schedule at which nothing served the flow, by flow name; others are skipped.
    public var missedTimes: [(flow: String, rule: MissedTimes)]
    /// Which trigger items are echoes of our own writes.
    public var echoGuards: [EchoGuard]
    /// Groups of flows, by name, of whose runs one goes at a time.
    public var oneAtATime: [[String]]
    /// How both sides of its records are compared, or nil.
    public var audit: SolutionAudit?
    /// The folder it was read from.
    public var folder: String
    /// The text tree of `solution.yaml`.
    public var node: SourceNode

    /// Who publishes a solution.
    public struct Publisher: Sendable, Hashable {
        /// The unique name.
        public var uniqueName: String
        /// The prefix of its schema names.
        public var prefix: String

        /// Makes a publisher.
        public init(uniqueName: String, prefix: String) {
            self.uniqueName = uniqueName
            self.prefix = prefix
        }
    }

    /// Makes a solution of its parts.
    public init(
        uniqueName: String, displayName: String, version: String, publisher: Publisher,
        connectionReferences: [SolutionConnectionReference], environmentVariables: [EnvironmentVariable],
        flows: [SolutionFlow], businessKeys: [(name: String, expression: String)],
        deduplication: [(flow: String, expression: String)], missedTimes: [(flow: String, rule: MissedTimes)] = [],
        echoGuards: [EchoGuard], oneAtATime: [[String]] = [], audit: SolutionAudit? = nil, folder: String,
        node: SourceNode
    ) {
        self.uniqueName = uniqueName
        self.displayName = displayName
        self.version = version
        self.publisher = publisher
        self.connectionReferences = connectionReferences
        self.environmentVariables = environmentVariables
        self.flows = flows
        self.businessKeys = businessKeys
        self.deduplication = deduplication
        self.missedTimes = missedTimes
        self.echoGuards = echoGuards
        self.oneAtATime = oneAtATime
        self.audit = audit
        self.folder = folder
        self.node = node
    }
}

/// What becomes of the times of a schedule at which nothing served the flow.
public enum MissedTimes: String, Sendable, Hashable, CaseIterable {
    /// They are skipped, as the platform does.
    case skip
    /// One run makes up for all of them.
    case once
    /// Each of them gets its run, in order.
    case all
}

/// A flow of a solution with the other names it is known by.
public struct SolutionFlow: Sendable {
    /// The flow.
    public var definition: FlowDefinition
    /// Other spellings of its name.
    public var aliases: [String]

    /// Makes an entry.
    public init(definition: FlowDefinition, aliases: [String]) {
        self.definition = definition
        self.aliases = aliases
    }
}

/// A connection reference of a solution, to which a connection is bound in the environment.
public struct SolutionConnectionReference: Sendable, Hashable {
    /// The logical name.
    public var logicalName: String
    /// The connector's API name without `shared_`.
    public var connector: String
    /// The name for people.
    public var displayName: String

    /// Makes a reference.
    public init(logicalName: String, connector: String, displayName: String) {
        self.logicalName = logicalName
        self.connector = connector
        self.displayName = displayName
    }
}

/// An environment variable of a solution.
public struct EnvironmentVariable: Sendable, Hashable {
    /// The type of a variable, in the platform's spelling.
    public enum ValueType: String, Sendable, Hashable, CaseIterable {
        /// A text.
        case string = "String"
        /// A number.
        case number = "Number"
        /// Yes or No.
        case boolean = "Boolean"
        /// A JSON text.
        case json = "JSON"
        /// A data source.
        case dataSource = "DataSource"
        /// A secret.
        case secret = "Secret"
    }

    /// The schema name.
    public var schemaName: String
    /// The name for people.
    public var displayName: String
    /// The type.
    public var type: ValueType
    /// The default, or nil.
    public var defaultValue: JSON?
    /// What it is for.
    public var description: String?

    /// Makes a variable.
    public init(
        schemaName: String, displayName: String, type: ValueType, defaultValue: JSON? = nil, description: String? = nil
    ) {
        self.schemaName = schemaName
        self.displayName = displayName
        self.type = type
        self.defaultValue = defaultValue
        self.description = description
    }

    /// The name under which flows declare it as a parameter: `Display name (schema_name)`.
    public var parameterName: String { "\(displayName) (\(schemaName))" }
}

/// Says which items of a trigger are echoes of our own writes: those whose compared values equal what we wrote last.
public struct EchoGuard: Sendable, Hashable {
    /// The flow whose trigger is guarded.
    public var trigger: String
    /// The member of the item that identifies the record.
    public var entityID: String
    /// The members whose values are compared.
    public var fields: [String]
    /// The actions that write such records, each `Flow name/Action_name`, or flow names alone.
    public var writtenBy: [String]

    /// Makes a guard.
    public init(trigger: String, entityID: String, fields: [String], writtenBy: [String]) {
        self.trigger = trigger
        self.entityID = entityID
        self.fields = fields
        self.writtenBy = writtenBy
    }
}
