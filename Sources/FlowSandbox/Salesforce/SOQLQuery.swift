import FlowCore

/// A parsed SOQL query.
struct SOQLQuery: Sendable {
    /// What a row yields.
    enum Column: Sendable {
        /// A field, or one of a parent record.
        case field(SOQLPath)
        /// `FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`.
        case fields(String)
        /// An aggregate: function, field (nil for all rows), name of the result.
        case aggregate(String, SOQLPath?, alias: String?)
        /// Records that belong to the row.
        case children(SOQLQuery)
    }

    var columns: [Column] = []
    /// Whether it is `SELECT COUNT()`.
    var isCount = false
    /// The object, or the name of a child relationship.
    var from = ""
    var alias: String?
    var condition: SOQLCondition?
    var groupBy: [SOQLPath] = []
    var having: SOQLCondition?
    var orderBy: [Order] = []
    var limit: Int?
    var offset = 0

    /// One part of ORDER BY.
    struct Order: Sendable {
        var path: SOQLPath
        var isDescending = false
        var nullsLast = false
    }

    /// What is wrong with a query.
    struct Failure: Error, Sendable {
        /// The error code of the REST API.
        var code = "MALFORMED_QUERY"
        var message: String
        /// Where, in characters from 0; nil where the message stands alone.
        var offset: Int?
    }
}

/// A field by the way to it: `Account.Owner.Name`, with its place in the text.
struct SOQLPath: Sendable, Hashable {
    var parts: [String]
    var offset = 0

    var text: String { parts.joined(separator: ".") }

    static func == (left: SOQLPath, right: SOQLPath) -> Bool { left.parts == right.parts }
    func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}

/// A WHERE condition.
indirect enum SOQLCondition: Sendable {
    case and(SOQLCondition, SOQLCondition)
    case or(SOQLCondition, SOQLCondition)
    case not(SOQLCondition)
    case compare(SOQLPath, Operator, SOQLValue)
    case oneOf(SOQLPath, [SOQLValue], isNegated: Bool)
    case inQuery(SOQLPath, SOQLQuery, isNegated: Bool)
    /// A comparison of an aggregate, in HAVING.
    case aggregate(String, SOQLPath?, Operator, SOQLValue)

    enum Operator: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case like = "LIKE"
        case includes = "INCLUDES"
        case excludes = "EXCLUDES"
    }
}

/// A value in a condition.
enum SOQLValue: Sendable {
    case text(String)
    case number(Double)
    case bool(Bool)
    case null
    /// `2026-03-02`.
    case date(String)
    case instant(Timestamp)
    /// A date literal such as `LAST_N_DAYS:30`: from an instant to before another.
    case range(Timestamp, Timestamp)
}
