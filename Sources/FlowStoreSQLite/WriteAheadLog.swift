import FlowCore
import FlowStorage
internal import Glibc

/// The write-ahead log beside a database, in the form that SQLite documents ("Database File Format", section 4).
///
/// SQLite reads the log up to the first frame whose checksum is wrong, and takes what follows for the rest of a commit
/// that was under way. Where a disk has changed a frame, that silently takes back what was committed after it. Here such
/// a frame is told from a torn one: a commit begins only when the one before it is on disk, so frames of a *later* commit
/// show that there was one.
struct WriteAheadLog {
    /// A frame that is damaged although commits follow it.
    struct Damage: Hashable {
        /// The frame, counted from 1.
        let frame: Int
        /// How many frames the file has room for.
        let frameCount: Int
        /// How many bytes of the file hold the commits before the damage.
        let wholeLength: Int64
    }

    /// The path of the log.
    let path: String

    /// The log of a database.
    init(beside database: String) { path = database + "-wal" }

    private static let headerLength = 32
    private static let frameHeaderLength = 24

    /// Looks for damage.
    /// - Returns: the damage, or nil where there is none, or none that can be told from a commit that was under way.
    func findDamage() -> Damage? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, let header = Self.read(file, at: 0, Self.headerLength) else { return nil }
        let pageSize = header.number(8)
        guard pageSize >= 512, pageSize <= 65_536, pageSize & (pageSize - 1) == 0 else {
            // Nothing tells how long frames are. Without commits the file is empty.
            let isBlank = header.allSatisfy { $0 == 0 }
            return isBlank ? nil : Damage(frame: 1, frameCount: 1, wholeLength: 0)
        }
        let frameLength = Self.frameHeaderLength + Int(pageSize)
        let count = (Int(status.st_size) - Self.headerLength) / frameLength
        // The lowest bit of the magic number tells in which order the bytes of words are summed.
        var sum = Sum(isBigEndian: header[3] & 1 == 1)
        sum.add(header[0..<24])
        let hasHeader = sum.isStored(in: header, at: 24)
        let salt = Array(header[16..<24])
        var damaged: Int?
        var wholeLength = hasHeader ? Self.headerLength : 0
        var previous: Frame?
        for number in 0..<max(0, count) {
            let end = Self.headerLength + (number + 1) * frameLength
            guard let bytes = Self.read(file, at: end - frameLength, frameLength) else { return nil }
            let frame = Frame(bytes: bytes)
            if damaged == nil {
                if hasHeader, frame.salt == salt, frame.follows(&sum) {
                    if frame.isCommit { wholeLength = end }
                    continue
                }
                damaged = number + 1
            } else if let previous, previous.isCommit, previous.salt == frame.salt, !hasHeader || frame.salt == salt {
                var sum = Sum(isBigEndian: sum.isBigEndian, storedIn: previous.bytes)
                if frame.follows(&sum), let damaged {
                    return Damage(frame: damaged, frameCount: count, wholeLength: Int64(wholeLength))
                }
            }
            previous = frame
        }
        return nil
    }

    /// Refuses a log in which commits follow a damaged frame.
    /// - Throws: `StoreCorrupt`.
    func requireWhole() throws(FlowError) {
        guard let damage = findDamage() else { return }
        throw FlowError(
            .storeCorrupt,
            "The write-ahead log \(path) is damaged at frame \(damage.frame) of \(damage.frameCount): "
                + "what was committed after it cannot be read.",
            hint: "put a backup back with `flowrun restore FILE`; or keep a copy of the folder and go on without "
                + "those commits: `truncate -s \(damage.wholeLength) \(path)`")
    }

    private static func read(_ file: Int32, at offset: Int, _ length: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, pread(file, buffer.baseAddress, length, off_t(offset)))
        }
        return bytes.count == length ? bytes : nil
    }
}

/// One page in the log, with its header.
private struct Frame {
    let bytes: [UInt8]

    var salt: [UInt8] { Array(bytes[8..<16]) }
    /// Whether it is the last of its commit: it then names the size of the database.
    var isCommit: Bool { bytes.number(4) != 0 }

    /// Whether its checksum follows from that of the frame before.
    func follows(_ sum: inout Sum) -> Bool {
        sum.add(bytes[0..<8])
        sum.add(bytes[24...])
        return sum.isStored(in: bytes, at: 16)
    }
}

/// The running checksum of the log.
private struct Sum {
    let isBigEndian: Bool
    private var first: UInt32 = 0
    private var second: UInt32 = 0

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    /// The sum that a frame's header holds.
    init(isBigEndian: Bool, storedIn frame: [UInt8]) {
        self.isBigEndian = isBigEndian
        (first, second) = (frame.number(16), frame.number(20))
    }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            for place in stride(from: 0, to: bytes.count - 7, by: 8) {
                let left = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                let right = bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                first &+= (isBigEndian ? UInt32(bigEndian: left) : UInt32(littleEndian: left)) &+ second
                second &+= (isBigEndian ? UInt32(bigEndian: right) : UInt32(littleEndian: right)) &+ first
            }
        }
    }

    func isStored(in bytes: [UInt8], at place: Int) -> Bool {
        bytes.number(place) == first && bytes.number(place + 4) == second
    }
}

extension [UInt8] {
    /// The 32 bits at a place, most significant byte first.
    fileprivate func number(_ place: Int) -> UInt32 {
        self[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
