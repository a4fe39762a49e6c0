import FlowCore
import FlowHTTP

/// Which headers of a flow an outgoing request carries.
///
/// The platform takes out the fields that it writes itself, and those that could lead a request astray.
enum HTTPHeaderRules {
    private static let removed: Set<String> = [
        "allow", "cookie", "expires", "host", "last-modified", "origin", "set-cookie", "transfer-encoding",
        "connection",
    ]
    private static let kept: Set<String> = [
        "accept", "accept-version", "content-disposition", "content-encoding", "content-type",
    ]

    /// The fields that are sent; null and absent are the same.
    static func outgoing(_ headers: JSONObject) -> HTTPHeaders {
        var fields = HTTPHeaders()
        for (name, value) in headers where !value.isNull && isSent(name) {
            fields.append(name, MessageBody.plainText(value))
        }
        return fields
    }

    private static func isSent(_ name: String) -> Bool {
        let name = name.lowercased()
        if kept.contains(name) { return true }
        return !removed.contains(name) && !name.hasPrefix("accept-") && !name.hasPrefix("content-")
    }
}
