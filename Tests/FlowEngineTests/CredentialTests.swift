import FlowCore
import Testing

@testable import FlowEngine

/// Credentials go to the one who was named with them, not to whom an answer names.
@Suite struct CredentialTests {
    @Test(arguments: [
        ("/next?u=http://other/", true), ("next", true), ("https://api.example.test/p", true),
        ("HTTPS://API.example.test:443/p", true), ("//api.example.test/p", true), ("http://api.example.test/p", false),
        ("https://api.example.test:444/p", false), ("https://evil.test/p", false), ("//evil.test/p", false),
        ("https://api.example.test@evil.test/p", false), ("https://api.example.test\\@evil.test/p", false),
        ("https://api.example.test.evil.test/p", false),
    ])
    func `a poll or page at another origin carries no credentials`(_ location: String, _ keeps: Bool) {
        let call = HTTPCall(
            method: "GET", uri: "https://api.example.test/a/b?c=d",
            headers: ["authorization": "Bearer t", "X-Api-Key": "k", "X-Plain": "p"],
            authentication: ["type": "Basic", "username": "u", "password": "w"])
        for followUp in [FollowUp.poll(location: location), .page(link: location)] {
            guard case .http(let next) = EffectIntent.Kind.http(call).following(followUp) else {
                Issue.record("no HTTP call")
                continue
            }
            #expect(next.headers.keys.sorted() == (keeps ? ["X-Api-Key", "X-Plain", "authorization"] : ["X-Plain"]))
            #expect((next.authentication != nil) == keeps)
        }
    }
}
