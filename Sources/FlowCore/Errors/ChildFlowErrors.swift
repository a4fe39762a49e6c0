extension FlowError.Code {
    /// Several flows answer to a reference.
    public static let ambiguousFlow = FlowError.Code("AmbiguousFlow")
    /// A called flow does not exist.
    public static let nestedWorkflowNotFound = FlowError.Code("NestedWorkflowNotFound")
    /// A called flow has no Response.
    public static let nestedWorkflowDoesNotContainResponseAction = FlowError.Code(
        "NestedWorkflowDoesNotContainResponseAction")
    /// A called flow splits its trigger.
    public static let nestedWorkflowContainsSplitOnTrigger = FlowError.Code("NestedWorkflowContainsSplitOnTrigger")
    /// A called flow has another trigger than a manual one.
    public static let childFlowTriggerUnsupported = FlowError.Code("ChildFlowTriggerUnsupported")
    /// A called flow was never turned on.
    public static let childFlowNeverPublished = FlowError.Code("ChildFlowNeverPublished")
    /// A called flow is off.
    public static let workflowTriggerNotFound = FlowError.Code("WorkflowTriggerNotFound")
    /// A called flow needs connections of its caller.
    public static let childFlowUnsupportedForInvokerConnections = FlowError.Code(
        "ChildFlowUnsupportedForInvokerConnections")
    /// A flow calls itself.
    public static let workflowSelfReference = FlowError.Code("WorkflowSelfReference")
    /// Flows call each other in a ring.
    public static let workflowCycle = FlowError.Code("WorkflowCycle")
}

extension ErrorPage {
    package static let childFlowPages: [ErrorPage] = [
        ErrorPage(
            .ambiguousFlow, happened: "A reference may mean several flows.",
            why: "Two flows have the same name, id or file stem.",
            remedy: "Give one of them another name, or use the id."),
        ErrorPage(
            .nestedWorkflowNotFound, happened: "An action calls a flow that does not exist.",
            why: "The name is misspelt, or the solution that holds the flow is not installed.",
            remedy: "Correct the name, or run 'flowrun solution install'."),
        ErrorPage(
            .nestedWorkflowDoesNotContainResponseAction, happened: "A flow is called that has no Response action.",
            why: "The caller waits for the child's answer.",
            remedy: "Add a Response at the end of the child."),
        ErrorPage(
            .nestedWorkflowContainsSplitOnTrigger, happened: "A flow is called whose trigger has splitOn.",
            why: "One call must be one run.",
            remedy: "Remove splitOn from the child's trigger."),
        ErrorPage(
            .childFlowTriggerUnsupported,
            happened: "A flow is called whose trigger is not a Request of kind Button, PowerApp, PowerAppV2 or Http.",
            why: "Only such triggers can be called.",
            remedy: "Give the child a manual trigger."),
        ErrorPage(
            .childFlowNeverPublished, happened: "A flow is to be turned on whose child was never turned on.",
            why: "The platform needs a published child before its parent.",
            remedy: "Run 'flowrun activate' for the child, or leave '--no-dependencies' out."),
        ErrorPage(
            .workflowTriggerNotFound, happened: "A flow is to be turned on whose child was on once and is off now.",
            why: "The address of a child exists only while it is on.",
            remedy: "Run 'flowrun activate' for the child first."),
        ErrorPage(
            .childFlowUnsupportedForInvokerConnections,
            happened: "A flow is called that has a connection provided by the run-only user.",
            why: "Child flows run with the connections of their owner only.",
            remedy: "Run 'flowrun bind-connection CHILD --run-only use-connection'."),
        ErrorPage(
            .workflowSelfReference, happened: "A flow calls itself.",
            why: "The platform refuses it, because the runs would never end.",
            remedy: "Use Until to repeat something inside one flow."),
        ErrorPage(
            .workflowCycle, happened: "Several flows call each other in a ring.",
            why: "A child must be turned on before its parent, so none of them can be the first.",
            remedy: "Remove one of the calls."),
    ]
}
