extension FlowError.Code {
    /// A control call or command of the sandbox asks for something that does not exist or makes no sense.
    public static let invalidSandboxRequest = FlowError.Code("InvalidSandboxRequest")
    /// The signing keys or certificates of the sandbox's webhooks could not be made.
    public static let sandboxKeysFailed = FlowError.Code("SandboxKeysFailed")
    /// No sandbox runs where one is needed.
    public static let sandboxNotRunning = FlowError.Code("SandboxNotRunning")
    /// A sandbox already runs in the folder.
    public static let sandboxInUse = FlowError.Code("SandboxInUse")
    /// The sandbox could not be started.
    public static let sandboxStartFailed = FlowError.Code("SandboxStartFailed")
}

extension ErrorPage {
    package static let sandboxPages: [ErrorPage] = [
        ErrorPage(
            .invalidSandboxRequest, happened: "The sandbox did not understand what it was asked to do.",
            why: "A service, record or duration does not exist, or a value has the wrong type.",
            remedy: "The message names the part; `flowrun sandbox data` lists what there is."),
        ErrorPage(
            .sandboxKeysFailed, happened: "The sandbox could not make or use the keys that sign its webhooks.",
            why: "OpenSSL refused, or the state folder holds damaged keys.",
            remedy: "Remove the folder `.flowrun/sandbox` and start again: `flowrun sandbox start`."),
        ErrorPage(
            .sandboxNotRunning, happened: "No sandbox answers for this folder.",
            why: "It was never started here, has been stopped, or its process died.",
            remedy: "Start it: `flowrun sandbox start --detach`."),
        ErrorPage(
            .sandboxInUse, happened: "A sandbox already runs for this folder.",
            why: "Two sandboxes cannot share one state folder.",
            remedy: "Use the running one, or stop it first: `flowrun sandbox stop`."),
        ErrorPage(
            .sandboxStartFailed, happened: "The sandbox could not be started.",
            why: "A port is taken, the folder cannot be written, or its process ended at once.",
            remedy: "Read `.flowrun/sandbox/sandbox.log`; take free ports with `flowrun sandbox start --port 0`."),
    ]
}
