import FlowCore
import FlowDefinitions
import FlowHTTP

/// One poll for rows by their date of change: what the platform's webhook trigger brings, without the service having to
/// reach this machine, and without a change being lost while nobody listens.
///
/// The watermark is the service's own clock. Each poll looks back two minutes before it, because a row's date is set before its
/// transaction is visible; what was taken already is known by id and version. The first poll takes nothing, and notes what
/// lies within those two minutes. `filteringattributes` is kept by the values of those columns in the rows that changed last:
/// a change that leaves them as they were does not fire.
struct DataversePolling {
    private static let overlap = Duration.seconds(120)
    /// Of so many rows the values of the filtering columns are remembered.
    private static let remembered = 500

    let service: DataverseService
    let connector: String
    let clock: any WallClock

    /// A table as the Web API names it.
    private struct Table {
        let set: String
        let key: String

        var json: JSON { ["set": .string(set), "key": .string(key)] }

        init?(_ value: JSON?) {
            guard let set = value?["set"]?.stringValue, let key = value?["key"]?.stringValue else { return nil }
            self.set = set
            self.key = key
        }
    }

    func ask(_ poll: TriggerPoll, _ parameters: OperationParameters) async throws(FlowError) -> TriggerPollAnswer {
        guard let mark = poll.watermark?["at"]?.stringValue.flatMap(Timestamp.init(iso8601:)),
            let table = Table(poll.watermark)
        else { return try await begin(parameters) }
        var conditions = ["modifiedon ge \((mark - Self.overlap).secondsDescription)"]
        if let filter = parameters.text("subscriptionRequest/filterexpression") { conditions.append("(\(filter))") }
        let query = [("$filter", conditions.joined(separator: " and ")), ("$orderby", "modifiedon asc")]
        let (first, rows) = try await all(table, query)
        guard first.isSuccess else { return try wait(first, poll) }
        let next = max(mark, first.date ?? mark)
        let message = parameters.text("subscriptionRequest/message") ?? "4"
        let columns = (parameters.text("subscriptionRequest/filteringattributes") ?? "").split(separator: ",")
            .map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }

        var memory = Memory(poll.seen)
        var fresh: [JSON] = []
        for row in rows {
            let id = row[table.key]?.stringValue ?? ""
            let version = row["versionnumber"]?.integerValue ?? 0
            if memory.isTaken(id, version) { continue }
            let digest = columns.isEmpty ? nil : Self.digest(row, columns)
            let isKnown = memory.values[id] != nil
            let isUntouched = digest != nil && memory.values[id]?.digest == digest
            if let digest { memory.values[id] = (digest, version) }
            let created = row["createdon"]?.stringValue.flatMap(Timestamp.init(iso8601:))
            let isNew = !isKnown && created.map { $0 >= mark - Self.overlap } ?? false && !memory.knows(id)
            guard !isUntouched, message == "4" || (message == "1") == isNew else { continue }
            fresh.append(Self.event(row, id, isNew: isNew))
        }
        memory.take(
            rows.filter { (Self.modified($0) ?? next) > next - Self.overlap }, key: table.key, keeping: Self.remembered)
        let outputs: JSONObject? =
            fresh.isEmpty ? nil : ["headers": .object(first.headerObject), "body": ["value": .array(fresh)]]
        return TriggerPollAnswer(outputs: outputs, watermark: watermark(next, table), seen: memory.entries)
    }

    /// The first poll: asks for the table's names, for the service's time, and for what is already there within the overlap.
    private func begin(_ parameters: OperationParameters) async throws(FlowError) -> TriggerPollAnswer {
        let name = try parameters.required("subscriptionRequest/entityname")
        let definition = try await service.send(
            "GET", "/EntityDefinitions(LogicalName='\(PercentEncoding.encode(name))')",
            query: [("$select", "EntitySetName,PrimaryIdAttribute")], headers: DataverseConnector.headers)
        guard definition.isSuccess, let value = definition.value,
            let table = Table(["set": value["EntitySetName"] ?? .null, "key": value["PrimaryIdAttribute"] ?? .null])
        else { throw FlowError.refusal(definition, of: connector, doing: "to describe the table \(name)") }
        let mark = definition.date ?? clock.now
        let (first, rows) = try await all(
            table,
            [
                ("$select", "\(table.key),versionnumber,modifiedon"),
                ("$filter", "modifiedon ge \((mark - Self.overlap).secondsDescription)"),
            ])
        guard first.isSuccess else { throw FlowError.refusal(first, of: connector, doing: "to list \(table.set)") }
        var memory = Memory([])
        memory.take(rows, key: table.key, keeping: Self.remembered)
        return TriggerPollAnswer(
            outputs: nil, watermark: watermark(max(mark, first.date ?? mark), table), seen: memory.entries)
    }

    /// The rows of all pages, with the first page's answer; that of a page that is refused where one is.
    private func all(_ table: Table, _ query: [(String, String?)]) async throws(FlowError) -> (HTTPResponse, [JSON]) {
        var headers = DataverseConnector.headers
        headers["Prefer"] = DataverseConnector.annotations
        let first = try await service.send("GET", "/" + table.set, query: query, headers: headers)
        guard first.isSuccess else { return (first, []) }
        var page = first.value
        var rows: [JSON] = []
        while true {
            guard let found = page?["value"]?.arrayValue else { throw FlowError.unreadable(first, of: connector) }
            rows += found
            guard let link = page?["@odata.nextLink"]?.stringValue else { return (first, rows) }
            // The link is used as it is, but only at the place where it came from.
            let rest = link.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
            let response = try await service.caller.send(
                ServiceRequest("GET", "\(service.base)/\(table.set)?\(rest)", headers: headers))
            guard response.isSuccess else { return (response, []) }
            page = response.value
        }
    }

    /// A throttled poll waits and asks the same again; every other refusal is an error.
    private func wait(_ response: HTTPResponse, _ poll: TriggerPoll) throws(FlowError) -> TriggerPollAnswer {
        guard response.status == 429 || response.status == 503, let watermark = poll.watermark else {
            throw FlowError.refusal(response, of: connector, doing: "to list rows for \(poll.triggerID)")
        }
        return TriggerPollAnswer(
            outputs: nil, watermark: watermark, seen: poll.seen,
            retryAfter: response.retryAfter(now: clock.now) ?? .seconds(60))
    }

    private func watermark(_ mark: Timestamp, _ table: Table) -> JSON {
        var value = table.json.objectValue ?? [:]
        value["at"] = .string(mark.description)
        return .object(value)
    }

    /// The row as the platform's trigger gives it.
    private static func event(_ row: JSON, _ id: String, isNew: Bool) -> JSON {
        var event = row.objectValue ?? [:]
        event["SdkMessage"] = .string(isNew ? "Create" : "Update")
        event["RunAsSystemUserId"] = row["_modifiedby_value"] ?? .null
        event["ItemInternalId"] = .string(id)
        event["RowVersion"] = row["versionnumber"] ?? .null
        return .object(event)
    }

    private static func modified(_ row: JSON) -> Timestamp? {
        row["modifiedon"]?.stringValue.flatMap(Timestamp.init(iso8601:))
    }

    private static func digest(_ row: JSON, _ columns: [String]) -> String {
        let values = columns.map { column in (row[column] ?? row["_\(column)_value"] ?? .null).text }
        return String(Base64.encodeURL(Digest.sha256(Array(values.joined(separator: "\n").utf8))).prefix(16))
    }

    /// What was taken: `id version` of rows within the overlap, `id=digest@version` of filtering columns.
    private struct Memory {
        private var taken: Set<String> = []
        private var ids: Set<String> = []
        var values: [String: (digest: String, version: Int64)] = [:]

        init(_ entries: Set<String>) {
            for entry in entries {
                if let mark = entry.firstIndex(of: "="), let end = entry.lastIndex(of: "@"), mark < end {
                    let version = Int64(entry[entry.index(after: end)...]) ?? 0
                    values[String(entry[..<mark])] = (String(entry[entry.index(after: mark)..<end]), version)
                } else {
                    taken.insert(entry)
                    ids.insert(String(entry.prefix { $0 != " " }))
                }
            }
        }

        func isTaken(_ id: String, _ version: Int64) -> Bool { taken.contains("\(id) \(version)") }

        func knows(_ id: String) -> Bool { ids.contains(id) }

        /// Keeps the rows within the overlap, and the filtering values that changed last.
        mutating func take(_ rows: [JSON], key: String, keeping limit: Int) {
            taken = Set(
                rows.map { "\($0[key]?.stringValue ?? "") \($0["versionnumber"]?.integerValue ?? 0)" })
            guard values.count > limit else { return }
            let oldest = values.sorted { $0.value.version < $1.value.version }.prefix(values.count - limit)
            for (id, _) in oldest { values[id] = nil }
        }

        var entries: Set<String> {
            taken.union(values.map { "\($0.key)=\($0.value.digest)@\($0.value.version)" })
        }
    }
}
