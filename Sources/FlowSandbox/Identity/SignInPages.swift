import FlowCore

/// The pages at which people sign in and approve device codes.
enum SignInPages {
    /// `/{tenant}/sign-in`.
    static func signIn(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        guard request.method == "POST" else { return page("Sign in", fields: ["username", "password"]) }
        let form = request.form
        let user = try IdentityService.authenticate(form["username"], form["password"], in: transaction)
        try DirectoryUser.markSignedIn(user.upn, in: transaction)
        return .json(200, ["upn": .string(user.upn), "signedInOnce": true])
    }

    /// `/devicelogin`.
    static func deviceLogin(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        guard request.method == "POST" else {
            return page("Enter the code of your device", fields: ["user_code", "username", "password"])
        }
        let form = request.form
        let user = try IdentityService.authenticate(form["username"], form["password"], in: transaction)
        guard let code = form["user_code"] else {
            throw IdentityFailure.parameterMissing("user_code").failure(in: transaction)
        }
        try DeviceCode.approve(code, by: user, in: transaction)
        try DirectoryUser.markSignedIn(user.upn, in: transaction)
        return .json(200, ["upn": .string(user.upn), "approved": true])
    }

    /// A form for people.
    static func page(_ title: String, fields: [String]) -> ServiceResponse {
        let inputs = fields.map { field in
            "<p><label>\(field) <input name=\"\(field)\" type=\"\(field == "password" ? "password" : "text")\"></label></p>"
        }
        return .text(
            200,
            "<!doctype html><html lang=\"en\"><title>\(title)</title><h1>\(title)</h1><form method=\"post\">"
                + inputs.joined() + "<button>Continue</button></form></html>", type: "text/html; charset=utf-8")
    }
}
