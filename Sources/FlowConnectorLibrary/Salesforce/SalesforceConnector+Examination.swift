public import FlowCore
public import FlowDefinitions
import FlowHTTP

extension SalesforceConnector {
    /// Whether the fields that flows name exist for the connection's user, and take the values that flows write.
    public func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination {
        var wanted: [String: [(field: String, use: ExaminationRequest.Use, value: JSON?)]] = [:]
        for use in request.uses {
            let parameters = OperationParameters(use.operationID, use.parameters)
            guard let table = parameters.text("table") else { continue }
            for (name, value) in use.parameters where name.hasPrefix("item/") {
                wanted[table, default: []].append((String(name.dropFirst(5)), use, value))
            }
            for name in (parameters.text("$select") ?? "").split(separator: ",") {
                wanted[table, default: []].append((name.filter { $0 != " " }, use, nil))
            }
            if wanted[table] == nil { wanted[table] = [] }
        }
        var examination = Examination()
        for (table, descriptions) in try await describe(wanted.keys.sorted(), session) {
            guard let fields = descriptions?["fields"]?.arrayValue else {
                let uses = request.uses.filter { $0.parameters["table"] == .string(table) }
                examination.findings.append(
                    missing("object '\(table)'", "The object \(table) does not exist for the connection's user.", uses))
                continue
            }
            var known: [String: JSON] = [:]
            for field in fields { known[field["name"]?.stringValue?.lowercased() ?? ""] = field }
            if let currency = known["currencyisocode"], table == "Opportunity" {
                examination.currenciesKnown = Set(Self.values(of: currency))
            }
            let fieldsByName = Dictionary(grouping: wanted[table] ?? [], by: { $0.field })
            for (name, uses) in fieldsByName.sorted(by: { $0.key < $1.key }) where !name.isEmpty {
                guard let field = known[name.lowercased()] else {
                    examination.findings.append(
                        missing(
                            "field '\(table).\(name)'",
                            "The field \(name) of \(table) does not exist, or the connection's user may not see it.",
                            uses.map(\.use)))
                    continue
                }
                examination.findings += refusedValues(table, name, field, uses.map { ($0.use, $0.value) })
            }
        }
        return examination
    }

    /// The descriptions of objects, asked for at once; nil for one that is not there.
    private func describe(
        _ tables: [String], _ session: ConnectionSession
    ) async throws(FlowError) -> [(table: String, description: JSON?)] {
        let version = session.connection.parameters["apiVersion"] ?? "v58.0"
        var results: [(Int, String, Result<JSON?, FlowError>)] = []
        await withTaskGroup(of: (Int, String, Result<JSON?, FlowError>).self) { group in
            for (place, table) in tables.enumerated() {
                group.addTask {
                    let call = OperationCall(
                        operationID: "HttpRequest",
                        parameters: [
                            "Uri": .string(
                                "/services/data/\(version)/sobjects/\(PercentEncoding.encode(table))/describe"),
                            "Method": "GET",
                        ], idempotencyKey: UUIDText.random())
                    do throws(FlowError) {
                        let answer = try await self.perform(call, in: session)
                        guard answer.statusCode == 200 || answer.statusCode == 404 else {
                            throw FlowError(
                                .serviceCallFailed,
                                "\(self.name) refused to describe \(table) with status \(answer.statusCode).",
                                hint: "flowrun connection test \(session.connection.name)")
                        }
                        return (place, table, .success(answer.statusCode == 200 ? answer.body : nil))
                    } catch {
                        return (place, table, .failure(error))
                    }
                }
            }
            for await result in group { results.append(result) }
        }
        var descriptions: [(table: String, description: JSON?)] = []
        for (_, table, result) in results.sorted(by: { $0.0 < $1.0 }) {
            switch result {
            case .success(let description): descriptions.append((table, description))
            case .failure(let error): throw error
            }
        }
        return descriptions
    }

    private static func values(of field: JSON) -> [String] {
        (field["picklistValues"]?.arrayValue ?? []).filter { $0["active"] != false }
            .compactMap { $0["value"]?.stringValue }
    }

    private func missing(_ subject: String, _ cause: String, _ uses: [ExaminationRequest.Use]) -> Finding {
        Finding(
            .fieldMissing, about: subject, cause, evidence: Self.places(uses),
            repair:
                "create it in Salesforce and let the connection's user see it, or name another: see `flowrun variable list`, then `flowrun variable set NAME VALUE`"
        )
    }

    /// Written values that a restricted picklist does not have.
    private func refusedValues(
        _ table: String, _ name: String, _ field: JSON, _ uses: [(ExaminationRequest.Use, JSON?)]
    ) -> [Finding] {
        guard field["restrictedPicklist"] == true else { return [] }
        let allowed = Self.values(of: field)
        var refused: [String: [ExaminationRequest.Use]] = [:]
        for (use, value) in uses {
            if let text = value?.stringValue, !text.isEmpty, !allowed.contains(text) {
                refused[text, default: []].append(use)
            }
        }
        return refused.sorted { $0.key < $1.key }.map { text, uses in
            Finding(
                .fieldValueNotAllowed, about: "field '\(table).\(name)'",
                "The value '\(text)' is not one of the field's values: \(allowed.joined(separator: ", ")).",
                evidence: Self.places(uses),
                repair:
                    "write a value of the list there, then `flowrun solution install PATH` and `flowrun activate \"\(uses[0].flow)\"`"
            )
        }
    }

    private static func places(_ uses: [ExaminationRequest.Use]) -> [String] {
        var seen: Set<String> = []
        return uses.map { "\($0.flow) · \($0.action)" }.filter { seen.insert($0).inserted }
    }
}
