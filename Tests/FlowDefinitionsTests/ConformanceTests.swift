import FlowCore
import FlowDefinitions
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Runs the check cases and the rejected run cases of a conformance folder, where FLOWRUN_CONFORMANCE names one.
@Suite struct ConformanceTests {
    static let folder: String? = getenv("FLOWRUN_CONFORMANCE").map { String(cString: $0) }

    private func lines(of name: String) -> [JSON] {
        guard let folder = Self.folder, let file = fopen("\(folder)/\(name)", "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes.split(separator: 0x0A).compactMap { try? JSON(parsing: Array($0)) }
    }

    @Test(.enabled(if: folder != nil)) func `The check cases are caught and valid flows raise no alarm`() {
        let checker = FlowChecker(catalog: SmallCatalog())
        var passed = 0
        var failures: [String] = []
        var alarms: [String] = []
        for value in lines(of: "checks.jsonl") {
            guard let checkCase = CheckCase(value) else { continue }
            switch checkCase.run(with: checker) {
            case .passed: passed += 1
            case .failed(let text):
                let line = "\(checkCase.id): \(text)"
                if checkCase.isValid { alarms.append(line) } else { failures.append(line) }
            }
        }
        print("checks: \(passed) passed, \(failures.count) missed, \(alarms.count) false alarms")
        for text in alarms + failures { print("  \(text)") }
        #expect(alarms.isEmpty)
        #expect(Double(passed) >= Double(passed + failures.count) * 0.985)
    }

    @Test(.enabled(if: folder != nil)) func `Rejected run cases have errors and all others have none`() {
        let checker = FlowChecker(catalog: EmptyCatalog())
        var wrong: [String] = []
        var count = 0
        for value in lines(of: "runs.jsonl") {
            guard let id = value["id"]?.stringValue, let flows = value["flows"]?.objectValue else { continue }
            count += 1
            let decoded = flows.map { name, flow in FlowDecoder.decode(flow, name: name) }
            let set = FlowSet(decoded.flatMap(\.flows))
            let errors = (decoded.flatMap(\.diagnostics) + checker.check(set)).filter { $0.severity == .error }
            let codes = Set(errors.map(\.code.rawValue))
            if let rejected = value["rejected"] {
                let accepted =
                    [rejected["code"]?.stringValue ?? ""]
                    + (rejected["alsoAccepted"]?.arrayValue?.compactMap(\.stringValue) ?? [])
                if codes.isDisjoint(with: accepted) {
                    wrong.append("\(id): expected \(accepted), got \(codes.sorted())")
                }
            } else if let error = errors.first {
                wrong.append("\(id): expected nothing, got \(error.code) at \(error.path): \(error.message)")
            }
        }
        print("runs: \(count - wrong.count) as expected, \(wrong.count) not")
        for text in wrong { print("  \(text)") }
        #expect(Double(wrong.count) <= Double(count) * 0.02)
    }
}
