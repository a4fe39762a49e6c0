/// The members of a JSON object, in the order in which they were written.
///
/// Keys and values lie in two parallel arrays. Up to sixteen members are searched one by one; larger objects carry an
/// index. Equality disregards the order of the keys. Assigning `nil` through the subscript removes a member.
public struct JSONObject: Sendable {
    @usableFromInline static let linearLimit = 16

    /// The keys in order.
    public private(set) var keys: [String]
    /// The values, each at the place of its key.
    public private(set) var values: [JSON]
    @usableFromInline var index: [String: Int]?

    /// Makes an object without members.
    public init() {
        keys = []
        values = []
    }

    /// Makes an object without members and with room for some.
    public init(minimumCapacity count: Int) {
        self.init()
        keys.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// Makes an object of the given members; a repeated key keeps its first place and its last value.
    public init(_ members: some Sequence<(String, JSON)>) {
        self.init()
        for (key, value) in members { self[key] = value }
    }

    /// How many members there are.
    public var count: Int { keys.count }

    /// Whether there are no members.
    public var isEmpty: Bool { keys.isEmpty }

    /// The place of a key, or nil.
    @inlinable
    public func firstIndex(ofKey key: String) -> Int? {
        if let index { return index[key] }
        return keys.firstIndex(of: key)
    }

    /// The value of a key; setting `nil` removes the member, setting a value keeps an existing key's place.
    public subscript(key: String) -> JSON? {
        get {
            guard let place = firstIndex(ofKey: key) else { return nil }
            return values[place]
        }
        set {
            guard let newValue else {
                remove(key)
                return
            }
            if let place = firstIndex(ofKey: key) {
                values[place] = newValue
            } else {
                append(key, newValue)
            }
        }
    }

    /// The value of the first key that is equal, or else equal when letter case is ignored.
    public func value(ignoringCase key: String) -> JSON? {
        if let place = firstIndex(ofKey: key) { return values[place] }
        let folded = key.lowercased()
        guard let place = keys.firstIndex(where: { $0.lowercased() == folded }) else { return nil }
        return values[place]
    }

    /// Adds a member that is known not to be there yet.
    public mutating func append(_ key: String, _ value: JSON) {
        keys.append(key)
        values.append(value)
        if index != nil {
            index?[key] = keys.count - 1
        } else if keys.count > Self.linearLimit {
            rebuildIndex()
        }
    }

    /// Changes the value at a place without a look-up.
    public mutating func setValue(at place: Int, _ value: JSON) { values[place] = value }

    private mutating func remove(_ key: String) {
        guard let place = firstIndex(ofKey: key) else { return }
        keys.remove(at: place)
        values.remove(at: place)
        index = nil
        if keys.count > Self.linearLimit { rebuildIndex() }
    }

    private mutating func rebuildIndex() {
        var index: [String: Int] = [:]
        index.reserveCapacity(keys.count * 2)
        for (place, key) in keys.enumerated() { index[key] = place }
        self.index = index
    }
}

extension JSONObject: Sequence {
    /// Walks over the members in order.
    public func makeIterator() -> Zip2Sequence<[String], [JSON]>.Iterator {
        zip(keys, values).makeIterator()
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same keys with equal values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for (key, value) in left {
            guard right[key] == value else { return false }
        }
        return true
    }

    /// Hashes the members without regard to their order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in self {
            var member = Hasher()
            member.combine(key)
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object; a repeated key keeps the last value.
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
