public import FlowCore

/// A project: a folder with `flowrun.yaml`, its environments and solutions.
public struct Project: Sendable {
    /// The name of the project file.
    public static let fileName = "flowrun.yaml"

    /// The folder, as an absolute path.
    public let folder: String
    /// The environments, in the order written; `default` where none is written.
    public let environments: [EnvironmentSettings]
    /// The folders of the project's solutions, as absolute paths.
    public let solutions: [String]

    /// Finds the project of a folder: there or in the nearest folder above.
    /// - Throws: `ProjectNotFound`, `InvalidProject`.
    public static func find(from folder: String) throws(FlowError) -> Project {
        var candidate = StateFiles.absolute(folder)
        while true {
            if StateFiles.exists(candidate + "/" + fileName) { return try read(folder: candidate) }
            guard candidate != "/", let slash = candidate.lastIndex(of: "/") else { break }
            candidate = slash == candidate.startIndex ? "/" : String(candidate[..<slash])
        }
        throw FlowError(
            .projectNotFound, "There is no \(fileName) in \(StateFiles.absolute(folder)) or a folder above it.",
            hint: "make one with `flowrun init`, or name its folder: `--project DIR`")
    }

    /// Reads the project of exactly this folder.
    /// - Throws: `ProjectNotFound`, `InvalidProject`.
    public static func read(folder: String) throws(FlowError) -> Project {
        let folder = StateFiles.absolute(folder)
        let file = folder + "/" + fileName
        guard StateFiles.exists(file) else {
            throw FlowError(
                .projectNotFound, "There is no \(fileName) in \(folder).",
                hint: "make one with `flowrun init \(folder)`, or name another folder: `--project DIR`")
        }
        var reader = ProjectReader(file: file, folder: folder)
        return try reader.read(try StateFiles.read(file))
    }

    /// The environment of a name.
    /// - Throws: `EnvironmentNotFound`.
    public func environment(_ name: String) throws(FlowError) -> EnvironmentSettings {
        if let environment = environments.first(where: { $0.name == name }) { return environment }
        let names = environments.map(\.name)
        let near = Suggestion.nearest(to: name, among: names)
        throw FlowError(
            .environmentNotFound, "The project \(folder) has no environment '\(name)'.",
            hint: near.map { "did you mean `--environment \($0)`?" }
                ?? "\(Project.fileName) names: \(names.joined(separator: ", "))")
    }
}
