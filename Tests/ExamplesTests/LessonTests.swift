import FlowCore
import Foundation
import Testing

/// Every lesson of `Examples/` gives what its `expected.json` says; the keys are explained in `Examples/README.md`.
@Suite struct LessonTests {
    private static let folder = BuiltBinary.checkout + "/Examples"

    /// The folders with an `expected.json`.
    static let lessons: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/expected.json") }
    }()

    @Test func `there are lessons, and the page lists each folder`() throws {
        #expect(Self.lessons.count >= 6)
        let page = try String(contentsOfFile: Self.folder + "/README.md", encoding: .utf8)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) where !name.contains(".") {
            #expect(page.contains("[\(name)](\(name))"), "\(name)")
        }
    }

    @Test(arguments: lessons)
    func `a lesson gives what is expected of it`(lesson: String) async throws {
        let folder = "Examples/\(lesson)"
        let outcome = try await BuiltBinary.run([
            "run", "--file", "\(folder)/\(lesson).flow.yaml", "--input", "@\(folder)/input.json", "--json",
        ])
        #expect(outcome.messages.isEmpty)
        let run = try outcome.json
        let expected = try JSON(
            parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(lesson)/expected.json"))))
        for (key, value) in try #require(expected.objectValue) {
            switch key {
            case "status":
                #expect(run["status"] == value)
                #expect(outcome.exitCode == (value == "Succeeded" ? 0 : 1))
            case "actions":
                let actions = Self.actions(of: run)
                for (path, wanted) in value.objectValue ?? [:] {
                    let action = try #require(actions[path], "no action \(path) among \(actions.keys.sorted())")
                    for (member, wanted) in wanted.objectValue ?? [:] {
                        #expect(action[member]?.sorted == wanted.sorted, "\(path) \(member)")
                    }
                }
            case "outputs":
                for (name, wanted) in value.objectValue ?? [:] {
                    #expect(run["outputs"]?[name]?["value"]?.sorted == wanted.sorted, "output \(name)")
                }
            case "response":
                #expect(run["response"]?["statusCode"] == value["statusCode"])
                #expect(run["response"]?["body"]?.sorted == value["body"]?.sorted)
            default: Issue.record("\(lesson)/expected.json has an unknown key '\(key)'")
            }
        }
    }

    /// What became of each action, repetitions under their own paths.
    private static func actions(of run: JSON) -> [String: JSON] {
        var byPath: [String: JSON] = [:]
        for action in run["actions"]?.arrayValue ?? [] {
            for entry in [action] + (action["repetitions"]?.arrayValue ?? []) {
                if let path = entry["path"]?.stringValue { byPath[path] = entry }
            }
        }
        return byPath
    }
}

extension JSON {
    /// The value with its members by name: objects are compared without regard to their order.
    fileprivate var sorted: JSON {
        switch self {
        case .object(let object):
            var members = JSONObject()
            for (key, value) in object.sorted(by: { $0.0 < $1.0 }) { members[key] = value.sorted }
            return .object(members)
        case .array(let elements): return .array(elements.map(\.sorted))
        default: return self
        }
    }
}
