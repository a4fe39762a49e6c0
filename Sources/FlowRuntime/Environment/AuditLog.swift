import FlowCore
internal import Glibc
import Synchronization

/// Who did what: one JSON object a line in a file that only grows.
///
/// Entries hold the operation, what it was about and whether it was carried out; never values, inputs or secrets. A file
/// that has become large is put aside once, `audit.1.jsonl`.
public final class AuditLog: Sendable {
    private let path: String
    private let sizeLimit: Int
    private let lock = Mutex(())

    /// Makes the log of a file; it is made with its first entry.
    public init(path: String, sizeLimit: Int = 64 * 1_024 * 1_024) {
        self.path = path
        self.sizeLimit = sizeLimit
    }

    /// The arguments that say what an operation is about.
    private static let subjects = [
        "flow", "flows", "solution", "all", "run", "upn", "role", "name", "connector", "account", "as", "scopes",
        "path",
        "action", "reference", "connection", "before",
    ]

    /// Adds what a request came to.
    func add(_ request: EnvironmentRequest, _ error: FlowError?, by token: String?, at now: Timestamp) {
        var about = JSONObject()
        for key in Self.subjects { about[key] = request.arguments[key] }
        add(request.operation.rawValue, about, error, user: request.user, token: token, at: now)
    }

    /// Adds an entry.
    func add(
        _ operation: String, _ about: JSONObject, _ error: FlowError?, user: String?, token: String?, at now: Timestamp
    ) {
        var entry: JSONObject = [
            "time": .string(now.description), "who": .string(user ?? "(this machine)"), "operation": .string(operation),
            "about": SecretMask.masking(.object(about)), "outcome": error == nil ? "done" : "refused",
        ]
        if let token { entry["token"] = .string(token) }
        if let error { entry["code"] = .string(error.code.rawValue) }
        write(JSON.object(entry).bytes + [0x0A])
    }

    private func write(_ line: [UInt8]) {
        lock.withLock { _ in
            var status = stat()
            if stat(path, &status) == 0, Int(status.st_size) > sizeLimit {
                rename(path, (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + ".1.jsonl")
            }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            _ = Descriptor.write(line, to: descriptor)
        }
    }
}
