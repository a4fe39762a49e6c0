public import FlowCore

/// Types of values in expressions, under the names that the platform's messages use.
public struct ValueTypes: OptionSet, Sendable, Hashable, CustomStringConvertible {
    /// One bit a type.
    public let rawValue: UInt8

    /// Makes a set of its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing.
    public static let null = ValueTypes(rawValue: 1)
    /// A text.
    public static let string = ValueTypes(rawValue: 2)
    /// A 64-bit integer.
    public static let integer = ValueTypes(rawValue: 4)
    /// A float or a decimal.
    public static let float = ValueTypes(rawValue: 8)
    /// True or false.
    public static let boolean = ValueTypes(rawValue: 16)
    /// An array.
    public static let array = ValueTypes(rawValue: 32)
    /// An object, also binary and XML content.
    public static let object = ValueTypes(rawValue: 64)

    /// Any number.
    public static let number: ValueTypes = [.integer, .float]
    /// Anything.
    public static let any: ValueTypes = [.null, .string, .integer, .float, .boolean, .array, .object]

    /// The type of a value.
    public init(of value: JSON) {
        self =
            switch value {
            case .null: .null
            case .bool: .boolean
            case .integer: .integer
            case .double, .decimal: .float
            case .string: .string
            case .array: .array
            case .object: .object
            }
    }

    /// The names of the types in the set.
    public var names: [String] {
        let all: [(ValueTypes, String)] = [
            (.null, "Null"), (.string, "String"), (.integer, "Integer"), (.float, "Float"), (.boolean, "Boolean"),
            (.array, "Array"), (.object, "Object"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }

    /// The names joined by `or`.
    public var description: String {
        self == .any ? "any" : names.joined(separator: " or ")
    }

    /// What a parameter of these types is called in a message: `a string`, `an array or a string`.
    package var phrase: String {
        if isSuperset(of: .number) {
            let rest = subtracting(.number)
            return rest.isEmpty ? "an integer, a float or a decimal number" : "a number or \(rest.phrase)"
        }
        let names = names.filter { $0 != "Null" }.map { name in
            (name.hasPrefix("A") || name.hasPrefix("I") || name.hasPrefix("O") ? "an " : "a ") + name.lowercased()
        }
        return names.joined(separator: " or ")
    }
}

extension JSON {
    /// The type's name in messages.
    package var typeName: String { ValueTypes(of: self).names.first ?? "" }
}
