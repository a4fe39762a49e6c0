extension FlowError.Code {
    /// An event of a run's journal is not understood.
    public static let journalUnreadable = FlowError.Code("JournalUnreadable")
    /// A variable would get larger than a variable may be.
    public static let variableSizeLimitExceeded = FlowError.Code("VariableSizeLimitExceeded")
    /// The inputs and outputs of an action are larger than they may be together.
    public static let actionResultsSizeLimitExceeded = FlowError.Code("ActionResultsSizeLimitExceeded")
    /// A simulation does not come to an end.
    public static let runTooLong = FlowError.Code("RunTooLong")
    /// The URL names no flow of the environment.
    public static let workflowNotFound = FlowError.Code("WorkflowNotFound")
    /// A request to a trigger's URL has no signature.
    public static let directApiAuthorizationRequired = FlowError.Code("DirectApiAuthorizationRequired")
    /// The signature of a trigger's URL is not the flow's.
    public static let directApiInvalidAuthorizationSignature = FlowError.Code("DirectApiInvalidAuthorizationSignature")
    /// The token of a request to a trigger's URL is of someone who may not call it.
    public static let misMatchingOAuthClaims = FlowError.Code("MisMatchingOAuthClaims")
    /// A trigger was called with another method than it takes.
    public static let triggerRequestMethodNotValid = FlowError.Code("TriggerRequestMethodNotValid")
    /// The path behind a trigger's URL does not fit the trigger.
    public static let triggerRelativePathNotValid = FlowError.Code("TriggerRelativePathNotValid")
    /// The body of a request says that it is JSON and is none.
    public static let invalidJSONBody = FlowError.Code("InvalidJSON")
    /// A run ended without the Response that its caller waited for.
    public static let noResponse = FlowError.Code("NoResponse")
    /// As many runs wait for their turn as the trigger allows.
    public static let workflowMaximumWaitingRunCountExceeded = FlowError.Code("WorkflowMaximumWaitingRunCountExceeded")
    /// A connection reference of a run leads to no connection.
    public static let missingConnectionReference = FlowError.Code("MissingConnectionReference")
    /// An expression reads what a run's record hides.
    public static let secureValueHidden = FlowError.Code("SecureValueHidden")
    /// A run in the store cannot be taken up again.
    public static let runUnreadable = FlowError.Code("RunUnreadable")
    /// A request named a host that this server is not.
    public static let invalidHost = FlowError.Code("InvalidHost")
    /// A run that goes on still was to be repaired.
    public static let workflowRunInProgress = FlowError.Code("WorkflowRunInProgress")
    /// A run has no action of that name.
    public static let workflowRunActionNotFound = FlowError.Code("WorkflowRunActionNotFound")
    /// There is nothing to repair in a run.
    public static let runNotRepairable = FlowError.Code("RunNotRepairable")
    /// Another run has repaired a run already.
    public static let runRepairedAlready = FlowError.Code("RunRepairedAlready")
    /// What a run did does not fit the newest version of its flow.
    public static let repairVersionDiffers = FlowError.Code("RepairVersionDiffers")
}

extension ErrorPage {
    package static let runPages: [ErrorPage] = [
        ErrorPage(
            .runTooLong, happened: "A simulated run did not come to an end.",
            why: "It took two million steps; a loop or a child flow that calls itself goes on and on.",
            remedy: "Give the Until a limit, or the mocks an answer that ends the loop."),
        ErrorPage(
            .journalUnreadable, happened: "An event in the journal of a run cannot be read.",
            why: "A newer version of flowrun wrote it, or the store is damaged.",
            remedy: "Use the version that wrote it, or a newer one; else `flowrun runs resubmit ID`."),
        ErrorPage(
            .variableSizeLimitExceeded, happened: "An action would have made a variable too large; it stays as it was.",
            why: "A variable takes 104,857,600 characters, an array in one 100,000 items.",
            remedy: "Work through the data in parts, or use `Select` and `Filter array`, which need no variable."),
        ErrorPage(
            .actionResultsSizeLimitExceeded, happened: "A call brought more than an action may hold.",
            why: "The inputs and outputs of one action take 209,715,200 bytes together.",
            remedy: "Ask for less at once: fewer columns, a filter, pages."),
        ErrorPage(
            .workflowNotFound, happened: "A request or a parent flow named a flow that does not exist.",
            why: "The flow was uninstalled, or the URL is of another environment.",
            remedy:
                "Install its solution again with `flowrun solution install PATH`; take a URL anew: `flowrun flow url FLOW`."
        ),
        ErrorPage(
            .directApiAuthorizationRequired, happened: "A request to a trigger's URL was refused.",
            why: "The URL lacks its `sig`, which is the caller's only proof.",
            remedy: "Use the whole URL that `flowrun flow url FLOW` prints."),
        ErrorPage(
            .directApiInvalidAuthorizationSignature, happened: "A request to a trigger's URL was refused.",
            why: "The `sig` was changed or belongs to another flow or environment.",
            remedy: "Use the whole URL that `flowrun flow url FLOW` prints."),
        ErrorPage(
            .misMatchingOAuthClaims, happened: "A request to a trigger's URL was refused.",
            why:
                "The trigger takes tokens of certain persons (`triggerAuthenticationType`, `triggerAllowedUsers`), and this one is of another or has not the scope to run flows.",
            remedy: "Use a token of a person who may: `flowrun token create --as UPN --scope Flows.Run.All`."),
        ErrorPage(
            .triggerRequestMethodNotValid, happened: "A request to a trigger's URL was refused.",
            why: "A Request trigger takes one method, POST where it names none.",
            remedy: "Call it with the method of the message."),
        ErrorPage(
            .triggerRelativePathNotValid, happened: "A request to a trigger's URL was refused.",
            why: "The trigger's `relativePath` has other parts than the request.",
            remedy: "Fill in the parts of `relativePath` in the URL."),
        ErrorPage(
            .invalidJSONBody, happened: "A request to a trigger's URL was refused.",
            why: "The body is cut off or written wrongly.",
            remedy: "Correct the body at the line and position named."),
        ErrorPage(
            .noResponse, happened: "The caller of a flow got status 502.",
            why: "The run failed or took a branch without Response.",
            remedy: "See what happened: `flowrun runs show ID`."),
        ErrorPage(
            .workflowMaximumWaitingRunCountExceeded, happened: "A run was not started.",
            why: "The trigger limits how many runs go on at once, and the queue behind them is full.",
            remedy: "Wait, or raise `maximumWaitingRuns` in the trigger's concurrency."),
        ErrorPage(
            .missingConnectionReference, happened: "A call of a run was not made.",
            why: "The reference was unbound after activation, or the caller has no connection of that kind.",
            remedy: "Bind one with `flowrun bind-connection`; a run-only user needs one of its own."),
        ErrorPage(
            .secureValueHidden, happened: "An expression over a stored run reads a secured value.",
            why:
                "Values of `secureData`, of secure parameters, and what is computed of them are not shown by run records.",
            remedy:
                "Evaluate a part of the expression that does not read it, or run a copy of the flow without `secureData`."
        ),
        ErrorPage(
            .runUnreadable, happened: "A run stays as it is.",
            why: "Its definition or the beginning of its journal is missing.",
            remedy: "Start it again from its trigger: `flowrun runs resubmit ID`."),
        ErrorPage(
            .invalidHost, happened: "A request was refused.",
            why: "Its Host header is neither an address nor the server's own name; a page in a browser could do that.",
            remedy: "Call the server by its address, or set `server.publicUrl` to the name it is reached by."),
        ErrorPage(
            .workflowRunInProgress, happened: "A run was not repaired.",
            why: "It, or a child run that one of its actions started, has not ended yet.",
            remedy: "Wait with `flowrun runs watch ID`, or end it with `flowrun runs cancel ID`."),
        ErrorPage(
            .workflowRunActionNotFound, happened: "A run was not repaired.",
            why: "Its flow has no action of the name or path given, or the run never came to it.",
            remedy: "Take the path from `flowrun runs show ID`, as in `actions/Each[3]/actions/Send`."),
        ErrorPage(
            .runNotRepairable, happened: "A run was not repaired.",
            why: "It succeeded, or none of its repetitions failed.",
            remedy: "Name the action from which it goes again: `flowrun runs repair ID --from ACTION`."),
        ErrorPage(
            .runRepairedAlready, happened: "A run was not repaired.",
            why: "Another run has repaired it; what that one did would be done twice.",
            remedy:
                "Repair the newest of them: `flowrun runs show ID` names it. With `--repeat-done` it is done nevertheless."
        ),
        ErrorPage(
            .repairVersionDiffers, happened: "A run was not repaired with the newest version of its flow.",
            why: "What the run has done cannot have come about with that version; the message names the difference.",
            remedy: "Leave `--newest` out, or repair from an action before the difference with `--from ACTION`."),
    ]
}
