import FlowCore
import Foundation
import Testing

/// The codes in the sources, and their pages.
@Suite struct ErrorPageTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources").resolvingSymlinksInPath()

    /// The Swift files below a folder: path from `Sources` and text.
    private static func files(in folder: URL) throws -> [(path: String, text: String)] {
        let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var files: [(path: String, text: String)] = []
        while let file = walk?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            files.append((String(file.path.dropFirst(sources.path.count + 1)), text))
        }
        return files
    }

    /// The declared codes: Swift's name and the printed form.
    private static func declared() throws -> [(name: String, code: String)] {
        try files(in: sources.appendingPathComponent("FlowCore/Errors")).flatMap { _, text in
            text.matches(of: /static let (\w+) =\s+FlowError\.Code\(\s*"([^"]+)"\)/).map {
                (String($0.1), String($0.2))
            }
        }
    }

    @Test func `every declared code has a page, and every page explains a declared code`() throws {
        let declared = try Self.declared()
        #expect(declared.count > 100)
        let codes = declared.map(\.code)
        #expect(Set(codes).count == codes.count, "a code is declared twice")
        let pages = ErrorPage.all
        let unexplained = codes.filter { pages[FlowError.Code($0)] == nil }
        #expect(unexplained.isEmpty)
        for page in pages.values {
            let isDeclared = codes.contains(page.code.rawValue)
            #expect(isDeclared, "\(page.code) is explained but not declared")
            for text in [page.happened, page.why, page.remedy] {
                #expect(text.count > 10 && text.hasSuffix("."), "\(page.code): '\(text)'")
            }
        }
    }

    @Test func `codes are declared in one place, and every one is raised somewhere`() throws {
        let declared = try Self.declared()
        var rest = ""
        for (path, text) in try Self.files(in: Self.sources) where !path.hasPrefix("FlowCore/Errors/") {
            #expect(!text.contains(/static let \w+ =\s+FlowError\.Code\(/), "\(path) declares a code")
            rest += text
        }
        let mentioned = Set(rest.matches(of: /\.(\w+)/).map { String($0.1) })
        // A code may also come from outside and be known only by its printed form.
        let unused = declared.filter {
            !mentioned.contains($0.name) && !rest.contains("\"\($0.code)\"") && !$0.code.hasPrefix("AADSTS")
        }
        #expect(unused.map(\.name) == [])
    }

    @Test func `codes that are raised by their printed form are declared, or come from a service`() throws {
        let known = Set(try Self.declared().map(\.code))
        for (path, text) in try Self.files(in: Self.sources)
        where !path.hasPrefix("FlowCore/Errors/") && !path.hasPrefix("FlowSandbox/") {
            for match in text.matches(of: /FlowError\(\s*FlowError\.Code\("([^"]+)"\)/) {
                #expect(known.contains(String(match.1)), "\(path) raises \(match.1)")
            }
        }
    }
}
