import FlowCore
import Glibc

/// Values that are given on the command line, or by what they point at.
enum Input {
    /// JSON of an argument: the text itself, `@FILE`, or `-` for stdin.
    static func json(_ argument: String) throws(FlowError) -> JSON {
        if argument == "-" { return try json(file: "-") }
        if argument.hasPrefix("@") { return try json(file: String(argument.dropFirst())) }
        return try parse(Array(argument.utf8), file: "--input")
    }

    /// JSON of a file.
    static func json(file: String) throws(FlowError) -> JSON {
        try parse(try TextFile.read(file), file: file)
    }

    /// Text of an argument: the text itself, `@FILE`, or `-` for stdin; a final line break is left out.
    static func text(_ argument: String) throws(FlowError) -> String {
        let bytes: [UInt8]
        if argument == "-" {
            bytes = Console.readInput()
        } else if argument.hasPrefix("@") {
            bytes = try TextFile.read(String(argument.dropFirst()))
        } else {
            return argument
        }
        return withoutLineEnd(String(decoding: bytes, as: UTF8.self))
    }

    /// Whether an argument is the value itself.
    static func isPlain(_ argument: String) -> Bool { argument != "-" && !argument.hasPrefix("@") }

    /// `NAME=VALUE`.
    static func pair(_ argument: String, option: String) throws(FlowError) -> (String, String) {
        guard let equal = argument.firstIndex(of: "="), equal != argument.startIndex else {
            throw FlowError(
                .invalidArgument, "\(option) takes NAME=VALUE.", hint: "write \(option) NAME=VALUE")
        }
        return (String(argument[..<equal]), String(argument[argument.index(after: equal)...]))
    }

    /// A secret by its source: `env:VARIABLE`, `file:PATH` or `-`; never the secret itself.
    static func secret(_ source: String, name: String) throws(FlowError) -> String {
        if source == "-" { return withoutLineEnd(String(decoding: Console.readInput(), as: UTF8.self)) }
        if source.hasPrefix("file:") {
            let bytes = try TextFile.read(String(source.dropFirst("file:".count)))
            return withoutLineEnd(String(decoding: bytes, as: UTF8.self))
        }
        if source.hasPrefix("env:") {
            let variable = String(source.dropFirst("env:".count))
            guard let value = getenv(variable) else {
                throw FlowError(
                    .invalidArgument, "The environment variable '\(variable)' for the secret '\(name)' is not set.",
                    hint: "export \(variable)=…, then call the command again")
            }
            return String(cString: value)
        }
        throw FlowError(
            .invalidArgument, "The secret '\(name)' must not stand on the command line.",
            hint: "give its source: \(name)=env:VARIABLE, \(name)=file:PATH or \(name)=-")
    }

    private static func parse(_ bytes: [UInt8], file: String) throws(FlowError) -> JSON {
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw FlowError(
                .invalidArgument, "The input is not JSON: \(error.message).",
                location: SourceLocation(file: file, line: error.line, column: error.column),
                hint: "write a JSON value, @FILE, or - for stdin")
        }
    }

    private static func withoutLineEnd(_ text: String) -> String {
        text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}

/// Paths as they hold in another process, too.
enum AbsolutePath {
    /// The path from the root; it need not exist.
    static func of(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
