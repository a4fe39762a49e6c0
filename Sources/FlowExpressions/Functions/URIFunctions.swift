import FlowCore

/// Parts of addresses.
enum URIFunctions {
    static let all = [uriHost, uriPath, uriPathAndQuery, uriPort, uriQuery, uriScheme]

    static let uriHost = part(
        "uriHost", .string, "Gives the host of an address.",
        ["uriHost('https://www.localhost.com:8080')": "www.localhost.com"]
    ) { .string($0.host) }

    static let uriPath = part(
        "uriPath", .string, "Gives the path of an address, at least /.",
        ["uriPath('https://www.contoso.com/catalog/show.htm?date=today')": "/catalog/show.htm"]
    ) { .string($0.path) }

    static let uriPathAndQuery = part(
        "uriPathAndQuery", .string, "Gives the path and the query of an address.",
        ["uriPathAndQuery('https://www.contoso.com/show.htm?date=today')": "/show.htm?date=today"]
    ) { .string($0.path + $0.query) }

    static let uriPort = part(
        "uriPort", .integer, "Gives the port of an address, or the one of its scheme.",
        ["uriPort('https://www.localhost:8080')": 8080, "uriPort('https://contoso.com')": 443]
    ) { .integer(Int64($0.port)) }

    static let uriQuery = part(
        "uriQuery", .string, "Gives the query of an address with its question mark.",
        ["uriQuery('https://www.contoso.com/show.htm?date=today')": "?date=today"]
    ) { .string($0.query) }

    static let uriScheme = part(
        "uriScheme", .string, "Gives the scheme of an address.", ["uriScheme('http://www.contoso.com')": "http"]
    ) { .string($0.scheme) }

    private static func part(
        _ name: String, _ returns: ValueTypes, _ summary: String, _ examples: KeyValuePairs<String, JSON>,
        _ read: @escaping @Sendable (URIParts) -> JSON
    ) -> FunctionDeclaration {
        FunctionDeclaration(
            name, .uri, [.required("address", .string)], returns: returns, usage: .one, summary: summary,
            examples: examples,
            body: .pure { arguments throws(FlowError) in
                let text = try arguments.string(0)
                guard let parts = URIParts(text) else {
                    throw arguments.call.failure(
                        "expects its parameter to be a well formed absolute URI. The provided value is '\(text)'.")
                }
                return read(parts)
            })
    }
}
