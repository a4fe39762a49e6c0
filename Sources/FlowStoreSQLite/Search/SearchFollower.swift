import FlowCore
import FlowStorage
import GRDB
internal import Glibc

/// Takes what was committed into the search index, a slice at a time.
///
/// It is used by one thread, ``SearchThread``. Each slice reads from the database as any reader does and writes to the
/// index's own file in one transaction, so a slice is in the index as a whole or is taken again.
final class SearchFollower {
    private let location: StoreLocation
    private let file: SearchFile
    private let feed: SearchFeed
    private let whenMadeAnew: @Sendable () -> Void
    private var source: DatabaseQueue?
    private var index: DatabaseQueue?

    /// Up to which run everything was looked at.
    private var upto: Int64 = 0
    /// Runs up to there that have to be looked at again.
    private var waiting: Set<Int64> = []
    /// How often runs had been deleted when the index last knew all of it.
    private var deletions: Int64 = 0
    private var deleted: Set<Int64> = []

    init(_ location: StoreLocation, feed: SearchFeed, whenMadeAnew: @escaping @Sendable () -> Void) {
        self.location = location
        self.feed = feed
        self.whenMadeAnew = whenMadeAnew
        file = SearchFile(beside: location.path)
    }

    /// Takes up to so many runs in.
    /// - Returns: whether nothing is left of what was committed before.
    func follow(limit: Int) throws -> Bool {
        do {
            return try followOnce(limit)
        } catch {
            feed.isLost()
            closeIndex()
            guard SearchFile.isDamage(error) else { throw error }
            // Only the index can be at fault here: damage of the database is told as what it is.
            try checkSource()
            file.remove()
            whenMadeAnew()
            return try followOnce(limit)
        }
    }

    /// Closes both files.
    func close() {
        closeIndex()
        try? source?.close()
        source = nil
    }

    private func closeIndex() {
        try? index?.close()
        index = nil
    }

    private func checkSource() throws {
        _ = try reading { try Int64.fetchOne($0, sql: "SELECT max(id) FROM runs") }
    }

    private func reading<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            let queue = try source ?? location.openForReading()
            source = queue
            return try queue.read(body)
        } catch let error as DatabaseError {
            source = nil
            throw StoreFailure.error(error, path: location.path)
        }
    }

    private func followOnce(_ limit: Int) throws -> Bool {
        let index = try openIndex()
        let deletions = try deletionCount()
        let changes = feed.takeAll()
        deleted.formUnion(changes.deleted)
        // What is beyond is come upon anyway.
        for run in changes.touched where run <= upto { waiting.insert(run) }
        if changes.isIncomplete { try compare(index, deletions) }
        let hasDeleted = self.deletions != deletions
        self.deletions = deletions
        let again = waiting.prefix(limit)
        let slice = try readSlice(again: Array(again), limit: limit - again.count, index)
        if !slice.runs.isEmpty || !deleted.isEmpty || hasDeleted { try write(slice, index) }
        for run in again { waiting.remove(run) }
        deleted = []
        upto = slice.upto
        return slice.isLast && waiting.isEmpty
    }

    private func openIndex() throws -> DatabaseQueue {
        if let index { return index }
        let opened = try file.openForWriting()
        index = opened
        (upto, deletions) = try opened.read { database in
            let row = try Row.fetchOne(database, sql: "SELECT upto, deletions FROM progress")
            return (row?[0] ?? 0, row?[1] ?? 0)
        }
        waiting = []
        deleted = []
        feed.isLost()
        return opened
    }

    // MARK: What an earlier process left

    private func deletionCount() throws -> Int64 {
        try reading { database in
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT value FROM metadata WHERE name = 'deletions'")) ?? 0
        }
    }

    /// Finds out what has changed without having been noted.
    private func compare(_ index: DatabaseQueue, _ deletions: Int64) throws {
        let newest = try reading { try Int64.fetchOne($0, sql: "SELECT max(id) FROM runs") ?? 0 }
        // The numbers beyond are given out again, to other runs.
        if newest < upto { try forget(beyond: newest, index) }
        guard deletions != self.deletions else { return try findChanged(index) }
        let (freeFrom, freeAt) = try reading { database in
            let sql = "SELECT value FROM metadata WHERE name = ?"
            return (
                try Int64.fetchOne(database, sql: sql, arguments: ["numbers free from"]) ?? .max,
                try Int64.fetchOne(database, sql: sql, arguments: ["numbers free at"]) ?? 0
            )
        }
        if freeAt > self.deletions, freeFrom < upto { try forget(beyond: freeFrom, index) }
        try findDeleted(index)
        try findChanged(index)
    }

    /// Takes what is in the index beyond a number for deleted: the numbers may belong to other runs by now.
    private func forget(beyond number: Int64, _ index: DatabaseQueue) throws {
        let beyond = try index.read {
            try Int64.fetchAll($0, sql: "SELECT id FROM texts_docsize WHERE id > ?", arguments: [number])
        }
        deleted.formUnion(beyond)
        upto = number
    }

    /// Finds the runs that were open and have gone on since.
    private func findChanged(_ index: DatabaseQueue) throws {
        let open = try index.read { try Row.fetchAll($0, sql: "SELECT run, last FROM open_runs") }
        for row in open {
            let run: Int64 = row[0]
            let last: Int64 = row[1]
            let hasChanged = try reading { database in
                let finished = try Bool.fetchOne(
                    database.cachedStatement(sql: "SELECT end_time IS NOT NULL FROM runs WHERE id = ?"),
                    arguments: [run])
                return try finished == true || Self.lastEvent(of: run, database) != last
            }
            if hasChanged { waiting.insert(run) }
        }
    }

    /// Finds the runs that are in the index and nowhere else, and those that should be in it.
    private func findDeleted(_ index: DatabaseQueue) throws {
        var from: Int64 = 0
        while from < upto {
            let end = min(from + 50_000, upto)
            let range: StatementArguments = [from, end]
            let known = try reading {
                try Set(
                    Int64.fetchAll($0, sql: "SELECT id FROM runs WHERE id > ? AND id <= ?", arguments: range))
            }
            let indexed = try index.read {
                try Set(
                    Int64.fetchAll(
                        $0, sql: "SELECT id FROM texts_docsize WHERE id > ? AND id <= ?", arguments: range))
            }
            deleted.formUnion(indexed.subtracting(known))
            waiting.formUnion(known.subtracting(indexed))
            from = end
        }
    }

    // MARK: Reading

    private struct IndexedRun {
        var id: Int64
        var facets: String
        var error: String
        var text: String
        var isOpen: Bool
        var lastEvent: Int64
        var isIndexed: Bool
    }

    private struct Slice {
        var runs: [IndexedRun] = []
        var upto: Int64
        var isLast = true
    }

    private static func lastEvent(of run: Int64, _ database: Database) throws -> Int64 {
        let bits = SQLiteWriter.eventBits
        return try Int64.fetchOne(
            database.cachedStatement(
                sql: "SELECT last FROM journal WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1"),
            arguments: [run << bits, (run + 1) << bits]) ?? 0
    }

    /// Reads runs with their texts: some again, and those beyond ``upto`` as far as there is room.
    private func readSlice(again: [Int64], limit: Int, _ index: DatabaseQueue) throws -> Slice {
        var earlier: [Int64: (text: String, last: Int64)] = [:]
        if !again.isEmpty {
            earlier = try index.read { [deleted] database in
                let statement = try database.cachedStatement(
                    sql: "SELECT t.text, o.last FROM texts t LEFT JOIN open_runs o ON o.run = t.rowid WHERE t.rowid = ?"
                )
                var earlier: [Int64: (String, Int64)] = [:]
                // What stands under a number that was deleted belongs to another run.
                for run in again where !deleted.contains(run) {
                    guard let row = try Row.fetchOne(statement, arguments: [run]) else { continue }
                    earlier[run] = (row[0], row[1] ?? 0)
                }
                return earlier
            }
        }
        return try reading { database in
            var slice = Slice(upto: upto)
            let columns = "SELECT id, \(RunSummary.columns) FROM runs"
            let one = try database.cachedStatement(sql: "\(columns) WHERE id = ?")
            for run in again {
                guard let row = try Row.fetchOne(one, arguments: [run]) else { continue }
                slice.runs.append(try read(row, earlier[run], database))
            }
            let rows = try Row.fetchCursor(
                database.cachedStatement(sql: "\(columns) WHERE id > ? ORDER BY id LIMIT ?"),
                arguments: [upto, limit + 1])
            var count = 0
            while let row = try rows.next() {
                count += 1
                guard count <= limit else {
                    slice.isLast = false
                    break
                }
                let run = try read(row, nil, database)
                slice.runs.append(run)
                slice.upto = run.id
            }
            return slice
        }
    }

    private func read(
        _ row: Row, _ earlier: (text: String, last: Int64)?, _ database: Database
    ) throws -> IndexedRun {
        let id: Int64 = row[0]
        let run = try RunSummary(row, from: 1)
        var text = earlier.map { SearchText(goingOnWith: $0.text) } ?? SearchText()
        text.take(run)
        let last: Int64
        do {
            let reader = SearchJournalReader(database, run: id, name: run.name)
            last = try reader.read(after: earlier?.last ?? 0, into: &text)
        } catch {
            // A journal that cannot be read is no reason to leave all others out.
            last = (try? Self.lastEvent(of: id, database)) ?? 0
        }
        return IndexedRun(
            id: id, facets: SearchFacets.text(flow: run.flowID, status: run.status), error: text.error, text: text.text,
            isOpen: !run.isFinished, lastEvent: last, isIndexed: earlier != nil)
    }

    // MARK: Writing

    private func write(_ slice: Slice, _ index: DatabaseQueue) throws {
        let deleted = deleted
        let deletions = deletions
        try index.write { database in
            let take = try database.cachedStatement(sql: "DELETE FROM texts WHERE rowid = ?")
            let close = try database.cachedStatement(sql: "DELETE FROM open_runs WHERE run = ?")
            for run in deleted {
                try take.execute(arguments: [run])
                try close.execute(arguments: [run])
            }
            let insert = try database.cachedStatement(
                sql: "INSERT INTO texts (rowid, facets, error, text) VALUES (?, ?, ?, ?)")
            let open = try database.cachedStatement(sql: "INSERT OR REPLACE INTO open_runs (run, last) VALUES (?, ?)")
            for run in slice.runs {
                if run.isIndexed { try take.execute(arguments: [run.id]) }
                try insert.execute(arguments: [run.id, run.facets, run.error, run.text])
                if run.isOpen {
                    try open.execute(arguments: [run.id, run.lastEvent])
                } else if run.isIndexed {
                    try close.execute(arguments: [run.id])
                }
            }
            try database.execute(
                sql: "UPDATE progress SET upto = ?, deletions = ?", arguments: [slice.upto, deletions])
        }
    }
}

/// The words by which flow and status narrow a search inside the index.
enum SearchFacets {
    static func text(flow: String, status: String) -> String { "\(self.flow(flow)) \(self.status(status))" }

    static func flow(_ id: String) -> String { "f" + word(id) }

    static func status(_ status: String) -> String { "s" + word(status) }

    /// An id as one word.
    private static func word(_ text: String) -> String {
        String(
            decoding: text.utf8.filter { byte in
                byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
            }, as: UTF8.self)
    }
}
