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
        let rows = try select(given, caller, in: transaction)
        let wanted = rows.dropFirst(skip).prefix(top ?? .max)
        let page = wanted.dropFirst(offset).prefix(pageSize)
        var body: JSONObject = [
            "@odata.context": .string(
                transaction.world.url(of: .partnercenterref) + "/v1.0/engagements/referrals/$metadata#Referrals"),
            "@odata.count": .integer(Int64(rows.count)),
            "value": .array(page.map { project($0, given["$select"]) }),
        ]
        if offset + page.count < wanted.count {
            var state: JSONObject = [:]
            for (name, value) in given.sorted(by: { $0.key < $1.key }) { state[name] = .string(value) }
            state["offset"] = .integer(Int64(offset + page.count))
            body["@odata.nextLink"] = .string(
                transaction.world.url(of: .partnercenterref) + "/v1.0/engagements/referrals?$skiptoken="
                    + Base64.encodeURL(JSON.object(state).bytes))
        }
        return .json(200, .object(body))
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
