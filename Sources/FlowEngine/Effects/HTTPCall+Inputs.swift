public import FlowCore
import FlowExpressions

extension HTTPCall {
    /// The request that evaluated inputs of an action or trigger mean: `method`, `uri`, `headers`, `cookie`, `queries`, `body`,
    /// `authentication`; nil where method or address are missing.
    public init?(inputs: JSON, purpose: Purpose = .request) {
        guard let uri = inputs["uri"]?.stringValue, uri.lowercased().hasPrefix("http"),
            let method = inputs["method"]?.stringValue, !method.isEmpty
        else { return nil }
        var headers = JSONObject()
        for (name, value) in inputs["headers"]?.objectValue ?? [:] where HeaderRules.isSent(name) && !value.isNull {
            headers[name] = .string(ValueText.text(of: value))
        }
        if let cookie = inputs["cookie"], !cookie.isNull { headers["Cookie"] = .string(ValueText.text(of: cookie)) }
        var queries = JSONObject()
        for (name, value) in inputs["queries"]?.objectValue ?? [:] {
            queries[name] = .string(ValueText.text(of: value))
        }
        self.init(
            method: method.uppercased(), uri: uri, queries: queries, headers: headers,
            body: inputs["body"].flatMap { $0.isNull ? nil : $0 },
            authentication: inputs["authentication"].flatMap { $0.isNull ? nil : $0 }, purpose: purpose)
    }

    /// The call that asks where an answer to this one points.
    /// - Parameters:
    ///   - reference: the address that the answer gives; it may be relative.
    ///   - purpose: what the call is for.
    /// - Returns: the call; credentials go along only to where they were meant for.
    public func asking(_ reference: String, for purpose: Purpose) -> HTTPCall {
        var call = self
        call.method = "GET"
        call.body = nil
        call.queries = [:]
        call.headers = JSONObject(headers.filter { !$0.0.lowercased().hasPrefix("content-") })
        call.uri = URLReference.resolve(reference, against: uri)
        call.purpose = purpose
        if URLReference.origin(of: call.uri) != URLReference.origin(of: uri) {
            call.authentication = nil
            call.headers = JSONObject(call.headers.filter { !CredentialHeaders.contains($0.0) })
        }
        return call
    }
}
