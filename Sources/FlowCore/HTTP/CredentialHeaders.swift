/// The headers that say who calls.
///
/// They are meant for the host that a request names, and never go to another one that an answer leads to.
public enum CredentialHeaders {
    private static let names: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "api-key", "apikey", "ocp-apim-subscription-key",
        "x-functions-key", "x-ms-authorization-auxiliary",
    ]
    private static let endings = ["-api-key", "-apikey", "-access-key", "-token", "-secret", "-password", "-signature"]

    /// Whether a header of this name says who calls; letter case is ignored.
    public static func contains(_ name: String) -> Bool {
        let name = name.lowercased()
        return names.contains(name) || endings.contains { name.hasSuffix($0) }
    }
}
