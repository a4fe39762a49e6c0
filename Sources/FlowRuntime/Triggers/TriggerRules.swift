import FlowCore
import FlowDefinitions
import FlowExpressions
import FlowStorage
import FlowText

/// What a trigger does with an event: whether it fires, into how many runs, how runs are told apart and found again.
struct TriggerRules: Sendable {
    /// How many runs of a flow go at once, and how many may wait for their turn.
    struct Concurrency: Sendable, Hashable {
        let runs: Int
        let waiting: Int
    }

    /// One event that is to become a run.
    struct Firing: Sendable {
        /// The trigger's outputs as the run sees them.
        let outputs: JSONObject
        /// The id that connects runs, where the trigger says one.
        let trackingID: String?
    }

    let trigger: Trigger
    let concurrency: Concurrency?
    /// Whether each row of the body's `value` is an event of its own, as the connector's trigger says.
    var splitsRows = false
    private let planned: PlannedTrigger
    private let deduplication: CompiledTemplate?
    private let businessKeys: [(name: String, expression: CompiledTemplate)]
    private let parameters: JSONObject

    /// The most items into which one event is split.
    static let splitLimit = 100_000

    /// Compiles the rules of a flow's trigger.
    /// - Parameters:
    ///   - trigger: the trigger as written.
    ///   - planned: the trigger as compiled.
    ///   - flow: the flow.
    ///   - solution: its solution, for business keys and deduplication, or nil.
    ///   - parameters: the flow's parameters, which expressions may read.
    /// - Throws: `InvalidTemplate`.
    init(
        _ trigger: Trigger, _ planned: PlannedTrigger, of flow: FlowDefinition, in solution: Solution?,
        parameters: JSONObject
    ) throws(FlowError) {
        self.trigger = trigger
        self.planned = planned
        self.parameters = parameters
        var deduplication: CompiledTemplate?
        if let text = solution?.deduplication.first(where: { $0.flow == flow.name })?.expression {
            deduplication = try CompiledTemplate(text)
        }
        self.deduplication = deduplication
        var keys: [(name: String, expression: CompiledTemplate)] = []
        for key in solution?.businessKeys ?? [] {
            keys.append((key.name, try CompiledTemplate(key.expression)))
        }
        businessKeys = keys
        concurrency = Self.concurrency(of: trigger)
    }

    private static func concurrency(of trigger: Trigger) -> Concurrency? {
        let options = trigger.node["operationOptions"]?.string?.lowercased().split(separator: ",") ?? []
        if options.contains(where: { $0.filter { $0 != " " } == "singleinstance" }) {
            return Concurrency(runs: 1, waiting: 11)
        }
        guard let node = trigger.node["runtimeConfiguration"]?["concurrency"] else { return nil }
        let runs = Int(node["runs"]?.json.integerValue ?? 25)
        return Concurrency(runs: runs, waiting: Int(node["maximumWaitingRuns"]?.json.integerValue ?? Int64(10 + runs)))
    }

    /// Whether one event may become several runs.
    var splits: Bool { planned.splitOn != nil || splitsRows }

    /// Whether all conditions hold.
    /// - Throws: `InvalidTemplate` where a condition cannot be evaluated.
    func conditionsHold(_ outputs: JSONObject, now: Timestamp) throws(FlowError) -> Bool {
        let scope = scope(outputs, now: now)
        for condition in planned.conditions where try condition.value.evaluate(in: scope) != true { return false }
        return true
    }

    /// The events that outputs are split into; one where the trigger does not split.
    /// - Throws: `InvalidTemplate`, also where what is to be split is no array.
    func firings(of outputs: JSONObject, now: Timestamp) throws(FlowError) -> [Firing] {
        let value: JSON
        if let splitOn = planned.splitOn {
            value = try splitOn.value.evaluate(in: scope(outputs, now: now))
        } else if splitsRows {
            value = outputs["body"]?["value"] ?? []
        } else {
            return [Firing(outputs: outputs, trackingID: try tracking(planned.trackingID, outputs, now: now))]
        }
        guard let items = value.arrayValue else {
            throw FlowError(
                .invalidTemplate,
                "The 'splitOn' expression of trigger '\(trigger.name)' gives no array.", path: trigger.path,
                hint: "split an array of the trigger's body, as in @triggerBody()?['value']")
        }
        var firings: [Firing] = []
        for item in items.prefix(Self.splitLimit) {
            var own = outputs
            own["body"] = item
            firings.append(
                Firing(
                    outputs: own, trackingID: try tracking(planned.splitTrackingID ?? planned.trackingID, own, now: now)
                ))
        }
        return firings
    }

    /// The id that connects runs, where the trigger says one.
    /// - Throws: `InvalidTemplate`.
    func trackingID(_ outputs: JSONObject, now: Timestamp) throws(FlowError) -> String? {
        try tracking(planned.trackingID, outputs, now: now)
    }

    private func tracking(_ template: CompiledValue?, _ outputs: JSONObject, now: Timestamp) throws(FlowError)
        -> String?
    {
        guard let template else { return nil }
        let value = try template.evaluate(in: scope(outputs, now: now))
        return value.isNull ? nil : value.stringValue ?? value.text
    }

    /// The key by which repeated requests of a sender are told, or nil.
    ///
    /// Of secret data it is a digest under the flow's own key.
    func deduplicationKey(_ outputs: JSONObject, now: Timestamp, flowKey: [UInt8]) -> String? {
        guard let deduplication, let value = try? deduplication.evaluate(in: scope(outputs, now: now)), !value.isNull
        else {
            return nil
        }
        let text = value.stringValue ?? value.text
        guard planned.hidesOutputs || SecretMask.masking(text) != text else { return text }
        return Base64.encodeURL(Digest.hmacSHA256(Array(text.utf8), key: flowKey))
    }

    /// The business keys by which a run is found; expressions that fail or give nothing are left out.
    func keys(_ outputs: JSONObject, now: Timestamp) -> [BusinessKey] {
        guard !businessKeys.isEmpty else { return [] }
        let scope = scope(outputs, now: now)
        return businessKeys.compactMap { key in
            guard let value = try? key.expression.evaluate(in: scope), !value.isNull else { return nil }
            let text = value.stringValue ?? value.text
            return text.isEmpty ? nil : BusinessKey(name: key.name, value: SecretMask.masking(text))
        }
    }

    private func scope(_ outputs: JSONObject, now: Timestamp) -> ContextScope {
        let record: JSONObject = [
            "name": .string(trigger.name), "outputs": .object(outputs), "startTime": .string(now.description),
            "endTime": .string(now.description), "status": "Succeeded",
        ]
        return ContextScope(["parameters": .object(parameters), "trigger": .object(record)], now: now)
    }
}
