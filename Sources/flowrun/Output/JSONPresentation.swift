import FlowCore

extension JSON {
    /// A member as a person reads it: a text without quotes, nothing for null or a missing member.
    func text(_ key: String) -> String {
        switch self[key] {
        case .none, .null?: ""
        case .string(let text)?: text
        case .some(let value): value.text
        }
    }
}

extension Sequence where Element: Hashable {
    /// The elements without repeats, in their first order.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

/// A value as an outline: members as `name: value`, nested ones indented.
enum Outline {
    /// The outline.
    static func text(of value: JSON) -> String { lines(of: value).joined(separator: "\n") }

    /// The outline's lines.
    static func lines(of value: JSON, indent: String = "") -> [String] {
        switch value {
        case .object(let object):
            return object.flatMap { key, member -> [String] in
                if isLeaf(member) { return ["\(indent)\(key): \(leaf(member))"] }
                return ["\(indent)\(key):"] + lines(of: member, indent: indent + "  ")
            }
        case .array(let elements):
            return elements.flatMap { element -> [String] in
                if isLeaf(element) { return ["\(indent)- \(leaf(element))"] }
                var inner = lines(of: element, indent: indent + "  ")
                if let first = inner.first {
                    inner[0] = indent + "- " + first.dropFirst(indent.count + 2)
                }
                return inner
            }
        default: return [indent + leaf(value)]
        }
    }

    private static func isLeaf(_ value: JSON) -> Bool {
        switch value {
        case .object(let object): object.isEmpty
        case .array(let elements): elements.isEmpty
        default: true
        }
    }

    private static func leaf(_ value: JSON) -> String {
        if case .string(let text) = value, !text.contains("\n") { return text }
        return value.text
    }
}
