extension FlowError.Code {
    /// There is no `flowrun.yaml` in the folder or above it.
    public static let projectNotFound = FlowError.Code("ProjectNotFound")
    /// `flowrun.yaml` is not as it must be.
    public static let invalidProject = FlowError.Code("InvalidProject")
    /// `flowrun.yaml` names no such environment.
    public static let environmentNotFound = FlowError.Code("EnvironmentNotFound")
    /// There is no such solution.
    public static let solutionNotFound = FlowError.Code("SolutionNotFound")
    /// The environment has no such flow.
    public static let flowNotFound = FlowError.Code("FlowNotFound")
    /// The environment has no such variable.
    public static let variableNotFound = FlowError.Code("EnvironmentVariableNotFound")
    /// A value does not fit the type of its environment variable.
    public static let invalidVariableValue = FlowError.Code("InvalidEnvironmentVariableValue")
    /// The environment knows no such person.
    public static let userNotFound = FlowError.Code("UserNotFound")
    /// The environment has no such connection.
    public static let connectionNotFound = FlowError.Code("ConnectionNotFound")
    /// There already is a connection of this name.
    public static let connectionExists = FlowError.Code("ConnectionExists")
    /// flowrun has no such connector.
    public static let connectorNotFound = FlowError.Code("ConnectorNotFound")
    /// There is no such connection reference.
    public static let connectionReferenceNotFound = FlowError.Code("ConnectionReferenceNotFound")
    /// Several things are wrong at once.
    public static let multipleErrorsOccurred = FlowError.Code("MultipleErrorsOccurred")
    /// A connection reference has no connection.
    public static let connectionReferenceMissingConnection = FlowError.Code("XrmConnectionReferenceMissingConnection")
    /// An environment variable has neither value nor default.
    public static let environmentVariableMissing = FlowError.Code("EnvironmentVariableMissing")
    /// The flow is off.
    public static let workflowTriggerIsNotEnabled = FlowError.Code("WorkflowTriggerIsNotEnabled")
    /// The flow has no URL.
    public static let triggerURLNotAvailable = FlowError.Code("TriggerUrlNotAvailable")
    /// There is no such run.
    public static let workflowRunNotFound = FlowError.Code("WorkflowRunNotFound")
    /// The run has ended and cannot be cancelled.
    public static let workflowRunCanNotBeCancelled = FlowError.Code("WorkflowRunCanNotBeCancelled")
    /// The action of the run is not in doubt.
    public static let runNotInDoubt = FlowError.Code("RunNotInDoubt")
    /// The person may not start the flow.
    public static let flowNotShared = FlowError.Code("AuthorizationFailed")
    /// There is no such token.
    public static let tokenNotFound = FlowError.Code("TokenNotFound")
    /// A service did not take the subscription of a webhook.
    public static let webhookSubscriptionFailed = FlowError.Code("WebhookSubscriptionFailed")
    /// flowrun does not listen for a trigger of this type.
    public static let triggerTypeNotSupported = FlowError.Code("TriggerTypeNotSupported")
}

extension ErrorPage {
    package static let activationPages: [ErrorPage] = [
        ErrorPage(
            .projectNotFound, happened: "No project was found.",
            why: "Neither the folder nor one above it holds a flowrun.yaml.",
            remedy: "Make one with `flowrun init`, or name its folder with `--project DIR`."),
        ErrorPage(
            .invalidProject, happened: "flowrun.yaml cannot be used.",
            why: "A key or value is not known, or the text is no YAML; the message gives line and column.",
            remedy: "Correct the place named; the hint says what is known there."),
        ErrorPage(
            .environmentNotFound, happened: "The environment does not exist.",
            why: "flowrun.yaml has no entry of this name under `environments`.",
            remedy: "Give `--environment NAME` with a name that stands there, or add it."),
        ErrorPage(
            .solutionNotFound, happened: "A solution was not found.",
            why: "The folder has no solution.yaml, or no installed solution has this name.",
            remedy: "See `flowrun solution list`, or name the folder: `flowrun solution install PATH`."),
        ErrorPage(
            .flowNotFound, happened: "A flow was not found.",
            why: "No installed flow has this GUID, name or alias, or begins so.",
            remedy: "See `flowrun flow list`."),
        ErrorPage(
            .variableNotFound, happened: "An environment variable was not found.",
            why: "No installed solution declares a variable of this schema or display name.",
            remedy: "See `flowrun variable list`."),
        ErrorPage(
            .invalidVariableValue, happened: "The value of an environment variable was refused.",
            why: "Yes/No variables take only Yes or No, Number takes a number, JSON takes JSON text.",
            remedy: "Give a value of the type that `flowrun variable list` shows."),
        ErrorPage(
            .userNotFound, happened: "A person is not known.",
            why: "Nobody was added under this user principal name, and no connection belongs to it.",
            remedy: "Add the person: `flowrun user add UPN`."),
        ErrorPage(
            .connectionNotFound, happened: "A connection was not found.",
            why: "No connection has this name, or none fits.",
            remedy: "See `flowrun connection list`; make one with `flowrun connection create`."),
        ErrorPage(
            .connectionExists, happened: "A connection was not created.",
            why: "Names of connections are unique in an environment.",
            remedy: "Give another `--name`, or delete the old one: `flowrun connection delete NAME`."),
        ErrorPage(
            .connectorNotFound, happened: "A connector is not known.",
            why: "The name is misspelt, or this version does not have the connector.",
            remedy: "Known are partnercenterref, partnercenterevents, salesforce and commondataserviceforapps."),
        ErrorPage(
            .connectionReferenceNotFound, happened: "A connection reference was not found.",
            why: "No flow declares a reference of this key or logical name, or the action uses none.",
            remedy: "See `flowrun bind-connection`, which lists actions and references."),
        ErrorPage(
            .multipleErrorsOccurred, happened: "More than one precondition is not met.",
            why: "Each problem is listed by itself.",
            remedy: "Follow the hint of each; nothing has changed until all are met."),
        ErrorPage(
            .connectionReferenceMissingConnection, happened: "A flow cannot be turned on.",
            why: "A connection reference that it uses has no connection in this environment.",
            remedy: "Bind one: `flowrun bind-connection --reference NAME --connection CONNECTION`."),
        ErrorPage(
            .environmentVariableMissing, happened: "A flow cannot be turned on.",
            why: "It uses an environment variable that has no current value and no default.",
            remedy: "Set it: `flowrun variable set NAME VALUE`."),
        ErrorPage(
            .workflowTriggerIsNotEnabled, happened: "A flow could not be started.",
            why: "It has not been turned on, or has been turned off.",
            remedy: "Turn it on: `flowrun activate FLOW`."),
        ErrorPage(
            .triggerURLNotAvailable, happened: "A flow's URL was asked for.",
            why: "Only flows with a Request trigger have one.",
            remedy: "See `flowrun flow list` for the triggers."),
        ErrorPage(
            .workflowRunNotFound, happened: "A run was not found.",
            why: "No run has this name, or it was pruned.",
            remedy: "See `flowrun runs list`."),
        ErrorPage(
            .workflowRunCanNotBeCancelled, happened: "A run was not cancelled.",
            why: "Only runs that are running or waiting can be cancelled.",
            remedy: "See its state: `flowrun runs show ID`."),
        ErrorPage(
            .runNotInDoubt, happened: "Nothing was settled.",
            why: "Only an action whose call may or may not have happened can be settled.",
            remedy: "Find those: `flowrun runs list --status InDoubt`."),
        ErrorPage(
            .flowNotShared, happened: "Something was refused because of who asked for it.",
            why:
                "The flow is not shared with the person in the way that is needed, the person's role in the environment is too low, or the token's scopes do not include it.",
            remedy:
                "Share the flow: `flowrun share FLOW --owner UPN` or `--run-only UPN`; give a role: `flowrun user add UPN --role maker`; or make a token with the scope: `flowrun token create --scope NAME`."
        ),
        ErrorPage(
            .tokenNotFound, happened: "A token was not found.",
            why: "No token of the management API has this name.",
            remedy: "See `flowrun token list`."),
        ErrorPage(
            .webhookSubscriptionFailed, happened: "Flows were not turned on.",
            why:
                "One of them has an HttpWebhook trigger, and the service that its `subscribe` calls refused or could not be reached, so it would never start. Everything that was turned on with it is off again.",
            remedy:
                "The message says what the service answered. Is `server.publicUrl` an address that it reaches? Then: `flowrun activate FLOW`."
        ),
        ErrorPage(
            .triggerTypeNotSupported, happened: "A flow cannot be turned on.",
            why:
                "Its trigger is one that the platform knows and this version of flowrun does not listen for, so nothing would ever start it.",
            remedy: "Use a Request, Recurrence or HttpWebhook trigger, or a polling trigger of the connector."),
    ]
}
