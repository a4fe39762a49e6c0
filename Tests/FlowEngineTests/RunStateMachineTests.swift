import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

@Suite struct RunStateMachineTests {
    @Test func `A run that only computes needs one step and tells everything in its events`() throws {
        let (machine, step) = try SimulatedFlows.begin(
            SimulatedFlows.trigger + """
                actions:
                  One: { type: Compose, inputs: 1 }
                  Two: { type: Compose, inputs: "@add(outputs('One'), 1)", runAfter: { One: [Succeeded] } }
                """)
        #expect(step.outcome?.status == "Succeeded" && !step.hasMore && step.wait == nil)
        #expect(step.events.count == 4 && step.commands.count == 1)
        let record = RunRecord(folding: step.events, of: machine.plan.outline)
        #expect(record.action("two")?.record?.outputs == 2)
        #expect(record.action("Two")?.path.text == "actions/Two")
    }

    @Test func `Reading calls need no commit first, writing ones and replies do`() throws {
        for (method, needs) in [("GET", false), ("POST", true), ("DELETE", true)] {
            let (_, step) = try SimulatedFlows.begin(
                SimulatedFlows.trigger
                    + "actions: { Call: { type: Http, inputs: { method: \(method), uri: 'https://a.test' } } }")
            #expect(step.needsCommitFirst == needs)
        }
    }

    @Test func `An HTTP call carries what the language lets through`() throws {
        let (_, step) = try SimulatedFlows.begin(
            SimulatedFlows.trigger + """
                actions:
                  Call:
                    type: Http
                    inputs:
                      method: post
                      uri: https://a.test/x?y=1
                      queries: { q: a b, n: 5 }
                      headers: { Accept: '*/*', Accept-Language: de, Host: evil, Content-Type: text/x, Content-Length: 3, X-Number: 7, X-Null: null }
                      cookie: k=v
                      body: { a: null }
                      authentication: { type: Basic, username: u, password: p }
                """)
        guard case .carryOut(let intent, _)? = step.commands.first, case .http(let call) = intent.kind else {
            Issue.record("no call")
            return
        }
        #expect(call.method == "POST" && call.address == "https://a.test/x?y=1&q=a%20b&n=5")
        #expect(call.headers == ["Accept": "*/*", "Content-Type": "text/x", "X-Number": "7", "Cookie": "k=v"])
        #expect(call.body == ["a": nil])
        #expect(intent.isSecure)
        #expect(RunEvent.effectIntended(intent).journalForm.sealed == ["http"])
        let started = step.events.compactMap { if case .actionStarted(let start) = $0 { start } else { nil } }.first
        #expect(started?.inputs?["authentication"]?["password"] == "*sanitized*")
        let headers = intent.workflowHeaders(of: RunIdentity(run: "r", flowName: "f", flowID: "id"))
        #expect(headers["x-ms-workflow-run-id"] == "r" && headers["x-ms-workflow-operation-name"] == "Call")
    }

    @Test func `A webhook subscribes with its callback's address and ends the subscription when called back`() throws {
        var (machine, step) = try SimulatedFlows.begin(
            SimulatedFlows.trigger + """
                actions:
                  Hook:
                    type: HttpWebhook
                    inputs:
                      subscribe: { method: POST, uri: 'https://a.test/subscribe', body: { url: "@{listCallbackUrl()}" } }
                      unsubscribe: { method: DELETE, uri: 'https://a.test/subscribe/1' }
                  After: { type: Compose, inputs: "@body('Hook')", runAfter: { Hook: [Succeeded] } }
                """)
        guard case .carryOut(let intent, _)? = step.commands.first, case .http(let call) = intent.kind,
            let id = call.callbackID
        else {
            Issue.record("no subscription")
            return
        }
        #expect(call.body?["url"]?.stringValue == "https://callback.test/" + id && id.hasPrefix("run."))
        step = machine.step(
            .effectFinished(intent.id, .answered(OperationAnswer(statusCode: 201))), at: RunCase.usualClock, entropy: 1)
        #expect(step.wait?.kind == .callback && step.wait?.isPassive == true)
        step = machine.step(
            .message(InboxMessage(id: "c", .callback(id: id, outputs: ["headers": [:], "body": 5]))),
            at: RunCase.usualClock, entropy: 1)
        #expect(step.outcome?.status == "Succeeded")
        let unsubscriptions = step.commands.filter { command in
            if case .carryOut(let intent, _) = command, case .http(let call) = intent.kind {
                call.purpose == .unsubscribe && call.method == "DELETE"
            } else {
                false
            }
        }
        #expect(unsubscriptions.count == 1)
        let repeated = machine.step(
            .message(InboxMessage(id: "c2", .callback(id: id, outputs: [:]))), at: RunCase.usualClock, entropy: 1)
        #expect(repeated.events.count == 1, "only the message itself")
    }

    @Test func `A run older than a run may be ends TimedOut`() throws {
        var (machine, _) = try SimulatedFlows.begin(
            SimulatedFlows.trigger
                + "actions: { W: { type: Wait, inputs: { interval: { count: 40, unit: Day } } }, A: { type: Compose, inputs: 1, runAfter: { W: [Succeeded] } } }"
        )
        let step = machine.step(.expire, at: RunCase.usualClock + .seconds(86_400 * 30), entropy: 1)
        #expect(step.outcome?.status == "TimedOut" && step.outcome?.code == "WorkflowRunTimedOut")
        #expect(step.commands.contains(.cancelTimer(TimerID(1))))
    }

    @Test func `Types that flowrun does not run are refused with place and line`() throws {
        let text = SimulatedFlows.trigger + "actions:\n  Calc: { type: JavaScriptCode, inputs: { code: 'return 1' } }\n"
        let decoded = FlowDecoder.decode(text, file: "js.flow.yaml")
        let plan = try FlowPlan(try #require(decoded.flows.first))
        #expect(plan.unsupported.map(\.action) == ["Calc"])
        let error = #expect(throws: FlowError.self) { try plan.requireSupported() }
        #expect(
            error?.code == .actionTypeNotSupported && error?.location?.line == 3 && error?.path?.text == "actions/Calc")
    }

    @Test func `Paths of repetitions have the round after the loop's name`() throws {
        let plan = try SimulatedFlows.plan(SimulatedFlows.loop)
        let place = try #require(plan.outline.place(of: "add"))
        #expect(plan.outline.path(place, indexes: [3]).text == "actions/Each[3]/actions/Big/actions/Add")
    }

    @Test(arguments: [(1, 5.0, 10.0), (2, 10, 20), (3, 20, 40), (9, 60, 60)])
    func `Exponential waits double within their bounds`(_ number: Int, _ least: Double, _ most: Double) {
        let policy = RetryPolicy(
            kind: .exponential, count: 9, interval: .seconds(10), minimumInterval: .seconds(5),
            maximumInterval: .seconds(60))
        #expect(policy.waitRange(beforeRepeat: number) == least...most)
    }

    @Test(arguments: [
        ("PT1M30S", 90.0), ("P1DT2H", 93_600), ("00:00:20", 20), ("1.02:03:04.5", 93_784.5), ("soon", -1),
    ])
    func `Durations are read in both of the platform's forms`(_ text: String, _ seconds: Double) {
        #expect(Duration(flowText: text)?.seconds ?? -1 == seconds)
    }

    @Test(arguments: [
        ("/jobs/1", "https://a.test/jobs/1"), ("https://b.test/x", "https://b.test/x"), ("2", "https://a.test/v1/2"),
        ("//c.test/y", "https://c.test/y"),
    ])
    func `A Location may be relative`(_ location: String, _ address: String) {
        #expect(URLReference.resolve(location, against: "https://a.test/v1/start?x=1") == address)
    }

    @Test func `An inbox message is told by its kind and body`() throws {
        let messages: [InboxMessage.Content] = [
            .childReplied(EffectID(3), OperationAnswer(statusCode: 200, headers: ["A": "b"], body: 1)),
            .childEnded(EffectID(3), ChildEnd(run: "r", status: "Failed")), .callback(id: "c", outputs: ["body": nil]),
            .settlement(EffectID(1), .didNotHappen), .cancel(by: "ada"), .cancel(by: nil),
            .settlement(EffectID(1), .failed(EffectFailure(code: "C", message: "m", isTransient: true))),
        ]
        for content in messages {
            let message = InboxMessage(id: "1", content)
            #expect(InboxMessage(id: "1", kind: message.kind, body: message.body) == message)
        }
    }
}
