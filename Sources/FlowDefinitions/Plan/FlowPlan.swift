public import FlowCore
public import FlowExpressions
import FlowText

/// A flow ready to run: every text compiled, every name resolved to a number.
///
/// It is made once from a ``FlowDefinition`` and shared by all runs of it. Actions, containers and bodies are numbered
/// from 0 and lie in arrays at their numbers. A *container* is a list of actions that start together and end together:
/// the flow itself, a branch of a condition, the content of a scope. A *body* is what has one set of records at a time:
/// the flow itself, and the inside of each loop.
public struct FlowPlan: Sendable {
    /// An action that cannot run, and why.
    public struct Unsupported: Sendable, Hashable {
        /// The action's name.
        public let action: String
        /// Its type as written.
        public let type: String
        /// Its place in the flow.
        public let path: ActionPath
        /// Where it stands.
        public let location: SourceLocation
    }

    /// One of the flow's outputs.
    public struct Output: Sendable {
        /// The name.
        public let name: String
        /// The type as written, or nil.
        public let type: String?
        /// The value.
        public let value: CompiledValue
        /// Which secrets the value may hold.
        public let secrets: SecretSources
    }

    /// The definition that was compiled.
    public let definition: FlowDefinition
    /// The actions by number: containers before their children, in the order written.
    public let actions: [PlannedAction]
    /// The containers by number; the flow itself is number 0.
    public let containers: [PlannedContainer]
    /// The bodies by number; the flow itself is number 0.
    public let bodies: [PlannedBody]
    /// What starts the flow; nil where the definition has no trigger.
    public let trigger: PlannedTrigger?
    /// The outputs in the order written.
    public let outputs: [Output]
    /// Actions of types that flowrun does not run.
    public let unsupported: [Unsupported]
    /// Whether there is a Response that answers the caller while it waits.
    public let hasSynchronousResponse: Bool
    /// Whether there is any Response.
    public let hasResponse: Bool
    /// Whether there is an action that waits for a callback.
    public let hasCallbacks: Bool
    /// The names, types and places of all actions.
    public let outline: FlowOutline

    private let actionNumbers: [String: Int]
    private let parameters: [ParameterDeclaration]
    private let parameterPlaces: [String: Int]
    private let references: [String: ConnectionReference]

    /// Compiles a definition.
    /// - Throws: `InvalidTemplate` with the place of the first text that is no template.
    public init(_ definition: FlowDefinition) throws(FlowError) {
        var compiler = PlanCompiler(definition)
        try compiler.compile()
        self.definition = definition
        actions = compiler.actions
        containers = compiler.containers
        bodies = compiler.bodies
        unsupported = compiler.unsupported
        trigger = try definition.triggers.first.map { trigger throws(FlowError) in try PlannedTrigger(trigger) }
        var outputs: [Output] = []
        for (member, secrets) in zip(definition.outputs, compiler.outputSecrets) {
            let value = try PlanCompiler.value(
                member.value["value"], at: ActionPath.root.appending("outputs", member.key))
            outputs.append(
                Output(name: member.key, type: member.value["type"]?.string, value: value, secrets: secrets))
        }
        self.outputs = outputs
        let responses = compiler.actions.filter { if case .response = $0.work { true } else { false } }
        hasResponse = !responses.isEmpty
        hasSynchronousResponse = responses.contains { !$0.hasOption("asynchronous") }
        hasCallbacks = compiler.actions.contains(where: \.work.waitsForCallback)
        outline = FlowOutline(definition)
        // Names are found as they are written, and in any other letter case by their small letters.
        actionNumbers = Dictionary(
            compiler.actions.flatMap { [($0.name, $0.id), ($0.name.lowercased(), $0.id)] },
            uniquingKeysWith: { first, _ in first })
        parameters = definition.allParameters
        parameterPlaces = Dictionary(
            parameters.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        references = Dictionary(
            definition.connectionReferences.map { ($0.key.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The flow's name.
    public var name: String { definition.name }

    /// The number of an action by its name in any letter case, or nil.
    public func actionNumber(_ name: String) -> Int? { actionNumbers[name] ?? actionNumbers[name.lowercased()] }

    /// The declaration of a parameter by its name in any letter case, or nil.
    public func parameter(_ name: String) -> ParameterDeclaration? {
        parameterPlaces[name.lowercased()].map { parameters[$0] }
    }

    /// The connection reference of a key in any letter case, or nil.
    public func connectionReference(_ key: String) -> ConnectionReference? { references[key.lowercased()] }

    /// Whether a parameter's value is secret; the platform's `$authentication` is empty here.
    public var hasSecureParameters: Bool {
        definition.parameters.contains { $0.isSecure && $0.name != "$authentication" }
    }

    /// What is secret in a run.
    /// - Parameters:
    ///   - hidesTrigger: whether what the trigger brought is.
    ///   - secretParameters: the names of parameters that are, whatever their types.
    /// - Returns: the sources that are secret.
    public func secrets(hidesTrigger: Bool, secretParameters: some Sequence<String>) -> SecretSources {
        var secrets: SecretSources = hidesTrigger ? [.always, .trigger] : .always
        for name in secretParameters {
            if let place = parameterPlaces[name.lowercased()] { secrets.formUnion(.parameter(place)) }
        }
        return secrets
    }

    /// Refuses parameters that have neither a default nor a value.
    /// - Parameter values: the values given.
    /// - Throws: `InvalidTemplateParameter` for the first such parameter.
    public func requireParameters(_ values: JSONObject) throws(FlowError) {
        for parameter in definition.parameters where parameter.defaultValue == nil {
            guard values.value(ignoringCase: parameter.name) == nil else { continue }
            throw FlowError(
                .invalidTemplateParameter, "The parameter '\(parameter.name)' has neither a default nor a value.",
                location: parameter.location, path: ActionPath.root.appending("parameters", parameter.name),
                hint: "give it a defaultValue in '\(definition.name)', or a value")
        }
    }

    /// Refuses a flow with actions that cannot run.
    /// - Throws: `ActionTypeNotSupported` with file, line and action of the first; all of them are among its details.
    public func requireSupported() throws(FlowError) {
        guard let first = unsupported.first else { return }
        let errors = unsupported.map { action in
            FlowError(
                .actionTypeNotSupported,
                "The action '\(action.action)' has the type '\(action.type)', which flowrun does not run.",
                location: action.location, path: action.path)
        }
        var error = errors[0]
        error.hint = "Replace '\(first.action)', or run '\(definition.name)' on the platform."
        if errors.count > 1 { error.details = errors }
        throw error
    }
}
