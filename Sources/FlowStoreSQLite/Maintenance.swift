public import FlowCore
import FlowStorage
import GRDB

extension SQLiteFlowStore {
    /// Writes a complete copy of the database as of now to a new file, while runs go on.
    /// - Throws: `StoreUnusable` where the file is there already or cannot be written.
    public func backUp(to path: String) async throws(FlowError) {
        do {
            let queue = try DatabaseQueue(path: location.path)
            try await queue.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM INTO ?", arguments: [path])
            }
            try queue.close()
        } catch {
            throw StoreFailure.error(error, path: path)
        }
    }

    /// Looks at every page and index of the database.
    /// - Returns: what is wrong; empty where nothing is.
    /// - Throws: what reading throws.
    public func findDamage() async throws(FlowError) -> [String] {
        try await read { database in
            try String.fetchAll(database, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
        }
    }

    /// How many bytes the database takes, without its write-ahead log.
    public func size() async throws(FlowError) -> Int64 {
        try await read { database in
            let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            return try pages * (Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
        }
    }
}
