import FlowCore
import FlowStorage
import GRDBSQLite

/// A value bound to a statement.
enum SQLValue {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }

    init(_ instant: Timestamp?) { self = instant.map { .integer($0.ticks) } ?? .null }

    init(_ bytes: [UInt8]?) { self = bytes.map(SQLValue.blob) ?? .null }

    init(_ json: JSON?) { self = json.map { .text($0.text) } ?? .null }

    init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }

    init(_ number: Int) { self = .integer(Int64(number)) }

    /// Names in order, as JSON text.
    init(_ names: [String]) { self = .text(JSON.array(names.map(JSON.string)).text) }

    func bind(to statement: OpaquePointer, at place: Int32) -> Int32 {
        // Tells SQLite to copy what it is given.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch self {
        case .null: return sqlite3_bind_null(statement, place)
        case .integer(let value): return sqlite3_bind_int64(statement, place, value)
        case .text(var text):
            return text.withUTF8 { text in
                guard let address = text.baseAddress else {
                    return sqlite3_bind_text(statement, place, "", 0, copied)
                }
                return address.withMemoryRebound(to: CChar.self, capacity: text.count) {
                    sqlite3_bind_text(statement, place, $0, Int32(text.count), copied)
                }
            }
        case .blob(let bytes):
            guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, place, 0) }
            return sqlite3_bind_blob64(statement, place, bytes, UInt64(bytes.count), copied)
        }
    }
}

/// The row at hand of a statement of the writer.
struct SQLRow {
    let statement: OpaquePointer

    func integer(_ place: Int32) -> Int64 { sqlite3_column_int64(statement, place) }

    func text(_ place: Int32) -> String? {
        guard let text = sqlite3_column_text(statement, place) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, place))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func bytes(_ place: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(statement, place))
        guard count > 0, let address = sqlite3_column_blob(statement, place) else { return [] }
        return Array(UnsafeRawBufferPointer(start: address, count: count))
    }
}
