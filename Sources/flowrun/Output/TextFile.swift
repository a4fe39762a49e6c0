import FlowCore
import Glibc

/// Files that are named on the command line.
enum TextFile {
    /// Reads a file, or stdin for `-`.
    /// - Throws: `FileNotReadable`.
    static func read(_ path: String) throws(FlowError) -> [UInt8] {
        if path == "-" { return Console.readInput() }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 { throw unreadable(path, errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Whether a path is a folder.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The files below a folder whose names end in one of the endings, sorted by path; hidden folders are left out.
    static func find(in folder: String, endings: [String]) throws(FlowError) -> [String] {
        try find(in: folder) { path in endings.contains(where: path.hasSuffix) }
    }

    /// The files below a folder whose paths are wanted, sorted by path; hidden folders are left out.
    static func find(in folder: String, where isWanted: (_ path: String) -> Bool) throws(FlowError) -> [String] {
        guard let directory = opendir(folder) else { throw unreadable(folder, errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        var files: [String] = []
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if isFolder(path) {
                files += try find(in: path, where: isWanted)
            } else if isWanted(path) {
                files.append(path)
            }
        }
        return files
    }

    /// Writes a file that must not be there yet.
    /// - Returns: whether it was written.
    static func create(_ path: String, _ text: String, mode: mode_t = 0o644) throws(FlowError) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        if descriptor < 0 {
            if errno == EEXIST { return false }
            throw FlowError(
                .fileNotWritable, "\(path) cannot be written: \(String(cString: strerror(errno))).",
                hint: "check the folder's owner and rights")
        }
        defer { close(descriptor) }
        guard Descriptor.write(text.utf8, to: descriptor) else {
            throw FlowError(
                .fileNotWritable, "\(path) cannot be written: \(String(cString: strerror(errno))).",
                hint: "check that the disk has room")
        }
        return true
    }

    private static func unreadable(_ path: String, _ number: Int32) -> FlowError {
        FlowError(
            .fileNotReadable, "\(path) cannot be read: \(String(cString: strerror(number))).",
            hint: "check the path; it is taken from the working folder")
    }
}
