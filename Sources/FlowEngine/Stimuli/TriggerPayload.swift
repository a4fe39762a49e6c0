public import FlowCore

/// What a trigger brought: the beginning of a run.
public struct TriggerPayload: Sendable, Hashable {
    /// The trigger's name.
    public var name: String
    /// The recorded inputs of the trigger, or nil.
    public var inputs: JSON?
    /// The `headers`, `body` and `queries` as far as they are there, or nil where the trigger has no outputs.
    public var outputs: JSON?
    /// When the trigger began.
    public var startTime: Timestamp
    /// When the trigger ended.
    public var endTime: Timestamp
    /// When it was due, for recurrences.
    public var scheduledTime: Timestamp?
    /// The trigger's entry in its history, or nil.
    public var historyName: String?
    /// The code beside the status, such as `OK`, or nil.
    public var code: String?
    /// Whether someone waits for the flow's Response.
    public var callerWaits: Bool
    /// Whether inputs are sealed and hidden.
    public var hidesInputs: Bool
    /// Whether outputs are sealed and hidden.
    public var hidesOutputs: Bool

    /// Makes a payload.
    public init(
        name: String, inputs: JSON? = nil, outputs: JSON? = nil, startTime: Timestamp, endTime: Timestamp? = nil,
        scheduledTime: Timestamp? = nil, historyName: String? = nil, code: String? = nil, callerWaits: Bool = false,
        hidesInputs: Bool = false, hidesOutputs: Bool = false
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.startTime = startTime
        self.endTime = endTime ?? startTime
        self.scheduledTime = scheduledTime
        self.historyName = historyName
        self.code = code
        self.callerWaits = callerWaits
        self.hidesInputs = hidesInputs
        self.hidesOutputs = hidesOutputs
    }
}
