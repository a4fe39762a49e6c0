/// Which addresses may be connected to.
///
/// The rules look at the resolved address of each connection, so that a public name cannot lead inside. Link-local and
/// metadata addresses are never allowed; loopback and private ones only for hosts that are named.
public struct AddressPolicy: Sendable, Hashable {
    private var allowedHosts: Set<String>
    private var allowsEveryHost: Bool

    /// Makes rules.
    /// - Parameter allowedHosts: `host`, `host:port` or `[address]:port` of those that may have loopback or private addresses.
    public init(allowedHosts: some Sequence<String> = []) {
        self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
        self.allowsEveryHost = false
    }

    /// Rules that allow loopback and private addresses for every host: for tools that talk to their own services.
    public static let local: AddressPolicy = {
        var policy = AddressPolicy()
        policy.allowsEveryHost = true
        return policy
    }()

    /// Whether a host is named, and so may have a loopback or private address.
    public func names(host: String, port: Int) -> Bool {
        if allowsEveryHost { return true }
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let forms = host.contains(":") ? [host, "[\(host)]", "[\(host)]:\(port)"] : [host, "\(host):\(port)"]
        return forms.contains { allowedHosts.contains($0) }
    }

    /// Whether a connection may be made.
    public func allows(_ address: IPAddress, host: String, port: Int) -> Bool {
        switch address.reach {
        case .global: true
        case .inside: names(host: host, port: port)
        case .forbidden: false
        }
    }
}

/// An Internet address.
public struct IPAddress: Sendable, Hashable {
    /// How far an address reaches.
    public enum Reach: Sendable, Hashable {
        /// The public Internet.
        case global
        /// This machine or a private network.
        case inside
        /// Link-local, metadata service, multicast or reserved.
        case forbidden
    }

    /// 4 or 16 bytes; an IPv6 form that only wraps an IPv4 address is that IPv4 address.
    public let bytes: [UInt8]

    /// Makes an address of 4 or 16 bytes, or nil.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = Self.unwrapped(bytes) ?? bytes
    }

    /// How far it reaches.
    public var reach: Reach { bytes.count == 4 ? reachOfIPv4 : reachOfIPv6 }

    /// The IPv4 address that an IPv6 one carries: mapped, compatible, NAT64 and 6to4.
    private static func unwrapped(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16 else { return nil }
        let zeros = bytes[..<10].allSatisfy { $0 == 0 }
        if zeros, bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes[12...]) }
        if zeros, bytes[10] == 0, bytes[11] == 0, bytes[12] != 0 { return Array(bytes[12...]) }
        if bytes[..<12] == [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return Array(bytes[12...]) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return Array(bytes[2..<6]) }
        return nil
    }

    private var reachOfIPv4: Reach {
        // Metadata services of Azure, Alibaba and Oracle outside the link-local range.
        let metadata: [[UInt8]] = [[168, 63, 129, 16], [100, 100, 100, 200], [192, 0, 0, 192]]
        if metadata.contains(bytes) { return .forbidden }
        switch (bytes[0], bytes[1]) {
        case (169, 254): return .forbidden
        case (224...255, _): return .forbidden
        case (0, _), (127, _), (10, _), (172, 16...31), (192, 168), (100, 64...127): return .inside
        case (198, 18...19): return .inside
        case (192, 0) where bytes[2] == 0: return .inside
        default: return .global
        }
    }

    private var reachOfIPv6: Reach {
        // fd00:ec2::254 is Amazon's metadata service.
        if bytes == [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54] { return .forbidden }
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return .forbidden }
        if bytes[0] == 0xFF { return .forbidden }
        if bytes[..<15].allSatisfy({ $0 == 0 }) { return .inside }
        if bytes[0] & 0xFE == 0xFC || (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0xC0) { return .inside }
        return .global
    }
}
