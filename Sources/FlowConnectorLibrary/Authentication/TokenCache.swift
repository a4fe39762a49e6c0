import FlowCore
import Synchronization

/// An access token with what belongs to it.
struct AccessToken: Sendable {
    /// The token.
    var text: String
    /// When to fetch another one, or nil where the service does not say.
    var refreshAt: Timestamp?
    /// The base address that the token endpoint named for its calls (Salesforce), or nil.
    var instanceURL: String?
    /// The id of the user, where the answer tells it (Salesforce), or nil.
    var userID: String?
    /// A new refresh token that takes the place of the one used, or nil.
    var refreshToken: String?
}

/// The access tokens of a connector: each fetched once for all who wait for it, and kept until it runs out.
final class TokenCache<Key: Hashable & Sendable>: Sendable {
    private enum Entry {
        case ready(AccessToken)
        case coming(Task<Result<AccessToken, FlowError>, Never>)
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// The token of a key.
    /// - Parameters:
    ///   - key: what the token is for.
    ///   - refused: a token that the service has just refused; it is not handed out again.
    ///   - isFresh: whether a token that is there is not enough; one that is being fetched is.
    ///   - now: the present instant.
    ///   - fetch: asks the token endpoint.
    /// - Returns: a token.
    /// - Throws: what `fetch` throws.
    func token(
        for key: Key, refused: String? = nil, isFresh: Bool = false, now: Timestamp,
        fetch: @escaping @Sendable () async throws(FlowError) -> AccessToken
    ) async throws(FlowError) -> AccessToken {
        let task: Task<Result<AccessToken, FlowError>, Never>
        switch take(key, refused, isFresh, now, fetch) {
        case .ready(let token): return token
        case .coming(let running): task = running
        }
        return try await task.value.get()
    }

    private func take(
        _ key: Key, _ refused: String?, _ isFresh: Bool, _ now: Timestamp,
        _ fetch: @escaping @Sendable () async throws(FlowError) -> AccessToken
    ) -> Entry {
        entries.withLock { entries in
            switch entries[key] {
            case .ready(let token)?
            where !isFresh && token.text != refused && token.refreshAt.map({ now < $0 }) ?? true:
                return .ready(token)
            case .coming(let task)?: return .coming(task)
            default: break
            }
            // A task of its own: it serves all who wait, so that it must not end with the first of them.
            let task = Task { [self] () async -> Result<AccessToken, FlowError> in
                let result: Result<AccessToken, FlowError>
                do throws(FlowError) {
                    result = .success(try await fetch())
                } catch {
                    result = .failure(error)
                }
                self.entries.withLock { entries in
                    if case .success(let token) = result {
                        entries[key] = .ready(token)
                    } else {
                        entries[key] = nil
                    }
                }
                return result
            }
            entries[key] = .coming(task)
            return .coming(task)
        }
    }
}
