/// The names that .NET gives to HTTP statuses; the platform shows them as the code of an action.
public enum HTTPStatusName {
    /// The name of a status, such as `NotFound`; the number as text where .NET has no name, such as `429`.
    public static func of(_ status: Int) -> String { names[status] ?? String(status) }

    /// The status of a name, or nil.
    public static func status(named name: String) -> Int? {
        names.first { $0.value == name }?.key ?? Int(name)
    }

    private static let names: [Int: String] = [
        100: "Continue", 101: "SwitchingProtocols",
        200: "OK", 201: "Created", 202: "Accepted", 203: "NonAuthoritativeInformation", 204: "NoContent",
        205: "ResetContent", 206: "PartialContent",
        300: "MultipleChoices", 301: "MovedPermanently", 302: "Found", 303: "SeeOther", 304: "NotModified",
        305: "UseProxy", 306: "Unused", 307: "TemporaryRedirect",
        400: "BadRequest", 401: "Unauthorized", 402: "PaymentRequired", 403: "Forbidden", 404: "NotFound",
        405: "MethodNotAllowed", 406: "NotAcceptable", 407: "ProxyAuthenticationRequired", 408: "RequestTimeout",
        409: "Conflict", 410: "Gone", 411: "LengthRequired", 412: "PreconditionFailed", 413: "RequestEntityTooLarge",
        414: "RequestUriTooLong", 415: "UnsupportedMediaType", 416: "RequestedRangeNotSatisfiable",
        417: "ExpectationFailed", 426: "UpgradeRequired",
        500: "InternalServerError", 501: "NotImplemented", 502: "BadGateway", 503: "ServiceUnavailable",
        504: "GatewayTimeout", 505: "HttpVersionNotSupported",
    ]
}
