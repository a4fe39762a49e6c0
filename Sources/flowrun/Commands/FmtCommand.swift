import ArgumentParser
import FlowCore
import FlowText
import Glibc

/// `flowrun fmt PATH…`: gives flow and solution files their form.
struct FmtCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Formats flow and solution files.",
        discussion: """
            Two blanks a level, no blanks at line ends, at most one empty line in a row. Words, order, quotes, comments and \
            block scalars stay as they are. JSON files and files with YAML errors are left alone. PATH is a file, a folder \
            (its *.flow.yaml, *.flowtest.yaml, solution.yaml and flowrun.yaml), or - for stdin to stdout.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Files and folders.")
    var paths: [String]

    @Flag(help: "Change nothing; name the files that would change and exit 1 if there are any.")
    var check = false

    private static let endings = [".flow.yaml", ".flow.yml", ".flowtest.yaml", ".flowtest.yml"]
    private static let names = ["solution.yaml", "flowrun.yaml"]

    func run() throws {
        if paths == ["-"] { return try formatInput() }
        var changed: [String] = []
        var worst: ExitStatus?
        for file in try files() {
            do throws(FlowError) {
                if try format(file) { changed.append(file) }
            } catch {
                Console.note(ErrorReport().text(of: error))
                worst = worst ?? ExitStatus(of: error)
            }
        }
        options.present(.array(changed.map { .string($0) })) { changed.joined(separator: "\n") }
        if let worst { throw EndWith(worst) }
        if check, !changed.isEmpty { throw EndWith(.failed) }
    }

    private func files() throws(FlowError) -> [String] {
        var files: [String] = []
        for path in paths {
            guard TextFile.isFolder(path) else {
                files.append(path)
                continue
            }
            files += try TextFile.find(in: path, endings: Self.endings + Self.names).filter { file in
                Self.endings.contains { file.hasSuffix($0) } || Self.names.contains { file.hasSuffix("/" + $0) }
            }
        }
        return files.uniqued()
    }

    /// Formats a file.
    /// - Returns: whether it is changed, or would be.
    private func format(_ file: String) throws(FlowError) -> Bool {
        let bytes = try TextFile.read(file)
        switch try FlowTextFormatter.format(bytes, file: file) {
        case .json:
            Console.note("\(file) is JSON, which fmt leaves as it is.")
            return false
        case .formatted(let text):
            let formatted = Array(text.utf8)
            guard formatted != bytes else { return false }
            if !check { try TextFile.replace(file, with: formatted) }
            return true
        }
    }

    private func formatInput() throws {
        let bytes = try TextFile.read("-")
        var text = String(decoding: bytes, as: UTF8.self)
        if case .formatted(let formatted) = try FlowTextFormatter.format(bytes, file: "stdin") {
            if check {
                guard formatted == text else { throw EndWith(.failed) }
                return
            }
            text = formatted
        }
        if !check { Console.write(text.last?.isNewline == true ? String(text.dropLast()) : text) }
    }
}

extension TextFile {
    /// Puts other bytes into a file at once: readers see the old or the new text, and the rights stay.
    fileprivate static func replace(_ path: String, with bytes: [UInt8]) throws(FlowError) {
        // Behind a symbolic link the file itself is replaced.
        guard let resolved = realpath(path, nil) else { throw notWritable(path) }
        defer { free(resolved) }
        let target = String(cString: resolved)
        var status = stat()
        guard stat(target, &status) == 0 else { throw notWritable(path) }
        var template = Array((target + ".XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw notWritable(path) }
        let temporary = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        let isWritten =
            Descriptor.write(bytes, to: descriptor) && fchmod(descriptor, status.st_mode & 0o7777) == 0
            && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(temporary, target) == 0 else {
            let error = notWritable(path)
            unlink(temporary)
            throw error
        }
    }

    private static func notWritable(_ path: String) -> FlowError {
        FlowError(
            .fileNotWritable, "\(path) cannot be written: \(String(cString: strerror(errno))).",
            hint: "check the owner and rights of the file and its folder, and that the disk has room")
    }
}
