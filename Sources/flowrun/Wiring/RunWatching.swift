import FlowCore
import FlowRuntime
import FlowStorage
import Glibc

/// Follows a run to its end, look by look, and shows what happens.
struct RunWatching {
    /// Carries a request out.
    typealias Perform = (EnvironmentRequest) async throws(FlowError) -> JSON

    /// How often a run is looked at that nobody carries out at present.
    private static let interval = Duration.milliseconds(200)

    private let view: RunProgressView

    /// Makes a watch that shows what happens as a terminal or a reader of lines takes it.
    init(_ options: GlobalOptions) { view = RunProgressView(options) }

    /// Follows a run as long as one process carries it out.
    /// - Parameters:
    ///   - run: the run's name.
    ///   - known: the number of the last event that was shown; goes on with each look.
    ///   - perform: carries requests out.
    /// - Returns: the run's page.
    /// - Throws: `StoreInUse` where the process ends, or what the requests are refused with.
    func follow(_ run: String, after known: inout Int64, _ perform: Perform) async throws(FlowError) -> JSON {
        while true {
            let look = try await perform(
                EnvironmentRequest(.runProgress, ["run": .string(run), "after": .integer(known)]))
            known = look["last"]?.integerValue ?? known
            view.show(look)
            if look["isOver"]?.boolValue == true { break }
            // Nobody carries the run out at present, so that nothing is waited for there.
            if look["isRead"]?.boolValue == true { try? await Task.sleep(for: Self.interval) }
        }
        let page = try await perform(EnvironmentRequest(.showRun, ["run": .string(run), "brief": true]))
        view.end(page)
        return page
    }

    /// The process that carried the run out is gone.
    func ownerIsGone() {
        view.note("the runtime that carries the run out has ended; the watch goes on under the next one")
    }

    /// There is one again.
    func ownerIsBack() { view.note("a runtime carries the run out again") }

    /// Says on Ctrl-C that only the watch ends.
    static func endOnInterrupt() {
        signal(SIGINT) { _ in
            let words = "\nnote: the watch has ended, the run has not; `flowrun runs list` shows it\n"
            _ = Descriptor.write(words.utf8, to: STDERR_FILENO)
            _exit(130)
        }
    }
}

extension EnvironmentAccess {
    /// Follows a run wherever it is carried out: by the owner, by the next one after that has ended, or where there was none
    /// from the beginning by this process.
    /// - Parameters:
    ///   - start: starts the run, where it is to be started; its result names it.
    ///   - run: the run's name, where there is one already.
    ///   - watching: shows what happens.
    /// - Returns: the run's page.
    /// - Throws: what the requests are refused with.
    func watch(
        starting start: EnvironmentRequest? = nil, run: String? = nil, _ watching: RunWatching
    ) async throws(FlowError) -> JSON {
        var known: Int64 = 0
        var name = run
        if let start {
            guard let started = try await askOwner(start) else { return try await watchHere(start, name, watching) }
            name = started.text("name")
        }
        guard let name else { preconditionFailure("a watch needs a run or how it is started") }
        var hadOwner = start != nil
        var isAlone = false
        while true {
            do throws(FlowError) {
                return try await watching.follow(name, after: &known) { request throws(FlowError) in
                    guard let result = try await askOwner(request) else {
                        // What the last owner still did can be read; the run may even have ended.
                        if isAlone { return try await read(request) }
                        throw Self.noOwner
                    }
                    hadOwner = true
                    if isAlone { watching.ownerIsBack() }
                    isAlone = false
                    return result
                }
            } catch {
                guard error.code == .storeInUse else { throw error }
                guard hadOwner else { return try await watchHere(nil, name, watching) }
                if !isAlone { watching.ownerIsGone() }
                isAlone = true
            }
        }
    }

    private static var noOwner: FlowError { FlowError(.storeInUse, "Nobody owns the environment.") }

    /// Owns the environment as long as the run goes on.
    private func watchHere(
        _ start: EnvironmentRequest?, _ run: String?, _ watching: RunWatching
    ) async throws(FlowError) -> JSON {
        try await owning { environment throws(FlowError) in
            var name = run ?? ""
            if let start { name = try await environment.perform(start).text("name") }
            var known: Int64 = 0
            let page = try await watching.follow(name, after: &known) { request throws(FlowError) in
                try await environment.perform(request)
            }
            // What the run's end sets going elsewhere gets its time as well.
            _ = try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
            return page
        }
    }
}
