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
}
