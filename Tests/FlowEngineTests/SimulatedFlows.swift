import FlowText
import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// Flows of the tests, by name, and worlds to run them in.
enum SimulatedFlows {
    /// Decodes flows written as YAML: name to text.
    static func set(_ texts: KeyValuePairs<String, String>) throws -> FlowSet {
        var flows: [FlowDefinition] = []
        for (name, text) in texts {
            let decoded = FlowDecoder.decode(text, file: name + ".flow.yaml")
            let errors = decoded.diagnostics.filter { $0.severity == .error }
            #expect(errors.isEmpty, "\(errors)")
            flows += decoded.flows
        }
        return FlowSet(flows)
    }

    /// Compiles one flow written as YAML.
    static func plan(_ text: String, name: String = "main") throws -> FlowPlan {
        try FlowPlan(try #require(try set([name: text]).flows.first))
    }

    /// Answers by action name.
    static func mocks(_ json: JSON) throws -> [String: [MockAnswer]] {
        var mocks: [String: [MockAnswer]] = [:]
        for (name, answers) in json.objectValue ?? [:] {
            let list: [MockAnswer] = try #require(MockAnswer.list(json: answers))
            mocks[name] = list
        }
        return mocks
    }

    /// A machine whose trigger has fired, with what came of the first step.
    static func begin(
        _ text: String, body: JSON = [:], waits: Bool = false, budget: StepBudget = .unlimited
    ) throws -> (RunStateMachine, RunStep) {
        let identity = RunIdentity(run: "run", flowName: "main", callbackBase: "https://callback.test")
        var machine = RunStateMachine(plan: try plan(text), identity: identity)
        let payload = TriggerPayload(
            name: "manual", outputs: ["headers": [:], "body": body], startTime: RunCase.usualClock, callerWaits: waits)
        let step = machine.step(.triggerFired(payload), at: RunCase.usualClock, entropy: 7, budget: budget)
        return (machine, step)
    }

    static let trigger = "triggers: { manual: { type: Request, kind: Http, inputs: {} } }\n"

    /// A loop with a condition, variables and a call a round.
    static let loop =
        trigger + """
            actions:
              Total: { type: InitializeVariable, inputs: { variables: [{ name: total, type: integer, value: 0 }] } }
              Names: { type: InitializeVariable, inputs: { variables: [{ name: names, type: array }] }, runAfter: { Total: [Succeeded] } }
              Each:
                type: Foreach
                foreach: "@triggerBody()['items']"
                runtimeConfiguration: { concurrency: { repetitions: 2 } }
                runAfter: { Names: [Succeeded] }
                actions:
                  Get: { type: Http, inputs: { method: POST, uri: "https://api.test/@{item()}", body: { n: "@item()" }, retryPolicy: { type: fixed, count: 4, interval: PT7S } } }
                  Big:
                    type: If
                    expression: { greater: ["@body('Get')['n']", 1] }
                    runAfter: { Get: [Succeeded] }
                    actions:
                      Add: { type: IncrementVariable, inputs: { name: total, value: "@body('Get')['n']" } }
                    else:
                      actions:
                        Note: { type: AppendToArrayVariable, inputs: { name: names, value: "@item()" } }
              Sum: { type: Compose, inputs: "@concat(string(variables('total')), '/', join(variables('names'), ','))", runAfter: { Each: [Succeeded] } }

            """

    /// A child call that is repeated, waits and an Until.
    static let parent =
        trigger + """
            actions:
              Count: { type: InitializeVariable, inputs: { variables: [{ name: n, type: integer, value: 0 }] } }
              Poll:
                type: Until
                expression: "@equals(variables('n'), 3)"
                limit: { count: 9 }
                runAfter: { Count: [Succeeded] }
                actions:
                  Pause: { type: Wait, inputs: { interval: { count: 5, unit: Second } } }
                  Up: { type: IncrementVariable, inputs: { name: n, value: 1 }, runAfter: { Pause: [Succeeded] } }
              Call:
                type: Workflow
                inputs:
                  host: { workflowReferenceName: child }
                  body: { n: "@variables('n')" }
                  retryPolicy: { type: fixed, count: 2, interval: PT10S }
                runAfter: { Poll: [Succeeded] }
              Reply: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@body('Call')" }, runAfter: { Call: [Succeeded] } }

            """

    static let child =
        trigger + """
            actions:
              Get: { type: Http, inputs: { method: GET, uri: "https://api.test/child", retryPolicy: { type: none } } }
              Good: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@add(triggerBody()['n'], body('Get')['v'])" }, runAfter: { Get: [Succeeded] } }
              Bad: { type: Response, kind: Http, inputs: { statusCode: 503 }, runAfter: { Get: [Failed] } }

            """

    /// Repeats with waits, a 202 that is polled, a time limit and a webhook.
    static let calls =
        trigger + """
            connectionReferences: { approvals: { connector: approvals } }
            actions:
              Try:
                type: Http
                inputs: { method: PUT, uri: "https://api.test/a", body: 1, retryPolicy: { type: fixed, count: 3, interval: PT20S } }
              Job:
                type: Http
                inputs: { method: POST, uri: "https://api.test/jobs", retryPolicy: { type: none } }
                runAfter: { Try: [Succeeded] }
              Ask:
                type: OpenApiConnectionWebhook
                inputs:
                  host: { apiId: /providers/Microsoft.PowerApps/apis/shared_approvals, connectionName: approvals, operationId: StartAndWait }
                  parameters: { title: "@body('Job')['title']" }
                runAfter: { Job: [Succeeded] }
              Slow:
                type: Http
                inputs: { method: GET, uri: "https://api.test/slow", retryPolicy: { type: none } }
                limit: { timeout: PT30S }
                runAfter: { Ask: [Succeeded] }
              Done: { type: Compose, inputs: "@body('Ask')['outcome']", runAfter: { Slow: [TimedOut] } }

            """

    /// Everything at once: loops of all kinds, child runs to depth 2, repeats with waits, a webhook, a Response, and calls
    /// of all replay rules, by their operations.
    static let everything =
        trigger + """
            connectionReferences: { crm: { connector: crm }, approvals: { connector: approvals } }
            actions:
              Total: { type: InitializeVariable, inputs: { variables: [{ name: total, type: integer, value: 0 }] } }
              Tries: { type: InitializeVariable, inputs: { variables: [{ name: tries, type: integer, value: 0 }] }, runAfter: { Total: [Succeeded] } }
            \(call("Find", "Read", after: "Tries"))
              One_by_one:
                type: Foreach
                foreach: "@triggerBody()['items']"
                runtimeConfiguration: { concurrency: { repetitions: 1 } }
                runAfter: { Find: [Succeeded] }
                actions:
            \(call("Create", "Look", item: "@item()").indented)
                  Keep: { type: IncrementVariable, inputs: { name: total, value: 1 }, runAfter: { Create: [Succeeded] } }
              Together:
                type: Foreach
                foreach: "@triggerBody()['items']"
                runtimeConfiguration: { concurrency: { repetitions: 3 } }
                runAfter: { One_by_one: [Succeeded] }
                actions:
                  Ask_child:
                    type: Workflow
                    inputs: { host: { workflowReferenceName: child }, body: { item: "@item()" }, retryPolicy: { type: fixed, count: 2, interval: PT10S } }
                  Post_it:
                    type: Http
                    runAfter: { Ask_child: [Succeeded] }
                    inputs: { method: POST, uri: "https://api.test/@{item()}", body: "@body('Ask_child')", retryPolicy: { type: fixed, count: 4, interval: PT7S } }
              Again:
                type: Until
                expression: "@equals(variables('tries'), 2)"
                limit: { count: 5 }
                runAfter: { Together: [Succeeded] }
                actions:
                  Rest: { type: Wait, inputs: { interval: { count: 5, unit: Second } } }
            \(call("Update", "Same", after: "Rest").indented)
                  Up: { type: IncrementVariable, inputs: { name: tries, value: 1 }, runAfter: { Update: [Succeeded] } }
              Approve:
                type: OpenApiConnectionWebhook
                runAfter: { Again: [Succeeded] }
                inputs:
                  host: { apiId: /providers/Microsoft.PowerApps/apis/shared_approvals, connectionName: approvals, operationId: Doubt }
                  parameters: { title: "@string(variables('total'))" }
              Signal:
                type: HttpWebhook
                runAfter: { Approve: [Succeeded] }
                inputs:
                  subscribe: { method: POST, uri: "https://api.test/subscribe", body: "@listCallbackUrl()" }
                  unsubscribe: { method: POST, uri: "https://api.test/unsubscribe" }
              Reply: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@body('Approve')['outcome']" }, runAfter: { Signal: [Succeeded] } }
            \(call("Last", "Doubt", after: "Reply"))
              Sum: { type: Compose, inputs: "@concat(string(variables('total')), '/', string(variables('tries')))", runAfter: { Last: [Succeeded] } }

            """

    /// The child of `everything`: one more child, a wait, and calls.
    static let everythingChild =
        trigger + """
            connectionReferences: { crm: { connector: crm } }
            actions:
              Deeper: { type: Workflow, inputs: { host: { workflowReferenceName: grandchild }, body: "@triggerBody()" } }
            \(call("Note", "Doubt", after: "Deeper", item: "@triggerBody()['item']"))
              Respond: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@body('Deeper')" }, runAfter: { Note: [Succeeded] } }
              Linger: { type: Wait, inputs: { interval: { count: 2, unit: Second } }, runAfter: { Respond: [Succeeded] } }
            \(call("Touch", "Same", after: "Linger"))

            """

    /// The child of the child.
    static let everythingGrandchild =
        trigger + """
            connectionReferences: { crm: { connector: crm } }
            actions:
            \(call("Make", "Look", item: "@triggerBody()['item']"))
              Done: { type: Response, kind: Http, inputs: { statusCode: 200, body: { made: "@triggerBody()['item']" } }, runAfter: { Make: [Succeeded] } }

            """

    private static func call(_ name: String, _ operation: String, after: String? = nil, item: String = "x") -> String {
        """
          \(name):
            type: OpenApiConnection
            runAfter: \(after.map { "{ \($0): [Succeeded] }" } ?? "{}")
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: \(operation) }
              parameters: { item: "\(item)" }
              retryPolicy: { type: fixed, count: 3, interval: PT20S }
        """
    }
}

extension String {
    /// Each line two levels deeper.
    fileprivate var indented: String {
        split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    }
}
