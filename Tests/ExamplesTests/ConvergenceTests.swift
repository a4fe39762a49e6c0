import Foundation
import Testing

/// A run of `flowrun-bench converge` at a size for each day.
///
/// Random edits of both sides, webhooks that come twice and out of order, throttling, expired tokens, and a server that is
/// killed. `make converge` does a thousand edits with twenty kills.
@Suite struct ConvergenceTests {
    private func converge(_ options: String) async throws -> BuiltBinary.Outcome {
        try await BuiltBinary.script(
            "exec \"$(dirname \"$flowrun\")/flowrun-bench\" converge --solutions flows --flowrun \"$flowrun\" \(options)",
            in: BuiltBinary.checkout, limit: .seconds(200))
    }

    @Test(arguments: ["salesforce", "dynamics365"])
    func `both sides converge, and no write is caused by one of ours`(crm: String) async throws {
        let outcome = try await converge("--edits 60 --kills 2 --deals 8 --pace 80 --seed 7 --crm \(crm)")
        #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.messages.suffix(2_000))")
        #expect(outcome.output.contains("24 values are equal on both sides"))
    }

    @Test func `without the echo guard our own writes start runs`() async throws {
        let outcome = try await converge(
            "--edits 30 --kills 0 --deals 8 --pace 150 --seed 7 --crm salesforce --unguarded")
        #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.messages.suffix(2_000))")
        #expect(outcome.output.contains("the storm: "))
    }
}
