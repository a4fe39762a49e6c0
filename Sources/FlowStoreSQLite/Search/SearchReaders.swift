import FlowCore
import FlowStorage
import GRDB
import Synchronization

/// Asks the search index which runs hold a text.
final class SearchReaders: Sendable {
    private let file: SearchFile
    private let queue = Mutex<DatabaseQueue?>(nil)

    init(_ location: StoreLocation) { file = SearchFile(beside: location.path) }

    /// The numbers of runs that fit, the newest first.
    /// - Parameters:
    ///   - match: the search in the words of FTS5.
    ///   - lowest: only numbers from this one on.
    ///   - below: only numbers below this one.
    ///   - limit: how many at most.
    /// - Returns: the numbers; empty where there is no index.
    /// - Throws: where the index is damaged.
    func runs(_ match: String, from lowest: Int64, below: Int64, limit: Int) async throws -> [Int64] {
        try await ask { database in
            try Int64.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT rowid FROM texts WHERE texts MATCH ? AND rowid >= ? AND rowid < ?
                        ORDER BY rowid DESC LIMIT ?
                        """), arguments: [match, lowest, below, limit])
        }
    }

    /// Those of some runs that fit.
    func runs(_ match: String, among runs: [Int64]) async throws -> Set<Int64> {
        let found = try await ask { database in
            let statement = try database.cachedStatement(
                sql: "SELECT rowid FROM texts WHERE texts MATCH ? AND rowid = ?")
            return try runs.filter { try Int64.fetchOne(statement, arguments: [match, $0]) != nil }
        }
        return Set(found)
    }

    private func ask(_ body: @escaping @Sendable (Database) throws -> [Int64]) async throws -> [Int64] {
        guard let opened = try open() else { return [] }
        do {
            return try await opened.read(body)
        } catch {
            // A damaged index is made anew by whoever owns the store, when it follows next.
            drop()
            throw error
        }
    }

    private func open() throws -> DatabaseQueue? {
        try queue.withLock { queue in
            if let queue { return queue }
            guard file.exists else { return nil }
            let opened = try file.openForReading()
            queue = opened
            return opened
        }
    }

    /// Drops the connection; the next search opens the file that is there then.
    func drop() {
        let dropped = queue.withLock { queue in
            defer { queue = nil }
            return queue
        }
        try? dropped?.close()
    }

    /// Closes the file.
    func close() { drop() }
}

extension SearchQuery {
    /// The search in the words of FTS5; nil where it has no words and so finds nothing.
    fileprivate var expression: String? {
        guard !parts.isEmpty else { return nil }
        // Words are letters and digits, so that nothing needs to be escaped between the quotes.
        return parts.map { "\"\($0.words.joined(separator: " "))\"" + ($0.isBeginning ? " *" : "") }
            .joined(separator: " AND ")
    }
}

extension RunFilter {
    /// Whether the search index is asked.
    var searches: Bool { text != nil || error != nil }

    /// What the search index is asked, with flow and status where they narrow it; nil where nothing can be found.
    var searchExpression: String? {
        var terms: [String] = []
        if let text {
            guard let words = SearchQuery(text).expression else { return nil }
            terms.append("{error text} : (\(words))")
        }
        if let error {
            guard let words = SearchQuery(error).expression else { return nil }
            terms.append("error : (\(words))")
        }
        if let flowIDs, flowIDs.count <= 8 { terms.append(Self.facets(flowIDs.map(SearchFacets.flow))) }
        // Whether an unfinished run waits may change without an event, which the index need not follow.
        if let statuses, statuses.count <= 8, Set(statuses).isDisjoint(with: ["Running", "Waiting"]) {
            terms.append(Self.facets(statuses.map(SearchFacets.status)))
        }
        return terms.contains("") ? nil : terms.joined(separator: " AND ")
    }

    private static func facets(_ words: [String]) -> String {
        words.isEmpty ? "" : "facets : (\(words.map { "\"\($0)\"" }.joined(separator: " OR ")))"
    }
}
