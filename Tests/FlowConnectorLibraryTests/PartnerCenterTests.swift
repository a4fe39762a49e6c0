import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

@Suite struct PartnerCenterTests {
    private static let list = "https://api.partner.microsoft.com/v1.0/engagements/referrals"
    private let session = FlowConnectorLibraryTests.session("partnercenterref")
    private static let intent = Timestamp(year: 2026, month: 3, day: 2)

    @Test func `a referral is created of flattened parameters`() async throws {
        let transport = RecordedTransport([entraToken, .init("POST \(Self.list)", json: ["id": "R1"])])
        let answer = try await PartnerCenterReferrals(transport: transport).perform(
            OperationCall(
                "CreateReferral",
                [
                    "Referral/name": "Deal", "Referral/details/dealValue": 5, "Referral/details/currency": "EUR",
                    "Referral/customerProfile/address/country": "PT", "Referral/target": [["id": "msft"]],
                ]), in: session)
        #expect(answer.body?["id"] == "R1")
        #expect(
            try JSONReader.read(transport.requests[1].body) == [
                "name": "Deal", "details": ["dealValue": 5, "currency": "EUR"],
                "customerProfile": ["address": ["country": "PT"]], "target": [["id": "msft"]],
            ])
        #expect(transport.requests[1].headers["X-Caller-Id"] == "60858c1b-2062-40ad-b42c-996b6b5b047d")
    }

    @Test func `a patch names its operations, and an error body passes through`() async throws {
        let error: JSON = ["error": ["code": "invalidRequest", "message": "Closed."]]
        let transport = RecordedTransport([entraToken, .init("PATCH \(Self.list)/R1", 400, json: error)])
        let answer = try await PartnerCenterReferrals(transport: transport).perform(
            OperationCall(
                "PatchReferralById", ["id": "R1", "Referral": [["path": "/status", "value": "Closed"]]]), in: session)
        #expect(answer.statusCode == 400)
        #expect(answer.body == error)
        #expect(
            try JSONReader.read(transport.requests[1].body) == [
                ["path": "/status", "value": "Closed", "op": "replace"]
            ])
    }

    @Test(
        arguments: [(nil, "New", 204), ("\"1a\"", "New", 412), ("\"1a\"", "Closed", 204)] as [(String?, String, Int)])
    func `a referral is patched only in the version that is named, unless that is done already`(
        eTag: String?, found: String, status: Int
    ) async throws {
        let transport = RecordedTransport([
            entraToken, .init("PATCH \(Self.list)/R1", eTag == nil ? 204 : 412),
            .init("GET \(Self.list)/R1", json: ["id": "R1", "status": .string(found)]),
        ])
        let answer = try await PartnerCenterReferrals(transport: transport).perform(
            OperationCall(
                "PatchReferralById",
                [
                    "id": "R1", "Referral": [["path": "/status", "value": "Closed"]],
                    "if-match": eTag.map { .string($0) } ?? .null,
                ]), in: session)
        #expect(answer.statusCode == status)
        #expect(transport.requests[1].headers["If-Match"] == eTag)
    }

    @Test func `pages are followed by their query alone, whatever the link's host`() async throws {
        let transport = RecordedTransport([
            entraToken,
            .init(
                "GET \(Self.list)?$filter=status eq 'New'",
                json: ["value": [1, 2], "@odata.nextLink": "http://wrong.example/v1.0/referrals?$skiptoken=abc"]),
            .init("GET \(Self.list)?$skiptoken=abc", json: ["value": [3]]),
        ])
        let answer = try await PartnerCenterReferrals(transport: transport).perform(
            OperationCall("GetAllReferrals", ["$filter": "status eq 'New'"], minimum: 10), in: session)
        #expect(answer.body == ["value": [1, 2, 3]])
    }

    @Test(arguments: [
        ("2026-03-01T23:59:30.0000000Z", "Deal", true), ("2026-03-02T00:00:10.0000000Z", "Other", false),
        ("2026-03-01T23:58:00.0000000Z", "Deal", false),
    ])
    func `a created referral is found by its time and content`(created: String, name: String, isFound: Bool)
        async throws
    {
        let referral: JSON = [
            "id": "R1", "name": .string(name), "createdDateTime": .string(created), "engagementId": "E",
            "externalReferenceId": "X1", "type": "Shared", "target": [["type": "SolutionProfile", "id": "S"]],
        ]
        let transport = RecordedTransport([
            entraToken,
            .init("GET \(Self.list)?$orderby=createdDateTime desc&$top=1000", json: ["value": [referral]]),
        ])
        let call = OperationCall(
            "CreateReferral",
            [
                "Referral": [
                    "name": "Deal", "externalReferenceId": "X1", "type": "Shared",
                    "target": [["type": "SolutionProfile", "id": "S"]],
                ]
            ])
        let answer = try await PartnerCenterReferrals(transport: transport)
            .lookUp(call, intendedAt: Self.intent, in: session)
        #expect(answer?.body?["id"] == (isFound ? "R1" : nil))
    }

    @Test(
        arguments: [
            ("/status", "Active", true), ("/status", "Closed", false), ("/details/dealValue", "10000", true),
            ("/details/closingDateTime", "2026-06-30T00:00:00Z", true), ("/team/-", ["email": "a@b"], true),
            ("/team/-", ["email": "c@d"], false), ("/registrations/0/contract/currency", "EUR", true),
            ("/statusReason", nil, true), ("/team", [["email": "a@b"]], true),
        ] as [(String, JSON, Bool)])
    func `a patch is done where the referral already is so`(path: String, value: JSON, isDone: Bool) async throws {
        let referral: JSON = [
            "id": "R1", "status": "Active", "statusReason": nil,
            "details": ["dealValue": 10_000, "closingDateTime": "2026-06-30T00:00:00.0000000Z"],
            "team": [["email": "a@b", "firstName": "A"]], "registrations": [["contract": ["currency": "EUR"]]],
        ]
        let transport = RecordedTransport([entraToken, .init("GET \(Self.list)/R1", json: referral)])
        let call = OperationCall(
            "PatchReferralById", ["id": "R1", "Referral": [["path": .string(path), "value": value]]])
        let answer = try await PartnerCenterReferrals(transport: transport)
            .lookUp(call, intendedAt: Self.intent, in: session)
        #expect(answer?.statusCode == (isDone ? 204 : nil))
    }

    @Test func `a registration is sent with a Boolean flag, and found again`() async throws {
        let view = "/webhooks/v1/registration"
        let transport = RecordedTransport([
            entraToken, .init("POST \(view)", json: ["SubscriberId": "s"]),
            .init("GET \(view)", json: ["WebhookUrl": "https://x", "WebhookEvents": ["b", "a"]]),
            .init("GET \(view)", 404),
        ])
        let connector = PartnerCenterEvents(transport: transport)
        let call = OperationCall(
            "EventRegistration",
            [
                "WebhookUrl": "https://x", "body/WebhookEvents": ["a", "b"],
                "SignatureTokenToMsSignatureHeader": "true",
            ])
        _ = try await connector.perform(call, in: session)
        #expect(
            try JSONReader.read(transport.requests[1].body) == [
                "WebhookUrl": "https://x", "WebhookEvents": ["a", "b"], "SignatureTokenToMsSignatureHeader": true,
            ])
        #expect(try await connector.lookUp(call, intendedAt: Self.intent, in: session)?.statusCode == 200)
        #expect(try await connector.lookUp(call, intendedAt: Self.intent, in: session) == nil)
    }
}
