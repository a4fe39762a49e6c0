import FlowCore

/// Several operations in one request: `POST /$batch` with `multipart/mixed`.
///
/// Up to 1,000 operations, each a part of type `application/http`, carried out in order by the same code as when they come alone. A part that is
/// `multipart/mixed` itself is a change set: all of its operations or none; no GET, and each has a `Content-ID`, by which later ones
/// name the row (`$1` as the address or its beginning, and in `@odata.bind` and `@odata.id`). After an error the batch ends with that
/// error's status, unless `Prefer: odata.continue-on-error` is given.
struct DataverseBatch {
    static let mostOperations = 1_000
    let call: DataverseCall

    /// An operation of the batch.
    private struct Operation {
        var method: String
        var target: String
        var headers: [(name: String, value: String)]
        var body: [UInt8]
        var contentID: String?
    }

    private enum Item {
        case single(Operation)
        case changeSet([Operation])
    }

    func respond() throws -> ServiceResponse {
        guard call.request.method == "POST" else {
            throw DataverseFailure.make(405, "0x8006088a", "The resource $batch takes POST only.")
        }
        let items = try read(call.request.body, type: call.request.header("content-type"))
        let goesOn = call.request.list("prefer").contains { $0.hasPrefix("odata.continue-on-error") }
        var parts: [MultipartBody.Part] = []
        var status = 200
        for item in items {
            let failed: Int?
            switch item {
            case .single(let operation):
                let answer = try perform(operation)
                parts.append(part(answer, nil))
                failed = answer.status >= 400 ? answer.status : nil
            case .changeSet(let operations):
                let (part, code) = try changeSet(operations)
                parts.append(part)
                failed = code
            }
            if let failed, !goesOn {
                status = failed
                break
            }
        }
        let boundary = "batchresponse_" + UUIDText.random()
        return ServiceResponse(
            status, headers: [("Content-Type", "multipart/mixed; boundary=" + boundary), ("OData-Version", "4.0")],
            body: MultipartBody.write(parts, boundary: boundary))
    }

    // MARK: Carrying out

    /// Carries a change set out; gives its part of the answer, and the status of what failed.
    private func changeSet(_ operations: [Operation]) throws -> (MultipartBody.Part, failed: Int?) {
        var parts: [MultipartBody.Part] = []
        var rows: [String: String] = [:]
        var failure: (part: MultipartBody.Part, status: Int)?
        try call.transaction.together {
            for operation in operations {
                let resolved = resolve(operation, rows)
                let answer = try perform(resolved)
                guard answer.status < 400 else {
                    failure = (part(answer, operation.contentID), answer.status)
                    return false
                }
                parts.append(part(answer, operation.contentID))
                if let id = operation.contentID, let row = row(resolved, answer) { rows[id] = row }
            }
            return true
        }
        if let failure { return (failure.part, failure.status) }
        let boundary = "changesetresponse_" + UUIDText.random()
        let body = MultipartBody.write(parts, boundary: boundary)
        return (
            MultipartBody.Part(headers: [("Content-Type", "multipart/mixed; boundary=" + boundary)], body: body), nil
        )
    }

    private func perform(_ operation: Operation) throws -> ServiceResponse {
        try call.transaction.attempt {
            let request = ServiceRequest(
                operation.method, operation.target, headers: operation.headers, body: operation.body)
            var path = request.segments[...]
            guard path.count >= 3, path[0] == "api", path[1] == "data", DataverseService.versions.contains(path[2])
            else {
                throw DataverseFailure.segmentUnknown(path.first ?? "")
            }
            let version = path[2]
            path = path.dropFirst(3)
            guard path.first != "$batch" else {
                throw DataverseFailure.query("A batch cannot hold another batch.")
            }
            let annotations = request.list("prefer").contains { $0.hasPrefix("odata.include-annotations") }
            return try DataverseCall(
                request: request, transaction: call.transaction, version: version, user: call.user,
                rows: DataverseRows(transaction: call.transaction, isAnnotated: annotations)
            ).respond(Array(path))
        }
    }

    /// The address of the row that an operation wrote.
    private func row(_ operation: Operation, _ answer: ServiceResponse) -> String? {
        if let id = answer.header("OData-EntityId") { return id }
        let path = ServiceRequest(operation.method, operation.target).segments
        guard let last = path.last else { return nil }
        let set = DataversePath.parse(last)?.set ?? last
        guard let table = DataverseSchema.table(set: set), let id = answer.json[table.key]?.stringValue else {
            return nil
        }
        return "\(call.base)/\(set)(\(id))"
    }

    // MARK: References

    private func resolve(_ operation: Operation, _ rows: [String: String]) -> Operation {
        var operation = operation
        let root = "/api/data/\(call.version)/"
        if operation.target.hasPrefix(root) {
            let target = Self.replaced(String(operation.target.dropFirst(root.count)), rows)
            if let target { operation.target = Self.target(target, root: root) }
        }
        if !rows.isEmpty, let body = try? JSONReader.read(operation.body) {
            operation.body = Self.replaced(body, rows).bytes
        }
        return operation
    }

    /// The body with the rows that its references name.
    private static func replaced(_ value: JSON, _ rows: [String: String]) -> JSON {
        switch value {
        case .array(let values): return .array(values.map { replaced($0, rows) })
        case .object(let members):
            var object = JSONObject()
            for (name, member) in members {
                let isReference = name.hasSuffix("@odata.bind") || name == "@odata.id"
                object[name] =
                    isReference
                    ? member.stringValue.flatMap { replaced($0, rows) }.map { .string($0) }
                        ?? replaced(all: member, rows)
                    : replaced(member, rows)
            }
            return .object(object)
        default: return value
        }
    }

    /// Several references of one relationship.
    private static func replaced(all value: JSON, _ rows: [String: String]) -> JSON {
        guard let values = value.arrayValue else { return value }
        return .array(values.map { one in one.stringValue.flatMap { replaced($0, rows) }.map { .string($0) } ?? one })
    }

    /// `$1` or `$1/name` with the row's address for `$1`; nil where no known row is named.
    private static func replaced(_ text: String, _ rows: [String: String]) -> String? {
        let text = text.hasPrefix("/") ? text.dropFirst() : text[...]
        guard text.first == "$" else { return nil }
        let name = text.dropFirst().prefix { $0 != "/" && $0 != "?" }
        return rows[String(name)].map { $0 + text.dropFirst(name.count + 1) }
    }

    // MARK: Reading and writing

    private func read(_ body: [UInt8], type: String?) throws -> [Item] {
        guard let boundary = MultipartMixed.boundary(type) else {
            throw DataverseFailure.query("A batch needs the content type multipart/mixed with a boundary.")
        }
        guard let parts = MultipartMixed.parts(body, boundary: boundary) else {
            throw DataverseFailure.query("The batch does not end with its boundary '--\(boundary)--'.")
        }
        var count = 0
        let items = try parts.map { part -> Item in
            let type = part.header("content-type")
            guard MultipartMixed.boundary(type) != nil else {
                count += 1
                return .single(try operation(part))
            }
            let operations = try changeSet(part)
            count += operations.count
            return .changeSet(operations)
        }
        guard count <= Self.mostOperations else {
            throw DataverseFailure.query(
                "Number of operations in a batch exceeded the limit of \(Self.mostOperations): \(count).")
        }
        return items
    }

    private func changeSet(_ part: MultipartBody.Part) throws -> [Operation] {
        guard let boundary = MultipartMixed.boundary(part.header("content-type")),
            let parts = MultipartMixed.parts(part.body, boundary: boundary)
        else { throw DataverseFailure.query("A change set does not end with its boundary.") }
        let operations = try parts.map(operation)
        let ids = operations.compactMap(\.contentID)
        guard ids.count == operations.count, Set(ids).count == ids.count else {
            throw DataverseFailure.query("Each operation of a change set needs a Content-ID of its own.")
        }
        guard !operations.contains(where: { $0.method == "GET" }) else {
            throw DataverseFailure.query("A change set cannot hold GET.")
        }
        return operations
    }

    private func operation(_ part: MultipartBody.Part) throws -> Operation {
        guard part.header("content-type")?.lowercased().hasPrefix("application/http") ?? false else {
            throw DataverseFailure.query(
                "The content type of a part must be application/http, or multipart/mixed for a change set outside of another."
            )
        }
        let (start, headers, body) = MultipartMixed.head(part.body, hasStartLine: true)
        let words = start.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard words.count >= 3, words.last?.hasPrefix("HTTP/") ?? false else {
            throw DataverseFailure.query("'\(start)' is no request line, such as GET accounts HTTP/1.1.")
        }
        // Addresses with unencoded blanks are common in filters.
        let target = words[1..<(words.count - 1)].joined(separator: "%20")
        return Operation(
            method: words[0].uppercased(), target: Self.target(target, root: "/api/data/\(call.version)/"),
            headers: headers, body: body, contentID: part.header("content-id"))
    }

    /// An address without its host; one that is relative stands below the Web API.
    private static func target(_ text: String, root: String) -> String {
        var text = text[...]
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            text = text.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        }
        if text.hasPrefix("/api/") { return String(text) }
        return root + (text.hasPrefix("/") ? text.dropFirst() : text)
    }

    private static let reasons = [
        200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 412: "Precondition Failed",
    ]

    private func part(_ answer: ServiceResponse, _ contentID: String?) -> MultipartBody.Part {
        var headers = [("Content-Type", "application/http"), ("Content-Transfer-Encoding", "binary")]
        if let contentID { headers.append(("Content-ID", contentID)) }
        var text = "HTTP/1.1 \(answer.status) \(Self.reasons[answer.status] ?? "Error")\r\n"
        for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
        return MultipartBody.Part(headers: headers, body: Array((text + "\r\n").utf8) + answer.body)
    }
}
