public import FlowCore
public import FlowDefinitions
import FlowHTTP

extension DataverseConnector {
    /// Whether the tables and columns that flows name exist, and which currencies are set up.
    ///
    /// The tables themselves are asked for one row with those columns: what does not exist the service names in its refusal,
    /// and no right to read definitions is needed.
    public func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination {
        var wanted: [String: [String: [ExaminationRequest.Use]]] = [:]
        for use in request.uses {
            let parameters = OperationParameters(use.operationID, use.parameters)
            guard let set = parameters.text("entityName") else { continue }
            var columns = (parameters.text("$select") ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
            for (name, _) in use.parameters where name.hasPrefix("item/") && !name.contains("@") {
                columns.append(String(name.dropFirst(5)))
            }
            if wanted[set] == nil { wanted[set] = [:] }
            for column in columns where !column.isEmpty && !column.contains("/") {
                wanted[set]?[column, default: []].append(use)
            }
        }
        var examination = Examination()
        let results = await withTaskGroup(of: (String, Result<[Finding], FlowError>).self) { group in
            for (set, columns) in wanted {
                let uses = request.uses.filter { $0.parameters["entityName"] == .string(set) }
                group.addTask { (set, await self.examine(set, columns, uses, session)) }
            }
            var results: [(String, Result<[Finding], FlowError>)] = []
            for await result in group { results.append(result) }
            return results
        }
        for (_, result) in results.sorted(by: { $0.0 < $1.0 }) {
            switch result {
            case .success(let findings): examination.findings += findings
            case .failure(let error): throw error
            }
        }
        if wanted["transactioncurrencies"] != nil {
            let answer = try await list("transactioncurrencies", ["isocurrencycode"], top: 500, session)
            let rows = answer.body?["value"]?.arrayValue ?? []
            if answer.statusCode == 200 {
                examination.currenciesKnown = Set(rows.compactMap { $0["isocurrencycode"]?.stringValue })
            }
        }
        return examination
    }

    private func list(
        _ set: String, _ columns: [String], top: Int64, _ session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        var parameters: JSONObject = ["entityName": .string(set), "$top": .integer(top)]
        if !columns.isEmpty { parameters["$select"] = .string(columns.joined(separator: ",")) }
        return try await perform(
            OperationCall(operationID: "ListRecords", parameters: parameters, idempotencyKey: UUIDText.random()),
            in: session)
    }

    private func examine(
        _ set: String, _ columns: [String: [ExaminationRequest.Use]], _ uses: [ExaminationRequest.Use],
        _ session: ConnectionSession
    ) async -> Result<[Finding], FlowError> {
        var rest = columns.keys.sorted()
        var findings: [Finding] = []
        do throws(FlowError) {
            while true {
                let answer = try await list(set, rest, top: 1, session)
                if answer.statusCode == 200 { return .success(findings) }
                let message = answer.body?["error"]?["message"]?.stringValue ?? ""
                if answer.statusCode == 404 {
                    findings.append(
                        missing(
                            "table '\(set)'",
                            "The table \(set) does not exist, or the connection's user may not read it.",
                            message, uses))
                    return .success(findings)
                }
                // The refusal names one column in quotes; the next question leaves it out.
                guard let place = rest.firstIndex(where: { message.contains("'\($0)'") }) else {
                    throw FlowError(
                        .serviceCallFailed,
                        "\(name) refused to list \(set) with status \(answer.statusCode): \(message)",
                        hint: "flowrun connection test \(session.connection.name)")
                }
                let column = rest.remove(at: place)
                findings.append(
                    missing(
                        "column '\(set).\(column)'", "The column \(column) of \(set) does not exist.", message,
                        columns[column] ?? []))
            }
        } catch {
            return .failure(error)
        }
    }

    private func missing(
        _ subject: String, _ cause: String, _ message: String, _ uses: [ExaminationRequest.Use]
    ) -> Finding {
        var seen: Set<String> = []
        let places = uses.map { "\($0.flow) · \($0.action)" }.filter { seen.insert($0).inserted }
        return Finding(
            .fieldMissing, about: subject, cause, evidence: places + ["the service says: \(message)"],
            repair:
                "create it in the environment, or name another: see `flowrun variable list`, then `flowrun variable set NAME VALUE`"
        )
    }
}
