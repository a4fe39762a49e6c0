package import FlowCore
internal import Glibc

/// Files and folders of the project and of its state.
package enum StateFiles {
    /// The bytes of a file.
    package static func read(_ path: String) throws(FlowError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a file that is complete or not there at all.
    /// - Parameters:
    ///   - path: where it is to stand.
    ///   - bytes: its content.
    ///   - mode: who may read it.
    /// - Throws: `FileNotWritable`.
    package static func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(FlowError) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        guard Descriptor.write(bytes, to: descriptor) else {
            let reason = errno
            close(descriptor)
            unlink(temporary)
            throw unwritable(path, reason)
        }
        let flushed = fsync(descriptor) == 0
        close(descriptor)
        guard flushed, rename(temporary, path) == 0 else { throw unwritable(path, errno) }
    }

    /// Whether there is a file or folder.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file, if it is there.
    package static func remove(_ path: String) { unlink(path) }

    /// Makes a folder and those above it, readable to the owner alone.
    package static func makeFolder(_ path: String) throws(FlowError) {
        if exists(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]))
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw unwritable(path, errno) }
    }

    /// The absolute path of the working folder.
    package static var workingFolder: String {
        guard let text = getcwd(nil, 0) else { return "/" }
        defer { free(text) }
        return String(cString: text)
    }

    /// A path made absolute, `.` and `..` resolved as far as the text tells.
    package static func absolute(_ path: String, in folder: String = workingFolder) -> String {
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func unreadable(_ path: String, _ reason: Int32) -> FlowError {
        FlowError(
            .fileNotReadable, "The file \(path) cannot be read: \(String(cString: strerror(reason))).",
            hint: "check the path and its rights")
    }

    private static func unwritable(_ path: String, _ reason: Int32) -> FlowError {
        FlowError(
            .fileNotWritable, "The file \(path) cannot be written: \(String(cString: strerror(reason))).",
            hint: "check the folder's owner, rights and free space")
    }
}
