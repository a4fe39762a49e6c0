/// A service of the sandbox, by the key it has in `endpoints` and in `sandbox.json`.
public enum SandboxService: String, Sendable, CaseIterable {
    /// Microsoft Entra ID: tokens, device codes, sign-in.
    case identity
    /// Partner Center referrals, `api.partner.microsoft.com`.
    case partnercenterref
    /// Partner Center webhooks, `api.partnercenter.microsoft.com`.
    case partnercenterevents
    /// A Salesforce organization: log-in host and instance in one.
    case salesforce
    /// A Dataverse environment, `https://<org>.crm.dynamics.com`.
    case commondataserviceforapps
}
