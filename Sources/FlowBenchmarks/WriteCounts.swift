import Foundation
import Synchronization

/// Counts what the writer of a store does, which does not vary with the machine.
final class WriteCounter: Sendable {
    private let commitCount = Atomic(0)
    private let rowCount = Atomic(0)

    func count(_ sql: String) {
        if sql.hasPrefix("COMMIT") {
            commitCount.add(1, ordering: .relaxed)
        } else if ["INSERT", "UPDATE", "DELETE"].contains(where: { sql.hasPrefix($0) }) {
            rowCount.add(1, ordering: .relaxed)
        }
    }

    /// What has been written so far, by the process as a whole as far as bytes and syncs go.
    var now: Counts {
        Counts(
            commits: commitCount.load(ordering: .relaxed), rows: rowCount.load(ordering: .relaxed),
            bytes: Self.writtenBytes, syncs: syncCount.load(ordering: .relaxed))
    }

    struct Counts {
        var commits = 0
        var rows = 0
        var bytes = 0
        var syncs = 0

        /// Adds what was written between two counts.
        mutating func add(_ after: Counts, since before: Counts) {
            commits += after.commits - before.commits
            rows += after.rows - before.rows
            bytes += after.bytes - before.bytes
            syncs += after.syncs - before.syncs
        }
    }

    /// The bytes that this process has handed to the kernel.
    private static var writtenBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/io", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("wchar:") }
        return line.flatMap { Int($0.dropFirst("wchar:".count).trimmingCharacters(in: .whitespaces)) } ?? 0
    }
}

private let syncCount = Atomic(0)

/// Syncs a file and counts it.
///
/// The dynamic linker finds this function before that of the C library, also for SQLite.
@_cdecl("fdatasync")
public func countedSync(_ descriptor: Int32) -> Int32 {
    syncCount.add(1, ordering: .relaxed)
    return realSync?(descriptor) ?? -1
}

/// The C library's own `fdatasync`.
private let realSync: (@convention(c) (Int32) -> Int32)? = {
    // RTLD_NEXT: the next one after this program's.
    let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: -1), "fdatasync")
    return symbol.map { unsafeBitCast($0, to: (@convention(c) (Int32) -> Int32).self) }
}()
