import FlowCore
import FlowDefinitions
import FlowHTTP

/// One poll for records by their date of creation or change.
///
/// The watermark is the service's own clock. Each poll looks back two minutes before it, because a record's date is set
/// before its transaction is visible; what was taken already is known by id and date. Dates are whole seconds: a record that
/// was changed in the second of the poll may be changed again in that second, so it is known by its content too. The first
/// poll takes nothing, and notes what lies within those two minutes.
struct SalesforcePolling {
    private static let overlap = Duration.seconds(120)

    let connector: SalesforceConnector
    let organization: SalesforceOrganization
    /// `CreatedDate` or `LastModifiedDate`.
    let field: String

    func ask(_ poll: TriggerPoll) async throws(FlowError) -> TriggerPollAnswer {
        let parameters = OperationParameters(poll.triggerID, poll.parameters)
        let table = try parameters.required("table")
        guard let watermark = poll.watermark?.stringValue.flatMap(Timestamp.init(iso8601:)) else {
            return try await begin(table)
        }
        var list: SOQL.List
        switch try await connector.query(table, parameters, organization) {
        case .success(let found): list = found
        case .failure(let refused): return try wait(refused.response, poll)
        }
        for name in ["Id", field] where !list.fields.contains(where: { $0.lowercased() == name.lowercased() }) {
            list.fields.append(name)
        }
        list.conditions.append("\(field) > \((watermark - Self.overlap).secondsDescription)")
        list.orderBy = "\(field) ASC"

        let first = try await organization.query(list.text)
        guard first.isSuccess else { return try wait(first, poll) }
        var (records, next) = try SalesforceConnector.page(first)
        while let path = next {
            let response = try await organization.page(path)
            guard response.isSuccess else { return try wait(response, poll) }
            let (more, following) = try SalesforceConnector.page(response)
            records += more
            next = following
        }

        let dates = records.map(date)
        let mark = max(watermark, first.date ?? dates.compactMap(\.self).max() ?? watermark)
        var seen: Set<String> = []
        var fresh: [JSON] = []
        for (record, date) in zip(records, dates) {
            let (plain, full) = (key(record), contentKey(record))
            if date.map({ $0 > mark - Self.overlap }) ?? true {
                seen.insert(isSettled(date, first.date) ? plain : full)
            }
            if !poll.seen.contains(plain), !poll.seen.contains(full) { fresh.append(record) }
        }
        let outputs: JSONObject? =
            fresh.isEmpty ? nil : ["headers": .object(first.headerObject), "body": ["value": .array(fresh)]]
        return TriggerPollAnswer(outputs: outputs, watermark: .string(mark.description), seen: seen)
    }

    /// The first poll: asks the service for its time, and for what is already there within the overlap.
    private func begin(_ table: String) async throws(FlowError) -> TriggerPollAnswer {
        guard SOQL.isName(table) else { throw SOQL.invalid("table", "'\(table)' is no name of an object") }
        let clock = try await organization.query("SELECT Id FROM \(table) LIMIT 1")
        guard clock.isSuccess else {
            throw FlowError.refusal(clock, of: connector.name, doing: "to read the object \(table)")
        }
        let mark = clock.date ?? organization.session.clock.now
        let since = (mark - Self.overlap).secondsDescription
        var response = try await organization.query("SELECT Id, \(field) FROM \(table) WHERE \(field) > \(since)")
        let newest = response.date ?? mark
        var seen: Set<String> = []
        while true {
            guard response.isSuccess else {
                throw FlowError.refusal(response, of: connector.name, doing: "to read the object \(table)")
            }
            let (records, following) = try SalesforceConnector.page(response)
            for record in records where isSettled(date(record), response.date) { seen.insert(key(record)) }
            guard let next = following else { break }
            response = try await organization.page(next)
        }
        return TriggerPollAnswer(outputs: nil, watermark: .string(max(mark, newest).description), seen: seen)
    }

    /// A throttled poll waits and asks the same again; every other refusal is an error.
    private func wait(_ response: HTTPResponse, _ poll: TriggerPoll) throws(FlowError) -> TriggerPollAnswer {
        let now = organization.session.clock.now
        let isThrottled =
            response.status == 429 || response.status == 503
            || response.value?[0]?["errorCode"]?.stringValue == "REQUEST_LIMIT_EXCEEDED"
        guard isThrottled, let watermark = poll.watermark else {
            throw FlowError.refusal(response, of: connector.name, doing: "to list records for \(poll.triggerID)")
        }
        return TriggerPollAnswer(
            outputs: nil, watermark: watermark, seen: poll.seen,
            retryAfter: response.retryAfter(now: now) ?? .seconds(60))
    }

    private func key(_ record: JSON) -> String {
        "\(record["Id"]?.stringValue ?? "") \(record[field]?.stringValue ?? "")"
    }

    private func contentKey(_ record: JSON) -> String {
        key(record) + " " + Base64.encodeURL(Digest.sha256(record.bytes)).prefix(16)
    }

    /// Whether nothing that is yet to come can give a record the date that it has: the answer came two seconds later, of which
    /// one is for the time between reading and answering.
    private func isSettled(_ date: Timestamp?, _ answered: Timestamp?) -> Bool {
        guard let date, let answered else { return true }
        return date <= answered - .seconds(2)
    }

    private func date(_ record: JSON) -> Timestamp? {
        record[field]?.stringValue.flatMap(Timestamp.init(iso8601:))
    }
}
