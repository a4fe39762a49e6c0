public import FlowCore
public import FlowExpressions

/// A list of actions that start together and end together.
public final class PlannedContainer: Sendable {
    /// The container's number.
    public let id: Int
    /// The action it belongs to; nil for the flow itself.
    public let parent: Int?
    /// When it runs.
    public let role: Action.Branch.Role
    /// The value of a Switch case, or nil.
    public let caseValue: JSON?
    /// Its actions in the order written.
    public let actions: [Int]
    /// Those that wait for no sibling.
    public let roots: [Int]
    /// Those for which no sibling waits.
    public let leaves: [Int]
    /// The body in which its actions have their records.
    public let body: Int
    /// Its place among the containers of that body.
    public let slot: Int

    init(
        id: Int, parent: Int?, role: Action.Branch.Role, caseValue: JSON?, actions: [Int], roots: [Int], leaves: [Int],
        body: Int, slot: Int
    ) {
        self.id = id
        self.parent = parent
        self.role = role
        self.caseValue = caseValue
        self.actions = actions
        self.roots = roots
        self.leaves = leaves
        self.body = body
        self.slot = slot
    }
}

/// What has one set of records at a time: the flow itself, or the inside of a loop.
public struct PlannedBody: Sendable {
    /// The body's number.
    public let id: Int
    /// The loop it belongs to; nil for the flow itself.
    public let loop: Int?
    /// The container with which it begins.
    public let container: Int
    /// Its actions, each at its slot.
    public let actions: [Int]
    /// Its containers, each at its slot.
    public let containers: [Int]
}

/// A set of final statuses, as `runAfter` lists them.
public struct StatusSet: OptionSet, Sendable, Hashable {
    /// One bit a status.
    public let rawValue: UInt8

    /// Makes a set of its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set of one status.
    public init(_ status: ActionStatus) {
        switch status {
        case .succeeded: self.init(rawValue: 1)
        case .failed: self.init(rawValue: 2)
        case .skipped: self.init(rawValue: 4)
        case .timedOut: self.init(rawValue: 8)
        case .cancelled: self.init(rawValue: 16)
        case .running, .waiting: self.init(rawValue: 0)
        }
    }
}

/// One condition of `runAfter`.
public struct PlannedPredecessor: Sendable {
    /// The sibling.
    public let action: Int
    /// The statuses with which it may have ended.
    public let statuses: StatusSet
    /// The statuses as the platform's message lists them.
    public let statusNames: String
}

/// The mocked result of an action.
public struct StaticResult: Sendable {
    /// The status.
    public let status: ActionStatus
    /// The code, or nil for the usual one.
    public let code: String?
    /// The error's code and message, or nil.
    public let error: (code: String, message: String)?
    /// The outputs, or nil.
    public let outputs: JSON?
}

/// An action, compiled.
public final class PlannedAction: Sendable {
    /// The action's number.
    public let id: Int
    /// The name.
    public let name: String
    /// The place in the flow.
    public let path: ActionPath
    /// The type; nil for one that flowrun does not run.
    public let type: ActionType?
    /// The type as written.
    public let typeName: String
    /// The kind, or nil.
    public let kind: String?
    /// The container it stands in.
    public let container: Int
    /// The body in which it has its record.
    public let body: Int
    /// Its place among the records of that body.
    public let slot: Int
    /// The enclosing loops, outer first.
    public let loops: [Int]
    /// The siblings that must have ended.
    public let predecessors: [PlannedPredecessor]
    /// The siblings that wait for it.
    public let dependents: [Int]
    /// Its own containers.
    public let branches: [Int]
    /// What it does.
    public let work: PlannedWork
    /// `limit.timeout`, or nil.
    public let timeout: CompiledValue?
    /// What a failed call does; nil for the default of the environment.
    public let retryPolicy: CompiledValue?
    /// `paginationPolicy.minimumItemCount`, or nil.
    public let minimumItemCount: Int?
    /// `requestOptions.timeout`, or nil.
    public let requestTimeout: CompiledValue?
    /// The tracked properties, or nil.
    public let trackedProperties: CompiledValue?
    /// The mocked result that takes the action's place, or nil.
    public let staticResult: StaticResult?
    /// Which secrets its inputs may hold; they are hidden in history where one of them is secret in a run.
    public let secretInputs: SecretSources
    /// Which secrets its outputs may hold.
    public let secretOutputs: SecretSources
    /// Where it stands.
    public let location: SourceLocation
    private let options: Set<String>

    /// Whether `operationOptions` names an option.
    /// - Parameter option: the option in small letters.
    /// - Returns: whether it is among them.
    public func hasOption(_ option: String) -> Bool { !options.isEmpty && options.contains(option) }

    init(_ parts: PlannedActionParts) {
        let action = parts.action
        id = parts.id
        name = action.name
        path = action.path
        type = action.type
        typeName = action.typeName
        kind = action.kind
        container = parts.container
        body = parts.body
        slot = parts.slot
        loops = parts.loops
        predecessors = parts.predecessors
        dependents = parts.dependents
        branches = parts.branches
        work = parts.work
        timeout = parts.settings.timeout
        retryPolicy = parts.settings.retryPolicy
        minimumItemCount = parts.settings.minimumItemCount
        requestTimeout = parts.settings.requestTimeout
        trackedProperties = parts.settings.trackedProperties
        staticResult = parts.settings.staticResult
        secretInputs = parts.secretInputs
        secretOutputs = parts.secretOutputs
        options = parts.settings.options
        location = action.location
    }
}

/// What an action is compiled from.
struct PlannedActionParts {
    let action: Action
    let id: Int
    let container: Int
    let body: Int
    let slot: Int
    let loops: [Int]
    var predecessors: [PlannedPredecessor] = []
    var dependents: [Int] = []
    var branches: [Int] = []
    var work = PlannedWork.unsupported
    var settings = PlannedSettings()
    var secretInputs: SecretSources = []
    var secretOutputs: SecretSources = []
}

/// What an action does, with its compiled inputs.
public enum PlannedWork: Sendable {
    /// A value.
    case compose(CompiledValue)
    /// A content and the schema it must have.
    case parseJson(content: CompiledValue, schema: JSON)
    /// Elements mapped.
    case select(from: CompiledValue, select: CompiledValue)
    /// Elements filtered.
    case query(from: CompiledValue, condition: CompiledValue)
    /// Elements joined.
    case join(from: CompiledValue, separator: CompiledValue)
    /// Elements as CSV or HTML.
    case table(PlannedTable)
    /// A date or text function; the kind is in small letters.
    case expression(kind: String, inputs: CompiledValue)
    /// Variables declared.
    case initializeVariable(CompiledValue)
    /// A variable changed.
    case changeVariable(VariableChange, CompiledValue)
    /// Time to pass.
    case wait(CompiledValue)
    /// The run's end.
    case terminate(CompiledValue)
    /// A condition with two branches.
    case condition(PlannedCondition)
    /// A choice among cases.
    case choice(CompiledValue, source: String)
    /// Rounds over items.
    case foreach(CompiledValue, source: String, concurrency: Int)
    /// Rounds until a condition holds.
    case until(PlannedUntil)
    /// A group.
    case scope
    /// A call of another flow.
    case childFlow(CompiledValue)
    /// An HTTP request.
    case http(CompiledValue)
    /// An HTTP subscription that is called back.
    case httpWebhook(subscribe: CompiledValue, unsubscribe: CompiledValue?)
    /// An answer to the caller.
    case response(CompiledValue)
    /// A connector's operation by its id.
    case operation(CompiledValue, waitsForCallback: Bool)
    /// A connector's operation by method and path.
    case connection(CompiledValue, waitsForCallback: Bool)
    /// A type that flowrun does not run.
    case unsupported

    /// Whether it ends with a callback.
    var waitsForCallback: Bool {
        switch self {
        case .httpWebhook, .operation(_, waitsForCallback: true), .connection(_, waitsForCallback: true): true
        default: false
        }
    }
}

/// How an action changes a variable.
public enum VariableChange: Sendable {
    /// It gets a value.
    case set
    /// A number is added.
    case increment
    /// A number is subtracted.
    case decrement
    /// An element is appended.
    case appendToArray
    /// A text is appended.
    case appendToString
}

/// A CSV or HTML table.
public struct PlannedTable: Sendable {
    /// The rows.
    public let from: CompiledValue
    /// The format as written.
    public let format: CompiledValue
    /// The columns; nil for automatic ones.
    public let columns: [Column]?

    /// One column.
    public struct Column: Sendable {
        /// The header.
        public let header: CompiledValue
        /// The value of a cell, with `item()` as the row.
        public let value: CompiledValue
    }
}

/// The inside of an Until.
public struct PlannedUntil: Sendable {
    /// The condition that ends it.
    public let condition: PlannedCondition
    /// `limit.count`, or nil.
    public let count: CompiledValue?
    /// `limit.timeout`, or nil.
    public let timeout: CompiledValue?
}
