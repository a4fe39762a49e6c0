import FlowCore
import Glibc

/// What happens in a run, as it is shown: redrawn lines on a terminal, else a line of JSON an event.
///
/// It is used by one command alone, from one task.
final class RunProgressView {
    private let format: OutputFormat
    private let isTerminal: Bool
    private var progress = RunProgressLines()
    /// How many lines were drawn last.
    private var drawn = 0

    init(_ options: GlobalOptions) {
        format = options.format
        isTerminal = Console.isInteractive && options.format == .table
    }

    /// Shows what came with a look.
    func show(_ look: JSON) {
        let events = look["events"]?.arrayValue ?? []
        if isTerminal {
            for event in events { progress.take(event) }
            draw(progress.lines(of: look["run"] ?? .null, now: Self.now, room: Self.size.rows - 1))
        } else if format != .json {
            // One JSON value is printed at the end, where that is asked for.
            for event in events { Console.write(event.text) }
        }
    }

    /// Shows what came of the run.
    func end(_ page: JSON) {
        if isTerminal {
            clear()
            Console.write(RunText.summary(of: page))
        } else if format == .json {
            Console.write(page.indentedText)
        } else if let wait = page["waitsFor"], page["endTime"]?.isNull != false {
            let line: JSON = [
                "event": "runWaits", "run": page["name"] ?? .null, "status": page["status"] ?? .null,
                "code": page["code"] ?? .null, "waitsFor": wait,
            ]
            Console.write(line.text)
        }
    }

    /// Says something beside it.
    func note(_ text: String) {
        clear()
        Console.note("note: \(text)")
    }

    private func draw(_ lines: [String]) {
        clear()
        let width = Self.size.columns
        for line in lines { Console.write(Style.cut(line, to: width)) }
        drawn = lines.count
    }

    private func clear() {
        // Up to the first line that was drawn, and from there on nothing.
        if drawn > 0 { _ = Descriptor.write("\u{1B}[\(drawn)A\u{1B}[J".utf8, to: STDOUT_FILENO) }
        drawn = 0
    }

    private static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(ticks: Int64(time.tv_sec) * Timestamp.ticksPerSecond + Int64(time.tv_nsec) / 100)
    }

    private static var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 2, size.ws_col > 20 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}

/// The lines that show how far a run is: an action a line, its repetitions counted.
struct RunProgressLines {
    private struct Line {
        var path: String
        var type: String
        var isRepeated: Bool
        /// When each that is under way began, by its path.
        var underWay: [String: Timestamp] = [:]
        /// How many ended with each status.
        var ended: [(status: String, count: Int)] = []
        var note = ""
        var code = ""
        var startTime: Timestamp?
        var endTime: Timestamp?
    }

    private var lines: [Line] = []
    private var places: [String: Int] = [:]

    /// Takes an event.
    mutating func take(_ event: JSON) {
        let path = event.text("path")
        guard !path.isEmpty else { return }
        let place = place(of: path, event)
        switch event.text("event") {
        case "actionStarted":
            lines[place].underWay[path] = Timestamp(iso8601: event.text("time"))
            lines[place].startTime = lines[place].startTime ?? Timestamp(iso8601: event.text("time"))
        case "actionRetries": lines[place].note = "retries at \(RunText.shortTime(event.text("until")))"
        case "actionWaits": lines[place].note = "waits until \(RunText.shortTime(event.text("until")))"
        case "actionEnded":
            lines[place].underWay[path] = nil
            lines[place].note = ""
            let status = event.text("status")
            if let known = lines[place].ended.firstIndex(where: { $0.status == status }) {
                lines[place].ended[known].count += 1
            } else {
                lines[place].ended.append((status, 1))
            }
            lines[place].code = event["error"]?.text("code") ?? ""
            lines[place].startTime = lines[place].startTime ?? Timestamp(iso8601: event.text("startTime"))
            lines[place].endTime = Timestamp(iso8601: event.text("endTime"))
        default: break
        }
    }

    private mutating func place(of path: String, _ event: JSON) -> Int {
        // All repetitions of an action share a line.
        let shared = path.replacing(/\[\d+\]/, with: "")
        if let place = places[shared] { return place }
        places[shared] = lines.count
        lines.append(Line(path: shared, type: event.text("type"), isRepeated: event["repetitionIndexes"] != nil))
        return lines.count - 1
    }

    /// The lines to show.
    /// - Parameters:
    ///   - run: the run as lists show it.
    ///   - now: the present instant.
    ///   - room: how many lines there may be; of more those under way and the last are shown.
    /// - Returns: the lines.
    func lines(of run: JSON, now: Timestamp, room: Int) -> [String] {
        var shown = lines
        var left = 0
        if shown.count > room - 2 {
            let done = shown.filter { $0.underWay.isEmpty }
            left = min(done.count, shown.count - max(1, room - 2))
            let first = Set(done.prefix(left).map(\.path))
            shown = shown.filter { !first.contains($0.path) }
        }
        var text = [
            "\(RunText.status(run.text("status")))  \(Style.bold(run["flow"]?.text("name") ?? ""))  \(run.text("name"))"
        ]
        if left > 0 { text.append(Style.faint("  … \(left) more that ended")) }
        return text + shown.prefix(max(1, room - 1 - text.count)).map { line($0, now: now) }
    }

    private func line(_ line: Line, now: Timestamp) -> String {
        var words: [String] = []
        if line.isRepeated {
            words += line.ended.map { "\(RunText.status($0.status)) ×\($0.count)" }
            if !line.underWay.isEmpty { words.append("\(RunText.status("Running")) ×\(line.underWay.count)") }
        } else if let ended = line.ended.last, line.underWay.isEmpty {
            words.append(RunText.status(ended.status))
        } else {
            words.append(RunText.status("Running"))
        }
        var text = "  \(line.path)  \(words.joined(separator: ", "))"
        if let start = line.startTime {
            let end = line.underWay.isEmpty ? line.endTime ?? now : now
            text += "  \(RunText.duration(max(end - start, .zero)))"
        }
        if !line.note.isEmpty { text += "  \(line.note)" }
        if !line.code.isEmpty { text += "  \(Style.faint(line.code))" }
        return text
    }
}
