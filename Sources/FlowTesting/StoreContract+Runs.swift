import FlowCore
import FlowStorage

extension StoreContract {
    static let journalChecks = [
        Check("Events are read back in order, from any number on") { store, findings in
            try await store.commit(
                StoreCommit([
                    .startRun(run("r1")), .append(JournalBatch(run: "r1", first: 1, events: events(1...3))),
                    .append(JournalBatch(run: "r1", first: 4, events: events(4...5))),
                ]))
            try await store.commit(StoreCommit([.append(JournalBatch(run: "r1", first: 6, events: events(6...6)))]))
            let all = events(1...6).map(\.json)
            findings.expectEqual(try await store.journal(of: "r1"), all, "all events")
            for number in 0...6 {
                findings.expectEqual(
                    try await store.journal(of: "r1", after: Int64(number), sealed: .opened),
                    Array(all.dropFirst(number)), "events after \(number)")
            }
            findings.expectEqual(try await store.lastEventNumber(of: "r1"), 6, "last number")
            findings.expectEqual(try await store.journal(of: "none"), [], "journal of no run")
            findings.expectEqual(try await store.lastEventNumber(of: "none"), 0, "last number of no run")
        },
        Check("Events that do not follow the last one are refused") { store, findings in
            try await store.commit(
                StoreCommit([
                    .startRun(run("r1")), .append(JournalBatch(run: "r1", first: 1, events: events(1...2))),
                ]))
            for first in [1, 2, 4] as [Int64] {
                await findings.expectRefusal(.journalConflict, "event \(first)") { () async throws(FlowError) in
                    try await store.commit(
                        StoreCommit([.append(JournalBatch(run: "r1", first: first, events: events(9...9)))]))
                }
            }
            await findings.expectRefusal(.commitRefused, "events of no run") { () async throws(FlowError) in
                try await store.commit(
                    StoreCommit([.append(JournalBatch(run: "none", first: 1, events: events(1...1)))]))
            }
            findings.expectEqual(try await store.lastEventNumber(of: "r1"), 2, "last number")
        },
        Check("A commit at once is a commit, or nothing is done") { store, findings in
            let start = StoreCommit([.startRun(run("r1"))])
            if let outcome = store.commitAtOnce(start) {
                try outcome.get()
            } else {
                findings.expectEqual(try await store.run("r1"), nil, "a run that was not taken")
                try await store.commit(start)
            }
            findings.expectEqual(try await store.run("r1")?.name, "r1", "the run")
            await findings.expectRefusal(.runExists, "a second run of that name") { () async throws(FlowError) in
                guard let outcome = store.commitAtOnce(start) else { return try await store.commit(start) }
                try outcome.get()
            }
            // Whoever commits at once leaves the store to the others.
            await withTaskGroup(of: Void.self) { group in
                for number in 2...40 {
                    group.addTask {
                        let commit = StoreCommit([.startRun(run("r\(number)"))])
                        if number % 2 == 0, store.commitAtOnce(commit) != nil { return }
                        try? await store.commit(commit)
                    }
                }
            }
            findings.expectEqual(try await store.runCount(RunFilter()), 40, "all runs")
        },
        Check("A refused commit leaves nothing") { store, findings in
            try await store.commit(StoreCommit([.startRun(run("r1"))]))
            await findings.expectRefusal(.runExists, "a second run of that name") { () async throws(FlowError) in
                try await store.commit(
                    StoreCommit([
                        .startRun(run("r2")), .append(JournalBatch(run: "r2", first: 1, events: events(1...1))),
                        .setTimer(RunTimer(run: "r2", id: "t", due: at(5))),
                        .send(InboxEntry(run: "r1", id: "m", kind: "k", body: 1, sentAt: at(0))),
                        .metadata("m", 1), .startRun(run("r1")),
                    ]))
            }
            findings.expectEqual(try await store.run("r2"), nil, "the run before")
            findings.expectEqual(try await store.journal(of: "r2"), [], "its journal")
            findings.expectEqual(try await store.nextTimer(), nil, "its timer")
            findings.expectEqual(try await store.inbox(of: "r1").count, 0, "the message")
            findings.expectEqual(try await store.metadata("m"), nil, "the value")
            try await store.commit(
                StoreCommit([
                    .startRun(run("r2")), .append(JournalBatch(run: "r2", first: 1, events: events(1...1))),
                ]))
            findings.expectEqual(try await store.lastEventNumber(of: "r2"), 1, "the same run afterwards")
        },
        Check("A refused commit leaves the others of its moment alone") { store, findings in
            try await store.commit(StoreCommit([.startRun(run("taken"))]))
            let refused = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let name = number % 3 == 0 ? "taken" : "run \(number)"
                        do {
                            try await store.commit(
                                StoreCommit([
                                    .metadata("m\(number)", 1), .startRun(run(name)),
                                    .append(JournalBatch(run: name, first: 1, events: events(1...2))),
                                ]))
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            findings.expectEqual(refused, 20, "refused commits")
            findings.expectEqual(try await store.runCount(RunFilter()), 41, "runs")
            for number in 0..<60 {
                let value = try await store.metadata("m\(number)")
                findings.expectEqual(value, number % 3 == 0 ? nil : 1, "value of commit \(number)")
            }
        },
        Check("Large values come back whole, however often they are named") { store, findings in
            let large = JSON.array(
                (0..<3_000).map { ["id": .integer(Int64($0)), "name": .string("Contoso é 漢 \($0)")] })
            let text = JSON.string(String(repeating: "abc\"\\\n", count: 5_000))
            let lookalikes: JSON = [
                "a": ["$flowrun.value": "x"], "b": ["$flowrun.sealed": "y"], "c": [["$flowrun.object": ["z": 1]]],
                "d": ["$flowrun.value": large],
            ]
            let batch = [
                JournalEvent(["outputs": ["statusCode": 200, "body": large], "look": lookalikes]),
                JournalEvent(["inputs": large, "text": text]), JournalEvent(["inputs": ["from": large, "to": text]]),
                JournalEvent(large), JournalEvent(["$flowrun.value": "top"]), JournalEvent("plain"),
            ]
            try await store.commit(
                StoreCommit([.startRun(run("r1")), .append(JournalBatch(run: "r1", first: 1, events: batch))]))
            try await store.commit(
                StoreCommit([.startRun(run("r2")), .append(JournalBatch(run: "r2", first: 1, events: batch))]))
            for name in ["r1", "r2"] {
                let found = try await store.journal(of: name)
                findings.expect(found == batch.map(\.json), "\(name) reads differently")
            }
            try await store.commit(StoreCommit([.deleteRuns(["r1"])]))
            let rest = try await store.journal(of: "r2")
            findings.expect(rest == batch.map(\.json), "deleting one run changed the other")
            try await store.commit(StoreCommit([.deleteRuns(["r2"]), .startRun(run("r3"))]))
            try await store.commit(StoreCommit([.append(JournalBatch(run: "r3", first: 1, events: batch))]))
            let again = try await store.journal(of: "r3")
            findings.expect(again == batch.map(\.json), "a value written again after its last run was deleted")
        },
        Check("Sealed members are opened for recovery and hidden from readers") { store, findings in
            let secret = JSON.string(String(repeating: "secret ", count: 3_000))
            let batch = [
                JournalEvent(["name": "a", "inputs": secret, "outputs": ["x": 1]], sealed: ["inputs"]),
                JournalEvent(
                    ["name": "b", "inputs": ["y": 2], "outputs": secret], sealed: ["inputs", "outputs", "z"]),
                JournalEvent(["name": "c", "inputs": ["$flowrun.sealed": "no"]]),
            ]
            try await store.commit(
                StoreCommit([.startRun(run("r1")), .append(JournalBatch(run: "r1", first: 1, events: batch))]))
            let opened = try await store.journal(of: "r1")
            findings.expectEqual(opened.count, 3, "count")
            findings.expectEqual(opened[0]["inputs"], secret, "first secret")
            findings.expectEqual(opened[1]["inputs"], ["y": 2], "second secret")
            findings.expectEqual(opened[1]["outputs"], secret, "third secret")
            findings.expectEqual(opened[2], batch[2].json, "an open event")
            let hidden = try await store.journal(of: "r1", after: 0, sealed: .hidden)
            findings.expectEqual(hidden[0], ["name": "a", "outputs": ["x": 1]], "first event")
            findings.expectEqual(hidden[1], ["name": "b"], "second event")
            findings.expectEqual(hidden[2], batch[2].json, "third event")
        },
        Check("A new holder of a run shuts the old one out") { store, findings in
            try await store.commit(StoreCommit([.startRun(run("r1"))]))
            findings.expectEqual(try await store.lease(of: "r1"), nil, "no lease")
            let first = RunLease(run: "r1", holder: "a", epoch: 1, expires: at(30))
            try await store.commit(
                StoreCommit([
                    .lease(first), .append(JournalBatch(run: "r1", first: 1, events: events(1...1), epoch: 1)),
                ]))
            findings.expectEqual(try await store.lease(of: "r1"), first, "the lease")
            try await store.commit(
                StoreCommit([.lease(RunLease(run: "r1", holder: "a", epoch: 1, expires: at(60)))]))
            await findings.expectRefusal(.leaseLost, "someone else with the same epoch") { () async throws(FlowError) in
                try await store.commit(
                    StoreCommit([.lease(RunLease(run: "r1", holder: "b", epoch: 1, expires: at(60)))]))
            }
            try await store.commit(
                StoreCommit([.lease(RunLease(run: "r1", holder: "b", epoch: 2, expires: at(90)))]))
            for epoch in [0, 1, 3] as [Int64] {
                await findings.expectRefusal(.leaseLost, "an append with epoch \(epoch)") {
                    () async throws(FlowError) in
                    try await store.commit(
                        StoreCommit([
                            .append(JournalBatch(run: "r1", first: 2, events: events(2...2), epoch: epoch))
                        ]))
                }
            }
            try await store.commit(
                StoreCommit([.append(JournalBatch(run: "r1", first: 2, events: events(2...2), epoch: 2))]))
            findings.expectEqual(try await store.lastEventNumber(of: "r1"), 2, "last number")
        },
    ]

    static let runChecks = [
        Check("A run's summary comes back as it was last written") { store, findings in
            var summary = run("r1")
            summary.initiator = "a@b.example"
            summary.trackingID = "t"
            summary.parentRun = "p"
            summary.sourceRun = "s"
            summary.keys = [BusinessKey(name: "referral", value: "R-1")]
            summary.properties = ["response": 202]
            try await store.commit(StoreCommit([.startRun(summary)]))
            findings.expectEqual(try await store.run("r1"), summary, "as started")
            summary.status = "Failed"
            summary.code = "ActionFailed"
            summary.errorCode = "BadGateway"
            summary.errorMessage = "the service said no"
            summary.endTime = at(7)
            summary.wait = RunWait(.signIn, subject: "salesforce", until: at(9))
            summary.keys = [BusinessKey(name: "referral", value: "R-2"), BusinessKey(name: "deal", value: "D-1")]
            summary.text = "Fabrikam"
            summary.properties = [:]
            try await store.commit(StoreCommit([.updateRun(summary)]))
            findings.expectEqual(try await store.run("r1"), summary, "as updated")
            var filter = RunFilter()
            filter.key = "R-1"
            findings.expectEqual(try await store.runCount(filter), 0, "runs under the old key")
            findings.expectEqual(try await store.run("none"), nil, "no run")
            await findings.expectRefusal(.commitRefused, "an update of no run") { () async throws(FlowError) in
                try await store.commit(StoreCommit([.updateRun(run("none"))]))
            }
        },
        Check("Lists are newest first, filtered and paged") { store, findings in
            for number in 0..<10 {
                var summary = run("r\(number)", flow: number < 6 ? "flow-1" : "flow-2", at: Int64(number))
                summary.keys = [BusinessKey(name: number == 3 ? "deal" : "referral", value: "K\(number % 4)")]
                if number % 2 == 0 {
                    summary.status = "Succeeded"
                    summary.endTime = at(Int64(number) + 100)
                }
                if number == 5 {
                    summary.status = "Failed"
                    summary.code = "ActionFailed"
                    summary.errorCode = "Forbidden"
                    summary.errorMessage = "100%_sure: not Allowed"
                    summary.endTime = at(500)
                    summary.text = "Fabrikam"
                }
                if number == 7 { summary.wait = RunWait(.signIn, subject: "sf") }
                if number == 9 { summary.parentRun = "r0" }
                summary.initiator = number == 8 ? "ana@adatum.example" : nil
                summary.trackingID = number == 4 ? "deal-4" : nil
                try await store.commit(StoreCommit([.startRun(summary)]))
            }
            var cases: [(String, String, (inout RunFilter) -> Void)] = []
            cases.append(("all", "9876543210", { _ in }))
            cases.append(("flow", "9876", { $0.flowIDs = ["flow-2"] }))
            cases.append(("no flow", "", { $0.flowIDs = [] }))
            cases.append(("status", "86420", { $0.statuses = ["Succeeded"] }))
            cases.append(("statuses", "865420", { $0.statuses = ["Succeeded", "Failed"] }))
            cases.append(("since", "987", { $0.since = at(7) }))
            cases.append(("until", "210", { $0.until = at(3) }))
            cases.append(("ended before", "20", { $0.endedBefore = at(104) }))
            cases.append(("key", "73", { $0.key = "K3" }))
            cases.append(
                (
                    "key and name", "3",
                    {
                        $0.key = "K3"
                        $0.keyName = "deal"
                    }
                ))
            cases.append(("text", "5", { $0.text = "fABRIkam" }))
            cases.append(("text in a key", "951", { $0.text = "k1" }))
            cases.append(("text with a wildcard", "5", { $0.text = "100%_S*" }))
            cases.append(("text nowhere", "", { $0.text = "%" + "x" }))
            cases.append(("error code", "5", { $0.error = "Forbidden" }))
            cases.append(("error text", "5", { $0.error = "not allowed" }))
            cases.append(("code", "5", { $0.code = "ActionFailed" }))
            cases.append(("parent", "9", { $0.parentRun = "r0" }))
            cases.append(("initiator", "8", { $0.initiator = "ana@adatum.example" }))
            cases.append(("tracking id", "4", { $0.trackingID = "deal-4" }))
            cases.append(("finished", "865420", { $0.isFinished = true }))
            cases.append(("unfinished", "9731", { $0.isFinished = false }))
            cases.append(
                (
                    "unfinished, oldest first", "1379",
                    {
                        $0.isFinished = false
                        $0.isOldestFirst = true
                    }
                ))
            cases.append(("waiting", "7", { $0.waiting = .signIn }))
            cases.append(("waiting for another", "", { $0.waitSubject = "pc" }))
            cases.append(
                (
                    "page", "65",
                    {
                        $0.limit = 2
                        $0.after = "r7"
                    }
                ))
            cases.append(
                (
                    "page of a flow", "43",
                    {
                        $0.flowIDs = ["flow-1"]
                        $0.limit = 2
                        $0.after = "r5"
                    }
                ))
            cases.append(
                (
                    "oldest first", "01",
                    {
                        $0.isOldestFirst = true
                        $0.limit = 2
                    }
                ))
            cases.append(
                (
                    "page of a flow, oldest first", "45",
                    {
                        $0.flowIDs = ["flow-1"]
                        $0.isOldestFirst = true
                        $0.after = "r3"
                    }
                ))
            while try await !store.followText(limit: 100) {}
            for (name, expected, body) in cases {
                var filter = RunFilter()
                body(&filter)
                let found = try await store.runs(filter).map { String($0.name.dropFirst()) }.joined()
                findings.expectEqual(found, expected, name)
                if filter.after == nil, filter.limit > cases.count {
                    findings.expectEqual(try await store.runCount(filter), expected.count, "count of \(name)")
                }
            }
            let latest = try await store.latestRuns().mapValues(\.name)
            findings.expectEqual(latest, ["flow-1": "r5", "flow-2": "r9"], "latest runs")
        },
        Check("Runs that have something to do are found, oldest first") { store, findings in
            for name in ["z", "busy", "timer", "message", "done", "a"] {
                var summary = run(name)
                if name == "timer" || name == "message" { summary.wait = RunWait(.callback) }
                if name == "done" { summary.endTime = at(1) }
                try await store.commit(StoreCommit([.startRun(summary)]))
            }
            try await store.commit(
                StoreCommit([
                    .send(InboxEntry(run: "message", id: "m", kind: "k", body: nil, sentAt: at(1))),
                    .send(InboxEntry(run: "done", id: "m", kind: "k", body: nil, sentAt: at(1))),
                ]))
            let all = try await store.resumableRuns(after: nil, limit: 10).map(\.name)
            findings.expectEqual(all, ["z", "busy", "message", "a"], "all")
            let page = try await store.resumableRuns(after: "z", limit: 2).map(\.name)
            findings.expectEqual(page, ["busy", "message"], "a page")
        },
        Check("Deleting runs deletes what belongs to them, pruning spares the unfinished") { store, findings in
            for name in ["r1", "r2", "r3"] {
                var summary = run(name)
                summary.keys = [BusinessKey(name: "k", value: "v")]
                if name != "r3" { summary.endTime = at(name == "r1" ? 10 : 20) }
                try await store.commit(
                    StoreCommit([
                        .startRun(summary), .append(JournalBatch(run: name, first: 1, events: events(1...2))),
                        .setTimer(RunTimer(run: name, id: "t", due: at(5))),
                        .send(InboxEntry(run: name, id: "m", kind: "k", body: 1, sentAt: at(1))),
                        .effect(
                            EffectEntry(run: name, id: "e", path: "actions/A", operation: "http", intendedAt: at(1))),
                    ]))
            }
            findings.expectEqual(try await store.prune(before: at(15)), 1, "pruned")
            findings.expectEqual(try await store.run("r1"), nil, "the run")
            findings.expectEqual(try await store.journal(of: "r1"), [], "its journal")
            findings.expectEqual(try await store.timers(of: "r1"), [], "its timers")
            findings.expectEqual(try await store.inbox(of: "r1").count, 0, "its inbox")
            findings.expectEqual(try await store.effects(of: "r1").count, 0, "its effects")
            findings.expectEqual(try await store.prune(before: at(100)), 1, "pruned later")
            var filter = RunFilter()
            filter.key = "v"
            findings.expectEqual(try await store.runs(filter).map(\.name), ["r3"], "what is left")
            findings.expectEqual(try await store.lastEventNumber(of: "r3"), 2, "its journal")
            try await store.commit(
                StoreCommit([
                    .startRun(run("r1")), .append(JournalBatch(run: "r1", first: 1, events: events(1...1))),
                ]))
            findings.expectEqual(try await store.lastEventNumber(of: "r1"), 1, "a new run of the old name")
        },
    ]

    static let inboxChecks = [
        Check("Messages are kept in order, once each, until they are taken") { store, findings in
            try await store.commit(StoreCommit([.startRun(run("r1"))]))
            let messages = (1...4).map { number in
                InboxEntry(
                    run: "r1", id: "m\(5 - number)", kind: "callback", body: ["n": .integer(Int64(number))],
                    isSealed: number == 2, sentAt: at(Int64(number)))
            }
            for message in messages { try await store.commit(StoreCommit([.send(message)])) }
            var again = messages[0]
            again.body = "repeated"
            try await store.commit(StoreCommit([.send(again)]))
            findings.expectEqual(try await store.inbox(of: "r1"), messages, "all")
            try await store.commit(
                StoreCommit([
                    .take(run: "r1", messages: ["m4", "m2", "unknown"]),
                    .append(JournalBatch(run: "r1", first: 1, events: events(1...2))),
                ]))
            findings.expectEqual(try await store.inbox(of: "r1").map(\.id), ["m3", "m1"], "what is left")
            findings.expectEqual(try await store.inbox(of: "r2").count, 0, "another run's")
        },
        Check("Timers are found when they are due, and replaced by their id") { store, findings in
            try await store.commit(
                StoreCommit([
                    .setTimer(RunTimer(run: "a", id: "1", due: at(30))),
                    .setTimer(RunTimer(run: "b", id: "1", due: at(10))),
                    .setTimer(RunTimer(run: "a", id: "2", due: at(20))),
                    .setTimer(RunTimer(run: "c", id: "1", due: at(5))),
                    .setTimer(RunTimer(run: "c", id: "1", due: at(40))),
                    .setTimer(RunTimer(run: "d", id: "1", due: at(1))), .clearTimer(run: "d", timer: "1"),
                ]))
            let due = try await store.timers(dueBy: at(30), limit: 10)
            findings.expectEqual(due.map { "\($0.run)\($0.id)" }, ["b1", "a2", "a1"], "due")
            findings.expectEqual(try await store.timers(dueBy: at(30), limit: 1).count, 1, "limited")
            findings.expectEqual(try await store.timers(of: "a").map(\.id), ["2", "1"], "of a run")
            findings.expectEqual(try await store.nextTimer(), at(10), "next")
        },
    ]
}
