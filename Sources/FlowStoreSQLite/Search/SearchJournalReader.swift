import FlowCore
import FlowStorage
import GRDB

/// Reads the words of one run's journal, and of a long one only so much as a search needs.
struct SearchJournalReader {
    /// How much of a row is read at its beginning, and how much at its end, where it is longer than both.
    private static let pieceSize = 98_304
    /// How many values that are kept apart are looked at.
    private static let valueLimit = 8
    /// Up to how many stored bytes such a value is looked at.
    private static let valueSize = 131_072

    private let database: Database
    private let run: Int64
    private let name: String

    init(_ database: Database, run: Int64, name: String) {
        self.database = database
        self.run = run
        self.name = name
    }

    /// Takes the words of the events after a number, until the text is full.
    /// - Returns: the number of the last event.
    func read(after number: Int64, into text: inout SearchText) throws -> Int64 {
        let bits = SQLiteWriter.eventBits
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: "SELECT id, last, format, events FROM journal WHERE id > ? AND id < ? ORDER BY id"),
            arguments: [run << bits | number, (run + 1) << bits])
        var last = number
        while let row = try rows.next() {
            last = row[1]
            guard !text.isFull else { continue }
            let first: Int64 = row[0] & (1 << bits - 1)
            let content = try StoredContent(format: row[2], bytes: row.bytes(3))
            for events in try events(in: content, first: first) {
                for event in events where !text.isFull { text.take(event) }
            }
        }
        return last
    }

    /// The events of a row without what is sealed; of a long row those at its beginning and end.
    private func events(in content: StoredContent, first: Int64) throws -> [[JSON]] {
        var pieces: [[JSON]] = []
        for piece in Self.pieces(of: try content.content) {
            var events = piece
            if content.format.contains(.marked) {
                let values = try largeValues(JournalCoding.valueHashes(in: events))
                events = try JournalCoding.restore(events, run: name, first: first, values: values, vault: nil)
            }
            pieces.append(events)
        }
        return pieces
    }

    /// How many places are tried at which a long row may be cut.
    private static let cutLimit = 32

    /// The events of a row; of a long one those at its beginning and those at its end.
    ///
    /// It is cut between events, without reading it: what only looks like an event's beginning leaves a piece that is no
    /// JSON, and the next place is tried.
    private static func pieces(of bytes: [UInt8]) -> [[JSON]] {
        guard bytes.count > 2 * pieceSize else { return [events(bytes)].compactMap { $0 } }
        let border = Array(#"},{"t":""#.utf8)
        var pieces: [[JSON]] = []
        var from = pieceSize
        for _ in 0..<cutLimit {
            guard let end = place(of: border, in: bytes, from: from) else { break }
            from = end + 1
            guard let piece = events(bytes[...end] + [UInt8(ascii: "]")]) else { continue }
            pieces.append(piece)
            break
        }
        from = bytes.count - pieceSize
        for _ in 0..<cutLimit {
            guard let start = place(of: border, in: bytes, from: from) else { break }
            from = start + 1
            guard let piece = events([UInt8(ascii: "[")] + bytes[(start + 2)...]) else { continue }
            pieces.append(piece)
            break
        }
        return pieces
    }

    private static func events(_ bytes: [UInt8]) -> [JSON]? { (try? JSON(parsing: bytes))?.arrayValue }

    private static func place(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= pattern.count else { return nil }
        return (start...(bytes.count - pattern.count)).first { place in
            bytes[place] == pattern[0] && bytes[place..<(place + pattern.count)].elementsEqual(pattern)
        }
    }

    /// The values that are kept apart; null for those that are too many or too large to be searched.
    private func largeValues(_ hashes: Set<String>) throws -> [String: JSON] {
        var values: [String: JSON] = [:]
        let statement = try database.cachedStatement(
            sql: "SELECT format, content FROM large_values WHERE hash = ? AND length(content) <= ?")
        for (number, hash) in hashes.enumerated() {
            values[hash] = .null
            guard number < Self.valueLimit,
                let row = try Row.fetchOne(statement, arguments: [hash, Self.valueSize])
            else { continue }
            values[hash] = try JournalCoding.parse(StoredContent(format: row[0], bytes: row.bytes(1)).content)
        }
        return values
    }
}
