import FlowCore
import GRDB

/// Every request that the services received, secrets removed.
package enum RequestLedger {
    /// How many requests are kept.
    static let limit: Int64 = 50_000
    /// How much of a body is kept.
    private static let bodyLimit = 16_384

    /// Adds a request.
    /// - Parameters:
    ///   - service: who received it.
    ///   - request: the request.
    ///   - status: what was answered; 0 where the connection was dropped.
    ///   - fault: the fault that answered instead of the service.
    ///   - transaction: the request's transaction.
    /// - Throws: what the database raises.
    static func add(
        _ service: SandboxService, _ request: ServiceRequest, status: Int, fault: String?, in transaction: Transaction
    ) throws {
        let isForm =
            request.header("content-type")?.lowercased().hasPrefix("application/x-www-form-urlencoded") ?? false
        let body = String(decoding: request.body.prefix(bodyLimit), as: UTF8.self)
        try transaction.statement(
            """
            INSERT INTO request(time, service, method, path, query, status, account, fault, caller, body)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ).execute(arguments: [
            transaction.now.ticks, service.rawValue, request.method, request.path, masked(request.rawQuery), status,
            transaction.account, fault, request.header("x-caller-id"), isForm ? masked(body) : maskedURLs(body),
        ])
        let id = transaction.database.lastInsertedRowID
        if id % 1_000 == 0 {
            try transaction.database.execute(sql: "DELETE FROM request WHERE id <= ?", arguments: [id - limit])
        }
    }

    /// The requests that fit, oldest first, as the control API gives them.
    /// - Parameters:
    ///   - filter: which ones.
    ///   - transaction: the transaction.
    /// - Returns: one object a request.
    /// - Throws: what the database raises.
    static func list(_ filter: Filter, in transaction: Transaction) throws -> [JSON] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("service = ?", filter.service)
        add("method = ?", filter.method?.uppercased())
        add("instr(path, ?) > 0", filter.path)
        add("status = ?", filter.status)
        add("id > ?", filter.after)
        let rest = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = """
            SELECT * FROM (SELECT id, time, service, method, path, query, status, account, fault, caller, body
            FROM request\(rest) ORDER BY id DESC LIMIT \(filter.limit)) ORDER BY id
            """
        return try Row.fetchAll(transaction.database, sql: sql, arguments: arguments).map { row in
            let body: String = row["body"]
            return [
                "id": .integer(row["id"]), "time": .string(Timestamp(ticks: row["time"]).description),
                "service": .string(row["service"]), "method": .string(row["method"]), "path": .string(row["path"]),
                "query": .string(row["query"]), "status": .integer(row["status"]), "account": text(row["account"]),
                "fault": text(row["fault"]), "callerId": text(row["caller"]),
                "body": (try? JSONReader.read(body)) ?? (body.isEmpty ? .null : .string(body)),
            ]
        }
    }

    /// Which requests are wanted.
    struct Filter {
        var service: String?
        var method: String?
        var path: String?
        var status: Int?
        var after: Int64?
        var limit = 1_000
    }

    private static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

    /// A query or form body whose secret values are replaced.
    static func masked(_ text: String) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { part in
            guard let mark = part.firstIndex(of: "="), secretNames.contains(part[..<mark].lowercased()) else {
                return String(part)
            }
            return part[..<mark] + "=***"
        }.joined(separator: "&")
    }

    /// A text in which the signatures of trigger URLs are replaced.
    static func maskedURLs(_ text: String) -> String { SecretMask.masking(text) }

    private static let secretNames: Set<String> = [
        "client_secret", "password", "refresh_token", "assertion", "client_assertion", "device_code", "code", "sig",
        "access_token",
    ]
}
