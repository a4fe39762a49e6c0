extension FlowError.Code {
    /// Nothing answers at the path of a request.
    public static let resourceNotFound = FlowError.Code("ResourceNotFound")
    /// The path of a request takes other methods.
    public static let methodNotAllowed = FlowError.Code("HttpMethodNotAllowed")
    /// The `api-version` of a request is none.
    public static let invalidAPIVersion = FlowError.Code("InvalidApiVersionParameter")
    /// The `$filter` of a list is not understood.
    public static let invalidQueryFilter = FlowError.Code("InvalidQueryFilter")
    /// The `$top` of a list is no number that is allowed.
    public static let invalidTop = FlowError.Code("InvalidTopInQueryString")
    /// The `$skiptoken` of a list is none that the server gave.
    public static let invalidSkipToken = FlowError.Code("InvalidSkipTokenInQueryString")
    /// A request to the management API shows no token that is known.
    public static let invalidAuthenticationToken = FlowError.Code("InvalidAuthenticationToken")
    /// The token of a request has expired.
    public static let expiredAuthenticationToken = FlowError.Code("ExpiredAuthenticationToken")
    /// A person could not be signed in.
    public static let signInRefused = FlowError.Code("SignInRefused")
    /// A change by someone signed in with a browser does not show that they meant it.
    public static let csrfTokenInvalid = FlowError.Code("CsrfTokenInvalid")
    /// The body of a request is larger than the server takes.
    public static let requestEntityTooLarge = FlowError.Code("RequestEntityTooLarge")
    /// The body of a request did not come to its end in time.
    public static let requestTimeout = FlowError.Code("RequestTimeout")
    /// A client sends more requests than the server takes from one.
    public static let tooManyRequests = FlowError.Code("TooManyRequests")
    /// The head of a request is larger than the server takes.
    public static let requestHeaderFieldsTooLarge = FlowError.Code("RequestHeaderFieldsTooLarge")
    /// What a client sends is not HTTP.
    public static let malformedRequest = FlowError.Code("MalformedRequest")
}

extension ErrorPage {
    package static let serverPages: [ErrorPage] = [
        ErrorPage(
            .resourceNotFound, happened: "A request to the server was not answered.",
            why: "The path is written wrongly, or it names something that is not there.",
            remedy: "See which paths there are: GET /openapi.json."),
        ErrorPage(
            .methodNotAllowed, happened: "A request to the server was refused.",
            why: "The path takes other methods; the header `Allow` of the answer names them.",
            remedy: "Use one of the methods that `Allow` names."),
        ErrorPage(
            .invalidAPIVersion, happened: "A request to the management API was refused.",
            why: "Its `api-version` is written wrongly.",
            remedy: "Write a date as in `api-version=2016-11-01`, or leave it out."),
        ErrorPage(
            .invalidQueryFilter, happened: "A list was not given.",
            why: "Only comparisons of `status`, `startTime` and `ClientTrackingId` joined by `and` are known.",
            remedy: "Write it as in `$filter=status eq 'Failed' and startTime ge 2026-01-31T00:00:00Z`."),
        ErrorPage(
            .invalidTop, happened: "A list was not given.",
            why: "A page of a list has at least 1 and at most 250 entries.",
            remedy: "Give a whole number from 1 to 250, and follow `nextLink`."),
        ErrorPage(
            .invalidSkipToken, happened: "The next page of a list was not given.",
            why: "`$skiptoken` was changed, or what it stood for is gone.",
            remedy: "Follow `nextLink` as it is, or begin with the first page again."),
        ErrorPage(
            .invalidAuthenticationToken, happened: "A request to the management API was refused.",
            why: "The token was revoked, its person was removed, or it is of another environment.",
            remedy: "Make a new one: `flowrun token create --as UPN`."),
        ErrorPage(
            .expiredAuthenticationToken, happened: "A request to the management API was refused.",
            why: "The token was made to last until a time that is past.",
            remedy: "Make a new one: `flowrun token create --as UPN --expires 30d`."),
        ErrorPage(
            .signInRefused, happened: "Someone could not sign in with a browser.",
            why: "The person or the password is wrong, the session has ended, or the link to set a password was used.",
            remedy: "Set a password: `flowrun user password UPN`."),
        ErrorPage(
            .csrfTokenInvalid, happened: "A change by someone signed in with a browser was refused.",
            why: "A page of another site sent it, or it came with the session's cookie but without its token.",
            remedy: "Send the `csrfToken` of GET /session in the header X-CSRF-Token, or use a bearer token."),
        ErrorPage(
            .requestEntityTooLarge, happened: "A request was refused.",
            why:
                "Its body is larger than 100 MiB for a trigger or 8 MiB for the management API, or than `server.limits` in flowrun.yaml says.",
            remedy: "Send less at once, or send an address at which the content can be fetched."),
        ErrorPage(
            .requestTimeout, happened: "A request was given up.",
            why: "Its body came too slowly, or the connection ended before the body did.",
            remedy: "Send the body whole and without pauses."),
        ErrorPage(
            .tooManyRequests, happened: "A request was refused.",
            why:
                "The client sent very many requests, or many with a token, signature or password that is not accepted.",
            remedy: "Wait as long as the header `Retry-After` says."),
        ErrorPage(
            .requestHeaderFieldsTooLarge, happened: "A request was refused, and its connection closed.",
            why:
                "Its address and headers are larger than 64 KiB together, one of them than 16 KiB, or they are more than 128, or more than `server.limits` in flowrun.yaml says.",
            remedy:
                "Send fewer and shorter headers, or raise `headerSize`, `headerFieldSize` or `headerCount` under `server.limits`."
        ),
        ErrorPage(
            .malformedRequest, happened: "A request was refused, and its connection closed.",
            why:
                "What came is not valid HTTP/1.1: a header with a forbidden character, a wrong length, broken chunks, or no HTTP at all, such as the beginning of a TLS connection.",
            remedy:
                "Look at what lies between client and server; flowrun itself speaks plain HTTP, and a proxy before it TLS."
        ),
    ]
}
