package import FlowCore

/// A `$filter` expression.
///
/// The subset that Partner Center and Dataverse share: comparisons, `and or not`, `in`, `contains startswith endswith`,
/// paths with `/`, and the lambdas `any` and `all`. Arithmetic and date functions are not part of it, as in Dataverse.
package indirect enum ODataFilter: Sendable, Hashable {
    /// A constant.
    case literal(JSON)
    /// An instant.
    case instant(Timestamp)
    /// A property, or one reached through navigation properties or lambda variables.
    case path([String])
    /// `eq ne gt ge lt le`.
    case compare(Operator, ODataFilter, ODataFilter)
    /// Both.
    case and(ODataFilter, ODataFilter)
    /// Either.
    case or(ODataFilter, ODataFilter)
    /// The opposite.
    case not(ODataFilter)
    /// A function of the subset.
    case function(String, [ODataFilter])
    /// Whether the value is one of several.
    case oneOf(ODataFilter, [ODataFilter])
    /// `path/any(v:…)` or `path/all(v:…)`; without a predicate, whether there are any.
    case lambda(isAll: Bool, path: [String], variable: String, predicate: ODataFilter?)

    /// A comparison.
    package enum Operator: String, Sendable, Hashable {
        /// Equal.
        case eq
        /// Not equal.
        case ne
        /// Greater.
        case gt
        /// Greater or equal.
        case ge
        /// Less.
        case lt
        /// Less or equal.
        case le
    }

    /// What is wrong with a filter.
    package struct Failure: Error, Sendable {
        /// One sentence.
        package let message: String
        /// The offset in characters, from 0.
        package let offset: Int
    }

    /// Reads a filter.
    package static func parse(_ text: String) throws(Failure) -> ODataFilter {
        var parser = try ODataFilterParser(text)
        return try parser.parse()
    }

    /// Calls a closure with every property path; names of lambda variables are left out.
    package func forEachPath(_ variables: Set<String> = [], _ body: ([String]) throws -> Void) rethrows {
        switch self {
        case .literal, .instant: break
        case .path(let path): if let first = path.first, !variables.contains(first) { try body(path) }
        case .compare(_, let left, let right), .and(let left, let right), .or(let left, let right):
            try left.forEachPath(variables, body)
            try right.forEachPath(variables, body)
        case .not(let operand): try operand.forEachPath(variables, body)
        case .function(_, let arguments): for argument in arguments { try argument.forEachPath(variables, body) }
        case .oneOf(let operand, _): try operand.forEachPath(variables, body)
        case .lambda(_, let path, let variable, let predicate):
            if let first = path.first, !variables.contains(first) { try body(path) }
            try predicate?.forEachPath(variables.union([variable]), body)
        }
    }
}

/// Evaluates filters over rows.
package struct ODataEvaluation {
    /// Whether texts are compared without regard to letter case.
    let ignoresCase: Bool
    /// The value at a path below a value; services add what is not in the row itself.
    let resolve: (JSON, [String]) throws -> JSON

    /// Whether a row fits.
    package func matches(_ filter: ODataFilter, _ row: JSON, variables: [String: JSON] = [:]) throws -> Bool {
        switch filter {
        case .and(let left, let right):
            return try matches(left, row, variables: variables) && matches(right, row, variables: variables)
        case .or(let left, let right):
            return try matches(left, row, variables: variables) || matches(right, row, variables: variables)
        case .not(let operand): return try !matches(operand, row, variables: variables)
        case .compare(let comparison, let left, let right):
            return compare(
                comparison, try value(left, row, variables), try value(right, row, variables))
        case .oneOf(let operand, let choices):
            let value = try value(operand, row, variables)
            return try choices.contains { choice in compare(.eq, value, try self.value(choice, row, variables)) }
        case .lambda(let isAll, let path, let variable, let predicate):
            let elements = try value(.path(path), row, variables).arrayValue ?? []
            guard let predicate else { return !elements.isEmpty }
            func fits(_ element: JSON) throws -> Bool {
                var inner = variables
                inner[variable] = element
                return try matches(predicate, row, variables: inner)
            }
            return isAll ? try elements.allSatisfy(fits) : try elements.contains(where: fits)
        case .literal, .instant, .path, .function: return try value(filter, row, variables) == .bool(true)
        }
    }

    private func value(_ filter: ODataFilter, _ row: JSON, _ variables: [String: JSON]) throws -> JSON {
        switch filter {
        case .literal(let value): return value
        case .instant(let instant): return .string(instant.description)
        case .path(let path):
            if let first = path.first, let variable = variables[first] {
                return path.dropFirst().reduce(variable) { $0[$1] ?? .null }
            }
            return try resolve(row, path)
        case .function(let name, let arguments):
            let texts = try arguments.map { argument in
                let text = try value(argument, row, variables).stringValue ?? ""
                return ignoresCase ? text.lowercased() : text
            }
            switch name {
            case "contains": return .bool(texts[1].isEmpty || texts[0].contains(texts[1]))
            case "startswith": return .bool(texts[0].hasPrefix(texts[1]))
            case "endswith": return .bool(texts[0].hasSuffix(texts[1]))
            case "tolower": return .string(texts[0].lowercased())
            default: return .string(texts[0].uppercased())
            }
        default: return .bool(try matches(filter, row, variables: variables))
        }
    }

    /// Compares two values; null is equal to null only and ordered to nothing.
    func compare(_ comparison: ODataFilter.Operator, _ left: JSON, _ right: JSON) -> Bool {
        switch comparison {
        case .eq: return order(left, right) == 0
        case .ne: return order(left, right) != 0
        case .gt: return order(left, right).map { $0 > 0 } ?? false
        case .ge: return order(left, right).map { $0 >= 0 } ?? false
        case .lt: return order(left, right).map { $0 < 0 } ?? false
        case .le: return order(left, right).map { $0 <= 0 } ?? false
        }
    }

    /// The order of two values, nil where they cannot be compared.
    func order(_ left: JSON, _ right: JSON) -> Int? {
        switch (left, right) {
        case (.null, .null): return 0
        case (.null, _), (_, .null): return nil
        case (.bool(let left), .bool(let right)): return left == right ? 0 : left ? 1 : -1
        case (.string(let left), .string(let right)):
            if left == right { return 0 }
            if let first = Timestamp(iso8601: left), let second = Timestamp(iso8601: right) {
                return first == second ? 0 : first < second ? -1 : 1
            }
            let (first, second) = ignoresCase ? (left.lowercased(), right.lowercased()) : (left, right)
            return first == second ? 0 : first < second ? -1 : 1
        default:
            guard let first = left.doubleValue, let second = right.doubleValue else { return nil }
            return first == second ? 0 : first < second ? -1 : 1
        }
    }
}

/// One part of `$orderby`.
package struct ODataOrder: Sendable {
    /// The property.
    package let path: [String]
    /// Whether greater values come first.
    package let isDescending: Bool

    /// Reads `$orderby`; nil where it cannot be read.
    package static func parse(_ text: String) -> [ODataOrder]? {
        var orders: [ODataOrder] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: " ")
            guard let name = words.first, words.count <= 2 else { return nil }
            if words.count == 2, words[1] != "asc", words[1] != "desc" { return nil }
            orders.append(
                ODataOrder(path: name.split(separator: "/").map(String.init), isDescending: words.last == "desc"))
        }
        return orders
    }
}

extension ODataEvaluation {
    /// Sorts rows; rows that compare equal keep their order, null comes first.
    package func sort(_ rows: [JSON], by orders: [ODataOrder]) throws -> [JSON] {
        let keyed = try rows.enumerated().map { place, row in
            (place, row, try orders.map { try resolve(row, $0.path) })
        }
        return keyed.sorted { left, right in
            for (place, order) in orders.enumerated() {
                let (first, second) = (left.2[place], right.2[place])
                let result =
                    first.isNull || second.isNull
                    ? (first.isNull == second.isNull ? 0 : first.isNull ? -1 : 1) : self.order(first, second) ?? 0
                if result != 0 { return order.isDescending ? result > 0 : result < 0 }
            }
            return left.0 < right.0
        }.map(\.1)
    }
}
