import FlowCore
import FlowStorage

extension StoreContract {
    static let effectChecks = [
        Check("The ledger holds the last word about each effect") { store, findings in
            try await store.commit(StoreCommit([.startRun(run("r1")), .startRun(run("r2"))]))
            var first = EffectEntry(
                run: "r1", id: "1", path: "actions/A", operation: "salesforce/PostItem", connection: "sf",
                intendedAt: at(1), subject: "Opportunity/006")
            let second = EffectEntry(
                run: "r2", id: "1", path: "actions/B[2]/actions/C", operation: "http", intendedAt: at(2))
            try await store.commit(StoreCommit([.effect(first), .effect(second)]))
            findings.expectEqual(try await store.effects(of: "r1"), [first], "as intended")
            first.state = .finished
            first.finishedAt = at(3)
            first.result = "201"
            try await store.commit(StoreCommit([.effect(first)]))
            findings.expectEqual(try await store.effects(of: "r1"), [first], "as finished")
            findings.expectEqual(try await store.effects(EffectFilter()), [second, first], "all")
            let open = try await store.effects(EffectFilter(states: [.inFlight, .inDoubt]))
            findings.expectEqual(open, [second], "in flight")
            findings.expectEqual(try await store.effects(EffectFilter(connection: "sf")), [first], "by connection")
            let subject = try await store.effects(EffectFilter(subject: "Opportunity/006"))
            findings.expectEqual(subject, [first], "by subject")
            findings.expectEqual(try await store.effects(EffectFilter(since: at(2))), [second], "since")
            findings.expectEqual(try await store.effects(EffectFilter(limit: 1)), [second], "limited")
        },
        Check("What was written to a record lies over what is known of it") { store, findings in
            findings.expectEqual(try await store.echo(kind: "deal", entity: "1"), nil, "nothing written")
            var known = EchoEntry(
                kind: "deal", entity: "1", values: ["a": "1", "b": "2"], run: "r1", writtenAt: at(1))
            try await store.commit(StoreCommit([.echo(known)]))
            findings.expectEqual(try await store.echo(kind: "deal", entity: "1"), known, "the first write")
            for (number, values) in [["b": "3", "c": "4"], [:]].enumerated() {
                let entry = EchoEntry(
                    kind: "deal", entity: "1", values: values, run: "r\(number)", writtenAt: at(Int64(2 + number)))
                try await store.commit(StoreCommit([.echo(entry)]))
                known = known.overlaid(by: entry)
                findings.expectEqual(try await store.echo(kind: "deal", entity: "1"), known, "write \(number)")
            }
            findings.expectEqual(known.values, ["a": "1", "b": "3", "c": "4"], "one over the other")
            findings.expectEqual(try await store.echo(kind: "lead", entity: "1"), nil, "another kind")
        },
        Check("Quotas add up over the windows that count") { store, findings in
            for (window, amount) in [(0, 3), (60, 4), (60, 5), (120, 1)] as [(Int64, Int64)] {
                try await store.commit(
                    StoreCommit([
                        .useQuota(QuotaUse(name: "pc", window: at(window), amount: amount)),
                        .useQuota(QuotaUse(name: "sf", window: at(window))),
                    ]))
            }
            findings.expectEqual(try await store.quotaUsed("pc", since: at(0)), 13, "all windows")
            findings.expectEqual(try await store.quotaUsed("pc", since: at(60)), 10, "since the second")
            findings.expectEqual(try await store.quotaUsed("pc", since: at(121)), 0, "since later")
            findings.expectEqual(try await store.quotaUsed("none", since: at(0)), 0, "of no quota")
        },
    ]

    static let triggerChecks = [
        Check("A trigger's state comes back, and is forgotten with the flow's") { store, findings in
            var state = TriggerState(
                flow: "f1", trigger: "t", watermark: ["at": "2026"], nextDue: at(9), subscription: ["id": 7],
                failures: 2)
            try await store.commit(
                StoreCommit([.trigger(state), .trigger(TriggerState(flow: "f0", trigger: "t"))]))
            findings.expectEqual(try await store.triggerState(flow: "f1", trigger: "t"), state, "as written")
            state.watermark = nil
            state.failures = 0
            try await store.commit(StoreCommit([.trigger(state)]))
            findings.expectEqual(try await store.triggerState(flow: "f1", trigger: "t"), state, "as replaced")
            findings.expectEqual(try await store.triggerStates().map(\.flow), ["f0", "f1"], "all")
            try await store.commit(
                StoreCommit([.seen(TriggerKey(flow: "f1", key: "k", seenAt: at(1))), .forgetTriggers(flow: "f1")]))
            findings.expectEqual(try await store.triggerStates().map(\.flow), ["f0"], "what is left")
            findings.expectEqual(try await store.seenKeys(flow: "f1", keys: ["k"]).count, 0, "its keys")
        },
        Check("A key is seen once, and the run that came of it is told") { store, findings in
            let key = TriggerKey(flow: "f1", key: "006;v1", run: "r1", seenAt: at(1))
            try await store.commit(StoreCommit([.startRun(run("r1")), .seen(key)]))
            await findings.expectRefusal(.triggerKeySeen, "the same key") { () async throws(FlowError) in
                try await store.commit(
                    StoreCommit([
                        .startRun(run("r2")), .seen(TriggerKey(flow: "f1", key: "006;v1", run: "r2", seenAt: at(2))),
                    ]))
            }
            findings.expectEqual(try await store.run("r2"), nil, "the run of the repetition")
            try await store.commit(
                StoreCommit([
                    .seen(TriggerKey(flow: "f2", key: "006;v1", seenAt: at(2))),
                    .seen(TriggerKey(flow: "f1", key: "006;v2", seenAt: at(3))),
                ]))
            let seen = try await store.seenKeys(flow: "f1", keys: ["006;v1", "006;v3"])
            findings.expectEqual(seen, ["006;v1": key], "seen keys")
            try await store.commit(StoreCommit([.forgetKeys(flow: "f1", before: at(3))]))
            let left = try await store.seenKeys(flow: "f1", keys: ["006;v1", "006;v2"])
            findings.expectEqual(left.keys.sorted(), ["006;v2"], "after forgetting")
        },
        Check("A run is the trigger's history of what it came of") { store, findings in
            func run(_ name: String, _ flow: String, _ trigger: String, _ start: Int64) -> RunSummary {
                RunSummary(
                    name: name, flowID: flow, flowName: flow, definitionHash: "d", startTime: at(start),
                    triggerName: trigger)
            }
            var repair = run("r4", "f1", "t", 7)
            repair.sourceRun = "r1"
            repair.properties = ["repairs": true]
            func skip(_ id: String, _ start: Int64) -> TriggerHistoryEntry {
                TriggerHistoryEntry(
                    id: id, flow: "f1", trigger: "t", status: "Skipped", fired: false, startTime: at(start))
            }
            // As a version before kept it.
            let repeated = TriggerHistoryEntry(
                id: "r1", flow: "f1", trigger: "t", status: "Succeeded", fired: true, run: "r1", startTime: at(1),
                endTime: at(1))
            // Runs are not always committed in the order in which they began.
            try await store.commit(
                StoreCommit([
                    .startRun(run("r1", "f1", "t", 1)), .history(repeated), .history(skip("h1", 2)),
                    .startRun(run("r3", "f1", "t", 5)), .startRun(run("r2", "f1", "t", 3)), .startRun(repair),
                    .startRun(run("r5", "f2", "u", 4)), .history(skip("h2", 3)),
                ]))
            let cases: [(TriggerHistoryFilter, [String])] = [
                (TriggerHistoryFilter(), ["r3", "r5", "h2", "r2", "h1", "r1"]),
                (TriggerHistoryFilter(flow: "f1"), ["r3", "h2", "r2", "h1", "r1"]),
                (TriggerHistoryFilter(trigger: "u"), ["r5"]), (TriggerHistoryFilter(status: "Skipped"), ["h2", "h1"]),
                (TriggerHistoryFilter(status: "Succeeded"), ["r3", "r5", "r2", "r1"]),
                (TriggerHistoryFilter(status: "Failed"), []),
                (TriggerHistoryFilter(since: at(2), until: at(5)), ["r5", "h2", "r2", "h1"]),
                (TriggerHistoryFilter(limit: 2), ["r3", "r5"]),
                (TriggerHistoryFilter(after: "r5", limit: 2), ["h2", "r2"]),
                (TriggerHistoryFilter(after: "h2"), ["r2", "h1", "r1"]),
                (TriggerHistoryFilter(after: "r2"), ["h1", "r1"]),
                (TriggerHistoryFilter(flow: "f1", after: "r1"), []), (TriggerHistoryFilter(after: "none"), []),
            ]
            for (filter, expected) in cases {
                findings.expectEqual(try await store.triggerHistory(filter).map(\.id), expected, "\(filter)")
            }
            let fired = TriggerHistoryEntry(
                id: "r2", flow: "f1", trigger: "t", status: "Succeeded", fired: true, run: "r2", startTime: at(3),
                endTime: at(3))
            findings.expectEqual(try await store.triggerHistoryEntry("r2"), fired, "the entry that a run is")
            findings.expectEqual(try await store.triggerHistoryEntry("r4"), nil, "a repair")
            try await store.commit(StoreCommit([.deleteRuns(["r2", "r3"])]))
            let left = try await store.triggerHistory(TriggerHistoryFilter(flow: "f1")).map(\.id)
            findings.expectEqual(left, ["h2", "h1", "r1"], "after deleting runs")
        },
        Check("The trigger history lists what happened and keeps payloads until they are split") { store, findings in
            let payload = JSON.array((0..<500).map { ["id": .integer($0)] })
            var split = TriggerHistoryEntry(
                id: "h1", flow: "f1", trigger: "t", status: "Succeeded", fired: true, startTime: at(1), endTime: at(2),
                payload: payload, isSealed: true, splitCount: 500)
            let skipped = TriggerHistoryEntry(
                id: "h2", flow: "f1", trigger: "t", status: "Skipped", code: "EchoSuppressed", message: "our own write",
                fired: false, run: "r9", startTime: at(3))
            let other = TriggerHistoryEntry(
                id: "h3", flow: "f2", trigger: "u", status: "Failed", fired: false, startTime: at(4), payload: "small")
            try await store.commit(StoreCommit([.history(split), .history(skipped), .history(other)]))
            findings.expectEqual(try await store.triggerHistoryEntry("h1"), split, "a sealed entry")
            findings.expectEqual(try await store.triggerHistoryEntry("h3"), other, "an open entry")
            findings.expectEqual(try await store.triggerHistoryEntry("h4"), nil, "no entry")
            let all = try await store.triggerHistory(TriggerHistoryFilter())
            findings.expectEqual(all.map(\.id), ["h3", "h2", "h1"], "all")
            findings.expect(all.allSatisfy { $0.payload == nil }, "lists hold payloads")
            findings.expectEqual(all[1], skipped, "an entry in the list")
            let cases: [(TriggerHistoryFilter, [String])] = [
                (TriggerHistoryFilter(flow: "f1"), ["h2", "h1"]), (TriggerHistoryFilter(trigger: "u"), ["h3"]),
                (TriggerHistoryFilter(status: "Skipped"), ["h2"]),
                (TriggerHistoryFilter(since: at(2), until: at(4)), ["h2"]), (TriggerHistoryFilter(limit: 1), ["h3"]),
                (TriggerHistoryFilter(after: "h3", limit: 1), ["h2"]), (TriggerHistoryFilter(after: "h1"), []),
            ]
            for (filter, expected) in cases {
                findings.expectEqual(try await store.triggerHistory(filter).map(\.id), expected, "\(filter)")
            }
            findings.expectEqual(try await store.unfinishedSplits().map(\.id), ["h1"], "unfinished splits")
            split.payload = nil
            split.splitDone = 499
            try await store.commit(StoreCommit([.history(split)]))
            findings.expectEqual(try await store.triggerHistoryEntry("h1")?.payload, payload, "payload after progress")
            findings.expectEqual(try await store.oldHistory(before: at(2), limit: 9), [], "old, with splits to do")
            split.splitDone = 500
            try await store.commit(StoreCommit([.history(split)]))
            findings.expectEqual(try await store.unfinishedSplits().count, 0, "splits at the end")
            findings.expectEqual(try await store.oldHistory(before: at(4), limit: 9).sorted(), ["h1", "h2"], "old")
            findings.expectEqual(try await store.oldHistory(before: at(4), limit: 1).count, 1, "old, in slices")
            try await store.commit(StoreCommit([.deleteHistory(["h1", "h2"])]))
            findings.expectEqual(try await store.triggerHistory(TriggerHistoryFilter()).map(\.id), ["h3"], "left")
        },
    ]
}
