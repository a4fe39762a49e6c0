/// The place of a trigger, action or other member in a flow definition, as in
/// `actions/For_each_customer[3]/actions/Get_price`.
///
/// Parts are separated by `/`; a `/` in a name is written `~1`, a `~` is written `~0`; a repetition stands as `[n]`
/// after its loop's name, from 0. The empty path is the flow itself.
public struct ActionPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path as text.
    public let text: String

    /// Makes a path of its written form.
    public init(text: String) { self.text = text }

    /// The path of the flow itself.
    public static let root = ActionPath(text: "")

    /// The path of a top-level trigger.
    public static func trigger(_ name: String) -> ActionPath { root.appending("triggers", name) }

    /// The path of a top-level action.
    public static func action(_ name: String) -> ActionPath { root.appending("actions", name) }

    /// This path with further parts, each escaped.
    public func appending(_ parts: String...) -> ActionPath {
        var text = text
        for part in parts {
            if !text.isEmpty { text += "/" }
            text += Self.escape(part)
        }
        return ActionPath(text: text)
    }

    /// This path, a loop's, at one of its repetitions.
    public func repetition(_ index: Int) -> ActionPath { ActionPath(text: text + "[\(index)]") }

    /// The last part without escapes and without a repetition index.
    public var name: String {
        guard let last = text.split(separator: "/", omittingEmptySubsequences: false).last else { return "" }
        var part = String(last)
        if part.hasSuffix("]"), let bracket = part.lastIndex(of: "[") { part = String(part[..<bracket]) }
        return part.replacing("~1", with: "/").replacing("~0", with: "~")
    }

    /// Whether this path is the other one or lies below it.
    public func isWithin(_ other: ActionPath) -> Bool {
        other.text.isEmpty || text == other.text || text.hasPrefix(other.text + "/") || text.hasPrefix(other.text + "[")
    }

    private static func escape(_ part: String) -> String {
        guard part.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return part }
        return part.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// The path as text.
    public var description: String { text }

    /// Orders by text.
    public static func < (left: ActionPath, right: ActionPath) -> Bool { left.text < right.text }
}
