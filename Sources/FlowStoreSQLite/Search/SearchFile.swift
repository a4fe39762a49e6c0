import FlowCore
import GRDB
internal import Glibc

/// The file with the search index, beside the database.
///
/// It holds nothing that cannot be made anew from the database, and it is a file of its own so that neither its writing
/// nor its damage ever touches the runs.
struct SearchFile: Sendable {
    /// The version of the file's content; a file of another one is made anew.
    private static let format = 1

    let path: String

    init(beside database: String) { path = database + "-search" }

    /// Whether there is a file.
    var exists: Bool { access(path, F_OK) == 0 }

    /// Opens the file for the one connection that writes; makes it where there is none or it is of another version.
    func openForWriting() throws -> DatabaseQueue {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { Glibc.close(descriptor) }
        var configuration = Configuration()
        configuration.label = "flowrun search"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // What a loss of power takes is found missing and taken in again.
            try database.execute(
                sql: """
                    PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 4000;
                    PRAGMA journal_size_limit = 33554432;
                    PRAGMA cache_size = -4000;
                    PRAGMA temp_store = MEMORY;
                    """)
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let format = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        guard format != Self.format else { return queue }
        guard format == 0 else {
            try queue.close()
            remove()
            return try openForWriting()
        }
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.inTransaction(.immediate) {
                try database.execute(sql: Self.schema)
                try database.execute(sql: "PRAGMA user_version = \(Self.format)")
                return .commit
            }
        }
        return queue
    }

    /// The tables: `texts` has a row a run, under the run's number.
    ///
    /// `facets` lets flow and status narrow a search inside the index.
    /// `open_runs` holds the runs that were not finished when they were last looked at, and up to which event that was:
    /// whatever is not in there and not beyond `upto` never changes any more. Merging is put off longer than usual: many
    /// small parts cost a search little, merging them all the time costs those who write.
    private static let schema = """
        CREATE VIRTUAL TABLE texts USING fts5(facets, error, text, tokenize = 'ascii');
        CREATE TABLE open_runs (run INTEGER PRIMARY KEY, last INTEGER NOT NULL);
        CREATE TABLE progress (upto INTEGER NOT NULL, deletions INTEGER NOT NULL);
        INSERT INTO progress (upto, deletions) VALUES (0, 0);
        INSERT INTO texts (texts, rank) VALUES ('automerge', 8);
        """

    /// Opens the file for reading only.
    func openForReading() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "flowrun search"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Deletes the file.
    func remove() { for ending in ["", "-wal", "-shm", "-journal"] { unlink(path + ending) } }

    /// Whether an error says that the file itself is of no use.
    static func isDamage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        // SQLITE_ERROR is what a file without the right tables gives.
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR, .SQLITE_IOERR].contains(
            error.resultCode)
    }
}
