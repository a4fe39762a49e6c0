import FlowCore
import FlowRuntime
import Glibc
import ServiceLifecycle

/// Tells the service manager that started the process how it is: the protocol of `sd_notify`, one datagram each.
///
/// systemd names the socket in `NOTIFY_SOCKET` (a path, or an abstract name that begins with `@`) and, where the unit has
/// `WatchdogSec`, in `WATCHDOG_USEC` how often it wants to hear that the process lives.
struct ServiceNotifier: Sendable {
    private let socketName: String
    /// How often the manager is told that the process lives; nil where it does not ask.
    let watchdogInterval: Duration?

    /// What the environment of a process says, or nil where no manager wants to be told.
    init?(environment variable: (String) -> String?, processID: Int32 = getpid()) {
        guard let name = variable("NOTIFY_SOCKET"), name.hasPrefix("/") || name.hasPrefix("@"), name.count > 1 else {
            return nil
        }
        socketName = name
        let isMeant = variable("WATCHDOG_PID").map { $0 == String(processID) } ?? true
        if isMeant, let microseconds = variable("WATCHDOG_USEC").flatMap(Int64.init), microseconds > 0 {
            // Half of the time, as the manager's manual advises.
            watchdogInterval = .microseconds(max(microseconds / 2, 1_000))
        } else {
            watchdogInterval = nil
        }
    }

    /// What this process was told.
    static func ofProcess() -> ServiceNotifier? {
        ServiceNotifier { getenv($0).map { String(cString: $0) } }
    }

    /// Says something, such as `READY=1`, in one datagram.
    ///
    /// A manager that is gone is no trouble.
    /// - Returns: whether it was sent.
    @discardableResult
    func say(_ lines: String...) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketName.utf8)
        // An abstract name begins with a zero byte and has no end but its length.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard name.count < capacity else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sa_family_t>.size + name.count + (name.first == 0 ? 0 : 1)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let message = Array(lines.joined(separator: "\n").utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
            }
        }
        return sent == message.count
    }
}

/// Tells the service manager that the process lives, as often as it asks, and that it is ending once it is.
struct ServiceReports: Service {
    let notifier: ServiceNotifier

    func run() async throws {
        let notifier = notifier
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A process whose tasks do not get their turn says nothing, and is started anew.
                if notifier.watchdogInterval != nil { notifier.say("WATCHDOG=1") }
                try? await Task.sleep(for: notifier.watchdogInterval ?? .seconds(86_400))
            }
        }
        notifier.say("STOPPING=1")
    }
}
