public import FlowCore

/// A kind of service that flows call: its operations, triggers and way of signing in.
///
/// A connector is made with everything it needs to reach its service (an HTTP transport); this protocol knows
/// no network. A connector holds no state that must survive, but may cache access tokens by connection name.
///
/// An implementation maps what the service answers to the platform's action outputs (`statusCode`, `headers`, `body`)
/// and throws only where there is no answer: the service cannot be reached, or the sign-in is refused.
public protocol Connector: Sendable {
    /// The platform's API name without `shared_`, such as `salesforce`.
    var name: String { get }
    /// The name for people.
    var displayName: String { get }
    /// What actions may call, deprecated names included.
    var operations: [ConnectorOperation] { get }
    /// What may start a flow.
    var triggers: [ConnectorTrigger] { get }
    /// Whether the service's connector has no other operations and triggers; where it has, one that is not listed may
    /// be right in the cloud all the same.
    var listsAllOperations: Bool { get }
    /// What a connection is made of.
    var connectionParameters: [ConnectionParameter] { get }

    /// What a repeat of this very call would do; where nothing else is said, the rule of its operation.
    ///
    /// Calls whose method is a parameter (`HttpRequest`) differ from call to call.
    func replay(of call: OperationCall) -> ReplayRule

    /// Signs in afresh, and makes a cheap call where only that tells whether the account may use the service.
    /// - Throws: `FlowError` with the AADSTS or OAuth code.
    func signIn(_ session: ConnectionSession) async throws(FlowError)

    /// Carries out one attempt of an operation.
    /// - Returns: the service's answer, whatever its status.
    /// - Throws: `FlowError` where there is no answer; `ConnectionAuthorizationFailed` where sign-in is refused.
    func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer

    /// Asks the service whether a call of replay rule ``ReplayRule/lookup`` that may have reached it did.
    /// - Returns: the answer that the call would have had, or nil where it did not happen.
    func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer?

    /// Asks a polling trigger for what is new.
    func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer

    /// Compares what flows want of the service with what is there: fields, registrations, currencies.
    ///
    /// It changes nothing, and asks for many things at once rather than one by one.
    func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination
}

extension Connector {
    /// Everything is listed where nothing else is said.
    public var listsAllOperations: Bool { true }

    /// Nothing is examined where nothing else is said.
    public func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination { Examination() }

    /// The rule of the operation; `inDoubt` for one that is not known.
    public func replay(of call: OperationCall) -> ReplayRule { operation(call.operationID)?.replay ?? .inDoubt }

    /// The operation of an id, letter case ignored, or nil.
    public func operation(_ id: String) -> ConnectorOperation? {
        if let exact = operations.first(where: { $0.id == id }) { return exact }
        let folded = id.lowercased()
        return operations.first { $0.id.lowercased() == folded }
    }
}

/// An operation of a connector.
public struct ConnectorOperation: Sendable {
    /// The platform's operation id.
    public let id: String
    /// One sentence.
    public let summary: String
    /// The parameters, flattened as flows write them (`item/Name`); dynamic members fall under a parameter of type object.
    public let parameters: [OperationParameter]
    /// What a repeat of the call would do.
    public let replay: ReplayRule
    /// The schema of the answer's body where it is known: a JSON Schema object.
    public let outputSchema: JSON?
    /// The operation that has taken its place, where it is deprecated.
    public let replacedBy: String?

    /// Makes an operation.
    public init(
        id: String, summary: String, parameters: [OperationParameter], replay: ReplayRule, outputSchema: JSON? = nil,
        replacedBy: String? = nil
    ) {
        self.id = id
        self.summary = summary
        self.parameters = parameters
        self.replay = replay
        self.outputSchema = outputSchema
        self.replacedBy = replacedBy
    }
}

/// A parameter of an operation or trigger.
public struct OperationParameter: Sendable {
    /// The type of a parameter.
    public enum ValueType: String, Sendable {
        /// A text.
        case string
        /// A whole number.
        case integer
        /// A number.
        case number
        /// A Boolean.
        case boolean
        /// An array.
        case array
        /// An object; its members may be given flattened, `name/member`.
        case object
        /// Any value.
        case any
    }

    /// The key in the action's `parameters`.
    public let name: String
    /// The type.
    public let type: ValueType
    /// Whether it must be given.
    public let isRequired: Bool
    /// One sentence, or nil.
    public let summary: String?
    /// The values that are allowed, or nil for any.
    public let allowedValues: [JSON]?

    /// Makes a parameter.
    public init(
        _ name: String, _ type: ValueType, required: Bool = false, summary: String? = nil, allowedValues: [JSON]? = nil
    ) {
        self.name = name
        self.type = type
        self.isRequired = required
        self.summary = summary
        self.allowedValues = allowedValues
    }
}

/// What a repeat of a call would do to the world: decides what recovery does with a call in flight.
public enum ReplayRule: String, Sendable, Hashable {
    /// It changes nothing: repeat.
    case read
    /// A second time changes nothing more: repeat.
    case idempotent
    /// The service can be asked whether it happened: ask first.
    case lookup
    /// Nobody can tell: a person decides.
    case inDoubt
}

/// A trigger of a connector.
public struct ConnectorTrigger: Sendable {
    /// How a trigger learns of events.
    public enum Mode: Sendable, Hashable {
        /// It asks again and again.
        case polling
        /// The service calls.
        case webhook
    }

    /// The platform's operation id.
    public let id: String
    /// One sentence.
    public let summary: String
    /// How it learns of events.
    public let mode: Mode
    /// The parameters.
    public let parameters: [OperationParameter]
    /// The schema of the body where it is known.
    public let outputSchema: JSON?
    /// How often it is asked where the flow does not say, or nil for the platform's three minutes.
    public let interval: Duration?
    /// Whether each element of the body's `value` is an event of its own, without a `splitOn` in the flow.
    public let splitsRows: Bool
    /// Why the trigger cannot be listened for with these parameters as written, or nil.
    public let refusal: @Sendable (JSONObject) -> String?

    /// Makes a trigger.
    public init(
        id: String, summary: String, mode: Mode, parameters: [OperationParameter], outputSchema: JSON? = nil,
        interval: Duration? = nil, splitsRows: Bool = false,
        refusal: @escaping @Sendable (JSONObject) -> String? = { _ in nil }
    ) {
        self.id = id
        self.summary = summary
        self.mode = mode
        self.parameters = parameters
        self.outputSchema = outputSchema
        self.interval = interval
        self.splitsRows = splitsRows
        self.refusal = refusal
    }
}

/// One attempt of an operation, with evaluated inputs.
public struct OperationCall: Sendable, Hashable {
    /// The operation.
    public let operationID: String
    /// The evaluated parameters, flattened as the flow wrote them.
    public let parameters: JSONObject
    /// A key that stays the same over all attempts and repeats of this effect; a GUID in text form.
    public let idempotencyKey: String
    /// `paginationPolicy.minimumItemCount` of the action: following pages are fetched until there are so many items, and
    /// the body is `{"value": […]}` alone; nil for the first page only.
    public let minimumItemCount: Int?

    /// Makes a call.
    public init(
        operationID: String, parameters: JSONObject, idempotencyKey: String, minimumItemCount: Int? = nil
    ) {
        self.operationID = operationID
        self.parameters = parameters
        self.idempotencyKey = idempotencyKey
        self.minimumItemCount = minimumItemCount
    }
}

/// What a service answered: the platform's action outputs.
public struct OperationAnswer: Sendable, Hashable {
    /// The HTTP status.
    public let statusCode: Int
    /// The headers, names as received.
    public let headers: JSONObject
    /// The decoded body; nil where there was none.
    public let body: JSON?

    /// Makes an answer.
    public init(statusCode: Int, headers: JSONObject = [:], body: JSON? = nil) {
        self.statusCode = statusCode
        self.headers = headers
        self.body = body
    }
}

/// One question of a polling trigger.
public struct TriggerPoll: Sendable, Hashable {
    /// The trigger.
    public let triggerID: String
    /// The evaluated parameters.
    public let parameters: JSONObject
    /// What the last answer gave back; nil at the first poll after activation, which yields no items.
    public let watermark: JSON?
    /// The keys of items already taken within the overlap.
    public let seen: Set<String>

    /// Makes a poll.
    public init(triggerID: String, parameters: JSONObject, watermark: JSON?, seen: Set<String> = []) {
        self.triggerID = triggerID
        self.parameters = parameters
        self.watermark = watermark
        self.seen = seen
    }
}

/// What a polling trigger found.
public struct TriggerPollAnswer: Sendable {
    /// The outputs of the trigger (`headers`, `body`), or nil where nothing is new.
    public let outputs: JSONObject?
    /// The watermark for the next poll, by the service's clock.
    public let watermark: JSON
    /// The de-duplication keys within the overlap, those of this answer included.
    public let seen: Set<String>
    /// How long the service asks to wait at least.
    public let retryAfter: Duration?

    /// Makes an answer.
    public init(outputs: JSONObject?, watermark: JSON, seen: Set<String> = [], retryAfter: Duration? = nil) {
        self.outputs = outputs
        self.watermark = watermark
        self.seen = seen
        self.retryAfter = retryAfter
    }
}
