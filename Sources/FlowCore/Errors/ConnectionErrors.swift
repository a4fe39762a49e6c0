extension FlowError.Code {
    /// A connection cannot be used: its sign-in is refused, or it is not one for this purpose.
    public static let connectionAuthorizationFailed = FlowError.Code("ConnectionAuthorizationFailed")
    /// A connection misses a parameter that its way of signing in needs.
    public static let connectionParameterMissing = FlowError.Code("ConnectionParameterMissing")
    /// A connection has a way of signing in that its connector does not know.
    public static let connectionGrantNotSupported = FlowError.Code("ConnectionGrantNotSupported")
    /// The environment does not say where a service is.
    public static let endpointMissing = FlowError.Code("EndpointMissing")
    /// A token endpoint answered something that is no token and no OAuth error.
    public static let invalidTokenResponse = FlowError.Code("InvalidTokenResponse")
    /// A device code has not been approved in time.
    public static let signInNotFinished = FlowError.Code("SignInNotFinished")
    /// The account lacks a role or right at the service.
    public static let accessDenied = FlowError.Code("accessDenied")
    /// The organisation has not enabled the service: somebody must sign in once.
    public static let serviceNotEnabled = FlowError.Code("AADSTS650052")
    /// The client secret is wrong.
    public static let clientSecretWrong = FlowError.Code("AADSTS7000215")
    /// The user name or password is wrong.
    public static let passwordWrong = FlowError.Code("AADSTS50126")
    /// The sign-in was withdrawn, or the password has changed since.
    public static let signInRevoked = FlowError.Code("AADSTS50173")
    /// The sign-in has expired because it was not used.
    public static let signInExpired = FlowError.Code("AADSTS700082")
    /// A service answered a call of flowrun itself with an error.
    public static let serviceCallFailed = FlowError.Code("ServiceCallFailed")
    /// An operation is called without a parameter that it needs.
    public static let operationParameterMissing = FlowError.Code("WorkflowOperationParametersRuntimeMissingValue")
    /// A parameter of an operation has a value that it cannot have.
    public static let operationParameterInvalid = FlowError.Code("OpenApiOperationParameterValidationFailed")
    /// The connector has no such operation or trigger.
    public static let operationNotFound = FlowError.Code("OpenApiOperationNotFound")
    /// The operation or trigger is known, but flowrun does not run it.
    public static let operationNotSupported = FlowError.Code("ConnectorOperationNotSupported")
    /// An HTTP action authenticates in a way that flowrun does not run.
    public static let authenticationNotSupported = FlowError.Code("HttpAuthenticationNotSupported")
}

extension ErrorPage {
    package static let connectionPages: [ErrorPage] = [
        ErrorPage(
            .connectionAuthorizationFailed, happened: "A connection could not be used.",
            why:
                "Its sign-in has expired or was refused, it belongs to another connector, or the account may not use it.",
            remedy: "`flowrun connection test`, then `flowrun login ACCOUNT`; runs that wait for it go on afterwards."),
        ErrorPage(
            .connectionParameterMissing, happened: "A connection misses a parameter.",
            why: "Each way of signing in needs its own parameters, such as tenant, clientId and a secret.",
            remedy:
                "Make it again: `flowrun connection create CONNECTOR --account UPN --set NAME=VALUE --secret NAME=env:VARIABLE`."
        ),
        ErrorPage(
            .connectionGrantNotSupported, happened: "A connection was to sign in in a way its service does not offer.",
            why:
                "The grants are client_credentials, refresh_token, password and device_code, and not every service has all.",
            remedy: "Choose another `--grant` with `flowrun connection create`."),
        ErrorPage(
            .endpointMissing, happened: "The address of a service is not known.",
            why: "A Dataverse environment has an address of its own that cannot be guessed.",
            remedy: "Set `endpoints: { commondataserviceforapps: https://ORG.crm.dynamics.com }` in flowrun.yaml."),
        ErrorPage(
            .invalidTokenResponse, happened: "A token endpoint answered something unexpected.",
            why: "The address leads to something else, or a proxy answered in its place.",
            remedy: "Check `endpoints` in flowrun.yaml and the proxy settings; then `flowrun connection test`."),
        ErrorPage(
            .signInNotFinished, happened: "Nobody finished the sign-in in time.",
            why: "A device code is good for 15 minutes.",
            remedy: "Begin again: `flowrun login ACCOUNT`, and enter the code in a browser."),
        ErrorPage(
            .accessDenied, happened: "The service knows the account, but does not allow what was asked.",
            why: "The account lacks a role: for referrals it needs Referral Admin or Referral User in Partner Center.",
            remedy: "Assign the role in Partner Center, or use a connection of another account."),
        ErrorPage(
            .serviceNotEnabled,
            happened: "The organisation has not enabled the service for the account (AADSTS650052).",
            why:
                "The account has never signed in to Power Automate, so that the service has no entry for the organisation.",
            remedy: "Sign in once: `flowrun login ACCOUNT`; then repeat the command."),
        ErrorPage(
            .clientSecretWrong, happened: "The client secret is wrong (AADSTS7000215).",
            why: "Often the secret's id was copied in place of its value, or the secret was replaced.",
            remedy: "Make the connection again with `--secret clientSecret=env:NAME`."),
        ErrorPage(
            .passwordWrong, happened: "User name or password is wrong (AADSTS50126).",
            why: "The password is misspelt or was changed.",
            remedy: "Make the connection again with `--secret password=env:NAME`."),
        ErrorPage(
            .signInRevoked, happened: "The sign-in was withdrawn (AADSTS50173).",
            why: "The account's password was changed, or an administrator ended its sessions.",
            remedy: "`flowrun login ACCOUNT`; runs that wait for it go on afterwards."),
        ErrorPage(
            .signInExpired, happened: "The sign-in has expired (AADSTS700082).",
            why: "A refresh token that is not used for 90 days is no longer accepted.",
            remedy: "`flowrun login ACCOUNT`; runs that wait for it go on afterwards."),
        ErrorPage(
            .serviceCallFailed,
            happened: "A service refused a call that flowrun made of itself, for a trigger or a look-up.",
            why: "The message holds what the service said.",
            remedy: "Correct the trigger's parameters or the account's rights; the trigger asks again at its next time."
        ),
        ErrorPage(
            .operationParameterMissing, happened: "An operation was called without a parameter that it needs.",
            why: "The parameter is not written in the action, or its expression gave null.",
            remedy: "Give the parameter; `flowrun connectors NAME` lists what an operation takes."),
        ErrorPage(
            .operationParameterInvalid, happened: "A parameter of an operation has a value that it cannot have.",
            why: "The message names the parameter and what is expected.",
            remedy: "Correct the expression; `flowrun runs show ID` prints the evaluated inputs."),
        ErrorPage(
            .operationNotFound, happened: "A connector has no operation of that name.",
            why: "The name is misspelt, or belongs to another connector.",
            remedy: "`flowrun connectors NAME` lists the operations."),
        ErrorPage(
            .operationNotSupported, happened: "An operation or trigger is known, but flowrun does not run it.",
            why: "It is declared so that flows that hold it can be read and checked.",
            remedy: "Use another trigger: for Dataverse a Recurrence with ListRecords and a filter on modifiedon."),
        ErrorPage(
            .authenticationNotSupported, happened: "An HTTP action authenticates in a way that flowrun does not run.",
            why:
                "None, Basic, Raw and ActiveDirectoryOAuth with a secret are run; certificates and managed identities are not.",
            remedy: "Use ActiveDirectoryOAuth with `secret`, or a header from a parameter."),
    ]
}
