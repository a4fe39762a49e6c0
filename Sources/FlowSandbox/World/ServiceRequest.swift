package import FlowCore

/// A request as a service sees it, free of the server that received it.
package struct ServiceRequest: Sendable {
    /// The method in upper case.
    package var method: String
    /// The path as it was sent, still percent-encoded, without the query.
    package var path: String
    /// The query as it was sent, without `?`.
    package var rawQuery: String
    /// The header fields in order.
    package var headers: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]

    /// Makes a request.
    /// - Parameters:
    ///   - method: the method.
    ///   - target: path and query.
    ///   - headers: the header fields.
    ///   - body: the body.
    package init(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.method = method.uppercased()
        let mark = target.firstIndex(of: "?")
        path = String(target[..<(mark ?? target.endIndex)])
        rawQuery = mark.map { String(target[target.index(after: $0)...]) } ?? ""
        self.headers = headers
        self.body = body
    }

    /// The decoded path segments; empty ones are dropped, so `//` and a trailing `/` do not count.
    package var segments: [String] { path.split(separator: "/").map { URLText.decode($0) } }

    /// The decoded query pairs.
    package var query: [(name: String, value: String)] { URLText.pairs(rawQuery) }

    /// The first value of a query option, its name compared exactly.
    package func option(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first value of a header, its name compared without regard to case.
    package func header(_ name: String) -> String? {
        let folded = name.lowercased()
        return headers.first { $0.name.lowercased() == folded }?.value
    }

    /// The values of a header that may be given several times or as a list, such as `Prefer`.
    package func list(_ name: String) -> [String] {
        let folded = name.lowercased()
        return headers.filter { $0.name.lowercased() == folded }
            .flatMap { $0.value.split(separator: ",") }.map { String($0).trimmed }
    }

    /// The fields of a form body.
    package var form: [String: String] {
        var form: [String: String] = [:]
        for (name, value) in URLText.pairs(String(decoding: body, as: UTF8.self)) { form[name] = value }
        return form
    }

    /// The token of `Authorization: Bearer …`.
    package var bearerToken: String? {
        guard let value = header("authorization"), value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst(7)).trimmed
    }

    /// The JSON body, or what is wrong with it.
    package func json() throws(JSONReader.Failure) -> JSON { try JSONReader.read(body) }
}

/// What a service answers.
package struct ServiceResponse: Sendable {
    /// The HTTP status.
    package var status: Int
    /// The header fields in order.
    package var headers: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]

    /// Makes a response.
    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON response.
    package static func json(
        _ status: Int, _ value: JSON, type: String = "application/json; charset=utf-8",
        headers: [(name: String, value: String)] = []
    ) -> ServiceResponse {
        ServiceResponse(status, headers: [("Content-Type", type)] + headers, body: value.bytes)
    }

    /// A response with text.
    package static func text(_ status: Int, _ text: String, type: String) -> ServiceResponse {
        ServiceResponse(status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }

    /// The first value of a header.
    package func header(_ name: String) -> String? {
        let folded = name.lowercased()
        return headers.first { $0.name.lowercased() == folded }?.value
    }

    /// The body as JSON, null where it is none.
    package var json: JSON { (try? JSONReader.read(body)) ?? .null }
}

/// A refusal: thrown inside a service, it undoes the request's changes and is sent as it is.
package struct ServiceFailure: Error, Sendable {
    /// What is answered.
    package let response: ServiceResponse

    /// Makes a refusal.
    package init(_ response: ServiceResponse) { self.response = response }

    /// What is answered or refused, with header fields that stand in either.
    static func adding(
        _ headers: [(name: String, value: String)], to answer: () throws -> ServiceResponse
    ) throws -> ServiceResponse {
        do {
            var response = try answer()
            response.headers += headers
            return response
        } catch let failure as ServiceFailure {
            var response = failure.response
            response.headers += headers
            throw ServiceFailure(response)
        }
    }
}

extension String {
    /// The text without blanks at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
