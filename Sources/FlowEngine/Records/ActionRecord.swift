public import FlowCore
public import FlowDefinitions

/// What people see of an action in a run.
public struct ActionRecord: Sendable, Hashable {
    /// What people see of one call of an action.
    public struct Attempt: Sendable, Hashable {
        /// The effect.
        public var effect: EffectID
        /// When it went out.
        public var startTime: Timestamp
        /// When its result came; nil until then.
        public var endTime: Timestamp?
        /// The code of its result, such as `OK` or `UnresolvableHostName`, or nil.
        public var code: String?
        /// The error, or nil.
        public var error: RunFailure?
        /// The child run that it started, or nil.
        public var childRun: String?
        /// Whether nobody knows what came of it.
        public var isInDoubt = false
    }

    /// The action at one of its repetitions.
    public struct Repetition: Sendable, Hashable {
        /// The rounds of the enclosing loops, outer first; empty outside of loops.
        public var indexes: [Int]
        /// How it stands.
        public var status: ActionStatus
        /// The code; `NotSpecified` where there is none to show.
        public var code: String
        /// The error, or nil.
        public var error: RunFailure?
        /// The inputs, also where they are hidden.
        public var inputs: JSON?
        /// The outputs, also where they are hidden.
        public var outputs: JSON?
        /// Whether the inputs must not be shown.
        public var hidesInputs = false
        /// Whether the outputs must not be shown.
        public var hidesOutputs = false
        /// Whether it was not carried out, because the repaired run had done so.
        public var isKept = false
        /// The tracked properties, or nil.
        public var trackedProperties: JSON?
        /// How many rounds a loop made, or nil.
        public var iterationCount: Int?
        /// When it began.
        public var startTime: Timestamp
        /// When it ended; nil until then.
        public var endTime: Timestamp?
        /// The calls in the order of the attempts; polls and pages are none.
        public var attempts: [Attempt] = []
        /// When it began among all records of the run: a number that grows.
        public var order: Int

        /// The inputs as they may be shown.
        public var visibleInputs: JSON? { hidesInputs ? nil : inputs }
        /// The outputs as they may be shown.
        public var visibleOutputs: JSON? { hidesOutputs ? nil : outputs }
    }

    /// The name.
    public var name: String
    /// The place in the flow.
    public var path: ActionPath
    /// The type as written.
    public var type: String
    /// The places of the enclosing loops among the records, outer first.
    public var loops: [Int]
    /// Its record outside of loops, inside them only where the loop never ran; nil until it begins or is skipped.
    public var record: Repetition?
    /// Its records inside loops, outer loops first, in the order of the rounds.
    public var repetitions: [Repetition]

    /// Whether it stands inside a loop.
    public var isRepeated: Bool { !loops.isEmpty }

    /// The record, or for an action in loops the summary of its repetitions.
    public var summary: Repetition? {
        guard isRepeated, var summary = repetitions.first else { return record }
        let statuses = repetitions.map(\.status)
        let running = statuses.first { !$0.isFinal }
        let isSkipped = statuses.allSatisfy { $0 == .skipped }
        summary.indexes = []
        summary.status = running ?? (isSkipped ? .skipped : RunState.gravest(statuses))
        summary.code = "NotSpecified"
        summary.error = nil
        summary.inputs = nil
        summary.outputs = nil
        summary.trackedProperties = nil
        summary.attempts = []
        summary.startTime = repetitions.map(\.startTime).min() ?? summary.startTime
        summary.endTime = running == nil ? repetitions.compactMap(\.endTime).max() : nil
        summary.order = repetitions.map(\.order).min() ?? summary.order
        return summary
    }

    /// How many rounds it was in; nil outside of loops.
    public var repetitionCount: Int? { isRepeated && !repetitions.isEmpty ? repetitions.count : nil }
}
