import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

/// The trigger on rows of Dataverse, which asks for what changed.
@Suite struct DataverseTriggerTests {
    private static let api = "https://org.crm.dynamics.com/api/data/v9.2"
    private let session = FlowConnectorLibraryTests.session("commondataserviceforapps")

    private static let table: JSON = ["EntitySetName": "opportunities", "PrimaryIdAttribute": "opportunityid"]
    private static let watch: JSONObject = [
        "subscriptionRequest/message": 4, "subscriptionRequest/entityname": "opportunity",
        "subscriptionRequest/scope": 4, "subscriptionRequest/filteringattributes": "name, ownerid",
        "subscriptionRequest/filterexpression": "msft_sync eq true",
    ]

    private func poll(
        _ parameters: JSONObject, after mark: TriggerPollAnswer?, _ exchanges: [RecordedTransport.Exchange]
    ) async throws -> (TriggerPollAnswer, [String]) {
        let transport = RecordedTransport([entraToken] + exchanges)
        let question = TriggerPoll(
            triggerID: "SubscribeWebhookTrigger", parameters: parameters, watermark: mark?.watermark,
            seen: mark?.seen ?? [])
        let answer = try await DataverseConnector(transport: transport).poll(question, in: session)
        #expect(transport.unused == [])
        return (answer, transport.requests.map { PercentEncoding.decode(Substring($0.url)) })
    }

    private static func page(_ rows: [JSON], at time: String) -> RecordedTransport.Exchange {
        .init(
            "GET \(api)/opportunities", headers: ["Date": "Mon, 02 Mar 2026 \(time) GMT"],
            json: ["value": .array(rows)])
    }

    private static func row(_ id: String, _ version: Int64, name: String, created: String, modified: String) -> JSON {
        [
            "opportunityid": .string(id), "versionnumber": .integer(version), "name": .string(name),
            "_ownerid_value": "u1", "_modifiedby_value": "u2", "createdon": .string("2026-03-02T\(created)Z"),
            "modifiedon": .string("2026-03-02T\(modified)Z"),
        ]
    }

    @Test func `rows are asked for: each change once, what was there before not at all, other columns not`()
        async throws
    {
        let old = Self.row("a", 1, name: "A", created: "00:00:00", modified: "08:59:30")
        let (first, begun) = try await poll(
            Self.watch, after: nil,
            [
                .init("GET \(Self.api)/EntityDefinitions(LogicalName='opportunity')", json: Self.table),
                Self.page([old], at: "09:00:00"),
            ])
        #expect(first.outputs == nil && begun.count == 3)
        let added = Self.row("b", 2, name: "B", created: "09:00:10", modified: "09:00:10")
        let (second, asked) = try await poll(Self.watch, after: first, [Self.page([old, added], at: "09:00:15")])
        #expect(asked.last?.contains("modifiedon ge 2026-03-02T08:58:00Z and (msft_sync eq true)") == true)
        let fresh = second.outputs?["body"]?["value"]?.arrayValue ?? []
        try #require(fresh.count == 1)
        #expect(fresh.map { $0["opportunityid"] } == ["b"])
        #expect(fresh[0]["SdkMessage"] == "Create" && fresh[0]["ItemInternalId"] == "b")
        #expect(fresh[0]["RunAsSystemUserId"] == "u2" && fresh[0]["RowVersion"] == 2)
        // The same rows again, then one whose other columns changed, then one whose name changed.
        let (third, _) = try await poll(Self.watch, after: second, [Self.page([old, added], at: "09:00:30")])
        #expect(third.outputs == nil)
        let audited = Self.row("b", 3, name: "B", created: "09:00:10", modified: "09:00:40")
        let (fourth, _) = try await poll(Self.watch, after: third, [Self.page([audited], at: "09:00:45")])
        #expect(fourth.outputs == nil)
        let renamed = Self.row("b", 4, name: "C", created: "09:00:10", modified: "09:00:50")
        let (fifth, _) = try await poll(Self.watch, after: fourth, [Self.page([audited, renamed], at: "09:01:00")])
        #expect(fifth.outputs?["body"]?["value"]?.arrayValue?.map { $0["SdkMessage"] } == ["Update"])
    }

    @Test func `a throttled question waits and asks the same again; a refused one says why`() async throws {
        let mark = TriggerPollAnswer(
            outputs: nil,
            watermark: ["set": "opportunities", "key": "opportunityid", "at": "2026-03-02T09:00:00Z"], seen: ["a 1"])
        let (answer, _) = try await poll(
            Self.watch, after: mark, [.init("GET \(Self.api)/opportunities", 429, headers: ["Retry-After": "17"])])
        #expect(answer.outputs == nil && answer.watermark == mark.watermark && answer.seen == mark.seen)
        #expect(answer.retryAfter == .seconds(17))
        let error = await failure {
            _ = try await poll(
                Self.watch, after: mark,
                [
                    .init(
                        "GET \(Self.api)/opportunities", 403,
                        json: ["error": ["code": "0x80040220", "message": "missing prvReadOpportunity"]])
                ])
        }
        #expect(error?.message.contains("prvReadOpportunity") == true)
    }

    @Test(
        arguments: [
            ("subscriptionRequest/message", 2, false), ("subscriptionRequest/message", 7, false),
            ("subscriptionRequest/scope", 1, false), ("subscriptionRequest/postponeuntil", 1, false),
            ("subscriptionRequest/message", 3, true), ("subscriptionRequest/scope", 4, true),
        ] as [(String, Int64, Bool)])
    func `what a question cannot see is refused before the flow is turned on`(name: String, value: Int64, taken: Bool)
        throws
    {
        let trigger = try #require(
            DataverseConnector(transport: RecordedTransport([])).triggers.first { $0.id == "SubscribeWebhookTrigger" })
        #expect((trigger.refusal([name: .integer(value)]) == nil) == taken)
    }
}
