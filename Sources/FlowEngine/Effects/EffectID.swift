/// The number of an effect within its run, from 1.
public struct EffectID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number.
    public let number: Int

    /// Makes an id of its number.
    public init(_ number: Int) { self.number = number }

    /// Reads the text form; nil for another text.
    public init?(_ text: String) {
        guard let number = Int(text), number > 0 else { return nil }
        self.number = number
    }

    /// The number as text.
    public var description: String { String(number) }

    /// Orders by number.
    public static func < (left: EffectID, right: EffectID) -> Bool { left.number < right.number }
}

/// The number of a timer within its run, from 1.
public struct TimerID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number.
    public let number: Int

    /// Makes an id of its number.
    public init(_ number: Int) { self.number = number }

    /// Reads the text form; nil for another text.
    public init?(_ text: String) {
        guard let number = Int(text), number > 0 else { return nil }
        self.number = number
    }

    /// The number as text.
    public var description: String { String(number) }

    /// Orders by number.
    public static func < (left: TimerID, right: TimerID) -> Bool { left.number < right.number }
}
