import FlowCore

/// GROUP BY and aggregates.
struct SOQLAggregation {
    let execution: SOQLExecution
    let object: SalesforceObject

    /// The result rows of a query over its matching records.
    func rows(_ query: SOQLQuery, _ records: [Record]) throws -> [JSON] {
        let targets = try query.groupBy.map { try execution.resolve($0, object) }
        var order: [[JSON]] = []
        var groups: [[JSON]: [Record]] = [:]
        for record in records {
            let key = try targets.map { try execution.value($0, of: record) }
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(record)
        }
        if query.groupBy.isEmpty, order.isEmpty {
            order = [[]]
            groups[[]] = []
        }
        var rows: [(row: JSONObject, key: [JSON])] = []
        for key in order {
            let members = groups[key] ?? []
            if let having = query.having, try !holds(having, members) { continue }
            rows.append((try row(query, key, members), key))
        }
        let sorted = try sort(rows, query)
        return sorted.dropFirst(query.offset).prefix(query.limit ?? .max).map { .object($0) }
    }

    private func row(_ query: SOQLQuery, _ key: [JSON], _ members: [Record]) throws -> JSONObject {
        var row: JSONObject = ["attributes": ["type": "AggregateResult"]]
        var unnamed = 0
        for column in query.columns {
            switch column {
            case .field(let path):
                guard let place = query.groupBy.firstIndex(where: { $0.text.lowercased() == path.text.lowercased() })
                else {
                    throw execution.failure(
                        SOQLQuery.Failure(
                            message: "Field must be grouped or aggregated: \(path.text)", offset: path.offset))
                }
                row[path.parts.last ?? ""] = key[place]
            case .aggregate(let function, let path, let alias):
                let name = alias ?? "expr\(unnamed)"
                if alias == nil { unnamed += 1 }
                row[name] = try value(function, path, members)
            case .fields, .children: continue
            }
        }
        return row
    }

    private func value(_ function: String, _ path: SOQLPath?, _ members: [Record]) throws -> JSON {
        guard let path else { return .integer(Int64(members.count)) }
        let target = try execution.resolve(path, object)
        let values = try members.map { try execution.value(target, of: $0) }.filter { !$0.isNull }
        switch function {
        case "COUNT": return .integer(Int64(values.count))
        case "COUNT_DISTINCT": return .integer(Int64(Set(values).count))
        case "SUM": return values.isEmpty ? .null : .double(values.reduce(0) { $0 + ($1.doubleValue ?? 0) })
        case "AVG":
            let sum = values.reduce(0) { $0 + ($1.doubleValue ?? 0) }
            return values.isEmpty ? .null : .double(sum / Double(values.count))
        case "MIN": return values.min { SOQLComparison.order($0, $1) < 0 } ?? .null
        default: return values.max { SOQLComparison.order($0, $1) < 0 } ?? .null
        }
    }

    private func holds(_ condition: SOQLCondition, _ members: [Record]) throws -> Bool {
        switch condition {
        case .and(let left, let right): return try holds(left, members) && holds(right, members)
        case .or(let left, let right): return try holds(left, members) || holds(right, members)
        case .not(let inner): return try !holds(inner, members)
        case .aggregate(let function, let path, let comparison, let wanted):
            let number = SalesforceField("", "", .double)
            return SOQLComparison.holds(try value(function, path, members), comparison, wanted, number)
        case .compare, .oneOf, .inQuery:
            guard let first = members.first else { return false }
            return try execution.prepare(condition, object)(first)
        }
    }

    private func sort(_ rows: [(row: JSONObject, key: [JSON])], _ query: SOQLQuery) throws -> [JSONObject] {
        let places = try query.orderBy.map { order in
            guard let place = query.groupBy.firstIndex(where: { $0.text.lowercased() == order.path.text.lowercased() })
            else {
                throw execution.failure(
                    SOQLQuery.Failure(
                        message: "Ordering is possible by grouped fields: \(order.path.text)", offset: order.path.offset
                    ))
            }
            return place
        }
        return rows.sorted { left, right in
            for (order, place) in zip(query.orderBy, places) {
                let result = SOQLComparison.order(
                    left.key[place], right.key[place], nullsLast: order.nullsLast != order.isDescending)
                if result != 0 { return order.isDescending ? result > 0 : result < 0 }
            }
            return false
        }.map(\.row)
    }
}
