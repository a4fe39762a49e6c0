import FlowCore
import FlowStorage

extension FlowEnvironment {
    // MARK: token create, list, revoke

    func createToken(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let now = clock.now
        let name = try arguments.text("name") ?? "token-\(now.secondsDescription)"
        let scopes = try TokenScope.scopes(try arguments.texts("scopes")).map(\.rawValue)
        var expires: Timestamp?
        if let text = try arguments.text("expires") {
            guard let duration = ShortDuration.parse(text) else {
                throw FlowError(
                    .invalidArgument, "'\(text)' is no duration.", hint: "write 30s, 5m, 2h, 14d or ISO 8601")
            }
            expires = now + duration
        }
        let user = try await state().knownUser(try arguments.text("as"))
        let text = "fr_" + Base64.encodeURL(SecureRandom.bytes(32))
        let token = APIToken(
            name: name, digest: Digest.sha256(Array(text.utf8)), upn: user, scopes: scopes, createdAt: now,
            expires: expires)
        return try await changing { () throws(FlowError) in
            if try await store.tokens().contains(where: { $0.name == name }) {
                throw FlowError(
                    .invalidArgument, "There already is a token '\(name)'.",
                    hint: "give another --name, or `flowrun token revoke \(name)` first")
            }
            try await commit(StoreCommit([.token(token)]))
            return ["name": .string(name), "token": .string(text), "expires": Self.expiry(of: token)]
        }
    }

    private static func expiry(of token: APIToken) -> JSON { token.expires.map { .string($0.description) } ?? .null }

    func listTokens() async throws(FlowError) -> JSON {
        .array(
            try await store.tokens().map { token in
                [
                    "name": .string(token.name), "as": token.upn.map { .string($0) } ?? .null,
                    "scopes": .array(token.scopes.map { .string($0) }),
                    "createdAt": .string(token.createdAt.description), "expires": Self.expiry(of: token),
                ]
            })
    }

    func revokeToken(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let name = try arguments.required("name")
        return try await changing { () throws(FlowError) in
            let names = try await store.tokens().map(\.name)
            guard names.contains(name) else {
                throw FlowError(
                    .tokenNotFound, "There is no token '\(name)'.",
                    hint: Suggestion.hint(for: name, among: names)
                        ?? "see `flowrun token list`")
            }
            try await commit(StoreCommit([.removeToken(name)]))
            return ["name": .string(name)]
        }
    }
}
