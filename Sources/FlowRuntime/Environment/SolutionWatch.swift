package import FlowCore
internal import Glibc

/// Looks at the files of the installed solutions again and again and takes over what has changed.
///
/// Files are compared by what the system says of them, which works on every file system. A change is taken over once the
/// files have been at rest from one look to the next, so that an editor that writes in several steps is waited for.
package struct SolutionWatch: Sendable {
    private typealias Stamps = [String: FileStamp]

    private let environment: FlowEnvironment
    private let interval: Duration
    private let onReload: @Sendable (_ flows: [String]) -> Void
    private let onProblem: @Sendable (FlowError) -> Void

    /// How deep folders in folders are looked into.
    private static let depth = 8

    /// Makes a watch.
    /// - Parameters:
    ///   - environment: whose solutions are watched.
    ///   - interval: how often it looks.
    ///   - onProblem: is told what stands against a file.
    ///   - onReload: is told the names of the flows that are other ones now.
    package init(
        _ environment: FlowEnvironment, interval: Duration = .milliseconds(500),
        onProblem: @escaping @Sendable (FlowError) -> Void, onReload: @escaping @Sendable (_ flows: [String]) -> Void
    ) {
        self.environment = environment
        self.interval = interval
        self.onProblem = onProblem
        self.onReload = onReload
    }

    /// Watches until the task is cancelled.
    package func run() async {
        var rests: [String: FileRest<Stamps>] = [:]
        while !Task.isCancelled {
            // A store that fails at the moment says so elsewhere.
            for folder in (try? await environment.solutionFolders()) ?? [] {
                if rests[folder, default: FileRest()].hasNew(Self.stamps(of: folder)) { await reload(folder) }
            }
            await environment.clock.sleep(until: environment.clock.now + interval)
        }
    }

    private func reload(_ folder: String) async {
        do throws(FlowError) {
            let reload = try await environment.reload(folder)
            reload.problems.forEach(onProblem)
            if !reload.changed.isEmpty { onReload(reload.changed) }
        } catch {
            onProblem(error)
        }
    }

    private static func stamps(of folder: String, depth: Int = depth) -> Stamps {
        guard let stream = opendir(folder) else { return [:] }
        defer { closedir(stream) }
        var stamps = Stamps()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = folder + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                if depth > 0 { stamps.merge(Self.stamps(of: path, depth: depth - 1)) { $1 } }
            } else if [".yaml", ".yml", ".json"].contains(where: name.hasSuffix) {
                stamps[path] = FileStamp(status)
            }
        }
        return stamps
    }
}
