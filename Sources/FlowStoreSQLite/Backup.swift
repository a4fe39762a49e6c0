public import FlowCore
import GRDB
internal import Glibc

/// Copies of an environment's database: made while its owner works, and put in its place while it has none.
public enum StoreBackup {
    /// Writes a copy of the database as it is at one instant; whoever writes meanwhile is not kept waiting.
    /// - Parameters:
    ///   - path: the database file.
    ///   - target: where the copy is to stand; one that stands there is replaced once the new one is complete.
    /// - Throws: `StoreCorrupt`, `StoreFull`, `StoreUnusable` and other errors of the store.
    public static func make(of path: String, at target: String) throws(FlowError) {
        let location = StoreLocation(path: path)
        let temporary = target + ".new"
        do {
            unlink(temporary)
            // The file is made first, so that it is readable to the owner alone.
            try makeFile(temporary)
            var configuration = Configuration()
            configuration.busyMode = .timeout(location.busyTimeout)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                guard try location.checkFormat(database) > 0 else { throw empty(path) }
                try database.execute(sql: "VACUUM INTO ?", arguments: [temporary])
            }
            try queue.close()
            try flush(temporary)
        } catch {
            unlink(temporary)
            throw StoreFailure.error(error, path: path)
        }
        try replace(target, with: temporary)
    }

    /// Puts a copy in the place of the database; what stood there is kept beside it under another name.
    /// - Parameters:
    ///   - copy: the copy.
    ///   - path: the database file; no process may have it open.
    ///   - key: the environment's key, with which the copy must have been made.
    ///   - mark: what the name of the database that stood there gets at its end.
    /// - Returns: the name under which the former database is kept, or nil where there was none.
    /// - Throws: `StoreKeyWrong`, `StoreFormatNewer`, `StoreCorrupt` and other errors of the store.
    @discardableResult
    public static func restore(
        _ copy: String, to path: String, key: [UInt8], mark: String
    ) throws(FlowError) -> String? {
        let temporary = path + ".restoring"
        do {
            unlink(temporary)
            guard access(copy, R_OK) == 0 else {
                throw FlowError(
                    .fileNotReadable, "The file \(copy) cannot be read: \(String(cString: strerror(errno))).",
                    hint: "check the path and its rights")
            }
            try makeFile(temporary)
            var configuration = Configuration()
            configuration.readonly = true
            let source = try DatabaseQueue(path: copy, configuration: configuration)
            let location = StoreLocation(path: copy)
            try source.read { database in
                guard try location.checkFormat(database) > 0 else { throw empty(copy) }
                let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
                guard findings == ["ok"] else {
                    throw FlowError(
                        .storeCorrupt, "The copy \(copy) is damaged: \(findings.first ?? "").",
                        hint: "take an earlier one")
                }
            }
            let target = try DatabaseQueue(path: temporary)
            try source.backup(to: target)
            try source.close()
            try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try target.close()
            try flush(temporary)
        } catch {
            for ending in ["", "-wal", "-shm"] { unlink(temporary + ending) }
            throw StoreFailure.error(error, path: copy)
        }
        // The key is proven before anything is moved.
        do throws(FlowError) {
            _ = try SQLiteFlowStore(reading: temporary, key: key)
        } catch {
            for ending in ["", "-wal", "-shm"] { unlink(temporary + ending) }
            throw error
        }
        for ending in ["-wal", "-shm"] { unlink(temporary + ending) }
        var kept: String?
        if access(path, F_OK) == 0 {
            let name = path + "." + mark
            for ending in ["-wal", "-shm", ""] where access(path + ending, F_OK) == 0 {
                try replace(name + ending, with: path + ending)
            }
            kept = name
        }
        try replace(path, with: temporary)
        return kept
    }

    private static func makeFile(_ path: String) throws(FlowError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        close(descriptor)
    }

    private static func flush(_ path: String) throws(FlowError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unwritable(path) }
    }

    private static func replace(_ path: String, with other: String) throws(FlowError) {
        guard rename(other, path) == 0 else { throw unwritable(path) }
    }

    private static func unwritable(_ path: String) -> FlowError {
        FlowError(
            .fileNotWritable, "The file \(path) cannot be written: \(String(cString: strerror(errno))).",
            hint: "check the folder's owner, rights and free space")
    }

    private static func empty(_ path: String) -> FlowError {
        FlowError(.storeCorrupt, "The file \(path) is no database of flowrun.", hint: "name another file")
    }
}
