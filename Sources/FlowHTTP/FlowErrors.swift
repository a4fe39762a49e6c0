public import FlowCore

extension HTTPFailure {
    /// The failure as an error for people: the platform's code where it has one.
    public var flowError: FlowError {
        let cause = FlowError.Cause(
            origin: "http",
            message: mayHaveBeenSent ? "\(kind.rawValue) after sending" : "\(kind.rawValue) before sending")
        switch kind {
        case .addressRefused:
            return FlowError(
                .addressNotAllowed, message,
                hint: "if it is meant, add HOST[:PORT] to `allowedHosts` of the environment in flowrun.yaml, or use "
                    + "`--allow-host` with `run --file`",
                cause: cause)
        case .nameNotResolved: return FlowError(.unresolvableHostName, message, cause: cause)
        case .connectionFailed, .connectionLost:
            return FlowError(.serviceTemporarilyUnavailable, message, cause: cause)
        case .timedOut: return FlowError(.gatewayTimeout, message, cause: cause)
        case .tls: return FlowError(.secureConnectionFailed, message, cause: cause)
        case .tooLarge: return FlowError(.responseTooLarge, message, cause: cause)
        case .protocolError, .tooManyRedirects: return FlowError(.invalidProtocolResponse, message, cause: cause)
        case .invalidRequest: return FlowError(.invalidRequest, message, cause: cause)
        case .cancelled: return FlowError(.requestCancelled, message, cause: cause)
        }
    }
}
