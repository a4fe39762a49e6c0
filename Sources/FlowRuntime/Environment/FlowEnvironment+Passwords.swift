package import FlowCore
import FlowStorage
import Synchronization

/// The passwords of people: who may try one, and since when what was known of a person holds no more.
final class PasswordDesk: Sendable {
    /// How many may wait for their password to be tried; each try takes memory and time.
    private static let queue = 16

    /// Passwords are tried one after another.
    let gate = TaskGate()
    private let state = Mutex((waiting: 0, changes: [String: Int]()))

    /// Whether one more may wait.
    func admit() -> Bool {
        state.withLock { state in
            guard state.waiting < Self.queue else { return false }
            state.waiting += 1
            return true
        }
    }

    func leave() { state.withLock { $0.waiting -= 1 } }

    /// A person's password was set, or the person removed: who is signed in as them is no more.
    func changed(_ upn: String) { state.withLock { $0.changes[upn, default: 0] += 1 } }

    private let hashOfNobody = Mutex<PasswordHash?>(nil)

    /// What the passwords of people without one are tried against.
    func nobody(_ cost: Scrypt.Cost) -> PasswordHash? {
        hashOfNobody.withLock { hash in
            if hash == nil { hash = PasswordHash(of: Base64.encode(SecureRandom.bytes(16)), cost: cost) }
            return hash
        }
    }

    func changes(of upn: String) -> Int { state.withLock { $0.changes[upn] ?? 0 } }
}

/// Someone who has signed in with a password.
package struct SignedInPerson: Sendable, Hashable {
    /// The person.
    package let upn: String
    /// How often the password had been changed; with the next change the sign-in ends.
    fileprivate let changes: Int
}

extension FlowEnvironment {
    /// The shortest password that is taken; long ones are better than odd ones.
    private static let passwordLength = 12

    private static func place(of upn: String) -> String { "password/\(upn)" }

    // MARK: user password

    /// Sets a person's password.
    func setPassword(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let upn = try arguments.required("upn").lowercased()
        _ = try await setPassword(try arguments.required("password"), of: upn)
        return ["upn": .string(upn)]
    }

    /// Sets the password of a person whom the environment knows; whoever was signed in as them is no more.
    /// - Throws: `InvalidArgument`, `UserNotFound`, or an error of the store.
    package func setPassword(_ password: String, of upn: String) async throws(FlowError) -> SignedInPerson {
        guard password.count >= Self.passwordLength, password.utf8.count <= 1_024 else {
            throw FlowError(
                .invalidArgument, "The password is shorter than \(Self.passwordLength) characters, or very long.",
                hint: "take several words")
        }
        let users = try await store.users()
        guard users.contains(where: { $0.upn == upn }) else {
            throw FlowError(
                .userNotFound, "The environment has no person '\(upn)'.",
                hint: Suggestion.hint(for: upn, among: users.map(\.upn))
                    ?? "add them: `flowrun user add \(upn)`")
        }
        guard let hash = await OwnThread.run({ [options] in PasswordHash(of: password, cost: options.passwordCost) })
        else { throw Self.noMemory }
        try await changing { () throws(FlowError) in
            try await commit(StoreCommit([.metadata(Self.place(of: upn), .string(hash.text))]))
        }
        passwords.changed(upn)
        return SignedInPerson(upn: upn, changes: passwords.changes(of: upn))
    }

    private static var noMemory: FlowError {
        FlowError(.signInRefused, "The system has no memory to try a password.", hint: "try again later")
    }

    /// The change that takes a person's password away.
    static func passwordRemoval(of upn: String) -> StoreChange { .metadata(place(of: upn), nil) }

    // MARK: Signing in

    /// Signs a person in.
    ///
    /// For a person who is not there, or has no password, as much is done as for one who has.
    /// - Throws: `SignInRefused`, `TooManyRequests`, or an error of the store.
    package func signIn(_ upn: String, password: String) async throws(FlowError) -> SignedInPerson {
        // No name is longer; what a stranger sends stands in the audit log.
        let upn = String(upn.lowercased().prefix(320))
        guard passwords.admit() else {
            throw FlowError(.tooManyRequests, "Very many people sign in at once.", hint: "try again in a minute")
        }
        defer { passwords.leave() }
        let changes = passwords.changes(of: upn)
        let isKnown = try await store.users().contains { $0.upn == upn }
        let stored = try await store.metadata(Self.place(of: upn))?.stringValue.flatMap { PasswordHash($0) }
        await passwords.gate.enter()
        let fits = await OwnThread.run { [passwords, options] in
            (stored ?? passwords.nobody(options.passwordCost))?.fits(password) ?? false
        }
        passwords.gate.leave()
        let refusal =
            fits && isKnown && stored != nil
            ? nil : FlowError(.signInRefused, "The person or the password is wrong.")
        options.audit?.add("signIn", ["upn": .string(upn)], refusal, user: upn, token: nil, at: clock.now)
        if let refusal { throw refusal }
        return SignedInPerson(upn: upn, changes: changes)
    }

    /// What someone who signed in may do, or nil where they are gone or their password is another one now.
    package func caller(_ person: SignedInPerson) -> Caller? {
        let state = host.state
        guard passwords.changes(of: person.upn) == person.changes,
            state.users.contains(where: { $0.upn == person.upn })
        else { return nil }
        return Caller(user: person.upn, token: nil, scopes: [.user], roles: state.roles(of: person.upn))
    }

    // MARK: The first admin

    /// The admin whom a new environment gets, without a password.
    package static let firstAdmin = "admin@localhost"

    /// Gives an environment without admins its first one.
    /// - Returns: that admin as long as they have no password, so that a link to set one is of use; else nil.
    /// - Throws: an error of the store.
    package func makeFirstAdmin() async throws(FlowError) -> String? {
        let admins = try await store.users().filter { $0.roles.contains(EnvironmentRole.admin.rawValue) }.map(\.upn)
        if admins.isEmpty {
            _ = try await perform(
                EnvironmentRequest(
                    .addUser, ["upn": .string(Self.firstAdmin), "role": .string(EnvironmentRole.admin.rawValue)]))
            return try await store.metadata(Self.place(of: Self.firstAdmin)) == nil ? Self.firstAdmin : nil
        }
        for admin in admins where try await store.metadata(Self.place(of: admin)) != nil { return nil }
        return admins.contains(Self.firstAdmin) ? Self.firstAdmin : nil
    }
}
