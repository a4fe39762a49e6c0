import FlowCore
import FlowDefinitions
import FlowExpressions

/// Compares the records of both sides, as a solution's `audit` says.
struct DealAudit: Sendable {
    /// How a deal stands.
    enum State: String, Sendable {
        case inStep, behind, blocked
    }

    /// One deal.
    struct Deal: Sendable {
        let key: String
        let title: String
        let state: State
        /// The side that is behind, or nil.
        let behind: String?
        /// The rule that keeps it from being in step, or nil.
        let rule: String?
        /// Why, in words.
        let message: String
        /// Since when, as far as the records tell.
        let since: String?
        /// The values that differ: name, left, right.
        let differences: [(name: String, left: JSON, right: JSON)]
        /// Both records, null where there is none.
        var records: (left: JSON, right: JSON) = (.null, .null)
    }

    /// A side's expressions, compiled once for all records.
    private struct Reader {
        let side: SolutionAudit.Side
        let key, title, changed: CompiledTemplate
        let values: [(name: String, expression: CompiledTemplate)]

        init(_ side: SolutionAudit.Side) throws(FlowError) {
            self.side = side
            key = try CompiledTemplate(side.key)
            title = try CompiledTemplate(side.title)
            changed = try CompiledTemplate(side.changed)
            var values: [(name: String, expression: CompiledTemplate)] = []
            for (name, expression) in side.values { values.append((name, try CompiledTemplate(expression))) }
            self.values = values
        }
    }

    private let left, right: Reader
    private let rules: [(rule: SolutionAudit.Rule, condition: CompiledTemplate, message: CompiledTemplate)]
    private let repairs: [(flow: String, condition: CompiledTemplate, input: CompiledValue)]
    private let parameters: JSON
    private let now: Timestamp

    /// Compiles an audit.
    /// - Throws: `InvalidTemplate`.
    init(_ audit: SolutionAudit, parameters: JSONObject, now: Timestamp) throws(FlowError) {
        left = try Reader(audit.left)
        right = try Reader(audit.right)
        var rules: [(rule: SolutionAudit.Rule, condition: CompiledTemplate, message: CompiledTemplate)] = []
        for rule in audit.rules {
            rules.append((rule, try CompiledTemplate(rule.condition), try CompiledTemplate(rule.message)))
        }
        self.rules = rules
        var repairs: [(flow: String, condition: CompiledTemplate, input: CompiledValue)] = []
        for repair in audit.repairs {
            repairs.append((repair.flow, try CompiledTemplate(repair.condition), try CompiledValue(repair.input)))
        }
        self.repairs = repairs
        self.parameters = .object(parameters)
        self.now = now
    }

    private func scope(_ item: JSON) -> ContextScope {
        ContextScope(["parameters": parameters, "item": item], now: now)
    }

    /// Pairs the records of both sides and says how each pair stands; pairs that need not be in step are left out.
    /// - Parameters:
    ///   - leftRecords: the records of the left side.
    ///   - rightRecords: those of the right side.
    /// - Returns: the deals, in the order of the left side, then those of the right side alone.
    /// - Throws: `InvalidTemplate` where an expression cannot be evaluated.
    func deals(_ leftRecords: [JSON], _ rightRecords: [JSON]) throws(FlowError) -> [Deal] {
        var rest: [String: JSON] = [:]
        var order: [String] = []
        for (place, record) in rightRecords.enumerated() {
            // A record without key has no other side: it stands for itself.
            let key = try text(right.key, record) ?? "\u{1}\(place)"
            rest[key] = record
            order.append(key)
        }
        var deals: [Deal] = []
        for record in leftRecords {
            guard let key = try text(left.key, record) else { continue }
            if let deal = try deal(key, record, rest.removeValue(forKey: key)) { deals.append(deal) }
        }
        for key in order {
            guard let record = rest.removeValue(forKey: key) else { continue }
            if let deal = try deal(key, nil, record) { deals.append(deal) }
        }
        return deals
    }

    private func text(_ template: CompiledTemplate, _ record: JSON) throws(FlowError) -> String? {
        let value = try template.evaluate(in: scope(record))
        guard !value.isNull else { return nil }
        let text = value.stringValue ?? value.text
        return text.isEmpty ? nil : text
    }

    private func deal(_ key: String, _ leftRecord: JSON?, _ rightRecord: JSON?) throws(FlowError) -> Deal? {
        var differences: [(name: String, left: JSON, right: JSON)] = []
        if let leftRecord, let rightRecord {
            let (leftScope, rightScope) = (scope(leftRecord), scope(rightRecord))
            for (name, expression) in left.values {
                guard let other = right.values.first(where: { $0.name == name }) else { continue }
                let here = try expression.evaluate(in: leftScope)
                let there = try other.expression.evaluate(in: rightScope)
                if here != there { differences.append((name, here, there)) }
            }
        }
        let title: String?
        if let leftRecord {
            title = try text(left.title, leftRecord)
        } else if let rightRecord {
            title = try text(right.title, rightRecord)
        } else {
            title = nil
        }
        let shownKey = key.hasPrefix("\u{1}") ? "" : key
        if leftRecord != nil, rightRecord != nil, differences.isEmpty {
            return Deal(
                key: shownKey, title: title ?? "", state: .inStep, behind: nil, rule: nil, message: "", since: nil,
                differences: [])
        }
        let leftChange = try leftRecord.map { (record) throws(FlowError) in try text(left.changed, record) } ?? nil
        let rightChange = try rightRecord.map { (record) throws(FlowError) in try text(right.changed, record) } ?? nil
        let pair = scope(["left": leftRecord ?? .null, "right": rightRecord ?? .null])
        for (rule, condition, message) in rules where try condition.evaluate(in: pair) == true {
            guard rule.state == .blocked else { return nil }
            let words = try message.evaluate(in: pair)
            return Deal(
                key: shownKey, title: title ?? "", state: .blocked, behind: nil, rule: rule.name,
                message: words.stringValue ?? words.text, since: [leftChange, rightChange].compactMap(\.self).max(),
                differences: differences)
        }
        let isLeftNewer = rightRecord == nil || (leftRecord != nil && isLater(leftChange, rightChange))
        let message: String
        if leftRecord == nil || rightRecord == nil {
            message = "not there"
        } else {
            message = differences.map(\.name).joined(separator: ", ")
        }
        return Deal(
            key: shownKey, title: title ?? "", state: .behind, behind: isLeftNewer ? right.side.name : left.side.name,
            rule: nil, message: message, since: isLeftNewer ? leftChange : rightChange, differences: differences,
            records: (leftRecord ?? .null, rightRecord ?? .null))
    }

    /// The run that brings a deal up to date: a flow and its input; nil where the solution has none for it.
    /// - Throws: `InvalidTemplate` where an expression cannot be evaluated.
    func repair(of deal: Deal) throws(FlowError) -> (flow: String, input: JSON)? {
        let item: JSON = [
            "left": deal.records.left, "right": deal.records.right,
            "behind": deal.behind == left.side.name ? "left" : "right",
        ]
        for (flow, condition, input) in repairs where try condition.evaluate(in: scope(item)) == true {
            return (flow, try input.evaluate(in: scope(item)))
        }
        return nil
    }

    private func isLater(_ left: String?, _ right: String?) -> Bool {
        let dates = (left.flatMap(Timestamp.init(iso8601:)), right.flatMap(Timestamp.init(iso8601:)))
        guard let here = dates.0, let there = dates.1 else { return dates.0 != nil }
        return here > there
    }
}

extension DealAudit.Deal {
    /// The deal as `audit` gives it.
    func json(run: JSON) -> JSON {
        [
            "key": key.isEmpty ? .null : .string(key), "title": .string(title), "state": .string(state.rawValue),
            "behind": behind.map { .string($0) } ?? .null, "rule": rule.map { .string($0) } ?? .null,
            "message": .string(message), "since": since.map { .string($0) } ?? .null,
            "differences": .array(
                differences.map { ["name": .string($0.name), "left": $0.left, "right": $0.right] }), "run": run,
        ]
    }
}
