import FlowCore
import FlowRuntime
import Synchronization

/// Who is signed in with a browser, and the link with which the first admin sets a password.
///
/// Sessions live in memory, by the digest of their cookie: whoever signed in does so again after a restart, and nothing
/// on disk opens one.
final class Sessions: Sendable {
    struct Session: Sendable {
        let person: SignedInPerson
        /// What a page of ours sends with each change, and one of another site cannot know.
        let csrfToken: String
        /// When it ends whatever happens.
        let expires: Timestamp
        /// When it was used last.
        fileprivate(set) var usedAt: Timestamp
    }

    private struct State {
        var sessions: [[UInt8]: Session] = [:]
        var setup: (digest: [UInt8], upn: String, expires: Timestamp)?
    }

    /// How long a session lasts at most.
    static let lifetime = Duration.seconds(12 * 3_600)
    /// How long it lasts without being used.
    static let idleLifetime = Duration.seconds(2 * 3_600)
    /// How long the link of the first admin holds.
    static let setupLifetime = Duration.seconds(3_600)
    /// How many there are at once; the oldest give way.
    private static let limit = 10_000

    private let state = Mutex(State())

    /// The cookie's name; with the prefix a browser takes it only over TLS, and from this host alone.
    static func cookieName(isSecure: Bool) -> String { isSecure ? "__Host-flowrun-session" : "flowrun-session" }

    /// Begins a session.
    /// - Returns: the cookie's value, and the session.
    func begin(_ person: SignedInPerson, now: Timestamp) -> (cookie: String, session: Session) {
        let cookie = Base64.encodeURL(SecureRandom.bytes(32))
        let session = Session(
            person: person, csrfToken: Base64.encodeURL(SecureRandom.bytes(32)), expires: now + Self.lifetime,
            usedAt: now)
        state.withLock { state in
            if state.sessions.count >= Self.limit { Self.makeRoom(in: &state, now) }
            state.sessions[Digest.sha256(Array(cookie.utf8))] = session
        }
        return (cookie, session)
    }

    private static func makeRoom(in state: inout State, _ now: Timestamp) {
        state.sessions = state.sessions.filter { isGood($0.value, now) }
        guard state.sessions.count >= limit else { return }
        let kept = state.sessions.sorted { $0.value.usedAt > $1.value.usedAt }.prefix(limit / 2)
        state.sessions = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }

    private static func isGood(_ session: Session, _ now: Timestamp) -> Bool {
        session.expires > now && session.usedAt + idleLifetime > now
    }

    /// The session of a cookie, or nil; it counts as used.
    func session(_ cookie: String, now: Timestamp) -> Session? {
        let digest = Digest.sha256(Array(cookie.utf8))
        return state.withLock { state in
            guard let session = state.sessions[digest] else { return nil }
            guard Self.isGood(session, now) else {
                state.sessions[digest] = nil
                return nil
            }
            state.sessions[digest]?.usedAt = now
            return session
        }
    }

    /// Ends the session of a cookie.
    func end(_ cookie: String) { state.withLock { $0.sessions[Digest.sha256(Array(cookie.utf8))] = nil } }

    // MARK: The first admin's link

    /// Makes the code of the link with which a person sets a password once; an earlier one holds no more.
    func makeSetupCode(for upn: String, now: Timestamp) -> String {
        let code = Base64.encodeURL(SecureRandom.bytes(32))
        state.withLock { $0.setup = (Digest.sha256(Array(code.utf8)), upn, now + Self.setupLifetime) }
        return code
    }

    /// The person of a code that still holds, or nil.
    func person(ofSetupCode code: String, now: Timestamp) -> String? {
        let digest = Digest.sha256(Array(code.utf8))
        return state.withLock { state in
            guard let setup = state.setup, setup.expires > now, Digest.constantTimeEqual(setup.digest, digest) else {
                return nil
            }
            return setup.upn
        }
    }

    /// Uses a code up.
    /// - Returns: what gives it back where the password was not taken, or nil where the code does not hold.
    func useUp(setupCode code: String, now: Timestamp) -> (upn: String, giveBack: @Sendable () -> Void)? {
        let digest = Digest.sha256(Array(code.utf8))
        let used = state.withLock { state -> (upn: String, expires: Timestamp)? in
            guard let setup = state.setup, setup.expires > now, Digest.constantTimeEqual(setup.digest, digest) else {
                return nil
            }
            state.setup = nil
            return (setup.upn, setup.expires)
        }
        guard let used else { return nil }
        return (
            used.upn,
            { [self] in
                state.withLock { if $0.setup == nil { $0.setup = (digest, used.upn, used.expires) } }
            }
        )
    }
}

/// How often someone tried to sign in as a person, from wherever it was: ten times at once, then once in half a minute.
final class SignInAttempts: Sendable {
    private let rates = ClientRates(burst: 10, perSecond: 1.0 / 30)

    /// Takes one of a person's attempts.
    /// - Returns: nil, or after how many seconds there is one again.
    func take(_ upn: String) -> Int? { rates.take(Self.key(upn)) }

    /// Gives back the attempt that succeeded.
    func forgive(_ upn: String) { rates.giveBack(Self.key(upn)) }

    private static func key(_ upn: String) -> ClientAddress {
        ClientAddress(text: String(upn.lowercased().prefix(320)), isLocal: false)
    }
}
