import FlowCore
package import FlowStorage
import GRDB
import GRDBSQLite
internal import Glibc

/// Where a database is and how it is opened.
package struct StoreLocation: Sendable {
    /// The database file.
    package var path: String
    /// What a commit survives.
    package var durability: StoreDurability
    /// How long another program's lock is waited for, in seconds.
    package var busyTimeout = 5.0
    /// The steps to the present format.
    package var steps = SchemaStep.all
    /// For tests: called before each statement of the writer; anything but 0 is the result code it fails with.
    package var beforeStatement: (@Sendable (_ sql: String) -> Int32)?
    /// For tests: how many pages the file may have.
    package var pageLimit: Int?

    /// Makes a location.
    package init(path: String, durability: StoreDurability = .full) {
        self.path = path
        self.durability = durability
    }

    /// "flwr", by which a database of flowrun is told from others.
    private static let applicationID = 0x666c_7772

    /// Opens the file for the one connection that writes; makes it or carries it forward where needed.
    func openForWriting() throws -> DatabaseQueue {
        // The file is made first, so that it and its companions are readable to the owner alone.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = [EACCES, EROFS, EPERM].contains(errno) ? SQLITE_READONLY : SQLITE_CANTOPEN
            throw StoreFailure.error(code, String(cString: strerror(errno)), path: path)
        }
        Glibc.close(descriptor)
        // What the disk had not said to have written may be torn after a power loss, which `process` allows for.
        if durability == .full { try WriteAheadLog(beside: path).requireWhole() }
        var configuration = Self.configuration(busyTimeout)
        let synchronous = durability == .full ? "FULL" : "NORMAL"
        let pageLimit = pageLimit
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA synchronous = \(synchronous);
                    PRAGMA wal_autocheckpoint = 4000;
                    PRAGMA journal_size_limit = 33554432;
                    PRAGMA cache_size = -4000;
                    PRAGMA temp_store = MEMORY;
                    """)
            if let pageLimit { try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try carryForward($0) }
        return queue
    }

    /// Opens the file for reading only.
    func openForReading() throws -> DatabaseQueue {
        var configuration = Self.configuration(busyTimeout)
        configuration.readonly = true
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -2000")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func configuration(_ busyTimeout: Double) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "flowrun"
        return configuration
    }

    /// How many bytes the write-ahead log has.
    var logSize: Int {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? Int(status.st_size) : 0
    }

    /// Refuses a file that is no database of flowrun or has a newer format.
    /// - Returns: the file's format; 0 where it is new and empty.
    @discardableResult
    func checkFormat(_ database: Database) throws -> Int {
        let format = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let newest = steps.last?.format ?? 0
        if application != Self.applicationID {
            let isEmpty = try format == 0 && !database.tableExists("runs")
            guard isEmpty else {
                throw FlowError(
                    .storeCorrupt, "The file \(path) is no database of flowrun.",
                    hint: "move it away, or name another project folder with --project")
            }
        }
        guard format <= newest else {
            throw FlowError(
                .storeFormatNewer,
                "The database \(path) has the format \(format); this version of flowrun knows formats up to \(newest).",
                hint: "use the version of flowrun that wrote it, or restore a backup from before the upgrade")
        }
        return format
    }

    private func carryForward(_ database: Database) throws {
        let format = try checkFormat(database)
        let missing = steps.filter { $0.format > format }
        guard let newest = missing.last?.format else { return }
        if format == 0 { try database.execute(sql: "PRAGMA journal_mode = WAL") }
        try database.inTransaction(.immediate) {
            for step in missing { try database.execute(sql: step.sql) }
            try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(newest)")
            return .commit
        }
    }
}

extension StoreLocation {
    /// How large one of the database's files is, by the ending of its name; 0 where it is not there.
    func size(of ending: String) -> Int {
        var status = stat()
        return stat(path + ending, &status) == 0 ? Int(status.st_size) : 0
    }
}
