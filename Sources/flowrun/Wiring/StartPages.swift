import FlowRuntime
import Glibc

/// The pages of the program's code that only the start needed.
enum StartPages {
    /// Takes the code's pages out of the process; those that are needed again come back from the page cache.
    ///
    /// A server lives long and starts once: reading the command line, the project and all flows touches most of the code,
    /// and answering requests a small part of it. Code is never written, so nothing is lost.
    static func giveBack() {
        var path = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        guard length > 0, let maps = try? StateFiles.read("/proc/self/maps") else { return }
        let program = String(decoding: path.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") where line.hasSuffix(" " + program) {
            let words = line.split(separator: " ")
            let bounds = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard words[1] == "r-xp", bounds.count == 2, let start = UnsafeMutableRawPointer(bitPattern: bounds[0])
            else { continue }
            madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
