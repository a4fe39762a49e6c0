package import FlowCore

/// Which secrets a value may hold: a set of sources.
///
/// A plan knows from what the inputs and outputs of each action are made; which of the sources are secret in a run is
/// known when it starts: the trigger's data may be, and parameters behind secret environment variables are.
public struct SecretSources: OptionSet, Sendable, Hashable {
    /// One bit a source.
    public let rawValue: UInt64

    /// Makes a set of its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// What is secret in every run: secured inputs and outputs, parameters of secure types.
    public static let always = SecretSources(rawValue: 1)
    /// What the trigger brought.
    public static let trigger = SecretSources(rawValue: 2)

    /// The value of a parameter, by its place among a flow's parameters; far more than a flow may have share one bit.
    static func parameter(_ place: Int) -> SecretSources { SecretSources(rawValue: 1 << UInt64(min(place + 2, 63))) }

    /// Whether any of these secrets is among others.
    public func holds(_ secrets: SecretSources) -> Bool { rawValue & secrets.rawValue != 0 }
}

/// The members of an HTTP action's `authentication` that are recorded as `*sanitized*`.
package enum AuthenticationSecrets {
    /// Their names in small letters.
    package static let members: Set<String> = ["password", "pfx", "secret", "value", "clientsecret", "token", "key"]

    /// Inputs as they are recorded: secrets of the authentication are not shown.
    package static func hidden(in inputs: JSON) -> JSON {
        guard case .object(var object) = inputs else { return inputs }
        switch object["authentication"] {
        case .object(var authentication)?:
            for key in authentication.keys where members.contains(key.lowercased()) {
                authentication[key] = .string(SecretMask.hidden)
            }
            object["authentication"] = .object(authentication)
        // A text is the header itself.
        case .string?: object["authentication"] = .string(SecretMask.hidden)
        default: return inputs
        }
        return .object(object)
    }
}
