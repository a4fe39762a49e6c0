import FlowCore

/// An expression after compiling: a value that is known, or something to evaluate.
enum CompiledExpression: Sendable {
    /// The value is known without any scope.
    case constant(JSON)
    /// The value has to be computed each time.
    case dynamic(Evaluation)

    /// The value in a scope.
    func evaluate(in scope: any EvaluationScope) throws(FlowError) -> JSON {
        switch self {
        case .constant(let value): value
        case .dynamic(let evaluation): try evaluation(scope)
        }
    }

    /// As something to evaluate.
    var evaluation: Evaluation {
        switch self {
        case .constant(let value): { _ throws(FlowError) in value }
        case .dynamic(let evaluation): evaluation
        }
    }
}

/// Turns an expression into closures, once; parts without anything to read are computed on the way.
///
/// Unknown functions and wrong numbers of arguments fail when they are reached, as on the platform.
struct ExpressionCompiler {
    /// The expression's text for messages.
    let source: String

    /// Compiles an expression.
    func compile(_ expression: Expression) -> CompiledExpression {
        switch expression {
        case .literal(let value, _): .constant(value)
        case .call(let call): compile(call)
        case .access(let base, let access): compile(access, of: compile(base))
        }
    }

    private func compile(_ access: Expression.Access, of base: CompiledExpression) -> CompiledExpression {
        let (isOptional, source) = (access.isOptional, source)
        let key = compile(access.key)
        switch (base, key) {
        case (.constant(let value), .constant(let key)):
            return folded { () throws(FlowError) in
                try PropertySelection.select(key, from: value, isOptional: isOptional, source: source)
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
        guard let declaration = FunctionLibrary.declaration(named: call.name) else {
            let failure = FlowError(.invalidTemplate, Self.unknownMessage(call.name))
            return .dynamic { _ throws(FlowError) in throw failure }
        }
        guard declaration.accepts(count: call.arguments.count) else {
            let failure = FlowError(
                .invalidTemplate, declaration.countMessage(name: call.name, count: call.arguments.count))
            return .dynamic { _ throws(FlowError) in throw failure }
        }
        let site = FunctionCall(name: call.name, declaration: declaration)
        let arguments = call.arguments.map(compile)
        let evaluation = evaluation(of: declaration.body, site, arguments)
        guard declaration.isPure else { return .dynamic(evaluation) }
        for argument in arguments { if case .dynamic = argument { return .dynamic(evaluation) } }
        return folded { () throws(FlowError) in try evaluation(EmptyScope()) }
    }

    /// What the platform says of a function that it does not have.
    static func unknownMessage(_ name: String) -> String {
        name.lowercased() == "appsetting"
            ? "The template function '\(name)' is not expected at this location."
            : "The template function '\(name)' is not defined or not valid."
    }

    private func folded(_ compute: @escaping @Sendable () throws(FlowError) -> JSON) -> CompiledExpression {
        do {
            return .constant(try compute())
        } catch {
            return .dynamic { _ throws(FlowError) in throw error }
        }
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
        case 0: return { scope throws(FlowError) in try compute(Arguments(call), scope) }
        case 1:
            if case .constant(let first) = arguments[0] {
                return { scope throws(FlowError) in try compute(Arguments(call, first), scope) }
            }
            let first = arguments[0].evaluation
            return { scope throws(FlowError) in try compute(Arguments(call, first(scope)), scope) }
        case 2:
            let first = arguments[0].evaluation
            if case .constant(let second) = arguments[1] {
                return { scope throws(FlowError) in try compute(Arguments(call, first(scope), second), scope) }
            }
            let second = arguments[1].evaluation
            return { scope throws(FlowError) in try compute(Arguments(call, first(scope), second(scope)), scope) }
        case 3:
            let (first, second, third) = (arguments[0].evaluation, arguments[1].evaluation, arguments[2].evaluation)
            return { scope throws(FlowError) in
                try compute(Arguments(call, first(scope), second(scope), third(scope)), scope)
            }
        default:
            let evaluations = arguments.map(\.evaluation)
            return { scope throws(FlowError) in
                var values: [JSON] = []
                values.reserveCapacity(evaluations.count)
                for evaluation in evaluations { values.append(try evaluation(scope)) }
                return try compute(Arguments(call, values), scope)
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
