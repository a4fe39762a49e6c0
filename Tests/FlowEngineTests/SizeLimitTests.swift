import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

@Suite struct SizeLimitTests {
    private static let flow =
        SimulatedFlows.trigger + """
            actions:
              Start: { type: InitializeVariable, inputs: { variables: [{ name: v, type: TYPE, value: "@triggerBody()['first']" }] } }
              Change: { type: KIND, inputs: { name: v, value: "@triggerBody()['second']" }, runAfter: { Start: [Succeeded] } }
              Read: { type: Compose, inputs: "@length(variables('v'))", runAfter: { Change: [Succeeded, Failed] } }
            """

    private static let half = JSON.string(String(repeating: "x", count: 60_000_000))
    private static let full = JSON.array(Array(repeating: 1, count: 100_000))

    /// A change of a variable, and what is left.
    struct Row: Sendable, CustomTestStringConvertible {
        let about: String
        let kind: String
        let type: String
        let first: JSON
        let second: JSON
        let error: String?
        let length: Int64

        var testDescription: String { about }
    }

    static let rows: [Row] = [
        Row(
            about: "a long text takes a little more", kind: "AppendToStringVariable", type: "string", first: half,
            second: "y", error: nil, length: 60_000_001),
        Row(
            about: "two long texts are too much", kind: "AppendToStringVariable", type: "string", first: half,
            second: half, error: "VariableSizeLimitExceeded", length: 60_000_000),
        Row(
            about: "a full array takes no more", kind: "AppendToArrayVariable", type: "array", first: full, second: 2,
            error: "VariableSizeLimitExceeded", length: 100_000),
        Row(
            about: "a short array does", kind: "AppendToArrayVariable", type: "array", first: [1], second: 2,
            error: nil,
            length: 2),
        Row(
            about: "an array that is too long is not set", kind: "SetVariable", type: "array", first: [1],
            second: .array(Array(repeating: 1, count: 100_001)), error: "VariableSizeLimitExceeded", length: 1),
        Row(
            about: "one that is full is", kind: "SetVariable", type: "array", first: [1], second: full, error: nil,
            length: 100_000),
    ]

    @Test(arguments: rows)
    func `a variable that would get too large stays as it is and its action fails`(_ row: Row) throws {
        let text = Self.flow.replacing("TYPE", with: row.type).replacing("KIND", with: row.kind)
        let (_, step) = try SimulatedFlows.begin(text, body: ["first": row.first, "second": row.second])
        let ends = step.events.compactMap { event in
            if case .actionEnded(let end) = event { end } else { nil }
        }
        #expect(ends.count == 3)
        #expect(ends[1].error?.code == row.error)
        #expect(ends[1].status == (row.error == nil ? .succeeded : .failed))
        #expect(ends[2].inputs == .integer(row.length))
    }

    @Test func `the size of a value is counted up to the limit`() {
        let value: JSON = ["name": ["text", 1, .null, ["a": true]]]
        var left = 1_000
        #expect(SizeLimits.take(value, from: &left))
        #expect((960..<980).contains(left))
        left = 10
        #expect(!SizeLimits.take(value, from: &left))
        left = 100
        #expect(!SizeLimits.take(.array(Array(repeating: 1, count: 200)), from: &left))
    }

    @Test func `a call that brings more than an action may hold fails, and what it brought is not kept`() throws {
        let flow =
            SimulatedFlows.trigger + """
                actions:
                  Get: { type: Http, inputs: { method: GET, uri: "https://service.test/" } }
                """
        let large = JSON.string(String(repeating: "x", count: 110_000_000))
        for (body, code) in [(large, nil), (JSON.array([large, large]), "ActionResultsSizeLimitExceeded")] {
            var (machine, step) = try SimulatedFlows.begin(flow)
            let effect = try #require(machine.effectsInFlight.first).id
            step = machine.step(
                .effectFinished(effect, .answered(OperationAnswer(statusCode: 200, body: body))),
                at: RunCase.usualClock, entropy: 7, budget: .unlimited)
            let end = step.events.compactMap { event in
                if case .actionEnded(let end) = event { end } else { nil }
            }.first
            #expect(end?.error?.code == code)
            #expect(step.outcome?.status == (code == nil ? "Succeeded" : "Failed"))
        }
    }
}
