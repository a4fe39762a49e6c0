import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowText

/// The variables of a stored run as far as its record tells: those that secured actions wrote are hidden.
struct RecordedVariables {
    private let actions: [String: Action]
    private var order: [String] = []
    private var types: [String: String] = [:]
    private var known: [String: JSON] = [:]
    /// The names as declared, by their lower-case form.
    private var names: [String: String] = [:]
    /// Whether a secured action declared variables whose names are not recorded.
    private(set) var hidesNames = false

    init(_ definition: FlowDefinition) {
        actions = Dictionary(
            definition.allActions.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The values that are known, by name.
    var values: JSONObject {
        JSONObject(order.compactMap { key in known[key].map { (names[key] ?? key, $0) } })
    }

    /// The names of variables whose values are hidden.
    var hidden: [String] { order.filter { known[$0] == nil }.map { names[$0] ?? $0 } }

    /// Takes the end of an action that succeeded.
    mutating func take(_ end: ActionEnd) {
        guard let action = actions[end.action.name.lowercased()], let type = action.type else { return }
        switch type {
        case .initializeVariable: declare(end, action)
        case .setVariable, .incrementVariable, .decrementVariable:
            // The value as the variable took it stands in the outputs.
            change(end, action) { _ in
                if case .value(let outputs) = end.outputs, !end.hidesOutputs { return outputs["body"]?["value"] }
                return type == .setVariable ? end.inputs?["value"] : nil
            }
        case .appendToArrayVariable:
            change(end, action) { current in
                guard let element = end.inputs?["value"] else { return nil }
                guard case .array(var elements)? = current else { return .array([element]) }
                elements.append(element)
                return .array(elements)
            }
        case .appendToStringVariable:
            change(end, action) { current in
                guard let piece = end.inputs?["value"] else { return nil }
                return .string((current?.stringValue ?? "") + ValueText.text(of: piece))
            }
        default: break
        }
    }

    private mutating func declare(_ end: ActionEnd, _ action: Action) {
        guard !end.hidesInputs, let inputs = end.inputs else {
            // What is written in the definition gives the names, unless they are computed.
            for node in action.inputs?["variables"]?.elements ?? [] {
                if let name = node["name"]?.string, !name.contains("@") {
                    declare(name, type: node["type"]?.string ?? "", value: nil)
                } else {
                    hidesNames = true
                }
            }
            return
        }
        for variable in inputs["variables"]?.arrayValue ?? [] {
            guard let name = variable["name"]?.stringValue else { continue }
            let type = variable["type"]?.stringValue?.lowercased() ?? ""
            declare(name, type: type, value: Self.value(variable["value"], type: type))
        }
    }

    private mutating func declare(_ name: String, type: String, value: JSON?) {
        let key = name.lowercased()
        if names.updateValue(name, forKey: key) == nil { order.append(key) }
        types[key] = type
        known[key] = value
    }

    private static func value(_ given: JSON?, type: String) -> JSON {
        switch (type, given) {
        case ("integer", .double(let number)?): Int64(exactly: number).map { .integer($0) } ?? .double(number)
        case (_, let given?): given
        case ("string", nil): ""
        case ("integer", nil): 0
        case ("float", nil): .double(0)
        case ("boolean", nil): false
        case ("array", nil): []
        default: .null
        }
    }

    private mutating func change(_ end: ActionEnd, _ action: Action, _ value: (JSON?) -> JSON?) {
        guard !end.hidesInputs else {
            // Without its inputs the name is known only where it is written in the definition.
            if let name = action.inputs?["name"]?.string, !name.contains("@") {
                known[name.lowercased()] = nil
            } else {
                known.removeAll()
            }
            return
        }
        guard let name = end.inputs?["name"]?.stringValue else { return }
        let key = name.lowercased()
        // Taken out before it is changed, so that a long array is not copied.
        let current = known.removeValue(forKey: key)
        let isHidden = current == nil
        let isWhole =
            action.type == .setVariable || action.type == .incrementVariable || action.type == .decrementVariable
        guard !isHidden || isWhole, let new = value(current) else { return }
        known[key] = new
    }
}
