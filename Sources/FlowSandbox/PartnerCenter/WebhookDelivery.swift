package import FlowCore
import GRDB

/// One webhook call: kept until it was answered with 2xx, or after its tenth attempt was not.
package struct WebhookDelivery: Sendable {
    /// The event's name.
    package let event: String
    /// The id of what changed.
    package let subject: String
    /// Where it goes.
    package let url: String
    /// The header fields.
    package let headers: JSON
    /// The body as it was signed.
    package let body: [UInt8]

    /// How often a delivery is tried before it is parked.
    package static let attemptLimit = 10
    /// How long webhooks are held back where they are to be reordered.
    static let reorderWait = Duration.milliseconds(300)

    /// Keeps the delivery for the dispatcher.
    /// - Parameters:
    ///   - wait: how long the dispatcher lets it lie.
    ///   - transaction: the transaction.
    /// - Returns: the delivery's id.
    /// - Throws: what the database raises.
    @discardableResult
    package func enqueue(after wait: Duration, in transaction: Transaction) throws -> Int64 {
        try transaction.statement(
            """
            INSERT INTO delivery(event, subject, url, headers, body, created, due, attempts, status)
            VALUES(?, ?, ?, ?, ?, ?, ?, '[]', 'pending')
            """
        ).execute(arguments: [
            event, subject, url, headers.text, String(decoding: body, as: UTF8.self), transaction.now.ticks,
            (SandboxClock.machineTime + wait).ticks,
        ])
        transaction.noteDeliveries()
        return transaction.database.lastInsertedRowID
    }

    /// Takes what is due; what is taken is not given again until its attempt is settled.
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - newestFirst: whether to turn the order round; once one is due, those still held back for that come first too.
    ///   - transaction: the transaction.
    /// - Returns: ids and deliveries.
    /// - Throws: what the database raises.
    static func takeDue(
        _ limit: Int, newestFirst: Bool, in transaction: Transaction
    ) throws -> [(id: Int64, delivery: WebhookDelivery)] {
        let now = SandboxClock.machineTime
        guard let first = try nextDue(in: transaction), first <= now else { return [] }
        let latest = newestFirst ? now + reorderWait : now
        let rows = try Row.fetchAll(
            transaction.database,
            sql: """
                SELECT id, event, subject, url, headers, body FROM delivery WHERE status = 'pending' AND due <= ?
                ORDER BY id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit)
                """, arguments: [latest.ticks])
        return try rows.map { row in
            let id: Int64 = row["id"]
            try transaction.database.execute(
                sql: "UPDATE delivery SET status = 'sending' WHERE id = ?", arguments: [id])
            let delivery = WebhookDelivery(
                event: row["event"], subject: row["subject"], url: row["url"],
                headers: (try? JSONReader.read(row["headers"] as String)) ?? [:],
                body: Array((row["body"] as String).utf8))
            return (id, delivery)
        }
    }

    /// When the next delivery is due, on the machine's clock.
    static func nextDue(in transaction: Transaction) throws -> Timestamp? {
        try Int64.fetchOne(transaction.database, sql: "SELECT min(due) FROM delivery WHERE status = 'pending'")
            .map { Timestamp(ticks: $0) }
    }

    /// Puts deliveries back that were being sent when the sandbox ended.
    static func recover(in transaction: Transaction) throws {
        try transaction.database.execute(sql: "UPDATE delivery SET status = 'pending' WHERE status = 'sending'")
    }

    /// Notes the outcome of an attempt: delivered, to be tried again, or parked.
    static func settle(_ id: Int64, _ answer: WebhookAnswer, in transaction: Transaction) throws {
        guard
            let text = try String.fetchOne(
                transaction.database, sql: "SELECT attempts FROM delivery WHERE id = ?", arguments: [id])
        else { return }
        var attempts = (try? JSONReader.read(text))?.arrayValue ?? []
        attempts.append([
            "time": .string(transaction.now.description), "status": answer.status.map { .integer(Int64($0)) } ?? .null,
            "error": answer.error.map { .string($0) } ?? .null,
        ])
        let isDelivered = answer.status.map { (200..<300).contains($0) } ?? false
        let status = isDelivered ? "delivered" : attempts.count >= attemptLimit ? "parked" : "pending"
        // 0.5 s, 1 s, 2 s … 60 s on the machine's clock: the real intervals are not documented.
        let wait = min(500 << (attempts.count - 1), 60_000)
        try transaction.database.execute(
            sql: "UPDATE delivery SET attempts = ?, status = ?, due = ? WHERE id = ?",
            arguments: [
                JSON.array(attempts).text, status, (SandboxClock.machineTime + .milliseconds(wait)).ticks, id,
            ])
    }

    /// The deliveries, oldest first, as the control API gives them; the signature of the URL is masked.
    static func list(limit: Int, in transaction: Transaction) throws -> [JSON] {
        let rows = try Row.fetchAll(
            transaction.database,
            sql: """
                SELECT * FROM (SELECT id, event, subject, url, body, created, attempts, status FROM delivery
                ORDER BY id DESC LIMIT \(limit)) ORDER BY id
                """)
        return rows.map { row in
            [
                "id": .integer(row["id"]), "event": .string(row["event"]), "subject": .string(row["subject"]),
                "url": .string(RequestLedger.maskedURLs(row["url"])),
                "created": .string(Timestamp(ticks: row["created"]).description), "status": .string(row["status"]),
                "attempts": (try? JSONReader.read(row["attempts"] as String)) ?? [],
                "body": (try? JSONReader.read(row["body"] as String)) ?? .null,
            ]
        }
    }

    /// How many deliveries have each status.
    static func counts(in transaction: Transaction) throws -> JSON {
        var counts: JSONObject = ["pending": 0, "sending": 0, "delivered": 0, "parked": 0]
        let rows = try Row.fetchAll(
            transaction.database, sql: "SELECT status, count(*) AS number FROM delivery GROUP BY status")
        for row in rows { counts[row["status"]] = .integer(row["number"]) }
        return .object(counts)
    }

    /// Status and attempts of one delivery.
    static func find(_ id: Int64, in transaction: Transaction) throws -> (
        status: String, url: String, attempts: [JSON]
    )? {
        let row = try Row.fetchOne(
            transaction.database, sql: "SELECT status, url, attempts FROM delivery WHERE id = ?", arguments: [id])
        guard let row else { return nil }
        return (row["status"], row["url"], (try? JSONReader.read(row["attempts"] as String))?.arrayValue ?? [])
    }
}

/// What came of one attempt.
package struct WebhookAnswer: Sendable {
    /// The status that the receiver answered; nil where there was no answer.
    package var status: Int?
    /// Why there was no answer.
    package var error: String?

    /// Makes an answer.
    package init(status: Int?, error: String? = nil) {
        self.status = status
        self.error = error
    }
}
