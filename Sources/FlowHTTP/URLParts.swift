import CLibCurl

/// An address taken apart by libcurl's own parser, so that what is checked is what is called.
public struct URLParts: Sendable, Hashable {
    /// `http` or `https`, in small letters.
    public let scheme: String
    /// The host as written; an IPv6 address without its brackets.
    public let host: String
    /// The port, that of the scheme where none is written.
    public let port: Int
    /// The path with its leading slash.
    public let path: String
    /// The query without its question mark, or nil.
    public let query: String?
    /// The user name written before the host, or nil.
    public let user: String?
    /// The password written before the host, or nil.
    public let password: String?
    /// The whole address, well formed and without user, password and fragment.
    public let text: String

    /// Takes an absolute address apart; nil where it is not well formed or neither http nor https.
    public init?(_ url: String) { self.init(base: nil, url) }

    /// Resolves an address, which may be relative, against another.
    public func resolving(_ reference: String) -> URLParts? { URLParts(base: text, reference) }

    /// Whether both have the same scheme, host and port.
    public func hasSameOrigin(as other: URLParts) -> Bool {
        scheme == other.scheme && port == other.port && host.lowercased() == other.host.lowercased()
    }

    private init?(base: String?, _ reference: String) {
        guard !reference.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }), let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        let encode = UInt32(CURLU_URLENCODE)
        if let base, curl_url_set(handle, CURLUPART_URL, base, 0) != CURLUE_OK { return nil }
        guard curl_url_set(handle, CURLUPART_URL, reference, encode) == CURLUE_OK else { return nil }

        func part(_ which: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, which, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }

        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
        else { return nil }
        self.scheme = scheme
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        self.path = part(CURLUPART_PATH) ?? "/"
        self.query = part(CURLUPART_QUERY)
        self.user = part(CURLUPART_USER, UInt32(CURLU_URLDECODE))
        self.password = part(CURLUPART_PASSWORD, UInt32(CURLU_URLDECODE))
        _ = curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        _ = curl_url_set(handle, CURLUPART_USER, nil, 0)
        _ = curl_url_set(handle, CURLUPART_PASSWORD, nil, 0)
        guard let text = part(CURLUPART_URL) else { return nil }
        self.text = text
    }
}
