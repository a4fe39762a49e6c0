public import FlowCore
public import FlowDefinitions
import FlowHTTP

extension PartnerCenterReferrals {
    /// What the open referrals are in, and when one changed last: the hundred that changed last tell.
    public func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination {
        let call = OperationCall(
            operationID: "GetAllReferrals",
            parameters: [
                "$filter": "status eq 'New' or status eq 'Active'", "$orderby": "updatedDateTime desc", "$top": 100,
            ], idempotencyKey: UUIDText.random())
        let answer = try await perform(call, in: session)
        guard answer.statusCode == 200, let referrals = answer.body?["value"]?.arrayValue else {
            throw FlowError(
                .serviceCallFailed, "\(name) refused to list referrals with status \(answer.statusCode).",
                hint: "flowrun connection test \(session.connection.name)")
        }
        var examination = Examination()
        examination.serviceTime = answer.headers.value(ignoringCase: "Date")?.stringValue.flatMap(HTTPDate.parse)
        for referral in referrals {
            if let currency = referral["details"]?["currency"]?.stringValue, !currency.isEmpty {
                examination.currenciesInUse.insert(currency)
            }
            let changed = referral["updatedDateTime"]?.stringValue.flatMap(Timestamp.init(iso8601:))
            if let changed, changed > examination.latestChange ?? changed - .seconds(1) {
                examination.latestChange = changed
            }
        }
        return examination
    }
}
