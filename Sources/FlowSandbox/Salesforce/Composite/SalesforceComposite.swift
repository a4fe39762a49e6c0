import FlowCore

/// Several calls in one: the composite resources.
///
/// | route | what it does |
/// | --- | --- |
/// | `GET …/composite` | the resources |
/// | `POST …/composite` | up to 25 calls in order, which may use what earlier ones gave (`@{reference.field}`); `allOrNone` |
/// | `POST …/composite/batch` | up to 25 calls that know nothing of each other; `haltOnError` |
/// | `…/composite/sobjects` | up to 200 records: see `SalesforceCollections` |
/// | `POST …/composite/tree/{T}` | records with those below them, all or none: see `SalesforceTree` |
///
/// Each call is answered by the same code as when it comes alone. Inside are served: sobjects, query, queryAll, search, parameterizedSearch,
/// limits (of `composite` only `sobjects`). Refused: Bulk jobs, one composite in another, `composite/graph`.
struct SalesforceComposite {
    static let mostCalls = 25
    let call: SalesforceCall

    func respond(_ path: [String]) throws -> ServiceResponse {
        switch path.first {
        case nil where call.request.method == "GET":
            let base = "/services/data/\(call.version)/composite/"
            return call.json(
                200,
                [
                    "tree": .string(base + "tree"), "batch": .string(base + "batch"),
                    "sobjects": .string(base + "sobjects"),
                ])
        case nil: return try composite()
        case "batch" where path.count == 1: return try batch()
        case "sobjects": return try SalesforceCollections(call: call).respond(Array(path.dropFirst()))
        case "tree" where path.count == 2: return try SalesforceTree(call: call).respond(path[1])
        case "graph":
            throw SalesforceFailure.make(
                404, "NOT_FOUND", "The sandbox does not serve composite/graph; use composite, or composite/tree.")
        default: throw SalesforceFailure.notFound
        }
    }

    // MARK: composite

    private func composite() throws -> ServiceResponse {
        let body = try postedBody()
        let parts = try calls(body, "compositeRequest")
        let isWhole = body["allOrNone"]?.boolValue ?? false
        guard body["collateSubrequests"]?.boolValue != true else {
            throw Self.unreadable("The sandbox does not collate subrequests: leave collateSubrequests out.")
        }
        let references = parts.map { $0["referenceId"]?.stringValue ?? "" }
        guard references.allSatisfy(CompositeReferences.isName), Set(references).count == references.count else {
            throw Self.unreadable("Every subrequest needs a referenceId of letters, digits and _, used once.")
        }
        var known = CompositeReferences()
        var answers: [ServiceResponse] = []
        try call.transaction.together {
            for (part, reference) in zip(parts, references) {
                let answer = try call.transaction.attempt {
                    let url = try known.resolve(text(part, "url"))
                    guard url.hasPrefix("/services/data/") else {
                        throw Self.unreadable("The url of '\(reference)' must begin with /services/data/.")
                    }
                    return try perform(
                        text(part, "method"), String(url.dropFirst("/services/data/".count)),
                        try part["body"].map(known.resolve), part["httpHeaders"]?.objectValue ?? [:])
                }
                answers.append(answer)
                if answer.status < 300 {
                    known.add(reference, answer.json)
                } else if isWhole {
                    return false
                }
            }
            return true
        }
        if isWhole, let failed = answers.indices.last, answers[failed].status >= 300 {
            let message = "The transaction was rolled back since another operation in the same transaction failed."
            let halted = SalesforceFailure.make(400, "PROCESSING_HALTED", message).response
            answers = parts.indices.map { $0 == failed ? answers[$0] : halted }
        }
        let results = zip(answers, references).map { answer, reference -> JSON in
            [
                "body": answer.json, "httpHeaders": answer.header("Location").map { ["Location": .string($0)] } ?? [:],
                "httpStatusCode": .integer(Int64(answer.status)), "referenceId": .string(reference),
            ]
        }
        return call.json(200, ["compositeResponse": .array(results)])
    }

    // MARK: batch

    private func batch() throws -> ServiceResponse {
        let body = try postedBody()
        let halts = body["haltOnError"]?.boolValue ?? false
        var hasErrors = false
        var results: [JSON] = []
        for part in try calls(body, "batchRequests") {
            guard !(hasErrors && halts) else {
                results.append([
                    "statusCode": 412,
                    "result": [
                        ["errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"]
                    ],
                ])
                continue
            }
            let answer = try call.transaction.attempt {
                for name in ["binaryPartName", "binaryPartNameAlias"] where part[name] != nil {
                    throw Self.unreadable("The sandbox takes no binary parts.")
                }
                var url = text(part, "url")[...]
                if url.hasPrefix("/services/data/") { url = url.dropFirst("/services/data/".count) }
                return try perform(text(part, "method"), String(url), part["richInput"], [:])
            }
            if answer.status >= 300 { hasErrors = true }
            results.append(["statusCode": .integer(Int64(answer.status)), "result": answer.json])
        }
        return call.json(200, ["hasErrors": .bool(hasErrors), "results": .array(results)])
    }

    // MARK: One call

    private static let served: Set<String> = [
        "sobjects", "query", "queryAll", "search", "parameterizedSearch", "limits",
    ]

    /// Answers one call, `v58.0/sobjects/Account` and so on.
    private func perform(
        _ method: String, _ target: String, _ body: JSON?, _ headers: JSONObject
    ) throws -> ServiceResponse {
        var fields = headers.map { (name: $0.0, value: $0.1.stringValue ?? $0.1.text) }
        if body != nil { fields.append(("Content-Type", "application/json")) }
        let request = ServiceRequest(method, target, headers: fields, body: body?.bytes ?? [])
        let path = request.segments
        guard let name = path.first, let number = SalesforceService.version(name) else {
            throw SalesforceFailure.notFound
        }
        let resource = path.dropFirst().first ?? ""
        guard Self.served.contains(resource) || (resource == "composite" && path.dropFirst(2).first == "sobjects")
        else {
            throw SalesforceFailure.make(
                400, "INVALID_BATCH_REQUEST", "The resource '\(resource)' cannot be called inside a composite request.")
        }
        return try SalesforceCall(
            request: request, transaction: call.transaction, version: name, versionNumber: number, user: call.user
        ).respond(Array(path.dropFirst()))
    }

    // MARK: The body

    private func postedBody() throws -> JSONObject {
        guard call.request.method == "POST" else {
            throw SalesforceService.methodNotAllowed(call.request.method, "POST")
        }
        return try call.body()
    }

    private func calls(_ body: JSONObject, _ name: String) throws -> [JSON] {
        guard let parts = body[name]?.arrayValue, !parts.isEmpty else {
            throw Self.unreadable("The request needs an array '\(name)' with at least one call.")
        }
        guard parts.count <= Self.mostCalls else {
            throw SalesforceFailure.make(
                400, "LIMIT_EXCEEDED", "At most \(Self.mostCalls) subrequests are allowed, there are \(parts.count).")
        }
        return parts
    }

    private func text(_ part: JSON, _ name: String) -> String { part[name]?.stringValue ?? "" }

    /// 400 for a body that does not fit the resource.
    static func unreadable(_ message: String) -> ServiceFailure {
        SalesforceFailure.make(400, "JSON_PARSER_ERROR", message)
    }
}
