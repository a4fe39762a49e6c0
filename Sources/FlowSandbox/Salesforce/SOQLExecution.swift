import FlowCore

/// Carries a query out over the records of the world.
struct SOQLExecution {
    let transaction: Transaction
    /// The API version, for record URLs.
    let version: String
    /// The query's text, for messages that point into it.
    let text: String
    /// Whether deleted records are seen (`queryAll`).
    let includesDeleted: Bool

    /// What a query gives before it is cut into pages.
    enum Outcome {
        /// `SELECT COUNT()`.
        case count(Int)
        /// Rows that are made from records: page by page.
        case records(SalesforceObject, [Record])
        /// Aggregates: made at once.
        case rows([JSON])
    }

    func run(_ query: SOQLQuery) throws -> Outcome {
        guard let object = SalesforceSchema.object(query.from) else {
            throw failure(
                SOQLQuery.Failure(
                    code: "INVALID_TYPE",
                    message:
                        "sObject type '\(query.from)' is not supported. If you are attempting to use a custom object, "
                        + "be sure to append the '__c' after the entity name. Please reference your WSDL or the describe "
                        + "call for the appropriate names.", offset: place(of: query.from)))
        }
        try check(query, object)
        let records = try matching(query, object)
        if query.isCount { return .count(min(records.count, query.limit ?? .max)) }
        if query.isAggregate { return .rows(try SOQLAggregation(execution: self, object: object).rows(query, records)) }
        return .records(object, records)
    }

    /// The records that fit, in order, cut to LIMIT and OFFSET where these count records.
    func matching(_ query: SOQLQuery, _ object: SalesforceObject) throws -> [Record] {
        var records = try candidates(query.condition, object)
        if let condition = query.condition {
            let prepared = try prepare(condition, object)
            records = try records.filter { try prepared($0) }
        }
        guard !query.isAggregate else { return records }
        records = try sorted(records, by: query.orderBy, object)
        if query.isCount { return records }
        guard query.offset <= 2_000 else {
            throw SalesforceFailure.make(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        }
        return Array(records.dropFirst(query.offset).prefix(query.limit ?? .max))
    }

    // MARK: Fields

    /// A field at the end of a path, with the fields that lead there.
    struct Target {
        var parents: [SalesforceField]
        var field: SalesforceField
        var object: SalesforceObject
    }

    func resolve(_ path: SOQLPath, _ object: SalesforceObject) throws -> Target {
        var object = object
        var parents: [SalesforceField] = []
        for part in path.parts.dropLast() {
            guard let field = object.field(relationship: part), let parent = SalesforceSchema.object(field.referenceTo)
            else {
                throw failure(
                    SOQLQuery.Failure(
                        code: "INVALID_FIELD",
                        message:
                            "Didn't understand relationship '\(part)' in field path. If you are attempting to use a "
                            + "custom relationship, be sure to append the '__r' after the custom relationship name. Please "
                            + "reference your WSDL or the describe call for the appropriate names.", offset: path.offset
                    ))
            }
            parents.append(field)
            object = parent
        }
        let name = path.parts.last ?? ""
        guard let field = object.field(name) else {
            throw failure(
                SOQLQuery.Failure(
                    code: "INVALID_FIELD",
                    message:
                        "No such column '\(name)' on entity '\(object.name)'. If you are attempting to use a custom "
                        + "field, be sure to append the '__c' after the custom field name. Please reference your WSDL or "
                        + "the describe call for the appropriate names.", offset: path.offset))
        }
        return Target(parents: parents, field: field, object: object)
    }

    /// The record to which a chain of references leads, nil where one of them is empty.
    func follow(_ parents: [SalesforceField], from record: Record) throws -> Record? {
        var record = record
        for field in parents {
            guard let id = SalesforceStore.value(field, of: record).stringValue,
                let parent = SalesforceSchema.object(field.referenceTo),
                let next = try transaction.record(parent.kind, id)
            else { return nil }
            record = next
        }
        return record
    }

    func value(_ target: Target, of record: Record) throws -> JSON {
        guard let holder = try follow(target.parents, from: record) else { return .null }
        return SalesforceStore.value(target.field, of: holder)
    }

    private func check(_ query: SOQLQuery, _ object: SalesforceObject) throws {
        for column in query.columns {
            switch column {
            case .field(let path): _ = try resolve(path, object)
            case .aggregate(_, let path, _): if let path { _ = try resolve(path, object) }
            case .fields(let set):
                guard set == "STANDARD" || (query.limit.map { $0 <= 200 } ?? false) else {
                    throw SalesforceFailure.make(
                        400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
                }
            case .children(let inner):
                guard child(inner.from, of: object) != nil else {
                    throw failure(
                        SOQLQuery.Failure(
                            code: "INVALID_TYPE",
                            message: "Didn't understand relationship '\(inner.from)' in FROM part of query call.",
                            offset: place(of: inner.from)))
                }
            }
        }
        for order in query.orderBy {
            let target = try? resolve(order.path, object)
            guard target != nil || query.isAggregate else {
                _ = try resolve(order.path, object)
                continue
            }
        }
    }

    private func child(_ relationship: String, of object: SalesforceObject) -> SalesforceObject.Child? {
        object.children.first { $0.relationship.lowercased() == relationship.lowercased() }
    }

    // MARK: Rows

    /// The row of a record.
    func row(_ query: SOQLQuery, _ object: SalesforceObject, _ record: Record) throws -> JSON {
        var row: JSONObject = ["attributes": SalesforceStore.attributes(object, record.id, version)]
        for column in query.columns {
            switch column {
            case .field(let path):
                let target = try resolve(path, object)
                try put(target, of: record, into: &row)
            case .fields(let set):
                for field in object.fields where set == "ALL" || (set == "CUSTOM") == field.isCustom {
                    row[field.name] = SalesforceStore.value(field, of: record)
                }
            case .children(let inner):
                guard let child = child(inner.from, of: object), let below = SalesforceSchema.object(child.object)
                else {
                    continue
                }
                var part = inner
                let link = SOQLCondition.compare(SOQLPath(parts: [child.field]), .equal, .text(record.id))
                part.condition = inner.condition.map { .and(link, $0) } ?? link
                try check(part, below)
                let records = try matching(part, below)
                row[child.relationship] =
                    records.isEmpty
                    ? .null
                    : [
                        "totalSize": .integer(Int64(records.count)), "done": true,
                        "records": .array(try records.map { try self.row(part, below, $0) }),
                    ]
            case .aggregate: continue
            }
        }
        return .object(row)
    }

    private func put(_ target: Target, of record: Record, into row: inout JSONObject) throws {
        guard let first = target.parents.first else {
            row[target.field.name] = SalesforceStore.value(target.field, of: record)
            return
        }
        guard let parent = SalesforceSchema.object(first.referenceTo), let holder = try follow([first], from: record)
        else {
            if row[first.relationship] == nil { row[first.relationship] = .null }
            return
        }
        var below =
            row[first.relationship]?.objectValue ?? [
                "attributes": SalesforceStore.attributes(parent, holder.id, version)
            ]
        try put(
            Target(parents: Array(target.parents.dropFirst()), field: target.field, object: target.object), of: holder,
            into: &below)
        row[first.relationship] = .object(below)
    }

    // MARK: Candidates

    /// The records that can fit: by id, by an indexed field or by their last change where the condition allows that.
    private func candidates(_ condition: SOQLCondition?, _ object: SalesforceObject) throws -> [Record] {
        if let condition, let ids = try ids(condition, object) {
            return try Set(ids).sorted().compactMap { id in
                guard let record = try transaction.record(object.kind, id), includesDeleted || !record.isDeleted else {
                    return nil
                }
                return record
            }
        }
        if !includesDeleted, let condition, let instant = changedFrom(condition) {
            return try transaction.records(object.kind, modifiedFrom: instant).filter { !$0.isDeleted }
        }
        return try transaction.records(object.kind, includingDeleted: includesDeleted)
    }

    private func ids(_ condition: SOQLCondition, _ object: SalesforceObject) throws -> [String]? {
        switch condition {
        case .and(let left, let right): return try ids(left, object) ?? ids(right, object)
        case .or(let left, let right):
            guard let left = try ids(left, object), let right = try ids(right, object) else { return nil }
            return left + right
        case .compare(let path, .equal, .text(let value)): return try ids(path, [value], object)
        case .oneOf(let path, let values, isNegated: false):
            let texts = values.compactMap { value -> String? in
                guard case .text(let text) = value else { return nil }
                return text
            }
            return texts.count == values.count ? try ids(path, texts, object) : nil
        default: return nil
        }
    }

    private func ids(_ path: SOQLPath, _ values: [String], _ object: SalesforceObject) throws -> [String]? {
        guard path.parts.count == 1, let field = object.field(path.parts[0]) else { return nil }
        if field.kind == .id { return values.compactMap { SalesforceID.full($0) } }
        // The index does not know deleted records.
        guard field.isIndexed, !includesDeleted else { return nil }
        return try values.flatMap { value in
            let key = field.kind == .reference ? SalesforceID.full(value) ?? value : value
            return try transaction.ids(object.kind, where: field.name, is: key)
        }
    }

    private func changedFrom(_ condition: SOQLCondition) -> Timestamp? {
        switch condition {
        case .and(let left, let right): return changedFrom(left) ?? changedFrom(right)
        case .compare(let path, .greater, .instant(let instant)),
            .compare(let path, .greaterOrEqual, .instant(let instant)):
            let names = ["lastmodifieddate", "systemmodstamp", "createddate"]
            // What was created then or later was changed then or later.
            return path.parts.count == 1 && names.contains(path.parts[0].lowercased()) ? instant : nil
        default: return nil
        }
    }

    // MARK: Order

    private func sorted(
        _ records: [Record], by orders: [SOQLQuery.Order], _ object: SalesforceObject
    ) throws -> [Record] {
        guard !orders.isEmpty else { return records }
        let targets = try orders.map { ($0, try resolve($0.path, object)) }
        let keyed = try records.map { record in
            (record, try targets.map { try value($0.1, of: record) })
        }
        return keyed.sorted { left, right in
            for (place, (order, _)) in targets.enumerated() {
                let result = SOQLComparison.order(
                    left.1[place], right.1[place], nullsLast: order.nullsLast != order.isDescending)
                if result != 0 { return order.isDescending ? result > 0 : result < 0 }
            }
            return left.0.id < right.0.id
        }.map(\.0)
    }

    // MARK: Failures

    /// The refusal of a query, with the place in its text.
    func failure(_ failure: SOQLQuery.Failure) -> ServiceFailure {
        guard let offset = failure.offset else {
            return SalesforceFailure.make(400, failure.code, failure.message)
        }
        let characters = Array(text)
        let start = max(0, offset - 30)
        let excerpt = String(characters[min(start, characters.count)..<min(characters.count, offset + 30)])
            .replacing("\n", with: " ")
        let caret = String(repeating: " ", count: min(offset, characters.count) - min(start, characters.count)) + "^"
        return SalesforceFailure.make(
            400, failure.code,
            "\n\(excerpt)\n\(caret)\nERROR at Row:1:Column:\(offset + 1)\n\(failure.message)")
    }

    private func place(of word: String) -> Int? {
        let rest = text.components(after: word)
        return rest.isEmpty && !text.hasSuffix(word) ? nil : text.count - rest.count - word.count
    }
}

extension SOQLQuery {
    /// Whether its rows are not records.
    var isAggregate: Bool {
        !groupBy.isEmpty
            || columns.contains {
                if case .aggregate = $0 { true } else { false }
            }
    }
}
