import FlowCore

/// The exit codes of the command line.
enum ExitStatus: Int32 {
    /// Done.
    case success = 0
    /// The run ended Failed, TimedOut or Cancelled, or a finding, case or test failed.
    case failed = 1
    /// The command was called wrongly.
    case usage = 2
    /// The check found errors.
    case check = 3
    /// A precondition is not met.
    case precondition = 4
    /// A connection or authorization is missing or refused.
    case connection = 5
    /// The store cannot be used.
    case store = 6
    /// A fault of flowrun itself.
    case fault = 70

    /// The exit code of an error: by the family of its code.
    init(of error: FlowError) {
        if error.code == .multipleErrorsOccurred, let first = error.details.first {
            self = ExitStatus(of: first)
            return
        }
        self = Self.exceptions[error.code] ?? Self.byFamily[error.code] ?? Self.fallback(error.code)
    }

    /// The exit code of a command that waited for a run.
    init(ofRun run: JSON) {
        switch (run.text("status"), run["waitsFor"]?.text("kind")) {
        case ("Succeeded", _): self = .success
        case ("Waiting", "signIn"?): self = .connection
        case ("Waiting", _): self = .precondition
        default: self = .failed
        }
    }

    private static let exceptions: [FlowError.Code: ExitStatus] = [
        .nestedWorkflowNotFound: .precondition, .childFlowNeverPublished: .precondition,
        .workflowTriggerNotFound: .precondition, .childFlowUnsupportedForInvokerConnections: .precondition,
        .invalidProject: .check, .flowNotShared: .connection, .storeInUse: .precondition,
        .workflowRunInProgress: .precondition, .workflowRunActionNotFound: .precondition,
        .runNotRepairable: .precondition, .runRepairedAlready: .precondition, .repairVersionDiffers: .precondition,
    ]

    private static let byFamily: [FlowError.Code: ExitStatus] = {
        var statuses: [FlowError.Code: ExitStatus] = [:]
        let families: [([ErrorPage], ExitStatus)] = [
            (ErrorPage.commandLinePages, .usage), (ErrorPage.definitionPages, .check),
            (ErrorPage.expressionPages, .check), (ErrorPage.runPages, .failed),
            (ErrorPage.activationPages, .precondition), (ErrorPage.connectionPages, .connection),
            (ErrorPage.storePages, .store), (ErrorPage.httpPages, .connection),
            (ErrorPage.sandboxPages, .precondition),
        ]
        for (pages, status) in families {
            for page in pages { statuses[page.code] = status }
        }
        return statuses
    }()

    /// Codes of sign-in services are an open set: `AADSTS…`, OAuth's lower-case words, Dataverse's `0x…`.
    private static func fallback(_ code: FlowError.Code) -> ExitStatus {
        let text = code.rawValue
        let isSignIn = text.hasPrefix("AADSTS") || text.hasPrefix("0x") || text.first?.isLowercase == true
        return isSignIn ? .connection : .fault
    }
}
