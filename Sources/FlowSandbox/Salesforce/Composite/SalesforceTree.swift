import FlowCore

/// Records with those below them, created all or none: the resource `composite/tree/{T}`.
///
/// Up to 200 records in all, five deep, of five objects. Each has `attributes` with `type` and a `referenceId` of its own; those below a
/// record stand under the name of the child relationship, as `{"records":[…]}`.
struct SalesforceTree {
    let call: SalesforceCall

    func respond(_ name: String) throws -> ServiceResponse {
        guard call.request.method == "POST" else {
            throw SalesforceService.methodNotAllowed(call.request.method, "POST")
        }
        guard let object = SalesforceSchema.object(name) else { throw SalesforceFailure.unknownType(name) }
        guard let records = try call.body()["records"]?.arrayValue, !records.isEmpty else {
            throw SalesforceComposite.unreadable("The request needs an array 'records' with at least one record.")
        }
        var growth = Growth()
        try call.transaction.together {
            for record in records { try add(record, object, below: nil, depth: 1, to: &growth) }
            return growth.errors.isEmpty
        }
        guard growth.errors.isEmpty else {
            return call.json(400, ["hasErrors": true, "results": .array(growth.errors)])
        }
        return call.json(201, ["hasErrors": false, "results": .array(growth.results)])
    }

    private struct Growth {
        var references: Set<String> = []
        var objects: Set<String> = []
        var results: [JSON] = []
        var errors: [JSON] = []
    }

    private func add(
        _ record: JSON, _ object: SalesforceObject, below parent: (field: String, id: String)?, depth: Int,
        to growth: inout Growth
    ) throws {
        let attributes = record["attributes"] ?? .null
        let reference = attributes["referenceId"]?.stringValue ?? ""
        guard !reference.isEmpty, growth.references.insert(reference).inserted else {
            throw SalesforceComposite.unreadable("Every record needs an attributes.referenceId that is used once.")
        }
        growth.objects.insert(object.name)
        guard depth <= 5, growth.objects.count <= 5, growth.references.count <= SalesforceCollections.mostRecords else {
            throw SalesforceFailure.make(
                400, "LIMIT_EXCEEDED", "A tree has at most 200 records of five objects, five levels deep.")
        }
        var given = JSONObject()
        var below: [(child: SalesforceObject, field: String, records: [JSON])] = []
        for (name, value) in record.objectValue ?? [:] where name != "attributes" {
            let relationship = object.children.first { $0.relationship.lowercased() == name.lowercased() }
            guard let relationship, let child = SalesforceSchema.object(relationship.object) else {
                given[name] = value
                continue
            }
            guard let records = value["records"]?.arrayValue else {
                throw SalesforceComposite.unreadable("'\(name)' of '\(reference)' needs an array 'records'.")
            }
            below.append((child, relationship.field, records))
        }
        if let parent { given[parent.field] = .string(parent.id) }
        let answer = try call.transaction.attempt {
            guard SalesforceSchema.object(attributes["type"]?.stringValue ?? "")?.name == object.name else {
                throw SalesforceFailure.make(
                    400, "INVALID_TYPE", "The type of '\(reference)' must be \(object.name).", fields: [])
            }
            let made = try SalesforceStore.create(object, given, by: call.user.id, in: call.transaction)
            return call.json(201, ["referenceId": .string(reference), "id": .string(made.id)])
        }
        guard answer.status == 201, let id = answer.json["id"]?.stringValue else {
            growth.errors.append(
                ["referenceId": .string(reference), "errors": [SalesforceCollections.error(answer)]])
            return
        }
        growth.results.append(answer.json)
        for (child, field, records) in below {
            for record in records { try add(record, child, below: (field, id), depth: depth + 1, to: &growth) }
        }
    }
}
