/// A JSON value with ordered objects and exact numbers.
///
/// Values of flows, expressions, requests and journals are all of this type. Objects keep the order of their
/// keys; integers keep 64 bits; a number that neither `Int64` nor `Double` holds exactly keeps its digits as
/// ``decimal(_:)``.
///
/// ## Topics
/// - ``JSON/null``, ``JSON/bool(_:)``, ``JSON/integer(_:)``, ``JSON/double(_:)``, ``JSON/decimal(_:)``,
///   ``JSON/string(_:)``, ``JSON/array(_:)``, ``JSON/object(_:)``
/// - ``JSON/init(parsing:)``, ``JSON/text``
@frozen
public enum JSON: Sendable, Hashable {
    /// The JSON literal `null`.
    case null
    /// A Boolean.
    case bool(Bool)
    /// A number written without fraction and exponent that fits in 64 bits.
    case integer(Int64)
    /// A number with a fraction or exponent.
    case double(Double)
    /// A number by its digits in JSON's own grammar: a .NET decimal, or an integer beyond 64 bits.
    case decimal(String)
    /// A text.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object with ordered keys.
    case object(JSONObject)
}

extension JSON {
    /// The text, or nil for a value of another type.
    @inlinable
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The Boolean, or nil for a value of another type.
    @inlinable
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer, also of a double without fraction, or nil.
    @inlinable
    public var integerValue: Int64? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The number as a double, or nil for a value of another type.
    @inlinable
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .decimal(let digits): Double(digits)
        default: nil
        }
    }

    /// The elements, or nil for a value of another type.
    @inlinable
    public var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object, or nil for a value of another type.
    @inlinable
    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    @inlinable
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The member of an object, or nil where this is no object or has no such key.
    @inlinable
    public subscript(key: String) -> JSON? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// The element of an array, or nil where this is no array or the index is outside.
    @inlinable
    public subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }
}

extension JSON {
    /// How deep values may be nested: as deep as JSON text that is read.
    package static let nestingLimit = JSONReader.nestingLimit

    /// Whether collections stand in one another more than so many levels deep.
    package func isNested(deeperThan limit: Int) -> Bool {
        switch self {
        case .array(let elements): limit == 0 || elements.contains { $0.isNested(deeperThan: limit - 1) }
        case .object(let object): limit == 0 || object.values.contains { $0.isNested(deeperThan: limit - 1) }
        default: false
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes a text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes an integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes a double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Makes a Boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes null.
    public init(nilLiteral: ()) { self = .null }
    /// Makes an array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// Makes an object; a repeated key keeps the last value.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}

extension JSON: CustomStringConvertible {
    /// The compact JSON text.
    public var description: String { text }
}
