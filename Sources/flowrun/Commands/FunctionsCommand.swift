import ArgumentParser
import FlowCore
import FlowExpressions

/// `flowrun functions [NAME]`: the functions of the expression language.
struct FunctionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "functions", abstract: "Shows the functions of the expression language.",
        discussion: "Without NAME all functions are listed by category.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A function, in any letter case.")
    var name: String?

    func run() throws {
        guard let name else { return list() }
        guard let function = FunctionLibrary.declaration(named: name) else {
            let near = Suggestion.nearest(to: name, among: FunctionLibrary.all.map(\.name))
            throw FlowError(
                .invalidArgument, "There is no function '\(name)'.",
                hint: near.map { "did you mean '\($0)'? flowrun functions \($0)" }
                    ?? "flowrun functions lists all functions")
        }
        options.present(Self.json(of: function)) { Self.page(of: function) }
    }

    private func list() {
        let functions = FunctionDeclaration.Category.allCases.flatMap { category in
            FunctionLibrary.all.filter { $0.category == category }.sorted {
                $0.name.lowercased() < $1.name.lowercased()
            }
        }
        let json = JSON.array(
            functions.map {
                [
                    "name": .string($0.name), "category": .string($0.category.rawValue),
                    "signature": .string($0.signature), "returns": .string($0.returns.description),
                    "summary": .string($0.summary),
                ]
            })
        options.present(json) {
            var table = Table("CATEGORY", "FUNCTION", "WHAT IT DOES")
            for function in functions { table.add(function.category.rawValue, function.signature, function.summary) }
            return table.text
        }
    }

    // MARK: One function

    private static func json(of function: FunctionDeclaration) -> JSON {
        [
            "name": .string(function.name), "category": .string(function.category.rawValue),
            "signature": .string(function.signature), "summary": .string(function.summary),
            "returns": .string(function.returns.description),
            "parameters": .array(
                function.parameters.map { parameter in
                    var members: JSONObject = [
                        "name": .string(parameter.name), "types": .array(parameter.types.names.map { .string($0) }),
                        "required": .bool(parameter.leastCount > 0), "repeated": .bool(parameter.isRepeated),
                    ]
                    if let role = parameter.role.text { members["role"] = .string(role) }
                    return .object(members)
                }),
            "examples": .array(
                function.examples.map { ["expression": .string($0.expression), "value": $0.value] }),
        ]
    }

    private static func page(of function: FunctionDeclaration) -> String {
        var lines = [
            "\(Style.bold(function.signature)) → \(function.returns)", "", "  \(function.summary)",
            "  Category: \(function.category.rawValue)",
        ]
        if !function.parameters.isEmpty {
            lines += ["", "Parameters"]
            let width = function.parameters.map(\.name.count).max() ?? 0
            for parameter in function.parameters {
                let blanks = String(repeating: " ", count: width - parameter.name.count)
                lines.append("  \(parameter.name)\(blanks)  \(parameter.about)")
            }
        }
        if !function.examples.isEmpty {
            lines += ["", "Examples"]
            for example in function.examples { lines.append("  \(example.expression) → \(example.value.text)") }
        }
        return lines.joined(separator: "\n")
    }
}

extension FunctionDeclaration.Parameter {
    /// How often it must be given.
    fileprivate var leastCount: Int {
        switch presence {
        case .required: 1
        case .optional: 0
        case .repeated(let count): count
        }
    }

    /// Whether it may be given many times.
    fileprivate var isRepeated: Bool {
        if case .repeated = presence { true } else { false }
    }

    /// Types, what a text stands for, and how often it may be given.
    fileprivate var about: String {
        let often: String? =
            switch presence {
            case .required: nil
            case .optional: "optional"
            case .repeated(let count): count > 1 ? "\(count) or more" : count == 1 ? "one or more" : "any number"
            }
        return [types.description, role.text, often].compactMap { $0 }.joined(separator: ", ")
    }
}

extension FunctionDeclaration.Parameter.Role {
    /// What a text stands for.
    fileprivate var text: String? {
        switch self {
        case .plain: nil
        case .timestamp: "a date and time"
        case .timeZone: "a time zone"
        case .timeUnit: "a unit of time"
        case .dateFormat: "a format of dates"
        }
    }
}
