import ArgumentParser
import FlowCore
import FlowRuntime
import FlowStoreSQLite
import Glibc

/// `flowrun backup`: a copy of the environment while it works.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes a copy of the environment's store while it works.",
        discussion:
            "The copy is one instant of everything: flows, connections, runs. Secrets in it stay sealed; without the environment's key they cannot be opened."
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Where the copy is to stand; one that stands there is replaced.")
    var file: String

    @Flag(help: "Write the environment's key beside it, FILE.key: keep the two apart.")
    var withKey = false

    func run() async throws {
        let settings = try options.settings().environment
        try BackupFiles.checkStore(settings)
        let path = StateFiles.absolute(file)
        try StoreBackup.make(of: settings.databaseFile, at: path)
        var result: JSONObject = ["file": .string(path), "key": .null]
        if withKey {
            let key = try settings.key(variable: getenv("FLOWRUN_KEY").map { String(cString: $0) })
            try StateFiles.write(path + BackupFiles.keyEnding, Array((Base64.encode(key) + "\n").utf8))
            result["key"] = .string(path + BackupFiles.keyEnding)
        }
        let hasKey = withKey
        options.present(.object(result)) {
            hasKey ? "wrote \(path) and \(path)\(BackupFiles.keyEnding)" : "wrote \(path)"
        }
        if !withKey {
            Console.note("without the environment's key (\(settings.keyFile) or FLOWRUN_KEY) its secrets stay closed")
        }
    }
}

/// `flowrun restore`: puts a copy in the place of the environment's store.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a copy in the place of the environment's store.",
        discussion: "No process may own the environment meanwhile. What was there is kept beside it.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The copy that `flowrun backup` wrote; the key is taken from FILE.key where it stands there.")
    var file: String

    func run() async throws {
        let settings = try options.settings().environment
        guard case .sqlite = settings.store else { throw BackupFiles.notSQLite(settings) }
        let path = StateFiles.absolute(file)
        guard let lock = try OwnerLock.take(settings, purpose: "restore", now: SystemClock().now) else {
            throw OwnerLock.mustBeFree(settings, toBe: "restored")
        }
        defer { withExtendedLifetime(lock) {} }
        let variable = getenv("FLOWRUN_KEY").map { String(cString: $0) }
        let brought = path + BackupFiles.keyEnding
        let key: [UInt8]
        if StateFiles.exists(brought) {
            key = try settings.key(variable: String(decoding: try StateFiles.read(brought), as: UTF8.self))
        } else if variable != nil || StateFiles.exists(settings.keyFile) {
            key = try settings.key(variable: variable)
        } else {
            throw FlowError(
                .invalidKey, "The key that the copy was made with is not here.",
                hint: "put it at \(brought) or \(settings.keyFile), or give it as FLOWRUN_KEY")
        }
        let mark = "before-" + SystemClock().now.secondsDescription.filter { $0.isNumber || $0 == "T" }
        let kept = try StoreBackup.restore(path, to: settings.databaseFile, key: key, mark: mark)
        if StateFiles.exists(brought), variable == nil {
            try StateFiles.write(settings.keyFile, Array((Base64.encode(key) + "\n").utf8))
        }
        let result: JSON = ["file": .string(path), "kept": kept.map { .string($0) } ?? .null]
        options.present(result) { "restored \(path)" + (kept.map { "; what was there is now \($0)" } ?? "") }
    }
}

/// What backup and restore agree on.
private enum BackupFiles {
    /// The ending of the key's file beside a copy.
    static let keyEnding = ".key"

    static func checkStore(_ settings: EnvironmentSettings) throws(FlowError) {
        guard case .sqlite = settings.store else { throw notSQLite(settings) }
        guard StateFiles.exists(settings.databaseFile) else {
            throw FlowError(
                .environmentNotFound, "The environment '\(settings.name)' has no store yet.",
                hint: "install a solution first: `flowrun solution install PATH`")
        }
    }

    static func notSQLite(_ settings: EnvironmentSettings) -> FlowError {
        FlowError(
            .commandNotAvailable, "The store of the environment '\(settings.name)' is PostgreSQL.",
            hint: "use pg_dump and pg_restore")
    }
}
