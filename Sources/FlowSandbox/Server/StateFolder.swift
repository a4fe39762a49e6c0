public import FlowCore
import Glibc

/// The folder that keeps a sandbox: `.flowrun/sandbox/`.
///
/// It holds `sandbox.db` (the state), `sandbox.json` (how to reach the running sandbox, readable by the owner only),
/// `sandbox.log` (of a detached one) and `sandbox.lock` (held by the running process).
public struct SandboxStateFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Names a folder.
    public init(path: String) { self.path = path }

    /// The description of the running sandbox, or nil where none runs or its file cannot be read.
    public func description() -> SandboxDescription? {
        guard let bytes = try? Self.read(path + "/" + SandboxDescription.fileName),
            let json = try? JSONReader.read(bytes), json["controlUrl"]?.stringValue != nil
        else { return nil }
        return SandboxDescription(json: json)
    }

    /// Makes the folder and those above it, for the owner only.
    /// - Throws: `SandboxStartFailed`.
    public func create() throws(FlowError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part.isEmpty && made.isEmpty ? "/" : made.hasSuffix("/") || made.isEmpty ? part : "/" + part
            guard !made.isEmpty, made != "/" else { continue }
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw Self.failed("The folder '\(made)' cannot be made")
            }
        }
    }

    /// Writes `sandbox.json` for the owner only, whole or not at all.
    func write(_ description: SandboxDescription) throws(FlowError) {
        let file = path + "/" + SandboxDescription.fileName
        let temporary = file + ".new"
        let handle = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard handle >= 0 else { throw Self.failed("'\(temporary)' cannot be written") }
        let bytes = Array(description.json.indentedText.utf8) + [0x0A]
        let isWritten = Descriptor.write(bytes, to: handle)
        close(handle)
        guard isWritten, rename(temporary, file) == 0 else {
            throw Self.failed("'\(file)' cannot be written")
        }
    }

    /// Removes `sandbox.json`.
    func removeDescription() { unlink(path + "/" + SandboxDescription.fileName) }

    /// Whether a running process holds the folder.
    public var isHeld: Bool {
        let handle = open(path + "/sandbox.lock", O_RDWR | O_CLOEXEC)
        guard handle >= 0 else { return false }
        // Closing the handle lets go of a lock that was taken to try.
        defer { close(handle) }
        return flock(handle, LOCK_EX | LOCK_NB) != 0
    }

    /// Takes the folder for this process until the lock is let go.
    func lock() throws(FlowError) -> FolderLock {
        let handle = open(path + "/sandbox.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard handle >= 0 else { throw Self.failed("'\(path)/sandbox.lock' cannot be opened") }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            close(handle)
            let pid = description().map { " (pid \($0.pid))" } ?? ""
            throw FlowError(
                .sandboxInUse, "A sandbox already runs in '\(path)'\(pid).", hint: "stop it with: flowrun sandbox stop")
        }
        return FolderLock(handle: handle)
    }

    private static func read(_ path: String) throws(FlowError) -> [UInt8] {
        let handle = open(path, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { throw failed("'\(path)' cannot be read") }
        defer { close(handle) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(handle, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    private static func failed(_ what: String) -> FlowError {
        FlowError(
            .sandboxStartFailed, "\(what): \(String(cString: strerror(errno))).",
            hint: "choose another folder with --project DIR")
    }
}

/// A held lock on a state folder.
final class FolderLock: Sendable {
    private let handle: Int32

    init(handle: Int32) { self.handle = handle }

    deinit { close(handle) }
}
