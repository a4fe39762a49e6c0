import FlowCore

/// What of a run's page someone wants to see.
struct RunSelection {
    /// Only what failed or timed out, and of repetitions those that did.
    var failed = false
    /// Only this action and what is inside it, by its path or its name.
    var action: String?
    /// Only this repetition, as in `actions/Each[3]`.
    var repetition: String?

    private static let failures: Set<String> = ["Failed", "TimedOut"]

    /// Whether a record failed or timed out.
    static func isFailure(_ record: JSON) -> Bool { failures.contains(record.text("status")) }

    /// The page with the actions and repetitions that are wanted.
    /// - Throws: `InvalidArgument` where the run has no such action or repetition.
    func apply(to page: JSON) throws(FlowError) -> JSON {
        guard case .object(var members) = page else { return page }
        var actions = page["actions"]?.arrayValue ?? []
        if let action { actions = try Self.select(action, actions, page) }
        if let repetition { actions = try Self.select(repetition: repetition, actions, page) }
        if failed { actions = actions.filter(Self.isFailure).map { Self.keep($0, where: Self.isFailure) } }
        members["actions"] = .array(actions)
        return .object(members)
    }

    private static func select(_ word: String, _ actions: [JSON], _ page: JSON) throws(FlowError) -> [JSON] {
        let found = actions.first { $0.text("path") == word || $0.text("name").lowercased() == word.lowercased() }
        guard let found else {
            let near = Suggestion.hint(for: word, among: actions.map { $0.text("name") })
            throw FlowError(
                .invalidArgument, "The run has no action '\(word)'.",
                hint: near ?? "flowrun runs show \(page.text("name"))")
        }
        let path = ActionPath(text: found.text("path"))
        return actions.filter { ActionPath(text: $0.text("path")).isWithin(path) }
    }

    private static func select(
        repetition word: String, _ actions: [JSON], _ page: JSON
    ) throws(FlowError) -> [JSON] {
        let wanted = ActionPath(text: word)
        let inside = { (record: JSON) in ActionPath(text: record.text("path")).isWithin(wanted) }
        let kept = actions.compactMap { action -> JSON? in
            guard action["repetitions"]?.arrayValue?.contains(where: inside) == true else { return nil }
            return keep(action, where: inside)
        }
        guard kept.isEmpty else { return kept }
        let loops = RunLoops(page)
        let near = loops.indexes(of: word).last.map { last in
            "its repetitions go to \(RunLoops.loop(of: word))[\(last)]"
        }
        throw FlowError(
            .invalidArgument, "The run has no repetition '\(word)'.",
            hint: near ?? "write a loop's path and a number from 0, as in 'actions/Each[0]'; flowrun runs show "
                + "\(page.text("name")) shows the paths")
    }

    private static func keep(_ action: JSON, where holds: (JSON) -> Bool) -> JSON {
        guard case .object(var members) = action, let repetitions = members["repetitions"]?.arrayValue else {
            return action
        }
        members["repetitions"] = .array(repetitions.filter(holds))
        return .object(members)
    }
}

/// The loops of a run's page and which of their repetitions failed.
struct RunLoops {
    /// Whether each repetition failed, by the path of its loop with the rounds of the loops around it.
    private var rounds: [String: [Int: Bool]] = [:]

    init(_ page: JSON) {
        for action in page["actions"]?.arrayValue ?? [] {
            for repetition in action["repetitions"]?.arrayValue ?? [] {
                add(repetition.text("path"), hasFailed: RunSelection.isFailure(repetition))
            }
        }
    }

    /// Notes each loop that a path leads through, as `actions/Each` and 3 of `actions/Each[3]/actions/Send`.
    private mutating func add(_ path: String, hasFailed: Bool) {
        for bracket in path.matches(of: /\[(\d+)\]/) {
            guard let number = Int(bracket.1) else { continue }
            rounds[String(path[..<bracket.range.lowerBound]), default: [:]][number, default: false] =
                hasFailed || rounds[String(path[..<bracket.range.lowerBound])]?[number] == true
        }
    }

    /// The path of the loop of a repetition.
    static func loop(of repetition: String) -> String {
        guard let last = repetition.matches(of: /\[\d+\]/).last else { return repetition }
        return String(repetition[..<last.range.lowerBound])
    }

    /// The rounds of a repetition's loop, in order.
    func indexes(of repetition: String) -> [Int] { (rounds[Self.loop(of: repetition)] ?? [:]).keys.sorted() }

    /// The first failed repetition of a loop after a number.
    func nextFailed(of loop: String, after number: Int = -1) -> String? {
        let failed = (rounds[loop] ?? [:]).filter { $0.value && $0.key > number }.keys.min()
        return failed.map { "\(loop)[\($0)]" }
    }

    /// The next failed repetition of the loop of a repetition.
    func nextFailed(after repetition: String) -> String? {
        guard let last = repetition.matches(of: /\[(\d+)\]/).last, let number = Int(last.1) else { return nil }
        return nextFailed(of: Self.loop(of: repetition), after: number)
    }

    /// How many rounds of a loop there are, and how many failed.
    func counts(of loop: String) -> (all: Int, failed: Int)? {
        rounds[loop].map { ($0.count, $0.values.count { $0 }) }
    }
}
