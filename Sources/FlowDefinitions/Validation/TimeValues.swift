import FlowCore
import FlowExpressions

/// Checks of texts that are times: time zones, durations, timestamps, units.
enum TimeValues {
    static let units = ["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]

    /// Whether a text is a date, with or without a time and a zone.
    static func isTimestamp(_ text: String) -> Bool {
        if Timestamp(iso8601: text) != nil { return true }
        // A text that another .NET format may read is not called wrong.
        return !text.isEmpty && text.contains { $0.isNumber }
    }

    /// Reports a zone that does not exist, and one that only flowrun knows by its IANA name.
    static func checkZone(
        _ name: String, _ code: FlowError.Code, unknownIs severity: Diagnostic.Severity, at location: SourceLocation,
        path: ActionPath, into report: inout CheckReport
    ) {
        if WindowsTimeZones.contains(name) { return }
        // An abbreviation such as CET is an IANA name too, and nobody's intention.
        if name.contains("/"), WindowsTimeZones.isIANAName(name) {
            report.warning(
                .timeZoneNotPortable,
                "'\(name)' is an IANA name, which flowrun reads and the platform does not document.", at: location,
                path: path,
                hint: WindowsTimeZones.windowsName(ofIANA: name).map { "the Windows name is '\($0)'" }
                    ?? "use a Windows name such as 'W. Europe Standard Time'")
            return
        }
        let message = "'\(name)' is no time zone."
        let hint = WindowsTimeZones.suggestion(for: name)
        if severity == .error {
            report.error(code, message, at: location, path: path, hint: hint)
        } else {
            report.warning(code, message, at: location, path: path, hint: hint)
        }
    }
}
