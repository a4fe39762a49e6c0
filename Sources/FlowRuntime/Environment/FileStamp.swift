internal import Glibc

/// What the system says of a file; where it is the same, so is the file.
struct FileStamp: Hashable, Sendable {
    let seconds: Int
    let nanoseconds: Int
    let size: Int
    let number: UInt

    /// The stamp of a file, or nil where there is none.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The stamp of what was looked up already.
    init(_ status: stat) {
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        size = Int(status.st_size)
        number = UInt(status.st_ino)
    }
}

/// Tells when files that change have come to rest: they are the same from one look to the next, so that an editor that
/// writes in several steps is waited for.
struct FileRest<Stamp: Equatable> {
    private var taken: Stamp?
    private var seen: Stamp?

    init() {}

    /// Looks at the files once more.
    /// - Returns: whether they are at rest and other ones than those that were taken over last; they count as taken over then.
    mutating func hasNew(_ stamp: Stamp) -> Bool {
        defer { seen = stamp }
        guard stamp != taken, stamp == seen else { return false }
        taken = stamp
        return true
    }
}
