import FlowCore
import FlowStorage

extension StoreContract {
    /// Takes everything in that was committed.
    private static func catchUp(_ store: any FlowStore) async throws { while try await !store.followText(limit: 3) {} }

    private static func names(_ store: any FlowStore, _ body: (inout RunFilter) -> Void) async throws -> String {
        var filter = RunFilter()
        body(&filter)
        return try await store.runs(filter).map { String($0.name.dropFirst()) }.joined()
    }

    private static func ended(_ action: String, _ outputs: JSON, sealed: Bool = false) -> JournalEvent {
        JournalEvent(
            ["t": "actionEnded", "a": .string(action), "s": "Succeeded", "outputs": outputs],
            sealed: sealed ? ["outputs"] : [])
    }

    /// Six runs with different texts.
    private static func fill(_ store: any FlowStore) async throws {
        let batches: [[JournalEvent]] = [
            [
                JournalEvent([
                    "t": "runStarted", "trigger": "manual",
                    "outputs": ["body": ["customer": "Contoso Ltd", "n": 4711]],
                ])
            ],
            [ended("Get_account", ["body": ["name": "Zürich-Écoles", "mail": "ana@fabrikam.example"]])],
            [ended("Get_account", ["body": ["name": "secret Contoso"]], sealed: true)],
            [
                ended(
                    "Call", ["uri": "https://x.example/a?sp=1&sig=abcdefgh", "headers": ["Authorization": "tokenword"]])
            ],
            [
                JournalEvent([
                    "t": "actionEnded", "a": "Create_deal", "s": "Failed",
                    "error": ["code": "BadGateway", "message": "the host was unreachable"],
                ])
            ],
            [ended("Large", ["body": .array((0..<2_000).map { ["id": .string("item\($0)")] })])],
        ]
        for (number, events) in batches.enumerated() {
            var summary = run("r\(number)", flow: number % 2 == 0 ? "flow-1" : "flow-2", at: Int64(number))
            summary.status = number == 4 ? "Failed" : "Succeeded"
            summary.endTime = at(100 + Int64(number))
            summary.keys = [BusinessKey(name: "referral", value: "R-\(number)")]
            if number == 4 {
                summary.errorCode = "ActionFailed"
                summary.errorMessage = "An action failed: not allowed"
            }
            try await store.commit(
                StoreCommit([
                    .startRun(summary), .append(JournalBatch(run: summary.name, first: 1, events: events)),
                ]))
        }
    }

    static let searchChecks = [
        Check("Runs are found by the words of names, keys, errors, inputs and outputs") { store, findings in
            try await fill(store)
            try await catchUp(store)
            let cases: [(text: String, expected: String)] = [
                ("contoso", "0"), ("CONTOSO ltd", "0"), ("ltd contoso", "0"), ("\"contoso ltd\"", "0"),
                ("\"ltd contoso\"", ""), ("conto", ""), ("conto*", "0"), ("4711", "0"), ("manual", "0"),
                ("Get_account", "21"), ("get account", "21"), ("zürich", "1"), ("ÉCOLES", "1"),
                ("ana@fabrikam.example", "1"), ("ana@contoso.example", ""), ("R-3", "3"), ("R-*", "543210"),
                ("R", "543210"), ("3-R", ""), ("secret", ""), ("sig abcdefgh", ""), ("abcdefgh", ""), ("tokenword", ""),
                ("x.example", "3"), ("unreachable", "4"), ("ActionFailed", "4"), ("not allowed", "4"),
                ("item0", "5"), ("item1*", "5"), ("contoso R-1", ""), ("fabrikam R-1", "1"), ("", ""), ("%", ""),
                ("\"", ""), ("* OR contoso", ""), ("r4", "4"), ("NEAR(contoso)", ""), ("\"flow 2\"", "531"),
            ]
            for (text, expected) in cases {
                findings.expectEqual(try await names(store) { $0.text = text }, expected, "text \(text)")
                var filter = RunFilter()
                filter.text = text
                findings.expectEqual(try await store.runCount(filter), expected.count, "count of \(text)")
            }
        },
        Check("A search narrows with the other conditions and goes page by page") { store, findings in
            try await fill(store)
            try await catchUp(store)
            let find = { (body: (inout RunFilter) -> Void) in try await names(store, body) }
            findings.expectEqual(
                try await find {
                    $0.text = "R"
                    $0.flowIDs = ["flow-2"]
                }, "531", "flow")
            findings.expectEqual(
                try await find {
                    $0.text = "R"
                    $0.flowIDs = []
                }, "", "no flow")
            findings.expectEqual(
                try await find {
                    $0.text = "R"
                    $0.statuses = ["Failed", "TimedOut"]
                }, "4", "status")
            findings.expectEqual(
                try await find {
                    $0.text = "R"
                    $0.since = at(2)
                    $0.until = at(4)
                }, "32", "time")
            findings.expectEqual(
                try await find {
                    $0.text = "account"
                    $0.key = "R-1"
                }, "1", "key")
            findings.expectEqual(
                try await find {
                    $0.text = "R"
                    $0.limit = 2
                    $0.after = "r4"
                }, "32", "page")
            findings.expectEqual(try await find { $0.error = "ActionFailed" }, "4", "error code")
            findings.expectEqual(try await find { $0.error = "Not allowed" }, "4", "error text")
            findings.expectEqual(try await find { $0.error = "unreachable" }, "", "an action's error is text")
            findings.expectEqual(
                try await find {
                    $0.error = "ActionFailed"
                    $0.text = "unreachable"
                }, "4", "error and text")
            findings.expectEqual(
                try await find {
                    $0.error = "ActionFailed"
                    $0.flowIDs = ["flow-2"]
                }, "", "error of another flow")
        },
        Check("The index follows runs that go on, and forgets those that are deleted") { store, findings in
            try await fill(store)
            try await catchUp(store)
            var summary = run("r6", at: 7)
            try await store.commit(
                StoreCommit([
                    .startRun(summary),
                    .append(JournalBatch(run: "r6", first: 1, events: [ended("One", ["a": "apple"])])),
                ]))
            try await catchUp(store)
            findings.expectEqual(try await names(store) { $0.text = "apple" }, "6", "the first event")
            try await store.commit(
                StoreCommit([.append(JournalBatch(run: "r6", first: 2, events: [ended("Two", ["a": "pear"])]))]))
            try await catchUp(store)
            findings.expectEqual(try await names(store) { $0.text = "pear apple" }, "6", "events of two commits")
            summary.status = "TimedOut"
            summary.endTime = at(20)
            summary.errorCode = "RunTimedOut"
            try await store.commit(
                StoreCommit([
                    .updateRun(summary),
                    .append(JournalBatch(run: "r6", first: 3, events: [ended("Three", ["a": "plum"])])),
                ]))
            try await catchUp(store)
            let last = try await names(store) {
                $0.text = "apple pear plum"
                $0.statuses = ["TimedOut"]
                $0.error = "RunTimedOut"
            }
            findings.expectEqual(last, "6", "after its end")
            try await store.commit(StoreCommit([.deleteRuns(["r6", "r0", "r3"])]))
            try await catchUp(store)
            findings.expectEqual(try await names(store) { $0.text = "R" }, "5421", "what is left")
            findings.expectEqual(try await names(store) { $0.text = "apple" }, "", "what was deleted")
            try await store.commit(
                StoreCommit([
                    .startRun(run("r7", at: 8)),
                    .append(JournalBatch(run: "r7", first: 1, events: [ended("One", ["a": "cherry"])])),
                ]))
            try await catchUp(store)
            findings.expectEqual(try await names(store) { $0.text = "cherry" }, "7", "a run after the deletion")
            findings.expectEqual(try await names(store) { $0.text = "apple" }, "", "what was deleted, again")
        },
    ]
}
