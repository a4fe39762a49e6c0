import FlowCore

/// Checks expressions before any run: functions, numbers and types of arguments, and literals that cannot work.
///
/// Calls whose arguments are all known are evaluated; what fails then fails in every run.
public struct ExpressionChecker {
    private var findings: [ExpressionFinding] = []
    /// The text of the expression that is checked, for messages.
    private var source = ""

    /// What is wrong with a template.
    public static func check(_ template: Template) -> [ExpressionFinding] {
        var checker = ExpressionChecker()
        let text = Array(template.text.utf8)
        for expression in template.expressions {
            checker.source = String(decoding: text[expression.range], as: UTF8.self)
            _ = checker.check(expression, isCertain: true)
        }
        return checker.findings
    }

    /// What is wrong with a text as a template, its form included.
    public static func check(text: String) -> [ExpressionFinding] {
        do {
            return check(try Template.read(text))
        } catch {
            return [ExpressionFinding(.error, .syntax, error.message, hint: error.hint, range: error.range)]
        }
    }

    /// The types that an expression can give, as far as its functions tell.
    public static func types(of expression: Expression) -> ValueTypes {
        switch expression {
        case .literal(let value, _): return ValueTypes(of: value)
        case .access: return .any
        case .call(let call):
            guard let declaration = FunctionLibrary.declaration(named: call.name) else { return .any }
            let arguments = call.arguments
            switch declaration.name {
            case "if" where arguments.count == 3: return types(of: arguments[1]).union(types(of: arguments[2]))
            case "coalesce":
                let each = arguments.map(types)
                let all = each.reduce(into: ValueTypes()) { $0.formUnion($1) }
                let last = each.last ?? .any
                return last.contains(.null) ? all : all.subtracting(.null)
            case "union", "intersection", "skip", "take":
                let first = arguments.first.map(types)?.intersection(declaration.returns) ?? declaration.returns
                return first.isEmpty ? declaration.returns : first
            case "add", "sub", "mul", "div", "mod":
                let all = arguments.reduce(into: ValueTypes()) { $0.formUnion(types(of: $1)) }
                return all == .integer ? .integer : declaration.returns
            default: return declaration.returns
            }
        }
    }

    // MARK: The walk

    /// Checks an expression that is evaluated whenever the whole one is, or that may never be reached.
    ///
    /// Each part is compiled once, on the way up, so that what is known of it is computed once.
    private mutating func check(_ expression: Expression, isCertain: Bool) -> CompiledExpression {
        switch expression {
        case .literal(let value, _): return .constant(value)
        case .call(let call): return check(call, isCertain: isCertain)
        case .access(let base, let access):
            let value = check(base, isCertain: isCertain)
            let key = check(access.key, isCertain: isCertain)
            check(access, of: base, isCertain: isCertain)
            return ExpressionCompiler(source: source).compile(access, key, of: value)
        }
    }

    private mutating func check(_ call: Expression.Call, isCertain: Bool) -> CompiledExpression {
        let count = findings.count
        var arguments: [CompiledExpression] = []
        let isLazy = FunctionLibrary.declaration(named: call.name)?.isLazy ?? false
        for (place, argument) in call.arguments.enumerated() {
            arguments.append(check(argument, isCertain: isCertain && (place == 0 || !isLazy)))
        }
        let compiled = ExpressionCompiler(source: source).compile(call, arguments)
        check(call, arguments, compiled, isCertain: isCertain, argumentsAreRight: findings.count == count)
        return compiled
    }

    /// Checks a call whose arguments are checked.
    private mutating func check(
        _ call: Expression.Call, _ arguments: [CompiledExpression], _ compiled: CompiledExpression, isCertain: Bool,
        argumentsAreRight: Bool
    ) {
        guard let declaration = FunctionLibrary.declaration(named: call.name) else {
            add(
                .error, .unknownFunction, ExpressionCompiler.unknownMessage(call.name),
                hint: FunctionNames.hint(for: call.name), call.nameRange)
            return
        }
        guard declaration.accepts(count: call.arguments.count) else {
            add(
                .error, .argumentCount, declaration.countMessage(name: call.name, count: call.arguments.count),
                hint: "write \(declaration.signature)", call.range)
            return
        }
        let severity: ExpressionFinding.Severity = isCertain ? .error : .warning
        let count = findings.count
        for (place, argument) in call.arguments.enumerated() {
            guard let parameter = declaration.parameter(at: place) else { continue }
            checkType(of: argument, place, parameter, call, declaration, severity)
        }
        guard argumentsAreRight, findings.count == count else { return }
        // A call whose arguments are all known is computed; what fails then fails in every run.
        if case .failing(let error) = compiled, arguments.allSatisfy(\.isKnown) {
            add(severity, .literal, error.message, hint: error.hint ?? hint(for: call, declaration), call.range)
        } else {
            checkRoles(of: call, declaration, severity)
        }
    }

    private mutating func checkType(
        of argument: Expression, _ place: Int, _ parameter: FunctionDeclaration.Parameter, _ call: Expression.Call,
        _ declaration: FunctionDeclaration, _ severity: ExpressionFinding.Severity
    ) {
        var accepted = parameter.types
        if parameter.presence == .optional { accepted.formUnion(.null) }
        let given = Self.types(of: argument)
        guard given.isDisjoint(with: accepted) else { return }
        let error = FunctionCall(name: call.name, declaration: declaration).mismatch(
            place, argument.literal ?? Self.sample(of: given), expected: parameter.types.phrase)
        add(
            severity, .argumentType, error.message,
            hint: Self.hint(argument, accepted: parameter.types), argument.range)
    }

    private func hint(for call: Expression.Call, _ declaration: FunctionDeclaration) -> String? {
        switch declaration.name {
        case "add", "sub", "mul": nil
        case "json": "the text is not JSON; names and texts in it stand in double quotes"
        case "div", "mod": "the divisor must not be zero"
        default: nil
        }
    }

    /// Literals that stand beside computed arguments.
    private mutating func checkRoles(
        of call: Expression.Call, _ declaration: FunctionDeclaration, _ severity: ExpressionFinding.Severity
    ) {
        for (place, argument) in call.arguments.enumerated() {
            guard case .literal(.string(let text), let range) = argument else { continue }
            switch declaration.parameter(at: place)?.role {
            case .timestamp where DateTimeParser.parse(text) == nil:
                add(
                    severity, .literal, DateTimeFunctions.timestampMessage(call.name, text),
                    hint: "write a time as 2026-01-31T08:00:00Z", range)
            case .timeZone where ZoneRules(named: text) == nil:
                add(
                    severity, .literal, DateTimeFunctions.zoneMessage(call.name, text),
                    hint: WindowsTimeZones.suggestion(for: text), range)
            case .timeZone where ZoneRules.isIANAName(text):
                add(
                    .warning, .literal,
                    "The time zone '\(text)' is a name of the IANA data base; the platform knows Windows' names only.",
                    hint: WindowsTimeZones.windowsName(ofIANA: text).map { "write '\($0)'" }, range)
            case .timeUnit where TimeUnit(named: text) == nil:
                add(severity, .literal, DateTimeFunctions.unitMessage(call.name, text), range)
            case .dateFormat where text.utf8.count == 1 && !"dDfFgGmMoOrRstTuUyY".contains(text):
                add(
                    severity, .literal, DateTimeFunctions.formatMessage(call.name, text),
                    hint: "a format of one letter is a standard format; write %\(text) for the letter's own meaning",
                    range)
            default: break
            }
        }
    }

    private mutating func check(_ access: Expression.Access, of base: Expression, isCertain: Bool) {
        let types = Self.types(of: base)
        let severity: ExpressionFinding.Severity = isCertain ? .error : .warning
        if types.isDisjoint(with: [.array, .object, .null]), !types.isEmpty {
            add(
                severity, .selection,
                "Property selection is not supported on values of type '\(types.names.joined(separator: "' or '"))'.",
                hint: "the value before the selection is \(types.phrase)", access.range)
        } else if types == .array, case .literal(.string(let name), _) = access.key {
            add(
                severity, .selection,
                "Property '\(name)' cannot be selected. Array elements can only be selected using an integer index.",
                hint: "write first(…)?['\(name)'] or an index such as [0]", access.range)
        }
    }

    // MARK: Parts

    private mutating func add(
        _ severity: ExpressionFinding.Severity, _ kind: ExpressionFinding.Kind, _ message: String, hint: String? = nil,
        _ range: Range<Int>
    ) {
        findings.append(ExpressionFinding(severity, kind, message, hint: hint, range: range))
    }

    /// A value of a type, for the type's name in a message.
    private static func sample(of types: ValueTypes) -> JSON {
        if types.contains(.string) { return "" }
        if types.contains(.integer) { return 0 }
        if types.contains(.float) { return 0.0 }
        if types.contains(.boolean) { return false }
        if types.contains(.array) { return [] }
        return types.contains(.object) ? [:] : .null
    }

    private static func hint(_ argument: Expression, accepted: ValueTypes) -> String? {
        if case .string(let text) = argument.literal {
            if !accepted.isDisjoint(with: .number), NumberText.read(text, .float) != nil {
                return "write the number without quotes: \(text)"
            }
            if accepted.contains(.boolean), ["true", "false"].contains(text.lowercased()) {
                return "write it without quotes: \(text.lowercased())"
            }
        }
        let given = types(of: argument)
        if accepted.contains(.array), given == .string {
            return "give an array, such as split(text, ',') or createArray(…)"
        }
        if accepted == .string { return "convert it with string(…)" }
        if accepted == .integer, given == .string { return "convert it with int(…)" }
        return nil
    }
}
