public import FlowCore

/// One thing asked of an environment: an operation with its arguments.
///
/// The same value is carried out in this process or sent to the owner over its socket.
public struct EnvironmentRequest: Sendable, Hashable {
    /// What may be asked.
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// Brings a solution's flows into the environment, all off.
        case installSolution = "solution.install"
        /// Lists the installed solutions.
        case listSolutions = "solution.list"
        /// Turns a solution's flows off and takes them out.
        case uninstallSolution = "solution.uninstall"
        /// Lists the flows.
        case listFlows = "flow.list"
        /// Shows one flow.
        case showFlow = "flow.show"
        /// The HTTP POST URL of a flow.
        case flowURL = "flow.url"
        /// Lists the environment variables.
        case listVariables = "variable.list"
        /// Sets the current value of a variable.
        case setVariable = "variable.set"
        /// Takes the current value of a variable away.
        case unsetVariable = "variable.unset"
        /// Adds a person.
        case addUser = "user.add"
        /// Lists the people.
        case listUsers = "user.list"
        /// Removes a person.
        case removeUser = "user.remove"
        /// Sets a person's password for signing in with a browser.
        case setPassword = "user.password"
        /// Makes a person a co-owner or run-only user of a flow.
        case addShare = "share.add"
        /// Takes that right away.
        case removeShare = "share.remove"
        /// Signs in to a service and keeps the connection.
        case createConnection = "connection.create"
        /// Lists the connections.
        case listConnections = "connection.list"
        /// Signs in again with a connection.
        case testConnection = "connection.test"
        /// Deletes a connection.
        case deleteConnection = "connection.delete"
        /// Signs an account in, and renews its connections.
        case login
        /// Lists the actions that miss a connection.
        case listBindings = "binding.list"
        /// Binds connections to references.
        case bind = "binding.bind"
        /// Says whose connection a flow's references use.
        case bindRunOnly = "binding.runOnly"
        /// Turns flows on.
        case activate = "activation.activate"
        /// Turns flows off.
        case deactivate = "activation.deactivate"
        /// Starts a flow.
        case startRun = "run.start"
        /// Lists runs.
        case listRuns = "runs.list"
        /// Shows a run.
        case showRun = "runs.show"
        /// Gives what an expression can see of a run.
        case runContext = "runs.context"
        /// Waits for a run's end.
        case watchRun = "runs.watch"
        /// Tells what has happened in a run since an event, as soon as something has.
        case runProgress = "runs.progress"
        /// Cancels a run.
        case cancelRun = "runs.cancel"
        /// Starts a new run with the same trigger.
        case resubmitRun = "runs.resubmit"
        /// Says whether a call in doubt happened.
        case settleRun = "runs.settle"
        /// Starts a new run that keeps the good part of a failed one.
        case repairRun = "runs.repair"
        /// Deletes old runs.
        case pruneRuns = "runs.prune"
        /// Lists what the triggers of a flow have seen.
        case triggerHistory = "trigger.history"
        /// One timeline of a business key.
        case trace
        /// The limits and what is used of them.
        case limits
        /// Makes a token of the management API.
        case createToken = "token.create"
        /// Lists the tokens.
        case listTokens = "token.list"
        /// Takes a token away.
        case revokeToken = "token.revoke"
        /// Who owns the environment and what it does.
        case status = "environment.status"
        /// Finds what keeps the environment from working, and repairs what is safe to repair.
        case doctor
        /// Compares both sides of every deal.
        case audit
        /// Runs what brings the deals that are behind up to date.
        case reconcile

        /// Whether it is kept who asked for it: it changes something, or gives a secret away.
        var isAudited: Bool { self == .flowURL || (!isReading && self != .watchRun) }

        /// Whether it changes nothing, so that any process may do it on a read-only store.
        public var isReading: Bool {
            switch self {
            case .listSolutions, .listFlows, .showFlow, .listVariables, .listUsers, .listConnections, .listBindings,
                .listRuns, .showRun, .runContext, .triggerHistory, .trace, .limits, .listTokens, .status:
                true
            default: false
            }
        }
    }

    /// What is asked.
    public var operation: Operation
    /// With what; the names are those of the command's options.
    public var arguments: JSONObject
    /// The person (UPN) in whose name, or nil for the one at the machine.
    public var user: String?

    /// Makes a request.
    public init(_ operation: Operation, _ arguments: JSONObject = [:], as user: String? = nil) {
        self.operation = operation
        self.arguments = arguments
        self.user = user
    }

    /// Whether it changes nothing here, so that any process may do it on a read-only store.
    ///
    /// A search for text first takes into the index what it does not hold yet, which only an owner does.
    public var isReading: Bool {
        guard operation == .listRuns else { return operation.isReading }
        return arguments["text"] == nil && arguments["error"] == nil
    }

    /// The path to which the owner's socket takes requests, with the operation's name at its end.
    public static let pathPrefix = "/operations/"

    /// The request as the owner's socket takes it.
    public var json: JSON {
        var members: JSONObject = ["arguments": .object(arguments)]
        if let user { members["user"] = .string(user) }
        return .object(members)
    }

    /// Reads a request that came over the owner's socket.
    /// - Throws: `InvalidArgument`.
    public init(operation name: String, json: JSON) throws(FlowError) {
        guard let operation = Operation(rawValue: name) else {
            throw FlowError(
                .invalidArgument, "The owner of the environment does not know the operation '\(name)'.",
                hint: "use the same version of flowrun for the command and for the process that owns the environment")
        }
        self.init(operation, json["arguments"]?.objectValue ?? [:], as: json["user"]?.stringValue)
    }
}

/// What came of a request: a value, or an error with everything it knows.
public enum EnvironmentReply: Sendable, Hashable {
    /// It was carried out.
    case result(JSON)
    /// It was refused or failed.
    case error(FlowError)

    /// The reply as the owner's socket gives it.
    public var json: JSON {
        switch self {
        case .result(let value): ["result": value]
        case .error(let error): error.json
        }
    }

    /// Reads what the owner's socket gave.
    public init?(json: JSON) {
        if let error = FlowError(json: json) {
            self = .error(error)
        } else if let value = json["result"] {
            self = .result(value)
        } else {
            return nil
        }
    }

    /// The value.
    public func get() throws(FlowError) -> JSON {
        switch self {
        case .result(let value): return value
        case .error(let error): throw error
        }
    }
}
