import FlowCore
import Foundation

/// A folder for the database of one test.
struct TemporaryFolder {
    let path: String
    let key = [UInt8](repeating: 7, count: 32)

    var database: String { path + "/store.sqlite" }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/flowrun-store-" + UUIDText.random()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Copies the database as a crash would leave it: whatever is in the files at this moment.
    func crashCopy() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in ["store.sqlite", "store.sqlite-wal"] where FileManager.default.fileExists(atPath: "\(path)/\(name)")
        {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
