import Foundation
import Testing

/// What `make demo` runs, with the binary of the tests.
@Suite struct MainJobTests {
    @Test func `a co-sell referral travels from Partner Center to Salesforce and back`() async throws {
        let scratch = try ScratchFolder()
        let outcome = try await BuiltBinary.script(
            "exec Examples/main-job/demo.sh \"$flowrun\"", in: BuiltBinary.checkout,
            environment: ["TMPDIR": scratch.path], limit: .seconds(300))
        #expect(outcome.exitCode == 0, "\(outcome.output.suffix(4_000))\(outcome.messages)")
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(left.isEmpty, "the demo leaves \(left)")
    }
}
