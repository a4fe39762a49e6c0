import FlowCore

/// The list of referrals with its query options and pages.
enum ReferralList {
    private static let pageSize = 100
    private static let orderable = ["createdDateTime", "updatedDateTime"]
    private static let options: Set<String> = [
        "$filter", "$orderby", "$select", "$top", "$skip", "$count", "$expand", "$skiptoken",
    ]

    static func respond(
        to request: ServiceRequest, caller: ReferralsService.Caller, in transaction: Transaction
    ) throws -> ServiceResponse {
        for (name, _) in request.query where name.hasPrefix("$") && !options.contains(name) {
            throw ReferralFailure.invalid("The query option '\(name)' is not supported.", target: name)
        }
        var given: [String: String] = [:]
        for (name, value) in request.query { given[name] = value }
        var offset = 0
        if let token = given["$skiptoken"] {
            guard let bytes = Base64.decode(token), let state = try? JSONReader.read(bytes),
                let object = state.objectValue,
                let place = object["offset"]?.integerValue
            else { throw ReferralFailure.invalid("The skip token is not valid.", target: "$skiptoken") }
            given = [:]
            for (name, value) in object where name != "offset" { given[name] = value.stringValue }
            offset = Int(place)
        }
        let top = try number(given["$top"], "$top")
        let skip = try number(given["$skip"], "$skip") ?? 0
        let (page, found) = try page(given, caller, skip: skip, top: top, offset: offset, in: transaction)
        let wanted = min(max(0, found - skip), top ?? .max)
        var body: JSONObject = [
            "@odata.context": .string(
                transaction.world.url(of: .partnercenterref) + "/v1.0/engagements/referrals/$metadata#Referrals"),
            "@odata.count": .integer(Int64(found)),
            "value": .array(page.map { project($0, given["$select"]) }),
        ]
        if offset + page.count < wanted {
            var state: JSONObject = [:]
            for (name, value) in given.sorted(by: { $0.key < $1.key }) { state[name] = .string(value) }
            state["offset"] = .integer(Int64(offset + page.count))
            body["@odata.nextLink"] = .string(
                transaction.world.url(of: .partnercenterref) + "/v1.0/engagements/referrals?$skiptoken="
                    + Base64.encodeURL(JSON.object(state).bytes))
        }
        return .json(200, .object(body))
    }

    /// One page, and how many referrals fit in all.
    private static func page(
        _ options: [String: String], _ caller: ReferralsService.Caller, skip: Int, top: Int?, offset: Int,
        in transaction: Transaction
    ) throws -> (rows: [JSON], found: Int) {
        let orders = ODataOrder.parse(options["$orderby"] ?? "createdDateTime desc") ?? []
        let filter = options["$filter"]?.trimmed ?? ""
        let statuses = filter.isEmpty ? [] : (try? ODataFilter.parse(filter)).flatMap(statuses)
        // Without a filter, or with one over the status alone, the database pages by itself; else every referral is looked at.
        if caller.seesAll, let statuses, orders.count == 1, orders[0].path.count == 1,
            orderable.contains(orders[0].path[0])
        {
            let page = try transaction.page(
                of: Referral.kind, where: statuses.isEmpty ? nil : "status", isOneOf: statuses,
                byChange: orders[0].path[0] == "updatedDateTime", descending: orders[0].isDescending,
                from: skip + offset
            ) { found in min(pageSize, min(max(0, found - skip), top ?? .max) - offset) }
            return (page.records.map { Referral($0).wire(in: transaction.world) }, page.found)
        }
        let rows = try select(options, caller, in: transaction)
        let page = rows.dropFirst(skip).prefix(top ?? .max).dropFirst(offset).prefix(pageSize)
        return (Array(page), rows.count)
    }

    /// The statuses of which a filter asks for any, or nil where it asks for something else.
    private static func statuses(_ filter: ODataFilter) -> [String]? {
        switch filter {
        case .or(let left, let right):
            guard let these = statuses(left), let those = statuses(right) else { return nil }
            return these + those
        case .compare(.eq, .path(["status"]), .literal(.string(let status))):
            // The index does not know letter case.
            return ["New", "Active", "Closed"].contains(status) ? [status] : nil
        default: return nil
        }
    }

    private static func select(
        _ options: [String: String], _ caller: ReferralsService.Caller, in transaction: Transaction
    ) throws -> [JSON] {
        var filter: ODataFilter?
        if let text = options["$filter"], !text.trimmed.isEmpty {
            do {
                filter = try ODataFilter.parse(text)
            } catch {
                throw ReferralFailure.invalid(error.message, target: "$filter")
            }
            try filter?.forEachPath { path in
                guard Referral.template[path[0]] != nil else {
                    throw ReferralFailure.invalid(
                        "Could not find a property named '\(path[0])' on type 'Referral'.", target: "$filter")
                }
            }
        }
        let orders = ODataOrder.parse(options["$orderby"] ?? "createdDateTime desc") ?? []
        guard !orders.isEmpty, orders.allSatisfy({ $0.path.count == 1 && orderable.contains($0.path[0]) }) else {
            throw ReferralFailure.invalid(
                "Referrals can be ordered by createdDateTime and updatedDateTime.", target: "$orderby")
        }
        let evaluation = ODataEvaluation(ignoresCase: false) { row, path in path.reduce(row) { $0[$1] ?? .null } }
        let rows = try transaction.records(Referral.kind).map(Referral.init)
            .filter { caller.seesAll || $0.isVisible(to: caller.upn) }
            .map { $0.wire(in: transaction.world) }
            .filter { row in try filter.map { try evaluation.matches($0, row) } ?? true }
        return try evaluation.sort(rows, by: orders)
    }

    private static func project(_ row: JSON, _ select: String?) -> JSON {
        guard let select, let object = row.objectValue else { return row }
        let names = Set(select.split(separator: ",").map { String($0).trimmed })
        return .object(JSONObject(object.filter { names.contains($0.0) }))
    }

    private static func number(_ text: String?, _ name: String) throws -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw ReferralFailure.invalid("The value of '\(name)' must be a whole number.", target: name)
        }
        return number
    }
}
