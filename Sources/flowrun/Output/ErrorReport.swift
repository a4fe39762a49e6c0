import FlowCore
import FlowDefinitions

/// An error as a person reads it: place, code, what happened, the line with a caret, and what to do.
struct ErrorReport {
    private let excerpts: SourceExcerpts
    private let colour: Bool

    /// Makes a report writer.
    init(colour: Bool = Style.onMessages, excerpts: SourceExcerpts = SourceExcerpts()) {
        self.colour = colour
        self.excerpts = excerpts
    }

    /// The report of an error and of those it stands for.
    func text(of error: FlowError) -> String {
        var lines = block(
            severity: .error, code: error.code, message: error.message, location: error.location, path: error.path,
            hint: error.hint, cause: error.cause, indent: "")
        for detail in error.details {
            lines += block(
                severity: .error, code: detail.code, message: detail.message, location: detail.location,
                path: detail.path, hint: detail.hint, cause: detail.cause, indent: "  ", isDetail: true)
        }
        return lines.joined(separator: "\n")
    }

    /// The report of a finding.
    func text(of finding: Diagnostic) -> String {
        block(
            severity: finding.severity, code: finding.code, message: finding.message, location: finding.location,
            path: finding.path, hint: finding.hint, cause: nil, indent: ""
        ).joined(separator: "\n")
    }

    private func block(
        severity: Diagnostic.Severity, code: FlowError.Code, message: String, location: SourceLocation?,
        path: ActionPath?, hint: String?, cause: FlowError.Cause?, indent: String, isDetail: Bool = false
    ) -> [String] {
        let style: Style =
            switch severity {
            case .error: .red
            case .warning: .yellow
            case .information: .faint
            }
        let place = location.map { "\($0): " } ?? ""
        var lines = [place + style(severity.rawValue, on: colour) + ": " + Style.bold(code.rawValue, on: colour)]
        lines += message.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        if let location { lines += excerpts.lines(at: location) }
        if let path, !path.text.isEmpty { lines.append("  in:   \(path)") }
        if let cause { lines.append("  from: \(cause)") }
        if let hint { lines.append("  hint: \(hint)") }
        if !isDetail, ErrorPage.all[code] != nil { lines.append("  more: flowrun explain \(code)") }
        return lines.map { indent + $0 }
    }
}

/// The lines of text files that errors point at; each file is read once.
final class SourceExcerpts {
    private var files: [String: [Substring]] = [:]

    /// The line of a place and a caret under its column; nothing where the file cannot be read.
    func lines(at location: SourceLocation) -> [String] {
        let lines = lines(of: location.file)
        guard lines.indices.contains(location.line - 1) else { return [] }
        let line = lines[location.line - 1].replacing("\t", with: " ")
        let number = String(location.line)
        let blank = String(repeating: " ", count: number.count)
        let before = String(repeating: " ", count: max(0, location.column - 1))
        return ["  \(number) | \(line)", "  \(blank) | \(before)^"]
    }

    private func lines(of file: String) -> [Substring] {
        if let known = files[file] { return known }
        let text = (try? TextFile.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.last == "\r" ? line.dropLast() : line
        }
        files[file] = lines
        return lines
    }
}
