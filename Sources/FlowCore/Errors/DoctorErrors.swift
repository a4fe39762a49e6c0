extension FlowError.Code {
    /// A service sends its events nowhere.
    public static let webhookNotRegistered = FlowError.Code("WebhookNotRegistered")
    /// A service sends its events to another address.
    public static let webhookRegisteredElsewhere = FlowError.Code("WebhookRegisteredElsewhere")
    /// A service does not send all the events that a flow waits for.
    public static let webhookEventsMissing = FlowError.Code("WebhookEventsMissing")
    /// A record changed and no event came.
    public static let webhookSilent = FlowError.Code("WebhookSilent")
    /// A field that flows use does not exist.
    public static let fieldMissing = FlowError.Code("FieldMissing")
    /// A value that a flow writes is not one of the field's values.
    public static let fieldValueNotAllowed = FlowError.Code("FieldValueNotAllowed")
    /// A currency of a referral is not set up in the CRM.
    public static let currencyNotSetUp = FlowError.Code("CurrencyNotSetUp")
    /// A connection has used up, or nearly, its calls of the day.
    public static let quotaNearlyUsed = FlowError.Code("QuotaNearlyUsed")
    /// A trigger asks its service in vain.
    public static let triggerFailing = FlowError.Code("TriggerFailing")
    /// A trigger has seen nothing for longer than its rule allows.
    public static let triggerSilent = FlowError.Code("TriggerSilent")
    /// An alert could not be delivered.
    public static let alertNotDelivered = FlowError.Code("AlertNotDelivered")
    /// Flows are on, and nobody serves them.
    public static let environmentNotServed = FlowError.Code("EnvironmentNotServed")
    /// The trial plan of the co-sell connectors is set.
    public static let coSellTrialPlan = FlowError.Code("CoSellTrialPlan")
    /// A service did not answer the doctor.
    public static let serviceSilent = FlowError.Code("ServiceSilent")
    /// Flows that write both sides of a deal have no guard against their own echo.
    public static let echoGuardMissing = FlowError.Code("EchoGuardMissing")
    /// A parent flow of the solution is off.
    public static let flowNotActive = FlowError.Code("FlowNotActive")
    /// Nothing is installed in the environment.
    public static let nothingInstalled = FlowError.Code("NothingInstalled")
}

extension ErrorPage {
    package static let doctorPages: [ErrorPage] = [
        ErrorPage(
            .webhookNotRegistered, happened: "No change in Partner Center reaches a flow.",
            why: "The tenant has no webhook registration, so Partner Center calls nobody.",
            remedy:
                "Run the flow 'Partner Center Webhook Registration' with the URL that `flowrun flow url FLOW` prints, or `flowrun doctor --fix`."
        ),
        ErrorPage(
            .webhookRegisteredElsewhere, happened: "No change in Partner Center reaches a flow of this environment.",
            why:
                "A tenant has one registration, and it names another address: another system, another environment, or an address that this flow had before.",
            remedy:
                "Run the flow 'Partner Center Webhook Registration' with 'Overwrite existing trigger endpoints if present?' set to Yes. An old address of the same flow is replaced by `flowrun doctor --fix`."
        ),
        ErrorPage(
            .webhookEventsMissing, happened: "Some changes in Partner Center reach no flow.",
            why: "The registration does not name all four referral events.",
            remedy: "Register all four again, or `flowrun doctor --fix`."),
        ErrorPage(
            .webhookSilent, happened: "A referral changed and Partner Center did not call.",
            why:
                "The registration is right, but events do not come: the tenant is one of several that Microsoft has not enabled for webhooks, or the address cannot be reached from outside.",
            remedy:
                "See the trigger's history in `flowrun flow show FLOW`, check `server.publicUrl`, and ask Partner Center support to enable multi-tenancy for the tenant. `flowrun runs resubmit ID` takes up what was missed."
        ),
        ErrorPage(
            .fieldMissing, happened: "A flow uses a field that its service does not have.",
            why:
                "The custom fields of the solution were not created, have other names, or the connection's user may not see them; or a variable names a field that does not exist.",
            remedy:
                "Create the field, or name the right one: `flowrun variable set NAME VALUE`. The solution's README lists the fields."
        ),
        ErrorPage(
            .fieldValueNotAllowed, happened: "A flow writes a value that the service will refuse.",
            why: "The field is a restricted picklist, and your organization's list does not have the value.",
            remedy:
                "Write a value of the list into the [Customize] flow, then `flowrun solution install PATH` and `flowrun activate FLOW`."
        ),
        ErrorPage(
            .currencyNotSetUp, happened: "A referral cannot be written into the CRM.",
            why: "Its currency is not set up there.",
            remedy: "Let an administrator of the CRM add the currency, then `flowrun runs resubmit ID`."),
        ErrorPage(
            .quotaNearlyUsed, happened: "A connection has made nearly all calls that it may make today, or all.",
            why: "Each create and each update on either side costs a call; 10,000 a day are allowed.",
            remedy: "See `flowrun limits`. The count begins anew at midnight UTC; a loop shows in `flowrun runs list`."),
        ErrorPage(
            .triggerFailing, happened: "A trigger has asked its service in vain, several times in a row.",
            why: "The service refuses or does not answer; the trigger's history has its words.",
            remedy: "Look: `flowrun flow show FLOW`. It goes on by itself once the service answers."),
        ErrorPage(
            .triggerSilent, happened: "A trigger has seen nothing for longer than its rule allows.",
            why:
                "`alerts.silentTriggers` in flowrun.yaml says how long may pass without an event: the service sends none, the registration or the address is wrong, or there was nothing.",
            remedy: "See what it saw last: `flowrun flow history FLOW`; look for causes: `flowrun doctor`."),
        ErrorPage(
            .alertNotDelivered, happened: "An alert was not delivered; it is tried again.",
            why:
                "The webhook of `alerts` in flowrun.yaml does not answer with 2xx, or the command does not end with 0.",
            remedy: "Call the address or the command by hand with a line of JSON."),
        ErrorPage(
            .environmentNotServed, happened: "Flows are on, and nothing starts them.",
            why: "Webhooks, polling and recurrences need a process that serves the environment.",
            remedy: "Start it: `flowrun serve`."),
        ErrorPage(
            .coSellTrialPlan, happened: "The environment says that it uses the trial of the co-sell connectors.",
            why: "A trial is allowed on test and staging only; a production environment needs the paid plan.",
            remedy: "Set `coSellPlan: paid` in flowrun.yaml once it is so."),
        ErrorPage(
            .serviceSilent, happened: "A service could not be examined.",
            why: "It did not answer in time, or its answer could not be used.",
            remedy: "Try the connection: `flowrun connection test NAME`."),
        ErrorPage(
            .echoGuardMissing, happened: "Flows of the solution may be started by what they wrote themselves.",
            why:
                "The solution's file has no `echoGuard` for a flow that watches records which other flows of it write.",
            remedy: "Declare one under `echoGuard` in solution.yaml, then `flowrun solution install PATH`."),
        ErrorPage(
            .flowNotActive, happened: "Flows of an installed solution are off.",
            why: "They were never turned on, or were turned off.",
            remedy: "Turn them on in the right order: `flowrun activate --solution NAME`."),
        ErrorPage(
            .nothingInstalled, happened: "The environment has no flows.",
            why: "No solution is installed.",
            remedy: "Install one: `flowrun solution install PATH`."),
    ]
}
