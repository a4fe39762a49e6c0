public import FlowCore

/// Something to be done outside of the run, with everything that is needed to do it again.
public struct EffectIntent: Sendable, Hashable {
    /// The effect's number in its run; the attempts of an action are effects of their own.
    public var id: EffectID
    /// The action that wants it.
    public var action: ActionInstance
    /// The action's place with its repetitions, for people and for derived ids.
    public var path: ActionPath
    /// The attempt of the action, from 1; polls and following pages keep the attempt of the call before them.
    public var attempt: Int
    /// What is to be done.
    public var kind: Kind
    /// When it was decided.
    public var intendedAt: Timestamp
    /// A GUID that stays the same over all attempts and repeats.
    public var idempotencyKey: String
    /// Since when an earlier attempt, or a run that this one repairs, may have done the same; nil where none has.
    public var soughtSince: Timestamp?
    /// Whether the intent must be committed before it is carried out; false for calls that only read.
    public var needsCommitFirst: Bool
    /// Whether its inputs are sealed in the journal and hidden in every reading.
    public var isSecure: Bool

    /// What is to be done.
    public enum Kind: Sendable, Hashable {
        /// One HTTP exchange.
        case http(HTTPCall)
        /// One call of a connector's operation by its id.
        case operation(OperationRequest)
        /// One call of a connector by method and path.
        case connection(ConnectionRequest)
        /// The start of a child run; its outcome is what the child replies.
        case child(ChildStart)
    }

    /// Makes an intent.
    public init(
        id: EffectID, action: ActionInstance, path: ActionPath, attempt: Int, kind: Kind, intendedAt: Timestamp,
        idempotencyKey: String, soughtSince: Timestamp? = nil, needsCommitFirst: Bool, isSecure: Bool = false
    ) {
        self.id = id
        self.action = action
        self.path = path
        self.attempt = attempt
        self.kind = kind
        self.intendedAt = intendedAt
        self.idempotencyKey = idempotencyKey
        self.soughtSince = soughtSince
        self.needsCommitFirst = needsCommitFirst
        self.isSecure = isSecure
    }
}

/// An HTTP request as the language knows it; the body is still a value (see `MessageBody`).
public struct HTTPCall: Sendable, Hashable {
    /// The method, in capital letters.
    public var method: String
    /// The address as the action gives it; `queries` come on top (see ``address``).
    public var uri: String
    /// The queries, each value as text.
    public var queries: JSONObject
    /// The headers; those that the platform removes are gone.
    public var headers: JSONObject
    /// The body, or nil for none.
    public var body: JSON?
    /// The evaluated `authentication` of the action, or nil.
    public var authentication: JSON?
    /// How long the exchange may take, or nil for the usual limit.
    public var timeout: Duration?
    /// Whether the answer's body stays binary (`PreserveHttpContent`).
    public var preservesContent: Bool
    /// Whether a compressed answer stays as it is (`DisableAutomaticDecompression`).
    public var keepsCompression: Bool
    /// Whether the headers that tell of the run are left out (`SuppressWorkflowHeaders`).
    public var suppressesWorkflowHeaders: Bool
    /// What the call is for.
    public var purpose: Purpose
    /// The id under which a callback is awaited, for subscriptions; or nil.
    public var callbackID: String?

    /// What a call is for.
    public enum Purpose: String, Sendable, Hashable {
        /// The action's own request.
        case request
        /// A poll of the `Location` of a 202.
        case poll
        /// The next page.
        case page
        /// The subscription of a webhook.
        case subscribe
        /// The end of a subscription.
        case unsubscribe
    }

    /// Makes a call.
    public init(
        method: String, uri: String, queries: JSONObject = [:], headers: JSONObject = [:], body: JSON? = nil,
        authentication: JSON? = nil, timeout: Duration? = nil, preservesContent: Bool = false,
        keepsCompression: Bool = false, suppressesWorkflowHeaders: Bool = false, purpose: Purpose = .request,
        callbackID: String? = nil
    ) {
        self.method = method
        self.uri = uri
        self.queries = queries
        self.suppressesWorkflowHeaders = suppressesWorkflowHeaders
        self.headers = headers
        self.body = body
        self.authentication = authentication
        self.timeout = timeout
        self.preservesContent = preservesContent
        self.keepsCompression = keepsCompression
        self.purpose = purpose
        self.callbackID = callbackID
    }

    /// The address with the queries.
    public var address: String {
        guard !queries.isEmpty else { return uri }
        let text = queries.map { name, value in
            PercentEncoding.encode(name) + "=" + PercentEncoding.encode(MessageBody.plainText(value))
        }.joined(separator: "&")
        return uri + (uri.contains("?") ? "&" : "?") + text
    }

    /// Whether the call only reads: GET, HEAD and OPTIONS.
    public var isReading: Bool { ["GET", "HEAD", "OPTIONS"].contains(method) }
}

/// A call that follows from an earlier answer of the same operation.
public enum FollowUp: Sendable, Hashable {
    /// The next page, by the link that the last page gave.
    case page(link: String)
    /// A poll of the `Location` of a 202.
    case poll(location: String)
}

/// A call of a connector's operation.
public struct OperationRequest: Sendable, Hashable {
    /// The connector's API name without `shared_`.
    public var connector: String
    /// The key of the connection reference in the flow; the connection behind it is resolved when it is carried out.
    public var connectionReference: String
    /// The operation.
    public var operationID: String
    /// The evaluated parameters, flattened as the flow wrote them.
    public var parameters: JSONObject
    /// `paginationPolicy.minimumItemCount`, or nil.
    public var minimumItemCount: Int?
    /// The evaluated `authentication` of the action, or nil.
    public var authentication: JSON?
    /// The id under which a callback is awaited, for operations that subscribe; or nil.
    public var callbackID: String?
    /// What is to be fetched in place of the operation itself, or nil.
    public var followUp: FollowUp?

    /// Makes a request.
    public init(
        connector: String, connectionReference: String, operationID: String, parameters: JSONObject,
        minimumItemCount: Int? = nil, authentication: JSON? = nil, callbackID: String? = nil,
        followUp: FollowUp? = nil
    ) {
        self.connector = connector
        self.connectionReference = connectionReference
        self.operationID = operationID
        self.parameters = parameters
        self.minimumItemCount = minimumItemCount
        self.authentication = authentication
        self.callbackID = callbackID
        self.followUp = followUp
    }
}

/// A call of a connector by method and path, as older actions make it.
public struct ConnectionRequest: Sendable, Hashable {
    /// The connector's API name without `shared_`, where the action tells it.
    public var connector: String
    /// The key of the connection reference, or the text by which the action names its connection.
    public var connectionReference: String
    /// The method, in capital letters.
    public var method: String
    /// The path behind the connection.
    public var path: String
    /// The queries.
    public var queries: JSONObject
    /// The headers.
    public var headers: JSONObject
    /// The body, or nil.
    public var body: JSON?
    /// The evaluated `authentication`, or nil.
    public var authentication: JSON?
    /// The id under which a callback is awaited, or nil.
    public var callbackID: String?
    /// What is to be fetched in place of the request itself, or nil.
    public var followUp: FollowUp?

    /// Makes a request.
    public init(
        connector: String, connectionReference: String, method: String, path: String, queries: JSONObject = [:],
        headers: JSONObject = [:], body: JSON? = nil, authentication: JSON? = nil,
        callbackID: String? = nil, followUp: FollowUp? = nil
    ) {
        self.connector = connector
        self.connectionReference = connectionReference
        self.method = method
        self.path = path
        self.queries = queries
        self.headers = headers
        self.body = body
        self.authentication = authentication
        self.callbackID = callbackID
        self.followUp = followUp
    }
}

/// The start of a child run.
public struct ChildStart: Sendable, Hashable {
    /// What the action calls: an id or a name.
    public var reference: String
    /// The name of the child's run, the same each time this attempt is repeated.
    public var run: String
    /// The body for the child's trigger; nil for none.
    public var body: JSON?
    /// The headers for the child's trigger.
    public var headers: JSONObject

    /// Makes a start.
    public init(reference: String, run: String, body: JSON?, headers: JSONObject) {
        self.reference = reference
        self.run = run
        self.body = body
        self.headers = headers
    }
}
