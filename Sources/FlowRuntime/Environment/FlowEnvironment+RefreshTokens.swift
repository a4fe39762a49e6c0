public import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    /// Keeps the refresh token that a service gave a connection in place of its old one.
    /// - Parameters:
    ///   - token: the new token.
    ///   - name: the connection; one that is gone is left alone.
    /// - Throws: an error of the store.
    public func keepRefreshToken(_ token: String, of name: String) async throws(FlowError) {
        try await changing { () async throws(FlowError) in
            guard var stored = try await store.connection(name) else { return }
            stored.connection.secrets["refreshToken"] = token
            try await commit(StoreCommit([.connection(stored)]))
        }
    }
}
