public import FlowCore

/// What people may search for in the events of a run: the names of actions, what went in and came out, what went wrong.
///
/// It looks at the journal form, so that nothing has to be decoded which is only read for its words. Sealed members are
/// no part of what is handed in; signatures and credentials are masked here, exactly as where a run is shown.
public enum JournalText {
    /// Hands the texts of an event to a closure, those that say most first.
    /// - Parameters:
    ///   - event: the event as the journal keeps it, without its sealed members.
    ///   - take: is given each text; false ends the reading.
    public static func each(of event: JSON, _ take: (String) -> Bool) {
        guard case .object(let object) = event, let type = object["t"]?.stringValue,
            let members = members[type]
        else { return }
        for (name, inner) in members {
            guard let member = object[name], let value = inner.map({ member[$0] }) ?? member else { continue }
            guard texts(of: SecretMask.masking(value), take) else { return }
        }
    }

    /// The members of each kind of event that hold words, and of a member its part where the rest says nothing.
    ///
    /// Headers are left out, and so is what only repeats another event, such as the inputs in an intent.
    private static let members: [String: [(name: String, inner: String?)]] = [
        "runStarted": [("trigger", nil), ("outputs", nil)],
        "actionStarted": [("a", nil), ("inputs", nil)],
        "actionEnded": [
            ("a", nil), ("error", nil), ("tracked", nil), ("inputs", nil), ("outputs", nil),
        ],
        "effectFinished": [("failure", nil), ("answer", "body"), ("inDoubt", nil)],
        "callbackReceived": [("outputs", nil)],
        "replied": [("body", nil)],
        "runEnded": [("error", nil), ("outputs", nil)],
    ]

    /// Members whose values are no words that someone would search for, or that sign someone in.
    private static let silentMembers: Set<String> = ["headers", "authentication", "$content"]

    /// Hands over the texts and numbers in a value; false where the taker has enough.
    private static func texts(of value: JSON, _ take: (String) -> Bool) -> Bool {
        switch value {
        case .null, .bool: return true
        case .string(let text): return text.isEmpty || take(text)
        case .integer, .decimal, .double: return take(value.text)
        case .array(let elements): return elements.allSatisfy { texts(of: $0, take) }
        case .object(let object):
            for (place, member) in object.values.enumerated() where !silentMembers.contains(object.keys[place]) {
                guard texts(of: member, take) else { return false }
            }
            return true
        }
    }
}
