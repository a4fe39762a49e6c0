import FlowCore

/// Compares what was sent with what a service shows: services add members, and write numbers and instants their own way.
enum JSONMatch {
    /// Whether every member of a value is found in another one.
    static func holds(_ sent: JSON, in found: JSON) -> Bool {
        switch (sent, found) {
        case (.object(let sent), .object(let found)):
            return sent.allSatisfy { key, value in
                found.value(ignoringCase: key).map { holds(value, in: $0) } ?? value.isNull
            }
        case (.array(let sent), .array(let found)):
            return sent.count == found.count && zip(sent, found).allSatisfy { holds($0, in: $1) }
        case (.object, _), (_, .object), (.array, _), (_, .array): return false
        case (.null, .string("")), (.string(""), .null): return true
        case (.string(let sent), .string(let found)):
            if sent == found { return true }
            guard let sent = Timestamp(iso8601: sent), let found = Timestamp(iso8601: found) else { return false }
            return sent == found
        default:
            if sent == found { return true }
            guard let sent = number(sent), let found = number(found) else { return false }
            return sent == found
        }
    }

    private static func number(_ value: JSON) -> Double? {
        value.doubleValue ?? value.stringValue.flatMap { Double($0) }
    }
}
