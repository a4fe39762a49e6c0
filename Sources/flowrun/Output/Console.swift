import FlowCore
import Glibc

/// Where a command's words go: data to stdout, messages to stderr.
enum Console {
    /// Whether stdout is a terminal.
    static let isInteractive = isatty(STDOUT_FILENO) == 1

    /// Whether stdin and stderr are a terminal, so that a question may be asked.
    static let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1

    /// Writes a line of data to stdout.
    static func write(_ text: String) { put(text + "\n", to: STDOUT_FILENO) }

    /// Writes a line of a message to stderr; signatures of URLs are masked.
    static func note(_ text: String) { put(SecretMask.masking(text) + "\n", to: STDERR_FILENO) }

    /// Writes a line with a secret that is meant for the reader to stderr, as it is.
    static func secret(_ text: String) { put(text + "\n", to: STDERR_FILENO) }

    /// Asks for a secret on the terminal, which does not show what is typed; nil at the end of input.
    static func askSecret(_ question: String) -> String? {
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else { return ask(question) }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            put("\n", to: STDERR_FILENO)
        }
        return ask(question)
    }

    /// Writes a log entry to stderr; signatures of URLs are masked.
    static func log(_ line: String) { note(line) }

    /// Asks a question on the terminal; nil at the end of input.
    static func ask(_ question: String) -> String? {
        put(question + " ", to: STDERR_FILENO)
        return readLine()
    }

    /// Reads all of stdin.
    static func readInput() -> [UInt8] { read(descriptor: STDIN_FILENO) }

    private static func read(descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    private static func put(_ text: String, to descriptor: Int32) {
        // A reader that has gone away ends the output, not the command.
        _ = Descriptor.write(text.utf8, to: descriptor)
    }
}

/// Colours for a terminal; words alone where there is none, or where `NO_COLOR` is set.
enum Style {
    case bold, faint, red, green, yellow

    /// Whether stdout gets colours.
    static let onOutput = decide(STDOUT_FILENO)
    /// Whether stderr gets colours.
    static let onMessages = decide(STDERR_FILENO)

    private static func decide(_ descriptor: Int32) -> Bool {
        if let force = getenv("CLICOLOR_FORCE"), String(cString: force) != "0" { return true }
        if getenv("NO_COLOR") != nil { return false }
        return isatty(descriptor) == 1
    }

    /// A line as far as it fits a width; colours take no room.
    static func cut(_ line: String, to width: Int) -> String {
        var cut = ""
        var count = 0
        var isColour = false
        for character in line {
            if character == "\u{1B}" { isColour = true }
            if isColour {
                if character == "m" { isColour = false }
            } else if count == width {
                continue
            } else {
                count += 1
            }
            cut.append(character)
        }
        return cut
    }

    /// A text in this style, where colours are on.
    func callAsFunction(_ text: String, on enabled: Bool = Style.onOutput) -> String {
        guard enabled else { return text }
        let code =
            switch self {
            case .bold: "1"
            case .faint: "2"
            case .red: "31"
            case .green: "32"
            case .yellow: "33"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
