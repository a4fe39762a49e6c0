import FlowCore
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

@Suite struct RecurrenceTests {
    /// A recurrence, when it is activated, and its first occurrences.
    struct Row: Sendable, CustomTestStringConvertible {
        let about: String
        let json: JSON
        let activated: String
        let expected: [String]

        var testDescription: String { about }
    }

    static let rows: [Row] = [
        Row(
            about: "without start the first is at once", json: ["frequency": "Hour", "interval": 2],
            activated: "2026-01-05T09:30:00Z", expected: ["2026-01-05T09:30", "2026-01-05T11:30", "2026-01-05T13:30"]),
        Row(
            about: "a past start counts on",
            json: ["frequency": "Minute", "interval": 15, "startTime": "2026-01-01T00:05:00Z"],
            activated: "2026-01-05T09:30:00Z", expected: ["2026-01-05T09:35", "2026-01-05T09:50"]),
        Row(
            about: "clock times of a zone",
            json: [
                "frequency": "Day", "interval": 1, "timeZone": "W. Europe Standard Time",
                "schedule": ["hours": [8, 17], "minutes": [0, 30]],
            ],
            activated: "2026-07-01T07:00:00Z",
            expected: ["2026-07-01T15:00", "2026-07-01T15:30", "2026-07-02T06:00", "2026-07-02T06:30"]),
        Row(
            about: "days of the week, every other week",
            json: [
                "frequency": "Week", "interval": 2, "startTime": "2026-01-05T06:00:00Z",
                "schedule": ["weekDays": ["Monday", "Friday"]],
            ],
            activated: "2026-01-05T00:00:00Z",
            expected: ["2026-01-05T06:00", "2026-01-09T06:00", "2026-01-19T06:00"]),
        Row(
            about: "the last day of the month",
            json: [
                "frequency": "Month", "interval": 1, "startTime": "2026-01-01T12:00:00Z",
                "schedule": ["monthDays": [-1]],
            ],
            activated: "2026-01-05T00:00:00Z", expected: ["2026-01-31T12:00", "2026-02-28T12:00", "2026-03-31T12:00"]),
        Row(
            about: "the third Thursday",
            json: [
                "frequency": "Month", "interval": 1,
                "schedule": [
                    "monthlyOccurrences": [["day": "Thursday", "occurrence": 3]], "hours": [1], "minutes": [2],
                ],
            ],
            activated: "2026-01-01T00:00:00Z", expected: ["2026-01-15T01:02", "2026-02-19T01:02"]),
        Row(
            about: "months without a schedule",
            json: ["frequency": "Month", "interval": 1, "startTime": "2026-01-31T00:00:00Z"],
            activated: "2026-01-05T00:00:00Z", expected: ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]),
        Row(
            about: "a time that summer time skips",
            json: [
                "frequency": "Day", "interval": 1, "timeZone": "W. Europe Standard Time",
                "schedule": ["hours": [2], "minutes": [30]],
            ],
            activated: "2026-03-28T12:00:00Z", expected: ["2026-03-29T01:30", "2026-03-30T00:30"]),
    ]

    @Test(arguments: rows) func `occurrences come when they should`(_ row: Row) throws {
        let recurrence = try #require(Recurrence(row.json))
        let activated = try #require(Timestamp(iso8601: row.activated))
        let first = try #require(recurrence.first(activatedAt: activated))
        var occurrences = [first]
        while occurrences.count < row.expected.count, let last = occurrences.last {
            occurrences.append(try #require(recurrence.next(after: last, anchor: recurrence.start ?? first)))
        }
        #expect(occurrences.map { String($0.description.prefix(16)) } == row.expected)
    }

    @Test func `timers come in order, a moved one once, a removed one never`() async throws {
        let clock = VirtualClock()
        let queue = TimerQueue<String>(clock: clock)
        let due = Mutex<[String]>([])
        queue.whenDue { keys in due.withLock { $0 += keys } }
        let start = clock.now
        queue.set("b", at: start + .seconds(2))
        queue.set("a", at: start + .seconds(1))
        queue.set("c", at: start + .seconds(3))
        queue.set("b", at: start + .seconds(4))
        queue.remove("c")
        for second in 1...5 {
            // The sleeper lies down asynchronously.
            for _ in 0..<1_000 where queue.count > 0 && clock.sleeping.isEmpty { await Task.yield() }
            clock.advance(to: start + .seconds(second))
            for _ in 0..<1_000 where due.withLock({ $0.count }) < (second < 4 ? 1 : 2) { await Task.yield() }
        }
        #expect(due.withLock { $0 } == ["a", "b"])
        #expect(queue.count == 0)
    }
}
