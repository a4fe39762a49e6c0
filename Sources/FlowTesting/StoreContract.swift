import FlowCore
import FlowDefinitions
public import FlowStorage

/// What every store must do, as checks that each driver's tests run.
///
/// A check is handed an empty store and returns what it found wrong; nothing is expected of the order of checks.
public struct StoreContract: Sendable {
    /// One thing that is promised.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let promise: String
        /// Looks at an empty store.
        let body: @Sendable (any FlowStore, inout Findings) async throws -> Void

        /// The promise.
        public var description: String { promise }

        init(
            _ promise: String, _ body: @escaping @Sendable (any FlowStore, inout Findings) async throws -> Void
        ) {
            self.promise = promise
            self.body = body
        }

        /// Runs the check.
        /// - Returns: what is wrong; empty where the store keeps the promise.
        public func run(on store: any FlowStore) async -> [String] {
            var findings = Findings()
            do {
                try await body(store, &findings)
            } catch {
                findings.list.append("threw \(error)")
            }
            return findings.list
        }
    }

    /// What a check found.
    struct Findings {
        var list: [String] = []

        mutating func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
            if !isTrue { list.append(what()) }
        }

        mutating func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) {
            if found != expected { list.append("\(what): expected \(expected), got \(found)") }
        }

        mutating func expectRefusal(
            _ code: FlowError.Code, _ what: String, _ body: () async throws(FlowError) -> Void
        ) async {
            do {
                try await body()
                list.append("\(what): expected \(code), but it was done")
            } catch {
                if error.code != code { list.append("\(what): expected \(code), got \(error)") }
            }
        }
    }

    /// All checks.
    public static let checks: [Check] =
        journalChecks + runChecks + searchChecks + inboxChecks + effectChecks + triggerChecks + configurationChecks

    static let origin = Timestamp(year: 2026, month: 1, day: 5, hour: 9)

    static func at(_ seconds: Int64) -> Timestamp { origin + .seconds(seconds) }

    static func run(_ name: String, flow: String = "flow-1", at seconds: Int64 = 0) -> RunSummary {
        RunSummary(
            name: name, flowID: flow, flowName: "Flow \(flow)", definitionHash: "hash", startTime: at(seconds),
            triggerName: "manual")
    }

    static func events(_ range: ClosedRange<Int>) -> [JournalEvent] {
        range.map { JournalEvent(["event": .integer(Int64($0))]) }
    }
}
