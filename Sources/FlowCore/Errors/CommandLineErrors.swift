extension FlowError.Code {
    /// A command was called with arguments that do not fit.
    public static let invalidArgument = FlowError.Code("InvalidArgument")
    /// An input that the flow's trigger requires is missing.
    public static let missingInput = FlowError.Code("MissingInput")
    /// A file named to flowrun cannot be read.
    public static let fileNotReadable = FlowError.Code("FileNotReadable")
    /// A file cannot be written.
    public static let fileNotWritable = FlowError.Code("FileNotWritable")
    /// A code that flowrun does not know was to be explained.
    public static let unknownCode = FlowError.Code("UnknownCode")
    /// A command that is planned but not there yet.
    public static let commandNotAvailable = FlowError.Code("CommandNotAvailable")
}

extension ErrorPage {
    package static let commandLinePages: [ErrorPage] = [
        ErrorPage(
            .invalidArgument, happened: "An argument or option has a value that the command does not take.",
            why: "The value is misspelt, of the wrong form, or contradicts another option.",
            remedy: "Read the usage with `flowrun help COMMAND` and call it again."),
        ErrorPage(
            .missingInput, happened: "The flow's trigger requires inputs that were not given.",
            why: "`flowrun run` asks for missing inputs on a terminal only.",
            remedy: "Give them: `flowrun run FLOW --input '{\"name\": \"value\"}'`, or `--input @FILE`."),
        ErrorPage(
            .fileNotReadable, happened: "A file or folder named on the command line cannot be read.",
            why: "It is not there, or its rights do not allow it.",
            remedy: "Check the path and the rights, then call the command again."),
        ErrorPage(
            .fileNotWritable, happened: "A file cannot be written.",
            why: "The folder is not writable, or the disk is full.",
            remedy: "Check owner, rights and free space, then call the command again."),
        ErrorPage(
            .unknownCode, happened: "There is no page for this code.",
            why: "The code is misspelt, or comes from an outside service.",
            remedy: "List all codes with `flowrun explain`; for a service's own code read that service's documentation."
        ),
        ErrorPage(
            .commandNotAvailable, happened: "This form of the command is not there yet.",
            why: "It belongs to a part of flowrun that this version does not have.",
            remedy: "Run `flowrun help` for what this version does."),
    ]
}
