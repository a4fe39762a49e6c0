import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct SalesforceSearchTests {
    @Test func `a search finds words, phrases and beginnings in the fields it names`() async throws {
        try await SalesforceCompositeTests.run { org in
            func account(_ name: String, _ city: String, _ phone: String) -> JSON {
                [
                    "attributes": ["type": "Account"], "Name": .string(name), "BillingCity": .string(city),
                    "Phone": .string(phone),
                ]
            }
            let made = try await org.call(
                "POST", "/composite/sobjects",
                [
                    "records": [
                        account("Zürich Quarzwerk", "Basel", "+41 44 1234567"), account("Quarz & Söhne", "Zürich", "1"),
                        account("Granit", "Bern", "2"),
                        [
                            "attributes": ["type": "Contact"], "LastName": "Quarz", "Email": "ana.reis@quarz.example",
                        ],
                    ]
                ])
            #expect(made.json.arrayValue?.map { $0.at("success") } == [true, true, true, true])
            let returning = "RETURNING Account(Id, Name ORDER BY Name)"
            for (search, names) in [
                ("FIND {quarz} \(returning)", ["Quarz & Söhne"]),
                (
                    "find {quarz*} in all fields returning Account(Name order by Name)",
                    ["Quarz & Söhne", "Zürich Quarzwerk"]
                ),
                ("FIND {zürich} \(returning)", ["Quarz & Söhne", "Zürich Quarzwerk"]),
                ("FIND {zürich} IN NAME FIELDS \(returning)", ["Zürich Quarzwerk"]),
                ("FIND {zürich AND NOT quarz} \(returning)", ["Zürich Quarzwerk"]),
                ("FIND {granit OR (zürich söhne)} \(returning)", ["Granit", "Quarz & Söhne"]),
                ("FIND {\"quarz söhne\"} \(returning)", ["Quarz & Söhne"]),
                ("FIND {\"söhne quarz\"} \(returning)", []),
                ("FIND {gr?nit} \(returning)", ["Granit"]),
                ("FIND {1234567} IN PHONE FIELDS \(returning)", ["Zürich Quarzwerk"]),
                ("FIND {quarz*} RETURNING Account(Name WHERE BillingCity = 'Basel (')", []),
                ("FIND {quarz*} RETURNING Account(Name WHERE BillingCity = 'Basel' LIMIT 1)", ["Zürich Quarzwerk"]),
                ("FIND {quarz*} RETURNING Account(Name ORDER BY Name LIMIT 1 OFFSET 1)", ["Zürich Quarzwerk"]),
                (
                    "FIND {quarz*} RETURNING Account(Name), Contact(Name) LIMIT 3",
                    ["Zürich Quarzwerk", "Quarz & Söhne", "Quarz"]
                ),
                ("FIND {ana.reis@quarz.example} IN EMAIL FIELDS RETURNING Contact(Name)", ["Quarz"]),
            ] {
                let answer = try await org.call("GET", "/search?q=" + URLText.encode(search))
                let found = answer.json["searchRecords"]?.arrayValue?.map { $0.text("Name") }
                #expect(answer.status == 200 && found == names, "\(search): \(answer.json)")
            }
            let everywhere = try await org.call("GET", "/search/?q=" + URLText.encode("FIND {quarz}")).json[
                "searchRecords"]
            #expect(everywhere?.arrayValue?.map { $0.at("attributes/type") } == ["Account", "Contact"])
            #expect(everywhere?.at("0").objectValue?.keys.map { $0 } == ["attributes", "Id"])
            // A record that is changed or deleted is found by what it is now.
            let id = made.json.at("2/id").stringValue ?? ""
            _ = try await org.call("DELETE", "/sobjects/Account/" + id)
            let gone = try await org.call("GET", "/search?q=" + URLText.encode("FIND {granit} RETURNING Account"))
            #expect(gone.json == ["searchRecords": []])
            let old = try await org.fixture.call(
                .salesforce, "GET", "/services/data/v36.0/search?q=" + URLText.encode("FIND {granit}"),
                token: org.session)
            #expect(old.json == [])

            let options =
                "q=quarz*&in=NAME&sobject=Account&sobject=Contact&fields=Name&Account.fields=Id,Name&Account.limit=1"
            let listed = try await org.call("GET", "/parameterizedSearch?" + options)
            #expect(
                listed.json["searchRecords"]?.arrayValue?.map { $0.at("attributes/type") } == ["Account", "Contact"])
            let posted = try await org.call(
                "POST", "/parameterizedSearch",
                [
                    "q": "quarz*", "fields": ["Name"], "overallLimit": 5,
                    "sobjects": [["name": "Account", "where": "BillingCity = 'Basel'"]],
                ])
            #expect(posted.json["searchRecords"]?.arrayValue?.map { $0.text("Name") } == ["Zürich Quarzwerk"])
        }
    }

    @Test func `a search that is not supported is refused in words`() async throws {
        try await SalesforceCompositeTests.run { org in
            for (search, code, words) in [
                ("", "MALFORMED_SEARCH", "has to be specified"),
                ("SELECT Id", "MALFORMED_SEARCH", "must begin with FIND"),
                ("FIND 'quarz'", "MALFORMED_SEARCH", "in braces"), ("FIND {q}", "MALFORMED_SEARCH", "longer than one"),
                ("FIND {*arz}", "MALFORMED_SEARCH", "no wildcard before"),
                ("FIND {a AND}", "MALFORMED_SEARCH", "unexpected end"),
                ("FIND {ab NOT cd}", "MALFORMED_SEARCH", "NOT must follow AND"),
                ("FIND {(ab}", "MALFORMED_SEARCH", "no end"),
                ("FIND {ab} IN SIDEBAR FIELDS", "MALFORMED_SEARCH", "SIDEBAR"),
                ("FIND {ab} RETURNING Account WITH SNIPPET", "MALFORMED_SEARCH", "WITH"),
                ("FIND {ab} RETURNING Account(Id) UPDATE VIEWSTAT", "MALFORMED_SEARCH", "UPDATE"),
                ("FIND {ab} RETURNING Account(Id, (SELECT Id FROM Contacts))", "MALFORMED_SEARCH", "no subqueries"),
                ("FIND {ab} RETURNING Account(COUNT(Id))", "MALFORMED_SEARCH", "no functions"),
                ("FIND {ab} RETURNING Nope", "INVALID_TYPE", "Nope"),
                ("FIND {ab} RETURNING Account(Nope)", "INVALID_FIELD", "Nope"),
                ("FIND {ab} LIMIT 9000", "MALFORMED_SEARCH", "2000"),
            ] {
                let answer = try await org.call("GET", "/search?q=" + URLText.encode(search))
                #expect(
                    answer.status == 400 && answer.json.at("0/errorCode") == .string(code), "\(search): \(answer.json)")
                #expect(answer.json.at("0/message").text.contains(words), "\(search): \(answer.json)")
            }
            for options in [
                "q=ab&snippet=20", "q=ab&Account.fields=Id", "q=ab&sobject=Account&Account.nope=1", "sobject=Account",
                "q=ab&fields=Id",
            ] {
                let answer = try await org.call("GET", "/parameterizedSearch?" + options)
                #expect(
                    answer.status == 400 && answer.json.at("0/errorCode") == "MALFORMED_SEARCH",
                    "\(options): \(answer.json)")
            }
        }
    }
}
