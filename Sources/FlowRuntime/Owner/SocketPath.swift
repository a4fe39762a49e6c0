public import FlowCore
internal import Glibc

/// The path of a socket in the form that the system takes.
///
/// A socket's address has room for ``longest`` bytes, and project folders may lie deeper. A longer path is gone through the
/// folder that is held open here, by the short name that the system gives it (`/proc/self/fd/N`).
public final class SocketPath: Sendable {
    /// How many bytes the path of a socket may have: the system takes 107, the server's library 103.
    public static let longest = 103

    /// The path to bind or to connect to, good as long as this value lives.
    public let text: String
    private let folder: Int32?

    /// Makes a path short enough.
    /// - Parameter path: the path of the socket.
    /// - Throws: `InvalidArgument` where that cannot be done.
    public init(_ path: String) throws(FlowError) {
        guard path.utf8.count > Self.longest, let slash = path.lastIndex(of: "/") else {
            text = path
            folder = nil
            return
        }
        let descriptor = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        text = "/proc/self/fd/\(descriptor)\(path[slash...])"
        folder = descriptor < 0 ? nil : descriptor
        guard folder != nil, text.utf8.count <= Self.longest, access("/proc/self/fd/\(descriptor)", F_OK) == 0 else {
            throw FlowError(
                .invalidArgument,
                "The path of the owner's socket \(path) has \(path.utf8.count) bytes; sockets take \(Self.longest).",
                hint: "move the project to a folder with a shorter path, or give a link to it with --project")
        }
    }

    deinit { if let folder { close(folder) } }
}
