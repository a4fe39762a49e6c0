package import FlowCore

extension JSON {
    /// The name by which the platform's messages call the type of a value, such as `Array`.
    package var platformTypeName: String {
        switch self {
        case .null: "Null"
        case .bool: "Boolean"
        case .integer: "Integer"
        case .double, .decimal: "Float"
        case .string: "String"
        case .array: "Array"
        case .object: "Object"
        }
    }
}
