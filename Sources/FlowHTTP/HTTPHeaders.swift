/// The header fields of a message: in order, repeated names kept, looked up without regard to letter case.
public struct HTTPHeaders: Sendable, Hashable {
    /// A field.
    public struct Field: Sendable, Hashable {
        /// The name as written.
        public let name: String
        /// The value, without white space at its ends.
        public let value: String

        /// Makes a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields in order.
    public private(set) var fields: [Field]

    /// Makes headers of fields.
    public init(_ fields: [Field] = []) { self.fields = fields }

    /// The first value of a name; setting replaces all fields of that name, setting nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.isSame($0.name, name) }?.value }
        set {
            let place = fields.firstIndex { Self.isSame($0.name, name) }
            fields.removeAll { Self.isSame($0.name, name) }
            guard let newValue else { return }
            fields.insert(Field(name: name, value: newValue), at: min(place ?? fields.count, fields.count))
        }
    }

    /// All values of a name.
    public func values(of name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// Adds a field after all others.
    public mutating func append(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// Removes the fields whose name fulfils a condition.
    public mutating func removeAll(where condition: (String) -> Bool) { fields.removeAll { condition($0.name) } }

    /// Whether there are no fields.
    public var isEmpty: Bool { fields.isEmpty }

    /// Whether two header names are equal without regard to the case of ASCII letters.
    public static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { folded($0) == folded($1) }
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// Makes headers; repeated names are kept.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Field(name: $0.0, value: $0.1) })
    }
}
