import ArgumentParser
import FlowCore
import FlowRuntime
import FlowServer
import FlowStorage
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// `flowrun serve`: the runtime that is always on.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the environment: triggers, management API, health.",
        discussion: "It ends on SIGINT or SIGTERM; runs that wait go on at the next start.")

    @OptionGroup var options: GlobalOptions

    @Option(help: "The address to listen on, HOST:PORT; port 0 takes a free one.")
    var listen: String?

    @Option(help: "How often polling triggers ask, such as 30s or 5m; without it as their flows say.")
    var pollInterval: String?

    @Flag(
        help:
            "Take over changed flow files of the installed solutions, and of flowrun.yaml what may change, without stopping."
    )
    var watch = false

    @Option(help: "How log entries on stderr look: text or json.")
    var logFormat = LineLogHandler.Format.text

    @Option(help: "From which level on entries are logged: warning, or info for every request.")
    var logLevel = LogLevel.warning

    /// The levels that can be asked for.
    enum LogLevel: String, CaseIterable, ExpressibleByArgument {
        case debug, info, warning, error
    }

    /// How long calls that are under way are waited for at the end.
    private static let farewell = Duration.seconds(10)

    func run() async throws {
        // A limit of file sizes is met as a full disk is, not as the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        var (project, settings) = try options.settings()
        if let listen {
            settings.server.listen = listen
            // Whoever says where to listen reaches the server there.
            settings.server.publicURL = nil
        }
        guard let address = ListenAddress(settings.server.listen) else {
            throw FlowError(
                .invalidArgument, "'\(settings.server.listen)' is no address to listen on.",
                hint: "write HOST:PORT, as in 127.0.0.1:7070")
        }
        let interval = try pollInterval.map { text throws(FlowError) in try Self.duration(text) }
        guard let lock = try OwnerLock.take(settings, purpose: "serve", now: SystemClock().now) else {
            throw OwnerLock.inUse(settings)
        }
        defer { withExtendedLifetime(lock) {} }
        let logger = makeLogger()
        let environment = try Wiring.environment(
            of: project, settings, isReader: false, pollInterval: interval
        ) { error in logger.error("\(error.message)", metadata: Self.fields(of: error)) }
        try await environment.start(listening: true)
        let notifier = ServiceNotifier.ofProcess()
        let server = EnvironmentServer(
            environment, listen: address, socket: settings.socketFile, logger: logger
        ) { base in
            Console.note("serving '\(environment.settings.name)' at \(base) (pid \(getpid()))")
            StartPages.giveBack()
            notifier?.say("READY=1", "STATUS=serving '\(environment.settings.name)' at \(base)", "MAINPID=\(getpid())")
        } onSetup: { upn, address in
            // A secret, shown to whoever starts the server; it holds for an hour and once.
            Console.secret("\(upn) has no password yet; set it within the hour: \(address)")
        }
        var services: [any Service] = [server]
        if let notifier { services.append(ServiceReports(notifier: notifier)) }
        if watch {
            services.append(FileWatching(environment: environment))
            services.append(SettingsWatching(environment: environment, listen: listen))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
        // A call that has its answer is never in doubt at the next start.
        await environment.awaitCalls(upTo: Self.farewell)
        await environment.shutdown()
        await environment.store.close()
    }

    private func makeLogger() -> Logger {
        let format = logFormat
        var logger = Logger(label: "flowrun") { _ in LineLogHandler(format) }
        logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .warning
        return logger
    }

    /// What a log entry tells of an error beside its message.
    private static func fields(of error: FlowError) -> Logger.Metadata {
        var fields: Logger.Metadata = ["code": "\(error.code)"]
        fields["hint"] = error.hint.map { "\($0)" }
        fields["path"] = error.path.map { "\($0)" }
        fields["place"] = error.location.map { "\($0)" }
        fields["cause"] = error.cause.map { "\($0)" }
        return fields
    }

    private static func duration(_ text: String) throws(FlowError) -> Duration {
        guard let duration = ShortDuration.parse(text) else {
            throw FlowError(
                .invalidArgument, "'\(text)' is no duration.", hint: "write 30s, 5m, 2h, 14d or ISO 8601, as in PT30S")
        }
        return duration
    }
}

/// Takes over changed flow files as long as the server runs, and says so.
private struct FileWatching: Service {
    let environment: FlowEnvironment

    func run() async throws {
        let watch = SolutionWatch(environment) { problem in
            Console.note(ErrorReport().text(of: problem))
            Console.note("what is written there was not taken over: the flow goes on as it was")
        } onReload: { flows in
            Console.note("took over " + flows.map { "'\($0)'" }.joined(separator: ", "))
        }
        await cancelWhenGracefulShutdown { await watch.run() }
    }
}

/// Takes over what of a changed `flowrun.yaml` may change as long as the server runs, and says what may not.
private struct SettingsWatching: Service {
    let environment: FlowEnvironment
    /// The address that the command was given, which holds whatever the file says.
    let listen: String?

    func run() async throws {
        let watch = ProjectWatch(environment) { settings in
            guard let listen else { return }
            settings.server.listen = listen
            settings.server.publicURL = nil
        } onProblem: { problem in
            Console.note(ErrorReport().text(of: problem))
            Console.note("nothing of \(Project.fileName) was taken over: the settings stay as they were")
        } onChange: { change in
            if !change.applied.isEmpty {
                Console.note("took over \(Self.list(change.applied)) of \(Project.fileName)")
            }
            if !change.waiting.isEmpty {
                Console.note(
                    "\(Self.list(change.waiting)) of \(Project.fileName) will hold after a restart: end `flowrun serve` and start it again"
                )
            }
        }
        await cancelWhenGracefulShutdown { await watch.run() }
    }

    private static func list(_ keys: [String]) -> String { keys.map { "`\($0)`" }.joined(separator: ", ") }
}

extension LineLogHandler.Format: ExpressibleByArgument {}
