import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun doctor`: what keeps the environment from working, with the command that repairs it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines the environment and says what is wrong, why, and how to repair it.",
        discussion: """
            Looks at connections and their sign-in, roles, references and run-only settings, flows that are off, variables, \
            fields of the CRM, the webhook registration, currencies, quotas, triggers, and whether anybody serves. It signs in \
            and reads; without --fix it changes nothing. Exit code 1 when something was found.
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Repairs what can be repaired without harm, after showing it, and examines again.")
    var fix = false

    func run() async throws {
        var fixed: [JSON] = []
        var result = try await options.perform(.doctor, [:])
        if fix {
            let before = result["findings"]?.arrayValue ?? []
            let safe = before.filter { $0["fixable"] == true }
            if !safe.isEmpty {
                Console.note("to be repaired:")
                for finding in safe { Console.note("  \(finding.text("code"))  \(finding.text("subject"))") }
                result = try await options.perform(.doctor, ["fix": true])
                fixed = result["fixed"]?.arrayValue ?? []
            }
        }
        let findings = result["findings"]?.arrayValue ?? []
        options.present(result) { text(findings, fixed) }
        if result["healthy"] != true { throw EndWith(.failed) }
    }

    private func text(_ findings: [JSON], _ fixed: [JSON]) -> String {
        var lines: [String] = []
        for repair in fixed {
            let isDone = repair["done"] == true
            lines.append(
                (isDone ? Style.green("repaired") : Style.red("not repaired"))
                    + "  \(repair.text("code"))  \(repair.text("subject"))"
                    + (isDone ? "" : "\n  \(repair.text("error"))"))
        }
        if !fixed.isEmpty { lines.append("") }
        for finding in findings {
            lines.append(
                "\(label(finding.text("severity")))  \(Style.bold(finding.text("code")))  \(finding.text("subject"))")
            lines.append("  cause:    \(finding.text("cause"))")
            for (place, evidence) in (finding["evidence"]?.arrayValue ?? []).enumerated() {
                lines.append((place == 0 ? "  evidence: " : "            ") + (evidence.stringValue ?? evidence.text))
            }
            lines.append("  repair:   \(finding.text("repair"))")
            lines.append("")
        }
        if findings.isEmpty {
            lines.append("nothing found: connections, flows, registration and services are as the flows need them")
        } else {
            let fixable = findings.count { $0["fixable"] == true }
            lines.append(
                "\(findings.count) finding\(findings.count == 1 ? "" : "s")"
                    + (fixable > 0 ? ", \(fixable) of which `flowrun doctor --fix` repairs" : ""))
        }
        return lines.joined(separator: "\n")
    }

    private func label(_ severity: String) -> String {
        switch severity {
        case "error": Style.red("error")
        case "warning": Style.yellow("warning")
        default: Style.faint(severity)
        }
    }
}
