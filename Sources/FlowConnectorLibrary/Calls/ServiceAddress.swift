import FlowCore

/// Base addresses of services.
enum ServiceAddress {
    /// A base address without slash at its end; a bare host is called by https.
    static func base(_ text: String) -> String {
        var text = text.contains("://") ? text : "https://" + text
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// An address with a query; pairs without a value are left out.
    static func make(_ base: String, _ path: String, query: [(String, String?)] = []) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
        return base + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}
