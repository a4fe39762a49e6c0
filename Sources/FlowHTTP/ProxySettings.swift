#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The proxies that the process's environment names, by the rules of curl.
///
/// The transport decides itself which proxy a request takes: only so is it known whether the address rules must look at
/// the proxy's address or at the host's.
public struct ProxySettings: Sendable, Hashable {
    /// The proxy for http, or nil.
    public let http: String?
    /// The proxy for https, or nil.
    public let https: String?
    /// Hosts that are called without a proxy; `*` is all.
    public let exceptions: [String]

    /// Reads the settings from environment variables: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
    ///
    /// As in curl, `HTTP_PROXY` in capital letters does not count: a CGI request could set it.
    public init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        let all = value("all_proxy", "ALL_PROXY")
        http = value("http_proxy") ?? all
        https = value("https_proxy", "HTTPS_PROXY") ?? all
        exceptions = (value("no_proxy", "NO_PROXY") ?? "")
            .split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    /// The settings of this process.
    public static let inherited: ProxySettings = {
        let names = [
            "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
        ]
        var environment: [String: String] = [:]
        for name in names {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return ProxySettings(environment: environment)
    }()

    /// The proxy that an address is called through, or nil for none.
    public func proxy(for url: URLParts) -> String? {
        guard let proxy = url.scheme == "https" ? https : http else { return nil }
        let host = url.host.lowercased()
        return exceptions.contains { Self.matches($0, host) } ? nil : proxy
    }

    private static func matches(_ exception: String, _ host: String) -> Bool {
        if exception == "*" { return true }
        if let address = bytes(of: host) {
            let parts = exception.split(separator: "/", maxSplits: 1).map(String.init)
            guard let network = bytes(of: parts[0]), network.count == address.count else { return false }
            let bits = parts.count == 2 ? Int(parts[1]) ?? -1 : network.count * 8
            guard (0...network.count * 8).contains(bits) else { return false }
            for place in 0..<bits where (network[place / 8] ^ address[place / 8]) & (0x80 >> (place % 8)) != 0 {
                return false
            }
            return true
        }
        let domain = exception.hasPrefix(".") ? String(exception.dropFirst()) : exception
        return host == domain || host.hasSuffix("." + domain)
    }

    static func bytes(of text: String) -> [UInt8]? {
        let text = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(Int32(family), text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
