import FlowCore

/// How values are compared: deep equality with types, and the order of numbers and texts.
enum ValueComparison {
    /// Whether two values are equal: `1` equals `1.0`, but `1` and `'1'` differ; the order of keys does not count.
    static func areEqual(_ left: JSON, _ right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.integer(let left), .integer(let right)): return left == right
        case (.double(let left), .double(let right)): return left == right
        case (.string(let left), .string(let right)): return areEqual(left, right)
        case (.array(let left), .array(let right)):
            guard left.count == right.count else { return false }
            for place in left.indices where !areEqual(left[place], right[place]) { return false }
            return true
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            for (key, value) in left {
                guard let other = right[key], areEqual(value, other) else { return false }
            }
            return true
        default:
            guard isNumber(left), isNumber(right) else { return false }
            return order(ofNumbers: left, right) == 0
        }
    }

    /// Whether two texts have the same code units; Swift's own `==` takes composed and decomposed letters as equal.
    static func areEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a value is a number.
    static func isNumber(_ value: JSON) -> Bool {
        switch value {
        case .integer, .double, .decimal: true
        default: false
        }
    }

    /// Negative, zero or positive as the left number is less than, equal to or greater than the right one; nil where one
    /// of them is `NaN`.
    static func order(ofNumbers left: JSON, _ right: JSON) -> Int? {
        if case .integer(let left) = left, case .integer(let right) = right {
            return left < right ? -1 : left > right ? 1 : 0
        }
        if case .double = left {
        } else if case .double = right {
        } else if let left = DecimalNumber(left),
            let right = DecimalNumber(right)
        {
            return left.order(to: right)
        }
        guard let left = left.doubleValue, let right = right.doubleValue, !left.isNaN, !right.isNaN else { return nil }
        return left < right ? -1 : left > right ? 1 : 0
    }

    /// The order of texts: by code units in upper case.
    static func order(ofTexts left: String, _ right: String) -> Int {
        if left.utf8.allSatisfy({ $0 < 0x80 }), right.utf8.allSatisfy({ $0 < 0x80 }) {
            var rightBytes = right.utf8.makeIterator()
            for byte in left.utf8 {
                guard let other = rightBytes.next() else { return 1 }
                let (left, right) = (upper(byte), upper(other))
                if left != right { return left < right ? -1 : 1 }
            }
            return rightBytes.next() == nil ? 0 : -1
        }
        let (left, right) = (CaseMapping.foldedUnits(left), CaseMapping.foldedUnits(right))
        for (one, other) in zip(left, right) where one != other { return one < other ? -1 : 1 }
        return left.count < right.count ? -1 : left.count > right.count ? 1 : 0
    }

    private static func upper(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "a") < 26 ? byte & 0xDF : byte }
}

/// A value as a key of a set, equal as expressions see it.
struct ValueKey: Hashable {
    /// The value.
    let value: JSON

    static func == (left: ValueKey, right: ValueKey) -> Bool { ValueComparison.areEqual(left.value, right.value) }

    func hash(into hasher: inout Hasher) { Self.hash(value, into: &hasher) }

    private static func hash(_ value: JSON, into hasher: inout Hasher) {
        switch value {
        case .integer, .double, .decimal: hasher.combine(value.doubleValue)
        case .array(let elements):
            hasher.combine(elements.count)
            for element in elements { hash(element, into: &hasher) }
        case .object(let object):
            // The order of keys does not count.
            var sum = 0
            for (key, value) in object {
                var member = Hasher()
                member.combine(key)
                hash(value, into: &member)
                sum &+= member.finalize()
            }
            hasher.combine(sum)
        default: hasher.combine(value)
        }
    }
}
