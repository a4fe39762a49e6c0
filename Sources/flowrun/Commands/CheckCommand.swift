import ArgumentParser
import FlowCore
import FlowDefinitions

/// `flowrun check PATH…`: everything that is wrong with flow files, before any run.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks flow files and says what is wrong, where, and what to do.",
        discussion: """
            Folders are searched for *.flow.yaml, *.flow.yml and *.flow.json, and for the *.json files in the Workflows folder of an \
            exported solution. Exit code 3 means errors.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Flow files or folders.")
    var paths: [String]

    func run() async throws {
        let files = try FlowFiles.find(paths, withSolutions: true)
        var texts: [(name: String, text: [UInt8])] = []
        for file in files { texts.append((file, try TextFile.read(file))) }
        let findings = FlowChecker(catalog: Wiring.catalog).check(files: texts)
        options.present(.array(findings.map(\.json))) {
            let report = ErrorReport(colour: Style.onOutput)
            return findings.map(report.text(of:)).joined(separator: "\n")
        }
        summarise(findings, files: files.count)
        if findings.contains(where: { $0.severity == .error }) { throw EndWith(.check) }
    }

    private func summarise(_ findings: [Diagnostic], files: Int) {
        func count(_ severity: Diagnostic.Severity) -> Int { findings.count { $0.severity == severity } }
        let (errors, warnings) = (count(.error), count(.warning))
        Console.note(
            "\(files) \(files == 1 ? "file" : "files"), \(errors) \(errors == 1 ? "error" : "errors"), \(warnings) "
                + (warnings == 1 ? "warning" : "warnings"))
    }
}

/// The flow files that paths on the command line mean.
enum FlowFiles {
    private static let endings = [".flow.yaml", ".flow.yml", ".flow.json"]
    private static let solutionFile = "solution.yaml"
    /// Where an exported solution has its flows.
    private static func isExported(_ path: String) -> Bool {
        path.hasSuffix(".json") && path.split(separator: "/").dropLast().last == "Workflows"
    }

    /// A file stands for itself, a folder for the flow files below it.
    /// - Parameters:
    ///   - paths: files and folders.
    ///   - withSolutions: whether the `solution.yaml` files of folders come along.
    /// - Returns: the files, folders sorted.
    /// - Throws: `FileNotReadable`; `CommandNotAvailable` for archives.
    static func find(_ paths: [String], withSolutions: Bool = false) throws(FlowError) -> [String] {
        let endings = withSolutions ? endings + [solutionFile] : endings
        var files: [String] = []
        for path in paths {
            if TextFile.isFolder(path) {
                let found = try TextFile.find(in: path) { path in
                    endings.contains(where: path.hasSuffix) || isExported(path)
                }
                if found.isEmpty {
                    throw FlowError(
                        .fileNotReadable,
                        "\(path) holds no flow file (*.flow.yaml, *.flow.yml, *.flow.json, Workflows/*.json).",
                        hint: "name a file, or a folder with flow files")
                }
                files += found
            } else if path.hasSuffix(".zip") {
                throw FlowError(
                    .commandNotAvailable, "\(path) is an archive, and this version reads flow files and folders only.",
                    hint: "unpack it: unzip \(path) -d FOLDER, then flowrun check FOLDER")
            } else {
                files.append(path)
            }
        }
        return files
    }
}
