import FlowCore

/// Addresses of documents: files by their paths, other documents by their URIs.
enum DocumentAddress {
    private static let scheme = "file://"

    /// The name under which a document is known: the path of a file, else the URI itself.
    static func name(of uri: String) -> String {
        guard uri.lowercased().hasPrefix(scheme) else { return uri }
        let rest = uri.dropFirst(scheme.count)
        guard let slash = rest.firstIndex(of: "/") else { return uri }
        return PercentEncoding.decode(rest[slash...])
    }

    /// The address of a name.
    static func uri(of name: String) -> String {
        guard name.hasPrefix("/") else { return name }
        return scheme
            + name.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
    }
}
