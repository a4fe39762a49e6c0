import FlowCore
import FlowText

/// The settings of actions and triggers: time limits, retry policies, concurrency, paging, secured values, static
/// results, options.
struct SettingRules {
    /// The options of actions and triggers, in the platform's spelling.
    static let operationOptions = [
        "Asynchronous", "DisableAsyncPattern", "DisableAutomaticDecompression", "EnableSchemaValidation",
        "FailWhenIterationFailed", "FailWhenLimitsReached", "IncludeAuthorizationHeadersInOutputs",
        "PersistRequestContextForConcurrencyControl", "PreserveHttpContent", "Sequential", "SingleInstance",
        "SuppressWorkflowHeaders", "SuppressWorkflowHeadersOnResponse", "None", "WorkflowRuntimeUrl",
    ]

    private let facts: FlowFacts
    private let node: SourceNode
    private let owner: String
    private let path: ActionPath
    private let isTrigger: Bool
    private var report: CheckReport

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places where place.action.type != nil {
            let action = place.action
            var rules = SettingRules(
                facts: facts, node: action.node, owner: "action '\(action.name)'", path: action.path, isTrigger: false,
                report: report)
            rules.checkTimeout()
            rules.checkAll()
            report = rules.report
        }
        for trigger in facts.flow.triggers {
            var rules = SettingRules(
                facts: facts, node: trigger.node, owner: "trigger '\(trigger.name)'", path: trigger.path,
                isTrigger: true, report: report)
            rules.checkAll()
            report = rules.report
        }
    }

    private mutating func checkAll() {
        checkRetryPolicy(node["inputs"]?["retryPolicy"])
        checkRetryPolicy(node["inputs"]?["subscribe"]?["retryPolicy"])
        checkOptions()
        guard let configuration = node["runtimeConfiguration"], !configuration.isTemplate, !configuration.isNull else {
            return
        }
        guard configuration.isMapping else {
            error(
                .workflowRunActionInputsInvalidProperty, "'runtimeConfiguration' must be a mapping",
                at: configuration.location)
            return
        }
        checkConcurrency(configuration["concurrency"])
        checkPaging(configuration["paginationPolicy"])
        checkSecureValues(configuration["secureData"])
        checkTransfer(configuration["contentTransfer"])
        checkStaticResult(configuration["staticResult"])
    }

    private mutating func error(
        _ code: FlowError.Code, _ what: String, at location: SourceLocation, hint: String? = nil
    ) {
        report.error(code, "The \(owner) is not valid: \(what).", at: location, path: path, hint: hint)
    }

    // MARK: Times

    private mutating func checkTimeout() {
        guard let timeout = node["limit"]?["timeout"], !timeout.isTemplate, !timeout.isNull else { return }
        if let text = timeout.string, let duration = ISO8601Duration(text), duration.approximateSeconds > 0 { return }
        error(
            .workflowRunActionTimeoutLimitInvalid,
            "'\(timeout.string ?? timeout.json.text)' is no duration for 'limit.timeout'", at: timeout.location,
            hint: Self.durationHint)
    }

    private static let durationHint = "write an ISO 8601 duration: PT30S, PT15M, PT1H, P1D"

    private mutating func checkRetryPolicy(_ policy: SourceNode?) {
        guard let policy, !policy.isTemplate, !policy.isNull else { return }
        guard policy.isMapping else {
            error(.invalidRetryPolicy, "'retryPolicy' must be a mapping with 'type'", at: policy.location)
            return
        }
        guard let type = policy["type"] else {
            error(.invalidRetryPolicy, "'retryPolicy' has no 'type'", at: policy.location)
            return
        }
        let word = type.string ?? type.json.text
        let words = ["none", "fixed", "exponential", "default"]
        if !type.isTemplate, !words.contains(word.lowercased()) {
            error(
                .invalidRetryPolicy,
                "'\(word)' is no type of a retry policy; there are \(words.joined(separator: ", "))",
                at: type.location, hint: Suggestion.hint(for: word, among: words))
        }
        let hasWaits = ["fixed", "exponential"].contains(word.lowercased())
        if let count = policy["count"], !count.isTemplate {
            if count.wholeNumber.map({ (1...90).contains($0) }) != true {
                error(.invalidRetryPolicy, "the retry count must be a whole number from 1 to 90", at: count.location)
            }
        } else if hasWaits, policy["count"] == nil {
            error(.invalidRetryPolicy, "'retryPolicy' has no 'count'", at: policy.location)
        }
        if hasWaits, policy["interval"] == nil {
            error(.invalidRetryPolicy, "'retryPolicy' has no 'interval'", at: policy.location)
        }
        for key in ["interval", "minimumInterval", "maximumInterval"] {
            guard let interval = policy[key], !interval.isTemplate, !interval.isNull else { continue }
            checkInterval(interval, named: key)
        }
    }

    private mutating func checkInterval(_ node: SourceNode, named key: String) {
        let text = node.string ?? node.json.text
        guard let seconds = ISO8601Duration(text)?.approximateSeconds ?? Self.clockSeconds(text) else {
            error(
                .invalidRetryPolicy, "'\(text)' is no duration for '\(key)' of the retry policy", at: node.location,
                hint: Self.durationHint)
            return
        }
        guard seconds < 5 || seconds > 86_400 else { return }
        error(
            .invalidRetryPolicy, "'\(key)' of the retry policy must lie between PT5S and P1D, and is \(text)",
            at: node.location)
    }

    /// The seconds of a duration written `hh:mm:ss`.
    private static func clockSeconds(_ text: String) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2] else { return nil }
        return hours * 3_600 + minutes * 60 + seconds
    }

    // MARK: Run-time configuration

    private mutating func checkConcurrency(_ concurrency: SourceNode?) {
        guard let concurrency, !concurrency.isNull else { return }
        checkCount(concurrency["repetitions"], named: "concurrency.repetitions", in: 1...50)
        checkCount(concurrency["runs"], named: "concurrency.runs", in: 1...100)
        checkCount(concurrency["maximumWaitingRuns"], named: "concurrency.maximumWaitingRuns", in: 1...100)
    }

    private mutating func checkCount(_ node: SourceNode?, named name: String, in range: ClosedRange<Int64>) {
        guard let node, !node.isTemplate, node.wholeNumber.map(range.contains) != true else { return }
        error(
            .invalidConcurrencyConfiguration,
            "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), and is \(node.json.text)",
            at: node.location)
    }

    private mutating func checkPaging(_ policy: SourceNode?) {
        guard let count = policy?["minimumItemCount"], !count.isTemplate else { return }
        guard count.wholeNumber.map({ (1...100_000).contains($0) }) != true else { return }
        error(
            .invalidPaginationPolicy, "'minimumItemCount' must be a whole number from 1 to 100000", at: count.location)
    }

    private mutating func checkSecureValues(_ secured: SourceNode?) {
        guard let properties = secured?["properties"], !properties.isNull else { return }
        guard properties.isSequence else {
            error(
                .workflowRunActionInputsInvalidProperty, "'secureData.properties' must be a list",
                at: properties.location)
            return
        }
        for property in properties.elements {
            let word = property.string ?? property.json.text
            guard !["inputs", "outputs"].contains(word.lowercased()) else { continue }
            error(
                .workflowRunActionInputsInvalidProperty,
                "'\(word)' cannot be secured; there are inputs and outputs", at: property.location,
                hint: Suggestion.hint(for: word, among: ["inputs", "outputs"]))
        }
    }

    private mutating func checkTransfer(_ transfer: SourceNode?) {
        guard let mode = transfer?["transferMode"], !mode.isTemplate, mode.string?.lowercased() != "chunked" else {
            return
        }
        error(.invalidContentTransferConfiguration, "the only 'transferMode' is Chunked", at: mode.location)
    }

    private mutating func checkStaticResult(_ result: SourceNode?) {
        guard let name = result?["name"], let text = name.string else { return }
        guard result?["staticResultOptions"]?.string?.lowercased() != "disabled" else { return }
        let names = facts.flow.staticResults.map(\.key)
        guard !names.contains(where: { $0.lowercased() == text.lowercased() }) else { return }
        error(
            .invalidStaticResultName, "the static result '\(text)' is not defined under 'staticResults'",
            at: name.location, hint: Suggestion.hint(for: text, among: names))
    }

    private mutating func checkOptions() {
        guard let options = node["operationOptions"], !options.isTemplate, !options.isNull else { return }
        guard let text = options.string else {
            error(
                .workflowRunActionInputsInvalidProperty, "'operationOptions' must be a text of words with commas",
                at: options.location)
            return
        }
        for option in text.split(separator: ",") {
            let word = String(option).trimmed
            guard !Self.operationOptions.contains(where: { $0.lowercased() == word.lowercased() }) else { continue }
            error(
                .workflowRunActionInputsInvalidProperty, "'\(word)' is no operation option", at: options.location,
                hint: Suggestion.hint(for: word, among: Self.operationOptions))
        }
    }
}

extension String {
    /// The text without blanks at its ends.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
