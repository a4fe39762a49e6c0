public import FlowCore
internal import Glibc

/// The lock that makes a process the owner of an environment.
///
/// The lock is `flock` on `owner.lock`, so it ends with the process however that ends. The file tells who the owner is.
public final class OwnerLock: Sendable {
    /// Who owns an environment.
    public struct Holder: Sendable, Hashable {
        /// The process.
        public let processID: Int
        /// Since when, as ISO 8601.
        public let since: String
        /// What it does, such as `serve` or `run`.
        public let purpose: String
    }

    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock, or tells who holds it.
    /// - Parameters:
    ///   - settings: the environment.
    ///   - purpose: what the process does as owner, for those who meet the lock.
    ///   - now: the present instant.
    /// - Returns: the lock, or nil where another process holds it.
    /// - Throws: `StoreUnusable` where the file cannot be opened.
    public static func take(
        _ settings: EnvironmentSettings, purpose: String, now: Timestamp
    ) throws(FlowError) -> OwnerLock? {
        try settings.makeStateFolder()
        let descriptor = open(settings.lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FlowError(
                .storeUnusable, "The lock \(settings.lockFile) cannot be opened: \(String(cString: strerror(errno))).",
                hint: "check owner and rights of \(settings.stateFolder)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        let record: JSON = [
            "pid": .integer(Int64(getpid())), "since": .string(now.secondsDescription), "purpose": .string(purpose),
        ]
        let bytes = record.bytes + [0x0A]
        _ = ftruncate(descriptor, 0)
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        return OwnerLock(descriptor: descriptor)
    }

    /// Who holds the lock of an environment, as the lock file tells; nil where nobody does.
    public static func holder(of settings: EnvironmentSettings) -> Holder? {
        let descriptor = open(settings.lockFile, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        guard let bytes = try? StateFiles.read(settings.lockFile), let record = try? JSON(parsing: bytes) else {
            return Holder(processID: 0, since: "", purpose: "")
        }
        return Holder(
            processID: Int(record["pid"]?.integerValue ?? 0), since: record["since"]?.stringValue ?? "",
            purpose: record["purpose"]?.stringValue ?? "")
    }

    /// The error of a command that no owner can carry out, for it needs the environment to be nobody's.
    /// - Parameters:
    ///   - settings: the environment.
    ///   - purpose: what is to be done, as in `restored`.
    /// - Returns: the error.
    public static func mustBeFree(_ settings: EnvironmentSettings, toBe purpose: String) -> FlowError {
        let holder = holder(of: settings)
        let who = holder.map { "process \($0.processID) (\($0.purpose)) since \($0.since)" } ?? "another process"
        return FlowError(
            .storeInUse,
            "The environment '\(settings.name)' is owned by \(who), and cannot be \(purpose) while someone owns it.",
            hint: holder.map { "end it first: `kill \($0.processID)` (or `systemctl stop` of its unit)" }
                ?? "call the command again")
    }

    /// The error of a command that needs the environment while its owner does not answer.
    public static func inUse(_ settings: EnvironmentSettings) -> FlowError {
        let holder = holder(of: settings)
        let who = holder.map { "process \($0.processID) (\($0.purpose)) since \($0.since)" } ?? "another process"
        return FlowError(
            .storeInUse, "The environment '\(settings.name)' is owned by \(who), which does not answer.",
            hint: holder.map { "look at it: `ps -p \($0.processID)`; end it with `kill \($0.processID)` if it hangs" }
                ?? "call the command again")
    }
}
