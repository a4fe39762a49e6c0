import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct ReferralsTests {
    static let path = "/v1.0/engagements/referrals"

    @Test func `a deal is created, shared with Microsoft, patched and closed`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.referralsToken()
            let own = try await fixture.call(
                .partnercenterref, "POST", Self.path, token: token,
                headers: [("X-Caller-Id", "60858c1b-2062-40ad-b42c-996b6b5b047d"), ("client-request-id", "r-1")],
                validReferral)
            #expect(own.status == 200)
            #expect(own.json["status"] == "Active")
            #expect(own.json["substatus"] == "Accepted")
            #expect(own.json.at("details/dealValue") == 42_000)
            #expect(own.json["lastModifiedVia"] == "60858c1b-2062-40ad-b42c-996b6b5b047d")
            #expect(own.headers["client-request-id"] == "r-1")
            #expect(own.headers["ETag"] == own.json["eTag"]?.stringValue)
            let engagement = own.json["engagementId"] ?? .null

            let connected = try await fixture.call(
                .partnercenterref, "POST", Self.path, token: token,
                validReferral.with([
                    "engagementId": engagement, "target": [["type": "BusinessProfileLocation", "id": "msft"]],
                    "inviteContext": ["assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Need a demo."],
                ]))
            #expect(connected.json["status"] == "New")
            #expect(connected.json["organizationId"] == "msft")
            let id = own.json["id"]?.stringValue ?? ""
            try await fixture.control("POST", "/referrals/\(id)/accept")
            let list = try await fixture.call(
                .partnercenterref, "GET",
                Self.path + "?$filter=" + URLText.encode("engagementId eq '\(engagement.stringValue ?? "")'")
                    + "&$orderby=createdDateTime%20asc", token: token)
            #expect(list.json["@odata.count"] == 2)
            #expect(list.json.at("value/1/status") == "Active")
            #expect(list.json.at("value/1/trackingInfo/microsoftMsxId").stringValue?.hasPrefix("7-") == true)
            #expect(
                list.json.at("value/0/trackingInfo/microsoftMsxId")
                    == list.json.at("value/1/trackingInfo/microsoftMsxId"))

            // The eTag of before Microsoft's write is stale now.
            let patch: JSON = [
                ["op": "replace", "path": "/details/dealValue", "value": "51000.5"],
                [
                    "op": "add", "path": "/team/-",
                    "value": ["firstName": "Sam", "lastName": "Ellis", "email": "s@adatum.example"],
                ],
            ]
            let stale = try await fixture.call(
                .partnercenterref, "PATCH", "\(Self.path)/\(id)", token: token,
                headers: [("If-Match", own.json["eTag"]?.stringValue ?? "")], patch)
            #expect(stale.status == 412)
            #expect(stale.json.at("error/innerError/code") == "resourceModified")
            let quiet = try await fixture.call(.partnercenterref, "PATCH", "\(Self.path)/\(id)/", token: token, patch)
            #expect(quiet.status == 204)
            let loud = try await fixture.call(
                .partnercenterref, "PATCH", "\(Self.path)/\(id)//", token: token,
                headers: [("Prefer", "return=representation")],
                [
                    ["op": "replace", "path": "/status", "value": "Closed"],
                    ["op": "replace", "path": "/substatus", "value": "Won"],
                ])
            #expect(loud.status == 200)
            #expect(loud.json.at("details/dealValue") == 51_000.5)
            #expect(loud.json.at("team/1/firstName") == "Sam")
            #expect(loud.json["closedDateTime"]?.isNull == false)
            let closed = try await fixture.call(
                .partnercenterref, "PATCH", "\(Self.path)/\(id)", token: token,
                [["op": "replace", "path": "/details/notes", "value": "late"]])
            #expect(closed.status == 400)
            #expect(closed.json.at("error/code") == "invalidRequest")
        }
    }

    /// A change of a good referral that makes it bad.
    static let badCreates: [(changes: JSONObject, target: String)] = [
        (["type": "ExternalReferral"], "type"), (["name": ""], "name"), (["consent": .null], "consent"),
        (["customerProfile": ["name": "N", "address": ["country": "PRT"]]], "customerProfile/address/country"),
        (
            [
                "details": [
                    "dealValue": 1, "currency": "EUR", "closingDateTime": "2027-01-01",
                    "requirements": ["solutions": []],
                ]
            ], "details/requirements/solutions"
        ),
        (["team": []], "team"), (["engagementId": "00000000-0000-4000-8000-000000000000"], "engagementId"),
    ]

    static let badPatches: [JSON] = [
        [["op": "replace", "path": "/name", "value": "x"]],
        [["op": "remove", "path": "/details/notes", "value": .null]],
        [["op": "replace", "path": "/status", "value": "Closed"]],
        [["op": "replace", "path": "/substatus", "value": "Pending"]],
        [["op": "replace", "path": "/team/7", "value": [:]]],
        [["op": "replace", "path": "/details/currency", "value": "euro"]], [],
        [["op": "replace", "path": "/consent/consentToShareReferralWithMicrosoftSellers", "value": false]],
    ]

    @Test func `bad referrals and patches are refused with 400 and change nothing`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.referralsToken()
            for (changes, target) in Self.badCreates {
                let answer = try await fixture.call(
                    .partnercenterref, "POST", Self.path, token: token, validReferral.with(changes))
                #expect(answer.status == 400, "\(target)")
                #expect(answer.json.at("error/target") == .string(target))
            }
            let own = try await fixture.call(.partnercenterref, "POST", Self.path, token: token, validReferral)
            let place = Self.path + "/" + (own.json["id"]?.stringValue ?? "")
            for patch in Self.badPatches {
                let answer = try await fixture.call(.partnercenterref, "PATCH", place, token: token, patch)
                #expect(answer.status == 400, "\(patch)")
            }
            let after = try await fixture.call(.partnercenterref, "GET", place, token: token)
            #expect(after.json["eTag"] == own.json["eTag"])
            let put = try await fixture.call(
                .partnercenterref, "PUT", place, token: token,
                headers: [("If-Match", own.json["eTag"]?.stringValue ?? "")],
                validReferral.with(["name": "Renamed"]))
            #expect(put.status == 200)
            #expect(put.json["name"] == "Renamed")
            let bare = try await fixture.call(.partnercenterref, "PUT", place, token: token, validReferral)
            #expect(bare.status == 400)
        }
    }

    @Test func `only users with a referral role are served, and a Referral User sees own teams`() async throws {
        try await SandboxFixture.run { fixture in
            let admin = try await fixture.referralsToken()
            let own = try await fixture.call(.partnercenterref, "POST", Self.path, token: admin, validReferral)
            let place = Self.path + "/" + (own.json["id"]?.stringValue ?? "")
            let user = try await fixture.referralsToken("referrals.user")
            let nobody = try await fixture.referralsToken("no.role")
            let events = try await fixture.token("referrals.admin", "https://api.partnercenter.microsoft.com")
            let app = try await fixture.form(
                fixture.tokenURL(version: 2),
                [
                    "grant_type": "client_credentials", "client_id": fixture.text(.identity, "clientId"),
                    "client_secret": fixture.text(.identity, "clientSecret"),
                    "scope": "https://api.partner.microsoft.com/.default",
                ]
            ).json["access_token"]?.stringValue
            for (token, status, code) in [
                (nil, 401, "unauthenticated"), ("x.y.z", 401, "unauthenticated"), (events, 401, "unauthenticated"),
                (nobody, 403, "accessDenied"), (app, 403, "accessDenied"), (user, 403, "accessDenied"),
            ] {
                let answer = try await fixture.call(.partnercenterref, "GET", place, token: token)
                #expect(answer.status == status)
                #expect(answer.json.at("error/code") == .string(code))
            }
            let list = try await fixture.call(.partnercenterref, "GET", Self.path, token: user)
            #expect(list.json["@odata.count"] == 0)
            // Tokens end after an hour on the sandbox clock, or by a fault.
            try await fixture.control("POST", "/clock/advance", ["duration": "61m"])
            let late = try await fixture.call(.partnercenterref, "GET", place, token: admin)
            #expect(late.status == 401)
        }
    }

    @Test func `lists are filtered, ordered, cut and paged by a hundred`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.referralsToken()
            for number in 1...103 {
                try await fixture.control("POST", "/share", ["name": .string("Deal \(number)")])
            }
            let first = try await fixture.call(
                .partnercenterref, "GET", Self.path + "?$orderby=createdDateTime&$select=name,id", token: token)
            #expect(first.json["value"]?.arrayValue?.count == 100)
            #expect(first.json.at("value/0").objectValue?.count == 2)
            #expect(first.json["@odata.count"] == 103)
            let next = first.json["@odata.nextLink"]?.stringValue ?? ""
            let second = try await fixture.send("GET", next, token: token)
            #expect(second.json["value"]?.arrayValue?.map { $0.at("name") } == ["Deal 101", "Deal 102", "Deal 103"])
            #expect(second.json["@odata.nextLink"] == nil)
            func names(_ options: String) async throws -> [JSON] {
                let answer = try await fixture.call(.partnercenterref, "GET", Self.path + "?" + options, token: token)
                return answer.json["value"]?.arrayValue?.map { $0.at("name") } ?? [.string("status \(answer.status)")]
            }
            let filter =
                "team/any(t:t/email eq 'joel.kim@adatum.example') and (customerProfile/address/country eq 'GB' or "
                + "details/dealValue gt 100000) and not startswith(name,'Deal 1') and updatedDateTime gt 2020-01-01T00:00:00Z"
            #expect(
                try await names(
                    "$orderby=createdDateTime%20desc&$top=2&$skip=1&$filter=" + URLText.encode(filter)) == [
                        "Deal 98", "Deal 95",
                    ])
            #expect(try await names("$filter=" + URLText.encode("nosuch eq 1")) == ["status 400"])
            #expect(try await names("$filter=" + URLText.encode("name eq 'x")) == ["status 400"])
            #expect(try await names("$orderby=name") == ["status 400"])
        }
    }

    @Test func `an invitation ends after fourteen days, and the daily quota ends at midnight`() async throws {
        try await SandboxFixture.run { fixture in
            let shared = try await fixture.control("POST", "/share").json
            #expect(shared["status"] == "New")
            #expect(shared["direction"] == "Incoming")
            let place = Self.path + "/" + (shared["id"]?.stringValue ?? "")
            try await fixture.control("POST", "/clock/advance", ["duration": "13d"])
            var token = try await fixture.referralsToken()
            #expect(try await fixture.call(.partnercenterref, "GET", place, token: token).json["status"] == "New")
            try await fixture.control("POST", "/clock/advance", ["duration": "25h"])
            token = try await fixture.referralsToken()
            let expired = try await fixture.call(.partnercenterref, "GET", place, token: token).json
            #expect(expired["status"] == "Closed")
            #expect(expired["substatus"] == "Expired")
            try await fixture.control("PATCH", "/limits", ["partnerCenterDailyCalls": 2])
            #expect(try await fixture.call(.partnercenterref, "GET", place, token: token).status == 200)
            let limited = try await fixture.call(.partnercenterref, "GET", place, token: token)
            #expect(limited.status == 429)
            let wait = limited.headers["Retry-After"].flatMap { Int($0) } ?? 0
            #expect((1...86_400).contains(wait))
            try await fixture.control("POST", "/clock/advance", ["duration": .string("\(wait)s")])
            token = try await fixture.referralsToken()
            #expect(try await fixture.call(.partnercenterref, "GET", place, token: token).status == 200)
        }
    }
}
