import CLibCrypto
import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct WebhookTests {
    static let path = "/webhooks/v1/registration"
    static let allEvents: JSON = [
        "referral-created", "referral-updated", "related-referral-created", "related-referral-updated", "test-created",
    ]

    static func register(_ fixture: SandboxFixture, _ listener: WebhookListener) async throws -> String {
        let token = try await fixture.token("referrals.admin", "https://api.partnercenter.microsoft.com")
        let body: JSON = [
            "WebhookUrl": .string(listener.url), "WebhookEvents": Self.allEvents,
            "SignatureTokenToMsSignatureHeader": "true",
        ]
        let answer = try await fixture.call(.partnercenterevents, "POST", Self.path, token: token, body)
        #expect(answer.status == 200)
        return token
    }

    @Test func `a share calls the webhook at least twice, signed under the root of sandbox json`() async throws {
        try await SandboxFixture.run { fixture in
            let listener = WebhookListener()
            _ = try await Self.register(fixture, listener)
            let shared = try await fixture.control("POST", "/share").json
            let requests = await listener.next(2)
            #expect(Set(requests.map { $0.json.at("EventName") }) == ["referral-created", "referral-updated"])
            for request in requests {
                let resource = request.json.at("ResourceUri").stringValue ?? ""
                #expect(
                    resource == "https://api.partnercenter.microsoft.com/engagements/v1/referrals/"
                        + (shared["id"]?.stringValue ?? ""))
                #expect(
                    request.json.objectValue?.keys == [
                        "EventName", "ResourceUri", "ResourceName", "AuditUri", "ResourceChangeUtcDate",
                    ])
                let parts = (request.headers["x-ms-signature"] ?? "").split(separator: " ")
                #expect(parts.first == "Signature")
                #expect(request.headers["x-ms-signature-algorithm"] == "rsa-sha256")
                let certificate = try await fixture.transport.send(
                    .init("GET", request.headers["x-ms-certificate-url"] ?? ""))
                #expect(
                    Signature.verify(
                        request.body, Base64.decode(String(parts.last ?? "")) ?? [], certificate: certificate.body,
                        root: fixture.text(.partnercenterevents, "webhookRoot")))
            }
            let ledger = try await fixture.control("GET", "/deliveries").json
            #expect(ledger.at("0/url") == .string("http://127.0.0.1:\(listener.port)/hook?sig=***"))
        }
    }

    @Test func `the tenant has one registration, and a refused delivery is tried again`() async throws {
        try await SandboxFixture.run { fixture in
            let listener = WebhookListener(statuses: [500, 503])
            let token = try await Self.register(fixture, listener)
            let again = try await fixture.call(
                .partnercenterevents, "POST", Self.path, token: token,
                ["WebhookUrl": "https://example.org/hook", "WebhookEvents": ["referral-created"]])
            #expect(again.status == 409)
            let bad = try await fixture.call(
                .partnercenterevents, "PUT", Self.path, token: token,
                ["WebhookUrl": "https://example.org/hook", "WebhookEvents": ["referral-deleted"]])
            #expect(bad.status == 400)
            let view = try await fixture.call(.partnercenterevents, "GET", Self.path, token: token)
            #expect(view.json["WebhookUrl"] == .string(listener.url))
            let nobody = try await fixture.token("no.role", "https://api.partnercenter.microsoft.com")
            #expect(try await fixture.call(.partnercenterevents, "GET", Self.path, token: nobody).status == 403)

            let test = try await fixture.call(
                .partnercenterevents, "POST", Self.path + "/validationEvents", token: token)
            let requests = await listener.next(3)
            #expect(Set(requests.map(\.body)).count == 1)
            _ = try await fixture.call(.partnercenterevents, "POST", Self.path + "/validationEvents", token: token)
            #expect(
                try await fixture.call(.partnercenterevents, "POST", Self.path + "/validationEvents", token: token)
                    .status
                    == 429)
            _ = await listener.next(1)
            var report = JSON.null
            // The answer is on its way to the sandbox while the listener has already seen the request.
            while report["status"] != "completed" {
                report = try await fixture.call(
                    .partnercenterevents, "GET",
                    Self.path + "/validationEvents/" + (test.json["correlationId"]?.stringValue ?? ""), token: token
                ).json
            }
            #expect(report["results"]?.arrayValue?.map { $0.at("responseCode") } == ["500", "503", "Accepted"])
        }
    }

    @Test func `related events tell of the other side, and webhooks can be doubled and turned round`() async throws {
        try await SandboxFixture.run { fixture in
            let listener = WebhookListener()
            _ = try await Self.register(fixture, listener)
            let token = try await fixture.referralsToken()
            let own = try await fixture.call(
                .partnercenterref, "POST", ReferralsTests.path, token: token, validReferral)
            let other = try await fixture.call(
                .partnercenterref, "POST", ReferralsTests.path, token: token,
                validReferral.with([
                    "engagementId": own.json["engagementId"] ?? .null,
                    "target": [["type": "BusinessProfileLocation", "id": "msft"]],
                ]))
            let created = await listener.next(2)
            #expect(Set(created.map { $0.json.at("EventName") }) == ["referral-created", "related-referral-created"])
            try await fixture.control("POST", "/referrals/\(other.json["id"]?.stringValue ?? "")/accept")
            let accepted = await listener.next(2)
            #expect(Set(accepted.map { $0.json.at("EventName") }) == ["related-referral-updated", "referral-updated"])
            try await fixture.control(
                "POST", "/faults",
                ["service": "partnercenterevents", "duplicateWebhooks": true, "reorderWebhooks": true])
            try await fixture.control("POST", "/share")
            let doubled = await listener.next(4)
            #expect(doubled.filter { $0.json.at("EventName") == "referral-created" }.count == 2)
        }
    }

    @Test func `reordered webhooks arrive against the order of their events, and doubled ones have the same key`()
        async throws
    {
        try await SandboxFixture.run { fixture in
            let listener = WebhookListener()
            _ = try await Self.register(fixture, listener)
            func names(_ requests: [WebhookListener.Received]) -> [String] {
                requests.map { $0.json.text("EventName") }
            }
            func times(_ requests: [WebhookListener.Received]) -> [String] {
                requests.map { $0.json.text("ResourceChangeUtcDate") }
            }
            let fault: JSONObject = ["service": "partnercenterevents", "reorderWebhooks": true]
            try await fixture.control("POST", "/faults", .object(fault))
            let shared = try await fixture.control("POST", "/share").json
            let turned = await listener.next(2)
            #expect(names(turned) == ["referral-updated", "referral-created"])
            #expect(times(turned) == times(turned).sorted(by: >) && Set(times(turned)).count == 2)
            // The ledger keeps the order of the events.
            let events = try await fixture.control("GET", "/deliveries").json.arrayValue?.map { $0.text("event") }
            #expect(events == ["referral-created", "referral-updated"])

            try await fixture.control("POST", "/faults", JSON.object(fault).with(["duplicateWebhooks": true]))
            try await fixture.control("POST", "/share")
            let doubled = await listener.next(4)
            #expect(names(doubled) == ["referral-updated", "referral-updated", "referral-created", "referral-created"])
            // The key by which the solutions' flows tell events apart: of what, which, when.
            let keys = doubled.map { request in
                ["ResourceUri", "EventName", "ResourceChangeUtcDate"].map { request.json.text($0) }
            }
            #expect(Set(keys).count == 2 && keys[0] == keys[1] && keys[2] == keys[3])
            #expect(doubled[0].body == doubled[1].body && doubled[2].body == doubled[3].body)
            #expect(shared["id"] != nil && !Set(keys.map { $0[0] }).contains { $0.hasSuffix(shared.text("id")) })

            try await fixture.control("DELETE", "/faults")
            try await fixture.control("POST", "/share")
            #expect(Set(names(await listener.next(2))) == ["referral-created", "referral-updated"])
        }
    }
}

/// The check that a careful receiver makes.
enum Signature {
    /// Whether a signature fits a body and a certificate that the root has issued.
    static func verify(_ body: [UInt8], _ signature: [UInt8], certificate: [UInt8], root: String) -> Bool {
        let bio = BIO_new_mem_buf(certificate, Int32(certificate.count))
        defer { BIO_free(bio) }
        let leaf = d2i_X509_bio(bio, nil)
        defer { X509_free(leaf) }
        let rootBytes = Array(root.utf8)
        let rootBIO = BIO_new_mem_buf(rootBytes, Int32(rootBytes.count))
        defer { BIO_free(rootBIO) }
        let issuer = PEM_read_bio_X509(rootBIO, nil, nil, nil)
        defer { X509_free(issuer) }
        let store = X509_STORE_new()
        defer { X509_STORE_free(store) }
        let context = X509_STORE_CTX_new()
        defer { X509_STORE_CTX_free(context) }
        let isIssued =
            leaf != nil && issuer != nil && X509_STORE_add_cert(store, issuer) == 1
            && X509_STORE_CTX_init(context, store, leaf, nil) == 1 && X509_verify_cert(context) == 1
        let digest = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(digest) }
        return isIssued && EVP_DigestVerifyInit(digest, nil, EVP_sha256(), nil, X509_get0_pubkey(leaf)) == 1
            && EVP_DigestVerify(digest, signature, signature.count, body, body.count) == 1
    }
}
