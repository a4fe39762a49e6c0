import FlowCore

/// The URL that starts a flow with a Request trigger: a secret, for its signature is all it takes.
public struct TriggerURL: Sendable, Hashable {
    /// The version of the platform's interface that the path follows.
    public static let apiVersion = "2016-06-01"
    /// The version of the signature.
    public static let signatureVersion = "1.0"

    /// The flow's GUID without hyphens, as it stands in the path.
    public let workflow: String
    /// The trigger's name.
    public let trigger: String

    /// Makes the URL of a flow's trigger.
    public init(flowID: String, trigger: String) {
        self.workflow = Self.workflow(ofFlow: flowID)
        self.trigger = trigger
    }

    /// A flow's GUID as it stands in the path: in small letters, without hyphens.
    static func workflow(ofFlow id: String) -> String {
        String(decoding: id.lowercased().utf8.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
    }

    /// The path, without query.
    public var path: String { "/workflows/\(workflow)/triggers/\(Self.escape(trigger))/paths/invoke" }

    /// What the signature allows.
    public var permission: String { "/triggers/\(trigger)/run" }

    /// The signature under a flow's key.
    public func signature(key: [UInt8]) -> String {
        let text = "/workflows/\(workflow)\(permission)?sv=\(Self.signatureVersion)"
        return Base64.encodeURL(Digest.hmacSHA256(Array(text.utf8), key: key))
    }

    /// Whether a signature is the one of this URL.
    public func accepts(signature: String, key: [UInt8]) -> Bool {
        Digest.constantTimeEqual(Array(signature.utf8), Array(self.signature(key: key).utf8))
    }

    /// The whole URL.
    /// - Parameters:
    ///   - base: scheme, host and port.
    ///   - key: the flow's key; nil where the trigger takes tokens in place of a signature.
    ///   - relativePath: the trigger's `relativePath`, as written, or nil.
    /// - Returns: the URL with its signature.
    public func text(base: String, key: [UInt8]?, relativePath: String? = nil) -> String {
        let rest = relativePath.map { "/" + $0.drop { $0 == "/" } } ?? ""
        guard let key else { return base + path + rest + "?api-version=\(Self.apiVersion)" }
        return base + path + rest + "?api-version=\(Self.apiVersion)&sp=\(Self.escape(permission))"
            + "&sv=\(Self.signatureVersion)&sig=\(signature(key: key))"
    }

    /// Percent-encodes everything but unreserved characters.
    package static func escape(_ text: String) -> String {
        var escaped: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default: escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
