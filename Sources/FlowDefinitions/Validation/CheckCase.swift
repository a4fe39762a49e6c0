public import FlowCore

/// One case of the conformance file for checks: texts of flows and the place that a check must report.
public struct CheckCase: Sendable {
    /// How a case came out.
    public enum Outcome: Sendable, Hashable {
        /// The mistake was caught, or nothing was said about a valid flow.
        case passed
        /// It was not; the text says what was expected and what was found.
        case failed(String)
    }

    /// The stable name.
    public let id: String
    /// Whether the flow is valid, so that nothing above information may be said.
    public let isValid: Bool
    private let severity: Diagnostic.Severity
    private let files: [(name: String, text: String)]
    private let places: [JSON]

    /// Reads a case; nil where the value is no check case.
    public init?(_ value: JSON) {
        guard let id = value["id"]?.stringValue, let severity = value["severity"]?.stringValue,
            let expected = value["expected"]?.arrayValue
        else { return nil }
        self.id = id
        isValid = severity == "none"
        self.severity = Diagnostic.Severity(rawValue: severity) ?? .warning
        if let text = value["text"]?.stringValue {
            files = [("flow.yaml", text)]
        } else if let texts = value["files"]?.objectValue {
            files = texts.compactMap { name, text in text.stringValue.map { (name: name, text: $0) } }
        } else {
            return nil
        }
        places = expected.flatMap { [$0] + ($0["alternatives"]?.arrayValue ?? []) }
    }

    /// Checks the texts and compares.
    /// - Parameter checker: the checker.
    /// - Returns: how the case came out.
    public func run(with checker: FlowChecker) -> Outcome {
        let found = checker.check(files: files)
        if isValid {
            let alarms = found.filter { $0.severity > .information }
            return alarms.isEmpty ? .passed : .failed("expected nothing, got \(list(alarms))")
        }
        if found.contains(where: { finding in places.contains { isCaught($0, by: finding) } }) { return .passed }
        let wanted = places.map(describe).joined(separator: " or ")
        return .failed("expected \(severity.rawValue) at \(wanted), got \(list(found))")
    }

    private func isCaught(_ place: JSON, by finding: Diagnostic) -> Bool {
        guard finding.severity >= severity else { return false }
        if let file = place["file"]?.stringValue ?? (files.count == 1 ? files.first?.name : nil),
            finding.location.file != file
        {
            return false
        }
        guard let lines = lines(of: place), lines.contains(finding.location.line) else { return false }
        return finding.path.isWithin(ActionPath(text: place["where"]?.stringValue ?? ""))
    }

    private func lines(of place: JSON) -> ClosedRange<Int>? {
        if let line = place["line"]?.integerValue { return Int(line)...Int(line) }
        guard let first = place["line"]?[0]?.integerValue, let last = place["line"]?[1]?.integerValue, first <= last
        else { return nil }
        return Int(first)...Int(last)
    }

    private func describe(_ place: JSON) -> String {
        "'\(place["where"]?.stringValue ?? "")' line \(place["line"]?.text ?? "?")"
    }

    private func list(_ findings: [Diagnostic]) -> String {
        guard !findings.isEmpty else { return "nothing" }
        return findings.prefix(4).map {
            "\($0.severity.rawValue) \($0.code) at '\($0.path)' line \($0.location.line): \($0.message)"
        }.joined(separator: "; ")
    }
}
