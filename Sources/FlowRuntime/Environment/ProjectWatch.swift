package import FlowCore

/// Looks at `flowrun.yaml` again and again and takes over what may change while the environment works.
///
/// As with the files of solutions, a change is taken over once the file has been at rest from one look to the next, and a
/// text with errors changes nothing.
package struct ProjectWatch: Sendable {
    private let environment: FlowEnvironment
    private let interval: Duration
    private let override: @Sendable (inout EnvironmentSettings) -> Void
    private let onChange: @Sendable (SettingsChange) -> Void
    private let onProblem: @Sendable (FlowError) -> Void

    /// Makes a watch.
    /// - Parameters:
    ///   - environment: whose settings are watched.
    ///   - interval: how often it looks.
    ///   - override: changes what the file says as the process was asked to when it was started.
    ///   - onProblem: is told what stands against the file.
    ///   - onChange: is told what was taken over, and what was not.
    package init(
        _ environment: FlowEnvironment, interval: Duration = .milliseconds(500),
        override: @escaping @Sendable (inout EnvironmentSettings) -> Void = { _ in },
        onProblem: @escaping @Sendable (FlowError) -> Void, onChange: @escaping @Sendable (SettingsChange) -> Void
    ) {
        self.environment = environment
        self.interval = interval
        self.override = override
        self.onProblem = onProblem
        self.onChange = onChange
    }

    /// Watches until the task is cancelled.
    package func run() async {
        let file = environment.settings.projectFolder + "/" + Project.fileName
        var rest = FileRest<FileStamp?>()
        while !Task.isCancelled {
            if rest.hasNew(FileStamp(of: file)) { read() }
            await environment.clock.sleep(until: environment.clock.now + interval)
        }
    }

    private func read() {
        let present = environment.settings
        do throws(FlowError) {
            var settings = try Project.read(folder: present.projectFolder).environment(present.name)
            override(&settings)
            let change = environment.take(settings)
            if change != SettingsChange() { onChange(change) }
        } catch {
            onProblem(error)
        }
    }
}
