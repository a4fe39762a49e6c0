import FlowCore
import FlowExpressions
import FlowText

/// Arguments of functions whose types the schemas and variables of the flow tell: of a type that the function refuses, or
/// null in some runs.
///
/// All of it is warned of: it fails when the action runs, the cloud saves it.
struct ArgumentTypeRules {
    /// What is known of an argument.
    private struct Known {
        /// The types that its source names, null apart.
        var types: ValueTypes
        /// Why it may be null, or nil.
        var absence: Absence?
        /// Who says so.
        var source: String
    }

    let shapes: ShapeRules
    let facts: FlowFacts
    let site: TemplateSite

    /// Reports the arguments in an expression that cannot work, or not in every run.
    func check(_ expression: Expression, into report: inout CheckReport) {
        check(expression, isCertain: true, into: &report)
    }

    private func check(_ expression: Expression, isCertain: Bool, into report: inout CheckReport) {
        switch expression {
        case .literal: break
        case .access(let base, let access):
            check(base, isCertain: isCertain, into: &report)
            check(access.key, isCertain: isCertain, into: &report)
            checkSelection(from: base, access, isCertain: isCertain, into: &report)
        case .call(let call):
            let declaration = FunctionLibrary.declaration(named: call.name)
            for (place, argument) in call.arguments.enumerated() {
                check(
                    argument, isCertain: isCertain && (place == 0 || declaration?.isLazy != true), into: &report)
                guard let parameter = declaration?.parameter(at: place) else { continue }
                check(argument, of: call, parameter, isCertain: isCertain, into: &report)
            }
        }
    }

    private func check(
        _ argument: Expression, of call: Expression.Call, _ parameter: FunctionDeclaration.Parameter, isCertain: Bool,
        into report: inout CheckReport
    ) {
        guard let known = known(of: argument) else { return }
        var accepted = parameter.types
        if parameter.presence == .optional { accepted.formUnion(.null) }
        let what = text(of: argument)
        let location = site.location(of: argument.range.lowerBound)
        if known.types.isDisjoint(with: accepted) {
            report.warning(
                .invalidTemplate,
                "'\(what.shortened)' is \(known.types.phrase) \(known.source), and \(call.name)() needs \(parameter.types.phrase).",
                at: location, path: site.path, hint: Self.conversion(of: what, to: parameter.types))
        } else if let absence = known.absence, !accepted.contains(.null), isCertain, !isAskedFor(argument) {
            report.warning(
                .invalidTemplate,
                "'\(what.shortened)' \(absence.phrase), and \(call.name)() fails with null.", at: location,
                path: site.path, hint: "write coalesce(\(what), \(Self.substitute(for: parameter.types)))")
        }
    }

    /// A step without `?` into what may be null.
    private func checkSelection(
        from base: Expression, _ access: Expression.Access, isCertain: Bool, into report: inout CheckReport
    ) {
        guard isCertain, !access.isOptional, let absence = known(of: base)?.absence, !isAskedFor(base) else { return }
        report.warning(
            .invalidTemplate, "'\(text(of: base).shortened)' \(absence.phrase), and the selection after it then fails.",
            at: site.location(of: access.range.lowerBound), path: site.path,
            hint: "write ?\(text(in: access.range))")
    }

    // MARK: What is known

    private func known(of expression: Expression) -> Known? {
        switch expression {
        case .literal: return nil
        case .call(let call):
            if call.name.lowercased() == "variables" { return known(ofVariable: call) }
            // A body as a whole: whether it is there nobody has said.
            guard case .schema(let schema, _)? = shapes.shape(of: expression, row: site.row, place: site.place) else {
                return nil
            }
            return Self.known(of: schema, nil)
        case .access(let base, let access):
            guard let selection = shapes.selection(of: base, access, site) else { return nil }
            let inherited = { access.isOptional ? known(of: base)?.absence : nil }
            return Self.known(of: selection.schema, selection.absence ?? inherited())
        }
    }

    private static func known(of schema: JSON, _ absence: Absence?) -> Known? {
        let words = schema["type"]?.arrayValue ?? schema["type"].map { [$0] } ?? []
        var types = ValueTypes()
        for word in words.compactMap(\.stringValue) where word.lowercased() != "null" {
            guard let type = StaticType(schemaWord: word) else { return nil }
            types.formUnion(type.valueTypes)
        }
        return types.isEmpty ? nil : Known(types: types, absence: absence, source: "by its schema")
    }

    private func known(ofVariable call: Expression.Call) -> Known? {
        guard let name = call.arguments.first?.literal?.stringValue,
            let type = facts.variables[name.lowercased()].flatMap({ StaticType(variableType: $0.type) })
        else { return nil }
        return Known(types: type.valueTypes, source: "by its variable's type")
    }

    /// Whether a condition around the action reads the same property: it then asks whether the value is there.
    private func isAskedFor(_ expression: Expression) -> Bool {
        guard case .access(_, let access) = expression, let key = access.key.literal?.stringValue else { return false }
        return (site.place?.ancestors ?? []).contains { ancestor in
            guard ancestor.type == .if || ancestor.type == .switch else { return false }
            return ancestor.node["expression"]?.json.text.contains(key) == true
        }
    }

    // MARK: Texts

    private func text(of expression: Expression) -> String { text(in: expression.range) }

    private func text(in range: Range<Int>) -> String {
        String(decoding: site.text.utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
    }

    private static func substitute(for types: ValueTypes) -> String {
        if types.contains(.string) { return "''" }
        if types.contains(.array) { return "createArray()" }
        if types.contains(.object) { return "json('{}')" }
        return types.contains(.boolean) ? "false" : "0"
    }

    private static func conversion(of text: String, to types: ValueTypes) -> String? {
        switch types {
        case .string: "write string(\(text))"
        case .integer: "write int(\(text))"
        case .float, .number: "write float(\(text))"
        default: nil
        }
    }
}

extension StaticType {
    /// The types of values that it covers.
    var valueTypes: ValueTypes {
        switch self {
        case .string: .string
        case .integer: .integer
        case .number: .number
        case .boolean: .boolean
        case .array: .array
        case .object: .object
        case .null: .null
        }
    }
}
