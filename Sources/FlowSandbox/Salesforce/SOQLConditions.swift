import FlowCore

extension SOQLExecution {
    /// A test of records, with fields resolved and values checked once.
    typealias Test = (Record) throws -> Bool

    /// Turns a condition into a test.
    func prepare(_ condition: SOQLCondition, _ object: SalesforceObject) throws -> Test {
        switch condition {
        case .and(let left, let right):
            let (first, second) = (try prepare(left, object), try prepare(right, object))
            return { record in try first(record) && second(record) }
        case .or(let left, let right):
            let (first, second) = (try prepare(left, object), try prepare(right, object))
            return { record in try first(record) || second(record) }
        case .not(let inner):
            let test = try prepare(inner, object)
            return { record in try !test(record) }
        case .compare(let path, let comparison, let value):
            let target = try filterable(path, object)
            let value = try checked(value, comparison, target.field, path)
            return { record in
                SOQLComparison.holds(try self.value(target, of: record), comparison, value, target.field)
            }
        case .oneOf(let path, let values, let isNegated):
            let target = try filterable(path, object)
            let values = try values.map { try checked($0, .equal, target.field, path) }
            return { record in
                let found = try self.value(target, of: record)
                return values.contains { SOQLComparison.holds(found, .equal, $0, target.field) } != isNegated
            }
        case .inQuery(let path, let query, let isNegated):
            let target = try filterable(path, object)
            let values = try column(query)
            return { record in
                let found = try self.value(target, of: record).stringValue ?? ""
                return values.contains(found) != isNegated
            }
        case .aggregate(let function, _, _, _):
            throw failure(SOQLQuery.Failure(message: "unexpected token: '\(function)'", offset: 0))
        }
    }

    /// The values of the one column of an inner query.
    private func column(_ query: SOQLQuery) throws -> Set<String> {
        guard case .records(let object, let records) = try run(query), query.columns.count == 1,
            case .field(let path) = query.columns[0]
        else { throw failure(SOQLQuery.Failure(message: "A semi join selects exactly one field.", offset: nil)) }
        let target = try resolve(path, object)
        return Set(try records.compactMap { try value(target, of: $0).stringValue })
    }

    private func filterable(_ path: SOQLPath, _ object: SalesforceObject) throws -> Target {
        let target = try resolve(path, object)
        guard target.field.isFilterable else {
            throw failure(
                SOQLQuery.Failure(
                    code: "INVALID_FIELD", message: "field '\(path.text)' can not be filtered in a query call",
                    offset: path.offset))
        }
        return target
    }

    /// The value, if it has the type of the field.
    private func checked(
        _ value: SOQLValue, _ comparison: SOQLCondition.Operator, _ field: SalesforceField, _ path: SOQLPath
    ) throws -> SOQLValue {
        func refuse(_ type: String, quoted: Bool) -> ServiceFailure {
            failure(
                SOQLQuery.Failure(
                    code: "INVALID_FIELD",
                    message: "value of filter criterion for field '\(path.text)' must be of type \(type) and should "
                        + "\(quoted ? "" : "not ")be enclosed in quotes", offset: path.offset))
        }
        switch (field.kind, value) {
        case (_, .null): return value
        case (.id, .text(let text)), (.reference, .text(let text)):
            if comparison == .like { return value }
            guard let id = SalesforceID.full(text) else {
                if text.isEmpty { return .null }
                throw failure(
                    SOQLQuery.Failure(
                        code: "INVALID_QUERY_FILTER_OPERATOR", message: "invalid ID field: \(text)", offset: path.offset
                    ))
            }
            return .text(id)
        case (.id, _), (.reference, _): throw refuse("reference", quoted: true)
        case (.boolean, .bool): return value
        case (.boolean, _): throw refuse("boolean", quoted: false)
        case (.currency, .number), (.double, .number), (.percent, .number), (.int, .number): return value
        case (.currency, _), (.double, _), (.percent, _), (.int, _): throw refuse("double", quoted: false)
        case (.date, .date), (.date, .range), (.datetime, .instant), (.datetime, .range): return value
        case (.date, _): throw refuse("date", quoted: false)
        case (.datetime, _): throw refuse("dateTime", quoted: false)
        case (_, .text): return value
        default: throw refuse("string", quoted: true)
        }
    }
}

/// How values of records compare with values of conditions and with each other.
enum SOQLComparison {
    /// Whether a comparison holds; texts are compared without regard to case, null is equal to null only.
    static func holds(
        _ found: JSON, _ comparison: SOQLCondition.Operator, _ value: SOQLValue, _ field: SalesforceField
    ) -> Bool {
        if comparison == .notEqual { return !holds(found, .equal, value, field) }
        if comparison == .excludes { return !holds(found, .includes, value, field) }
        if case .null = value { return comparison == .equal && found.isNull }
        guard !found.isNull else { return false }
        switch value {
        case .null: return false
        case .bool(let flag): return comparison == .equal && found == .bool(flag)
        case .number(let number): return ordered(found.doubleValue ?? 0, comparison, number)
        case .date(let date): return ordered(String((found.stringValue ?? "").prefix(10)), comparison, date)
        case .instant(let instant):
            guard let other = found.stringValue.flatMap(Timestamp.init(iso8601:)) else { return false }
            return ordered(other, comparison, instant)
        case .range(let start, let end):
            guard let other = found.stringValue.flatMap(Timestamp.init(iso8601:)) else { return false }
            switch comparison {
            case .equal: return other >= start && other < end
            case .less: return other < start
            case .lessOrEqual: return other < end
            case .greater: return other >= end
            case .greaterOrEqual: return other >= start
            default: return false
            }
        case .text(let text):
            let other = found.stringValue ?? found.text
            if field.kind == .id || field.kind == .reference { return ordered(other, comparison, text) }
            let (folded, wanted) = (other.lowercased(), text.lowercased())
            switch comparison {
            case .like: return like(Array(folded), Array(wanted))
            case .includes: return folded.split(separator: ";").contains { $0 == wanted }
            default: return ordered(folded, comparison, wanted)
            }
        }
    }

    private static func ordered<Value: Comparable>(
        _ left: Value, _ comparison: SOQLCondition.Operator, _ right: Value
    ) -> Bool {
        switch comparison {
        case .equal: left == right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        default: false
        }
    }

    /// The order of two values of one field.
    static func order(_ left: JSON, _ right: JSON, nullsLast: Bool = false) -> Int {
        switch (left, right) {
        case (.null, .null): return 0
        case (.null, _): return nullsLast ? 1 : -1
        case (_, .null): return nullsLast ? -1 : 1
        case (.string(let left), .string(let right)):
            let (first, second) = (left.lowercased(), right.lowercased())
            return first == second ? 0 : first < second ? -1 : 1
        case (.bool(let left), .bool(let right)): return left == right ? 0 : left ? 1 : -1
        default:
            let (first, second) = (left.doubleValue ?? 0, right.doubleValue ?? 0)
            return first == second ? 0 : first < second ? -1 : 1
        }
    }

    /// Whether a text fits a pattern of `%`, `_` and escaped characters.
    static func like(_ text: [Character], _ pattern: [Character]) -> Bool {
        var place = 0
        var position = 0
        var restart: (place: Int, position: Int)?
        while place < text.count {
            if position < pattern.count, pattern[position] == "%" {
                restart = (place, position + 1)
                position += 1
                continue
            }
            let isEscaped = position + 1 < pattern.count && pattern[position] == "\\"
            let wanted = isEscaped ? pattern[position + 1] : position < pattern.count ? pattern[position] : nil
            if let wanted, wanted == text[place] || (wanted == "_" && !isEscaped) {
                place += 1
                position += isEscaped ? 2 : 1
            } else if let last = restart {
                place = last.place + 1
                position = last.position
                restart = (place, position)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "%" }
    }
}
