import FlowCore

/// A refusal of the referrals API: `{"error":{"code","message","target"?,"innerError"?}}`.
package enum ReferralFailure {
    /// Makes a refusal.
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - code: the code of the API.
    ///   - message: one sentence.
    ///   - target: the property that is at fault.
    ///   - inner: a closer code and message.
    /// - Returns: the refusal, ready to be thrown.
    package static func make(
        _ status: Int, _ code: String, _ message: String, target: String? = nil,
        inner: (code: String, message: String)? = nil
    ) -> ServiceFailure {
        var error: JSONObject = ["code": .string(code), "message": .string(String(message.prefix(1_024)))]
        if let target { error["target"] = .string(target) }
        if let inner { error["innerError"] = ["code": .string(inner.code), "message": .string(inner.message)] }
        return ServiceFailure(.json(status, ["error": .object(error)]))
    }

    /// 400 `invalidRequest`.
    static func invalid(_ message: String, target: String? = nil) -> ServiceFailure {
        make(400, "invalidRequest", message, target: target)
    }

    /// 404 `itemNotFound`.
    static func notFound(_ id: String) -> ServiceFailure {
        make(404, "itemNotFound", "The referral '\(id)' was not found.", target: "referral")
    }

    /// 412 for a stale `If-Match`.
    static let stale = make(
        412, "preconditionFailed", "The eTag does not match the current version of the referral.", target: "referral",
        inner: ("resourceModified", "Referral was changed."))

    /// 403 `accessDenied`.
    static func denied(_ message: String) -> ServiceFailure { make(403, "accessDenied", message) }

    /// 401 for a missing or unusable token.
    static func unauthenticated(_ refusal: AccessToken.Refusal) -> ServiceFailure {
        let message =
            switch refusal {
            case .missing: "The request carries no access token."
            case .invalid: "The access token is not valid for this service."
            case .expired: "The access token has expired."
            }
        var failure = make(401, "unauthenticated", message).response
        failure.headers.append(("WWW-Authenticate", "Bearer realm=\"\", error=\"invalid_token\""))
        return ServiceFailure(failure)
    }
}
