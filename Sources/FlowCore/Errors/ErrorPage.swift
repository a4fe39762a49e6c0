/// What `flowrun explain CODE` prints: what happened, why, and what to do.
public struct ErrorPage: Sendable, Hashable {
    /// The code that is explained.
    public let code: FlowError.Code
    /// What happened, in one or two sentences.
    public let happened: String
    /// Why it happens.
    public let why: String
    /// What to do, with commands.
    public let remedy: String

    /// Makes a page.
    public init(_ code: FlowError.Code, happened: String, why: String, remedy: String) {
        self.code = code
        self.happened = happened
        self.why = why
        self.remedy = remedy
    }

    /// All pages, by code.
    public static let all: [FlowError.Code: ErrorPage] = {
        var pages: [FlowError.Code: ErrorPage] = [:]
        for family in families {
            for page in family {
                let earlier = pages.updateValue(page, forKey: page.code)
                precondition(earlier == nil, "two pages explain \(page.code)")
            }
        }
        return pages
    }()

    /// The families of codes; each lives in a file of its own beside this one.
    static let families: [[ErrorPage]] = [
        commandLinePages, definitionPages, expressionPages, runPages, activationPages, connectionPages, storePages,
        httpPages, sandboxPages, doctorPages, serverPages,
    ]
}
