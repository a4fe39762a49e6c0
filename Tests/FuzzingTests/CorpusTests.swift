import Foundation
import Testing

/// Replays the inputs that once broke something, without the fuzzer: a file each in `Corpus/<kind>/`.
@Suite struct CorpusTests {
    @Test(arguments: FuzzKind.allCases)
    func `what once broke a reader or function does so no more`(_ kind: FuzzKind) throws {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Corpus/\(kind.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files.sorted(by: { $0.path < $1.path }) {
            let bytes = Array(try Data(contentsOf: file))
            do {
                try kind.check(bytes)
            } catch {
                Issue.record("\(kind.rawValue)/\(file.lastPathComponent): \(error)")
            }
        }
    }
}
