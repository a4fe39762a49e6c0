import FlowCore
import FlowHTTP
import FlowRuntime
import FlowStorage
import Glibc

extension GlobalOptions {
    /// The project and environment that the options mean.
    func settings() throws(FlowError) -> (project: Project, environment: EnvironmentSettings) {
        let project = try Project.find(from: self.project ?? ".")
        return (project, try project.environment(environment))
    }

    /// The way to the environment that the options mean.
    func access() throws(FlowError) -> EnvironmentAccess {
        let (project, settings) = try settings()
        return EnvironmentAccess(project: project, settings: settings)
    }

    /// Carries out an operation: by the environment's owner where there is one, else in this process.
    /// - Throws: what the operation refuses; `StoreInUse` where an owner does not answer.
    func perform(
        _ operation: EnvironmentRequest.Operation, _ arguments: JSONObject = [:], as user: String? = nil
    ) async throws(FlowError) -> JSON {
        try await access().perform(EnvironmentRequest(operation, arguments, as: user))
    }
}

/// The way of one command to an environment.
struct EnvironmentAccess {
    let project: Project
    let settings: EnvironmentSettings

    /// How long a command waits for another one that owns the environment.
    private static let patience = Duration.seconds(2)

    /// Carries out a request by the owner, or as a reader, or as owner for its duration.
    func perform(_ request: EnvironmentRequest) async throws(FlowError) -> JSON {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let result = try await askOwner(request) { return result }
            if request.isReading, access(settings.databaseFile, F_OK) == 0 {
                return try await read(request)
            }
            if let lock = try OwnerLock.take(settings, purpose: "command", now: SystemClock().now) {
                defer { withExtendedLifetime(lock) {} }
                return try await own(request)
            }
            guard ContinuousClock.now < deadline else { throw OwnerLock.inUse(settings) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Owns the environment for a while.
    func owning<Value>(
        _ body: (FlowEnvironment) async throws(FlowError) -> Value
    ) async throws(FlowError) -> Value {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let lock = try OwnerLock.take(settings, purpose: "command", now: SystemClock().now) {
                defer { withExtendedLifetime(lock) {} }
                return try await owned(body)
            }
            guard ContinuousClock.now < deadline else { throw OwnerLock.inUse(settings) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func owned<Value>(
        _ body: (FlowEnvironment) async throws(FlowError) -> Value
    ) async throws(FlowError) -> Value {
        let environment = try Wiring.environment(of: project, settings, isReader: false)
        let outcome: Result<Value, FlowError>
        do throws(FlowError) {
            try await environment.start(listening: false)
            outcome = .success(try await body(environment))
        } catch {
            outcome = .failure(error)
        }
        await environment.shutdown()
        await environment.store.close()
        return try outcome.get()
    }

    func askOwner(_ request: EnvironmentRequest) async throws(FlowError) -> JSON? {
        guard access(settings.socketFile, F_OK) == 0 else { return nil }
        let isPatient = [.startRun, .watchRun, .resubmitRun, .repairRun, .reconcile].contains(request.operation)
        let transport = OwnerTransport(settings: settings, waitsForRuns: isPatient)
        return try await OwnerClient(settings, transport: transport.send).perform(request)
    }

    func read(_ request: EnvironmentRequest) async throws(FlowError) -> JSON {
        let environment = try Wiring.environment(of: project, settings, isReader: true)
        let result = try await environment.perform(request)
        await environment.store.close()
        return result
    }

    private func own(_ request: EnvironmentRequest) async throws(FlowError) -> JSON {
        let environment = try Wiring.environment(of: project, settings, isReader: false)
        let reply: EnvironmentReply
        do throws(FlowError) {
            try await environment.start(listening: false)
            reply = await environment.reply(to: request)
        } catch {
            reply = .error(error)
        }
        await environment.shutdown()
        await environment.store.close()
        guard request.operation == .startRun, case .result(.object(var run)) = reply else { return try reply.get() }
        run["hasOwner"] = false
        return .object(run)
    }
}

/// Calls to the owner's socket.
private struct OwnerTransport: Sendable {
    let settings: EnvironmentSettings
    let waitsForRuns: Bool

    /// How long the owner may take to show that it is alive.
    private static let patience = Duration.seconds(2)

    @Sendable
    func send(_ call: OwnerClient.Call) async throws(FlowError) -> [UInt8]? {
        let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
        let socket = try SocketPath(call.socket)
        defer { withExtendedLifetime(socket) {} }
        // A run may take its time; whether the owner lives is asked first, so that one that hangs is named at once.
        if try await post(transport, "/healthz", [], method: "GET", timeout: Self.patience, socket) == nil {
            return nil
        }
        let timeout: Duration = waitsForRuns ? .seconds(86_400 * 30) : .seconds(120)
        return try await post(transport, call.path, call.body, method: "POST", timeout: timeout, socket)
    }

    private func post(
        _ transport: CurlTransport, _ path: String, _ body: [UInt8], method: String, timeout: Duration,
        _ socket: SocketPath
    ) async throws(FlowError) -> [UInt8]? {
        var request = HTTPRequest(
            method, "http://localhost" + path, headers: ["Content-Type": "application/json"], body: body,
            timeout: timeout)
        request.unixSocketPath = socket.text
        do {
            return try await transport.send(request).body
        } catch {
            // Nobody listens: the socket was left behind by an owner that is gone.
            if error.kind == .connectionFailed { return nil }
            if error.kind == .timedOut { throw OwnerLock.inUse(settings) }
            throw FlowError(
                .storeInUse, "The owner of the environment '\(settings.name)' ended while it was asked.",
                hint: "call the command again", cause: FlowError.Cause(origin: "curl", message: error.message))
        }
    }
}
