import FlowCore

/// Refusals that nothing in the sandbox brings about by itself: they are set for an account or for the application (`signInError`).
extension IdentityFailure {
    private static let known: [Int64: (error: String, text: String)] = [
        50_001: (
            "invalid_resource",
            "The resource is disabled or doesn't exist. Check your app's code to ensure that you have specified the exact "
                + "resource URL for the resource you're trying to access."
        ),
        50_033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
        50_053: (
            "invalid_grant",
            "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."
        ),
        50_055: ("invalid_grant", "The password is expired."),
        50_076: (
            "interaction_required",
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
                + "use multi-factor authentication to access the resource."
        ),
        50_079: (
            "interaction_required",
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
                + "enroll in multi-factor authentication to access the resource."
        ),
        50_132: ("invalid_grant", "The session is not valid due to password expiration or recent password change."),
        50_133: ("invalid_grant", "Session is invalid due to expiration or recent password change."),
        50_144: (
            "invalid_grant",
            "The user's Active Directory password has expired. Generate a new password for the user."
        ),
        65_001: (
            "invalid_grant",
            "The user or administrator has not consented to use the application. Send an interactive authorization "
                + "request for this user and resource."
        ),
        70_002: (
            "invalid_client",
            "Error validating the credentials. The specified client_secret does not match the expected value for this client."
        ),
        90_033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
        7_000_222: (
            "invalid_client",
            "The provided client secret keys are expired. Create new keys for your app, or consider using certificate "
                + "credentials for added security."
        ),
    ]

    /// The numbers that can be set for an account.
    static let ofAccounts: [Int64] = [
        50_033, 50_053, 50_055, 50_076, 50_079, 50_132, 50_133, 50_144, 65_001, 90_033,
    ]

    /// The numbers that can be set for the application; the first two concern its secret only.
    static let ofApplications: [Int64] = [70_002, 7_000_222, 50_001, 50_033, 65_001, 90_033]

    /// The refusal of a number that is set.
    static func set(_ number: Int64) -> IdentityFailure? {
        guard let (error, text) = known[number] else { return nil }
        let status = error == "temporarily_unavailable" ? 503 : error == "invalid_client" ? 401 : 400
        return IdentityFailure(status: status, error: error, number: number, text: text)
    }
}

/// The seeded app registration, as far as it can be changed.
enum DirectoryApplication {
    private static let setting = "application sign-in error"

    /// The number with which its requests for tokens are refused, or nil.
    static func signInError(in transaction: Transaction) throws -> Int64? {
        try transaction.setting(setting).flatMap(Int64.init)
    }

    /// Sets the number, or nil for none.
    static func setSignInError(_ number: Int64?, in transaction: Transaction) throws {
        try transaction.setSetting(setting, number.map(String.init) ?? "")
    }

    /// Refuses a request for a token with the error that is set.
    static func refuse(hasSecret: Bool, in transaction: Transaction) throws {
        guard let number = try signInError(in: transaction), let failure = IdentityFailure.set(number) else { return }
        guard hasSecret || failure.error != "invalid_client" else { return }
        throw failure.failure(in: transaction)
    }
}
