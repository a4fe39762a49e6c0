import FlowCore
import FlowHTTP
import FlowRuntime
import Glibc

/// How alerts leave the process: as a POST to an address, or on stdin of a command.
enum AlertDelivery {
    /// How long a delivery may take.
    private static let patience = Duration.seconds(30)

    /// Makes the delivery that the rules name; nil where they name none.
    /// - Throws: `InvalidProject` where the variable with the address is not set.
    static func make(_ rules: AlertRules) throws(FlowError) -> Alert.Delivery? {
        if let webhook = rules.webhook { return try post(to: address(webhook)) }
        if !rules.command.isEmpty { return run(rules.command) }
        return nil
    }

    /// The address itself, or what the variable holds that is named.
    private static func address(_ webhook: String) throws(FlowError) -> String {
        guard webhook.hasPrefix("env:") else { return webhook }
        let variable = String(webhook.dropFirst("env:".count))
        guard let value = getenv(variable).map({ String(cString: $0) }),
            value.hasPrefix("https://") || value.hasPrefix("http://")
        else {
            throw FlowError(
                .invalidProject, "The environment variable '\(variable)', which `alerts` names, holds no address.",
                hint: "export \(variable)=https://…, then call the command again")
        }
        return value
    }

    private static func post(to url: String) -> Alert.Delivery {
        // The address stands in the project, so it may be one that flows must not call; flows do not get this transport.
        let host =
            url.firstRange(of: "://").map { String(url[$0.upperBound...].prefix { $0 != "/" && $0 != "?" }) } ?? ""
        let transport = Wiring.transport(allowing: [host])
        return { (alert) async throws(FlowError) in
            let request = HTTPRequest(
                "POST", url, headers: ["Content-Type": "application/json; charset=utf-8"], body: alert.bytes,
                timeout: patience)
            try await send(request, through: transport)
        }
    }

    private static func send(_ request: HTTPRequest, through transport: CurlTransport) async throws(FlowError) {
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await transport.send(request)
        } catch {
            throw undelivered("the address of `alerts` does not answer: \(error.message)")
        }
        guard (200..<300).contains(response.status) else {
            throw undelivered("the address of `alerts` answers \(response.status)")
        }
    }

    private static func run(_ command: [String]) -> Alert.Delivery {
        { (alert) async throws(FlowError) in
            let process = try start(command, input: alert.bytes + [0x0A])
            let end = ContinuousClock.now + patience
            var status: Int32 = 0
            while true {
                let ended = waitpid(process, &status, WNOHANG)
                if ended == process { break }
                if ended < 0, errno != EINTR { throw undelivered("the command of `alerts` cannot be waited for") }
                if ContinuousClock.now >= end {
                    kill(process, SIGKILL)
                    _ = waitpid(process, &status, 0)
                    throw undelivered("the command of `alerts` did not end within \(patience.components.seconds) s")
                }
                try? await Task.sleep(for: .milliseconds(20))
            }
            guard status == 0 else {
                let code = status & 0x7F == 0 ? "with exit code \(status >> 8 & 0xFF)" : "by signal \(status & 0x7F)"
                throw undelivered("the command of `alerts` ended \(code)")
            }
        }
    }

    private static func undelivered(_ reason: String) -> FlowError {
        FlowError(
            .alertNotDelivered, "An alert was not delivered: \(SecretMask.masking(reason)).",
            hint: "it is tried again; see what `alerts` in flowrun.yaml says")
    }

    /// Variables of this process that are no business of a command.
    private static let ownVariables = ["FLOWRUN_", "NOTIFY_SOCKET=", "WATCHDOG_"]

    private static func start(_ command: [String], input: [UInt8]) throws(FlowError) -> pid_t {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw undelivered("there is no pipe to the command of `alerts`") }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        // What this process has open is its own.
        for descriptor in (STDERR_FILENO + 1)..<Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 65_536)) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        var variables: [UnsafeMutablePointer<CChar>?] = variables().map { strdup($0) }
        words.append(nil)
        variables.append(nil)
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, command[0], &actions, nil, words, variables)
        close(ends[0])
        guard failure == 0 else {
            throw undelivered("'\(command[0])' cannot be started: \(String(cString: strerror(failure)))")
        }
        // An alert is far smaller than what a pipe holds, so nothing waits for a command that does not read.
        _ = Descriptor.write(input, to: ends[1])
        return process
    }

    private static func variables() -> [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            let text = String(cString: variable)
            if !ownVariables.contains(where: text.hasPrefix) { variables.append(text) }
            next = next.advanced(by: 1)
        }
        return variables
    }
}
