import FlowCore

/// Tells registered addresses of changed rows: the table `callbackregistrations`, as the trigger on rows uses it in the cloud.
///
/// `message` and `filteringattributes` say which changes, `filterexpression` which rows, `scope` whose (1: those of the one who
/// registered; the environment has one business unit, so all other scopes mean every row). A call is a POST of the row's columns with
/// `SdkMessage`, `RunAsSystemUserId`, `ItemInternalId` and `RowVersion`, tried ten times as webhooks are; of a deleted row only its
/// key is told. `postponeuntil` and `runas` are kept and not looked at.
enum ChangeCallbacks {
    /// What happened to a row.
    enum Message: String {
        case create = "Create"
        case update = "Update"
        case delete = "Delete"

        /// The values of `message` that mean it.
        var choices: Set<Int64> {
            switch self {
            case .create: [1, 4, 5, 7]
            case .delete: [2, 5, 6, 7]
            case .update: [3, 4, 6, 7]
            }
        }
    }

    static let table = "callbackregistration"

    /// Refuses a registration that could never call.
    static func check(_ body: JSONObject) throws {
        let address = body["url"]?.stringValue ?? ""
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw DataverseFailure.make(400, "0x80040203", "The callback's url must be absolute.")
        }
        guard let name = body["entityname"]?.stringValue, let table = DataverseSchema.table(name) else {
            throw DataverseFailure.make(
                400, "0x80040203", "The entity '\(body["entityname"]?.stringValue ?? "")' does not exist.")
        }
        guard body["message"]?.integerValue != nil, body["scope"]?.integerValue != nil else {
            throw DataverseFailure.make(400, "0x80040203", "A callback needs 'message' and 'scope'.")
        }
        for attribute in attributes(body) where table.column(attribute) == nil {
            throw DataverseFailure.propertyUnknown(attribute, table)
        }
        if let text = body["filterexpression"]?.stringValue {
            do {
                _ = try ODataFilter.parse(text)
            } catch {
                throw DataverseFailure.make(400, "0x0", error.message)
            }
        }
    }

    /// Queues the calls that a change causes.
    /// - Parameters:
    ///   - message: what happened.
    ///   - table: the row's table.
    ///   - record: the row, after the change.
    ///   - changed: the columns that the change gave.
    ///   - transaction: the transaction.
    /// - Throws: what the database raises.
    static func tell(
        _ message: Message, _ table: DataverseTable, _ record: Record, changed: Set<String>, in transaction: Transaction
    ) throws {
        guard table.name != Self.table else { return }
        let rows = DataverseRows(transaction: transaction, isAnnotated: false)
        for registration in try transaction.records("dataverse/" + Self.table) {
            let body = registration.body
            guard body["entityname"]?.stringValue == table.name,
                message.choices.contains(body["message"]?.integerValue ?? 0), let url = body["url"]?.stringValue,
                body["scope"] != 1 || record.body["ownerid"] == body["createdby"]
            else { continue }
            let attributes = attributes(body)
            guard message != .update || attributes.isEmpty || !changed.isDisjoint(with: attributes) else { continue }
            if message != .delete, let text = body["filterexpression"]?.stringValue {
                guard let filter = try? ODataFilter.parse(text),
                    let fitting = try? rows.select([record], table, filter: filter, orders: []), !fitting.isEmpty
                else { continue }
            }
            var told: JSONObject =
                message == .delete
                ? [table.key: .string(record.id)] : try rows.wire(table, record, select: nil).objectValue ?? [:]
            told["@odata.etag"] = nil
            told["SdkMessage"] = .string(message.rawValue)
            told["RunAsSystemUserId"] = record.body["modifiedby"] ?? .null
            if message != .delete {
                told["ItemInternalId"] = .string(record.id)
                told["RowVersion"] = .string(String(record.version))
            }
            let delivery = WebhookDelivery(
                event: "\(message.rawValue) \(table.name)", subject: record.id, url: url,
                headers: ["Content-Type": "application/json; charset=utf-8"], body: JSON.object(told).bytes)
            let fault = transaction.world.faults.active(.commondataserviceforapps, at: transaction.now)
            let wait: Duration = fault?.reorderWebhooks ?? false ? WebhookDelivery.reorderWait : .zero
            try delivery.enqueue(after: wait, in: transaction)
            if fault?.duplicateWebhooks ?? false { try delivery.enqueue(after: wait, in: transaction) }
        }
    }

    /// The columns that a body of an update gives.
    static func columns(of given: JSONObject, _ table: DataverseTable) -> Set<String> {
        Set(
            given.keys.compactMap { name in
                guard name.hasSuffix("@odata.bind") else { return name }
                return table.navigation(String(name.dropLast(11)))?.column.name
            })
    }

    private static func attributes(_ body: JSONObject) -> Set<String> {
        Set(
            (body["filteringattributes"]?.stringValue ?? "").split(separator: ",").map { String($0).trimmed }
                .filter { !$0.isEmpty })
    }
}
