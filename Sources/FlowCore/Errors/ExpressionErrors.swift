extension FlowError.Code {
    /// An expression cannot be parsed or evaluated, or a definition breaks the language's rules.
    public static let invalidTemplate = FlowError.Code("InvalidTemplate")
}

extension ErrorPage {
    package static let expressionPages: [ErrorPage] = [
        ErrorPage(
            .invalidTemplate, happened: "An expression or the flow's definition is not valid.",
            why: "The expression has a syntax error, calls a function that does not exist or with wrong arguments, or "
                + "reads a property that is not there.",
            remedy: "Try the expression with flowrun eval and correct it; write ?['name'] for properties that may be "
                + "missing, and look at the value read with flowrun runs show.")
    ]
}
