import FlowCore

/// An expression after compiling: a value that is known, or something to evaluate.
enum CompiledExpression: Sendable {
    /// The value is known without any scope.
    case constant(JSON)
    /// The value has to be computed each time.
    case dynamic(Evaluation)
    /// It fails whenever it is evaluated.
    case failing(FlowError)

    /// The value in a scope.
    func evaluate(in scope: any EvaluationScope) throws(FlowError) -> JSON {
        switch self {
        case .constant(let value): value
        case .dynamic(let evaluation): try evaluation(scope)
        case .failing(let error): throw error
        }
    }

    /// As something to evaluate.
    var evaluation: Evaluation {
        switch self {
        case .constant(let value): { _ throws(FlowError) in value }
        case .dynamic(let evaluation): evaluation
        case .failing(let error): { _ throws(FlowError) in throw error }
        }
    }

    /// Whether what comes of it is known without any scope.
    var isKnown: Bool {
        if case .dynamic = self { false } else { true }
    }
}

/// Turns an expression into closures, once; parts without anything to read are computed on the way.
///
/// Unknown functions and wrong numbers of arguments fail when they are reached, as on the platform.
struct ExpressionCompiler {
    /// The expression's text for messages.
    let source: String
    /// How many bytes a text may have that a call gives.
    var textLimit = TextLimit.evaluated

    /// Compiles an expression.
    func compile(_ expression: Expression) -> CompiledExpression {
        switch expression {
        case .literal(let value, _): .constant(value)
        case .call(let call): compile(call)
        case .access(let base, let access): compile(access, compile(access.key), of: compile(base))
        }
    }

    /// Compiles a selection whose parts are compiled.
    func compile(
        _ access: Expression.Access, _ key: CompiledExpression, of base: CompiledExpression
    ) -> CompiledExpression {
        let (isOptional, source) = (access.isOptional, source)
        switch (base, key) {
        case (.failing, _): return base
        case (.constant, .failing): return key
        case (.constant(let value), .constant(let key)):
            do {
                return .constant(
                    try PropertySelection.select(key, from: value, isOptional: isOptional, source: source))
            } catch {
                return .failing(error)
            }
        case (.dynamic(let base), .constant(.string(let text))):
            let name = PropertySelection.Name(text)
            return .dynamic { scope throws(FlowError) in
                try PropertySelection.select(name, from: base(scope), isOptional: isOptional, source: source)
            }
        case (.dynamic(let base), .constant(let key)):
            return .dynamic { scope throws(FlowError) in
                try PropertySelection.select(key, from: base(scope), isOptional: isOptional, source: source)
            }
        default:
            let (base, key) = (base.evaluation, key.evaluation)
            return .dynamic { scope throws(FlowError) in
                let value = try base(scope)
                return try PropertySelection.select(key(scope), from: value, isOptional: isOptional, source: source)
            }
        }
    }

    private func compile(_ call: Expression.Call) -> CompiledExpression {
        compile(call, call.arguments.map(compile))
    }

    /// Compiles a call whose arguments are compiled.
    func compile(_ call: Expression.Call, _ arguments: [CompiledExpression]) -> CompiledExpression {
        guard let declaration = FunctionLibrary.declaration(named: call.name) else {
            return .failing(FlowError(.invalidTemplate, Self.unknownMessage(call.name)))
        }
        guard declaration.accepts(count: call.arguments.count) else {
            return .failing(
                FlowError(.invalidTemplate, declaration.countMessage(name: call.name, count: call.arguments.count)))
        }
        if declaration.isPure, arguments.allSatisfy(\.isKnown) {
            let site = FunctionCall(name: call.name, declaration: declaration, textLimit: TextLimit.folded)
            do {
                let value = try evaluation(of: declaration.body, site, arguments)(EmptyScope())
                if TextLimit.isFolded(value) { return .constant(value) }
            } catch {
                if error != site.tooLong() { return .failing(error) }
            }
        }
        let site = FunctionCall(name: call.name, declaration: declaration, textLimit: textLimit)
        return .dynamic(evaluation(of: declaration.body, site, arguments))
    }

    /// What the platform says of a function that it does not have.
    static func unknownMessage(_ name: String) -> String {
        name.lowercased() == "appsetting"
            ? "The template function '\(name)' is not expected at this location."
            : "The template function '\(name)' is not defined or not valid."
    }

    private func evaluation(
        of body: FunctionDeclaration.Body, _ call: FunctionCall, _ arguments: [CompiledExpression]
    ) -> Evaluation {
        switch body {
        case .pure(let compute):
            return evaluation(call, arguments) { arguments, _ throws(FlowError) in try compute(arguments) }
        case .reading(let compute): return evaluation(call, arguments, compute)
        case .lazy(let compute):
            let evaluations = arguments.map(\.evaluation)
            return { scope throws(FlowError) in
                try compute(LazyArguments(call: call, evaluations: evaluations, scope: scope))
            }
        }
    }

    private func evaluation(
        _ call: FunctionCall, _ arguments: [CompiledExpression],
        _ compute: @escaping @Sendable (Arguments, any EvaluationScope) throws(FlowError) -> JSON
    ) -> Evaluation {
        switch arguments.count {
        case 0: return { scope throws(FlowError) in try call.checked(compute(Arguments(call), scope)) }
        case 1:
            if case .constant(let first) = arguments[0] {
                return { scope throws(FlowError) in try call.checked(compute(Arguments(call, first), scope)) }
            }
            let first = arguments[0].evaluation
            return { scope throws(FlowError) in try call.checked(compute(Arguments(call, first(scope)), scope)) }
        case 2:
            let first = arguments[0].evaluation
            if case .constant(let second) = arguments[1] {
                return { scope throws(FlowError) in
                    try call.checked(compute(Arguments(call, first(scope), second), scope))
                }
            }
            let second = arguments[1].evaluation
            return { scope throws(FlowError) in
                try call.checked(compute(Arguments(call, first(scope), second(scope)), scope))
            }
        case 3:
            let (first, second, third) = (arguments[0].evaluation, arguments[1].evaluation, arguments[2].evaluation)
            return { scope throws(FlowError) in
                try call.checked(compute(Arguments(call, first(scope), second(scope), third(scope)), scope))
            }
        default:
            let evaluations = arguments.map(\.evaluation)
            return { scope throws(FlowError) in
                var values: [JSON] = []
                values.reserveCapacity(evaluations.count)
                for evaluation in evaluations { values.append(try evaluation(scope)) }
                return try call.checked(compute(Arguments(call, values), scope))
            }
        }
    }
}

/// The scope of expressions that read nothing.
struct EmptyScope: EvaluationScope {
    var now: Timestamp { Timestamp(ticks: 0) }
    func parameter(_ name: String) -> JSON? { nil }
    func variable(_ name: String) -> JSON? { nil }
    func triggerRecord() -> JSON? { nil }
    func actionRecord(_ name: String) -> JSON? { nil }
    func actionOutputs(_ name: String) -> JSON? { nil }
    func item() -> JSON? { nil }
    func items(_ loop: String) -> JSON? { nil }
    func iterationIndex(_ loop: String) -> Int? { nil }
    func result(_ scope: String) -> JSON? { nil }
    func currentAction() -> JSON? { nil }
    func workflow() -> JSON { [:] }
    func callbackURL() -> String? { nil }
    func newGUID() -> String { "00000000-0000-0000-0000-000000000000" }
    func random(below bound: Int64) -> Int64 { 0 }
}
