import FlowCore
import FlowStorage
import GRDB
import GRDBSQLite
internal import Glibc

/// What SQLite refuses, as an error for people.
enum StoreFailure {
    /// The error of a result code.
    /// - Parameters:
    ///   - code: the extended result code.
    ///   - message: SQLite's own words; they hold no values.
    ///   - system: what the operating system refused with, where it did.
    ///   - path: the database file.
    /// - Returns: the error, with what to do.
    static func error(_ code: Int32, _ message: String, system: Int32 = 0, path: String) -> FlowError {
        let reason = system == 0 ? "" : " (\(String(cString: strerror(system))))"
        let cause = FlowError.Cause(origin: "sqlite \(code)", message: message + reason)
        switch meaning(of: code, system) {
        case SQLITE_FULL:
            return FlowError(
                .storeFull, "The disk with \(path) is full.",
                hint: "free space on that disk; runs go on by themselves", cause: cause)
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT:
            return StoreRefusal.corrupt("The database \(path) is damaged.", cause: cause)
        case SQLITE_BUSY, SQLITE_LOCKED:
            return FlowError(
                .storeLocked, "Another program holds the database \(path).",
                hint: "close the program that has it open, then call the command again", cause: cause)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            return FlowError(
                .storeReadOnly, "The database \(path) may not be written.",
                hint: "check owner and rights of the file and its folder", cause: cause)
        case SQLITE_CONSTRAINT:
            return FlowError(
                .commitRefused, "A change contradicts what the store holds.",
                hint: "look at the present state, then call the command again", cause: cause)
        case SQLITE_CANTOPEN:
            return FlowError(
                .storeUnusable, "The database \(path) cannot be opened.",
                hint: "check that the folder is there and may be written", cause: cause)
        default:
            return FlowError(
                .storeUnusable, "The database \(path) cannot be read or written.",
                hint: "check the disk; nothing half-done was kept", cause: cause)
        }
    }

    /// A result code without its extension; SQLite itself tells only few refusals of the disk apart.
    private static func meaning(of code: Int32, _ system: Int32) -> Int32 {
        guard code & 0xff == SQLITE_IOERR else { return code & 0xff }
        switch system {
        case ENOSPC, EDQUOT, EFBIG: return SQLITE_FULL
        case EROFS, EPERM, EACCES: return SQLITE_READONLY
        default: return SQLITE_IOERR
        }
    }

    /// Whether an error means that every page has to be looked at before the database may be written again: the disk gave
    /// back something else than was written, or nothing.
    static func callsForCheck(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode.rawValue else { return false }
        return [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR].contains(code)
    }

    /// The error of what GRDB throws.
    static func error(_ error: any Error, path: String) -> FlowError {
        switch error {
        case let error as FlowError: error
        case let error as DatabaseError:
            Self.error(error.extendedResultCode.rawValue, error.message ?? "no message", path: path)
        default:
            FlowError(
                .storeUnusable, "The database \(path) cannot be used.",
                cause: FlowError.Cause(origin: "store", message: String(describing: error)))
        }
    }
}
