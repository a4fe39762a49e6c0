import FlowCore
import FlowText

/// Secrets that stand in the file in plain text.
enum SecretRules {
    /// Words that name a secret, without blanks and signs.
    private static let words = [
        "password", "passwd", "pwd", "secret", "clientsecret", "apikey", "accesskey", "subscriptionkey", "accesstoken",
        "refreshtoken", "authtoken", "privatekey", "functionskey", "sharedkey", "securitytoken", "connectionstring",
        "pfx",
    ]

    /// Names of headers and queries whose value is a secret.
    private static let headerNames: Set<String> = [
        "xapikey", "apikey", "ocpapimsubscriptionkey", "xfunctionskey", "subscriptionkey", "xauthtoken", "code", "sig",
        "key", "token", "accesstoken",
    ]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            let action = place.action
            guard let inputs = action.inputs else { continue }
            switch action.type {
            case .http, .httpWebhook: checkCall(inputs, of: action, into: &report)
            case .initializeVariable: checkVariables(inputs, of: action, into: &report)
            case .setVariable:
                guard let name = inputs["name"]?.string, isSecretName(name), let value = inputs["value"],
                    isSecretValue(value)
                else { continue }
                warn(of: "the variable '\(name)'", value, action, into: &report)
            default: break
            }
        }
    }

    private static func warn(
        of what: String, _ value: SourceNode, _ action: Action, into report: inout CheckReport
    ) {
        report.warning(
            .secretInText, "The action '\(action.name)' has \(what) in plain text.", at: value.location,
            path: action.path, hint: "put it into a parameter of type SecureString and write @parameters('name')")
    }

    private static func checkCall(_ inputs: SourceNode, of action: Action, into report: inout CheckReport) {
        for holder in [inputs, inputs["subscribe"], inputs["unsubscribe"]].compactMap({ $0 }) {
            for member in holder["authentication"]?.members ?? [] {
                let name = fold(member.key)
                let isSecret =
                    isSecretName(member.key)
                    || name == "value" && holder["authentication"]?["type"]?.string?.lowercased() == "raw"
                if isSecret, isSecretValue(member.value) {
                    warn(of: "'\(member.key)' of its authentication", member.value, action, into: &report)
                }
            }
            for part in ["headers", "queries"] {
                for member in holder[part]?.members ?? [] where isSecretValue(member.value) {
                    let name = fold(member.key)
                    let isLogin = name == "authorization" && isLogin(member.value.string ?? "")
                    // Short words are keys only where the value looks like one.
                    let isKey = headerNames.contains(name) && looksRandom(member.value.string ?? "")
                    guard isLogin || isKey || isSecretName(member.key) else { continue }
                    warn(of: "the value of '\(member.key)'", member.value, action, into: &report)
                }
            }
            if let uri = holder["uri"], let text = uri.string, hasSignature(text) {
                warn(of: "a signed address", uri, action, into: &report)
            }
        }
    }

    private static func checkVariables(_ inputs: SourceNode, of action: Action, into report: inout CheckReport) {
        for variable in inputs["variables"]?.elements ?? [] {
            guard let name = variable["name"]?.string, isSecretName(name), let value = variable["value"],
                isSecretValue(value)
            else { continue }
            warn(of: "the variable '\(name)'", value, action, into: &report)
        }
    }

    // MARK: Heuristics

    private static func fold(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    private static func isSecretName(_ name: String) -> Bool {
        let folded = fold(name)
        return words.contains { folded == $0 || folded.hasSuffix($0) }
    }

    /// Whether a value is a literal that is neither empty nor a placeholder.
    private static func isSecretValue(_ value: SourceNode) -> Bool {
        guard let text = value.string, !value.isTemplate else { return false }
        let isPlaceholder =
            text.hasPrefix("<") || text.hasPrefix("[") || text.hasPrefix("{")
            || text.allSatisfy { $0 == "x" || $0 == "*" }
        return text.count >= 6 && !isPlaceholder
    }

    private static func isLogin(_ text: String) -> Bool {
        let parts = text.split(separator: " ")
        return parts.count == 2 && ["bearer", "basic", "apikey"].contains(parts[0].lowercased()) && parts[1].count >= 8
    }

    /// Whether a text has the look of a key: long, without blanks, letters and digits mixed.
    private static func looksRandom(_ text: String) -> Bool {
        text.count >= 16 && !text.contains(" ") && text.contains(where: \.isNumber) && text.contains(where: \.isLetter)
    }

    private static func hasSignature(_ text: String) -> Bool {
        for name in ["sig=", "code="] {
            for separator in ["?", "&"] {
                guard let range = text.firstRange(of: separator + name) else { continue }
                let value = text[range.upperBound...].prefix { $0 != "&" && $0 != "#" }
                if !value.contains("@{"), value.count >= 16 { return true }
            }
        }
        return false
    }
}
