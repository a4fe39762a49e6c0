extension FlowError.Code {
    /// The host's name is unknown.
    public static let unresolvableHostName = FlowError.Code("UnresolvableHostName")
    /// No connection to the host could be made, or it broke before the answer was whole.
    public static let serviceTemporarilyUnavailable = FlowError.Code("ServiceTemporarilyUnavailable")
    /// The service did not answer in time.
    public static let gatewayTimeout = FlowError.Code("GatewayTimeout")
    /// What came as an answer is no valid HTTP.
    public static let invalidProtocolResponse = FlowError.Code("InvalidProtocolResponse")
    /// The answer is larger than a message may be.
    public static let responseTooLarge = FlowError.Code("ResponseTooLarge")
    /// The address rules forbid the host's address.
    public static let addressNotAllowed = FlowError.Code("AddressNotAllowed")
    /// No trusted TLS connection could be made.
    public static let secureConnectionFailed = FlowError.Code("SecureConnectionFailed")
    /// The request cannot be sent as it is.
    public static let invalidRequest = FlowError.Code("InvalidHttpRequest")
    /// The exchange was cancelled.
    public static let requestCancelled = FlowError.Code("RequestCancelled")
}

extension ErrorPage {
    package static let httpPages: [ErrorPage] = [
        ErrorPage(
            .unresolvableHostName, happened: "The name of a host could not be resolved.",
            why: "The name is misspelt, or the machine has no name server that knows it.",
            remedy:
                "Correct the address in the action, or in `endpoints` of flowrun.yaml; then `flowrun runs resubmit ID`."
        ),
        ErrorPage(
            .serviceTemporarilyUnavailable,
            happened: "A service could not be connected to, or the connection broke before its answer was whole.",
            why: "The service is down, a firewall or proxy is in between, or it closed the connection.",
            remedy:
                "The retry policy repeats the call; when it is used up, see to the service, then `flowrun runs resubmit ID`."
        ),
        ErrorPage(
            .gatewayTimeout, happened: "A service did not answer within the time limit of a call.",
            why: "An outbound call may last 120 seconds.",
            remedy: "Let the service answer 202 with a Location to be polled, or call it for less at a time."),
        ErrorPage(
            .invalidProtocolResponse, happened: "What a service answered is no valid HTTP.",
            why: "Something else than a web service listens there, or it broke off in the middle.",
            remedy: "Look at the address and at the service's own log."),
        ErrorPage(
            .responseTooLarge, happened: "The answer of a service is larger than a message may be.",
            why: "The platform limits a message to 100 MiB (104,857,600 bytes).",
            remedy: "Ask for less at a time: a filter, a list of columns, pages."),
        ErrorPage(
            .addressNotAllowed, happened: "A call was refused because of the address it leads to.",
            why:
                "Link-local and metadata addresses are never called; loopback and private ones only where they are named.",
            remedy:
                "Add HOST[:PORT] to `allowedHosts` of the environment in flowrun.yaml, or use `--allow-host` with `run --file`."
        ),
        ErrorPage(
            .secureConnectionFailed, happened: "No trusted TLS connection to a host could be made.",
            why:
                "Its certificate is not trusted, has another name or is out of date; certificates are always verified.",
            remedy: "Install the missing authority in the system's trust store, or correct the host's certificate."),
        ErrorPage(
            .invalidRequest, happened: "A request cannot be sent as it is.",
            why: "Its address is no absolute http or https address, or a header holds a line break.",
            remedy: "Correct the inputs of the action; `flowrun runs show ID` prints them."),
        ErrorPage(
            .requestCancelled, happened: "A call was given up before its answer came.",
            why: "The run was cancelled, or flowrun was shut down.",
            remedy: "`flowrun runs show ID` tells whether the call is repeated."),
    ]
}
