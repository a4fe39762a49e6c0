import FlowCore
import FlowRuntime
import FlowStorage

/// Which page of a list a request asks for, and the link to the next one.
struct Paging {
    /// How many entries the page has at most.
    let top: Int
    /// What the server gave with the page before, or nil for the first page.
    let token: String?

    static let parameters = [
        Route.QueryParameter(
            "$top", "How many entries a page has, 1 to 250; the next page is at `nextLink`.",
            ["type": "integer", "minimum": 1, "maximum": 250])
    ]

    private static let standard = 50
    private let request: APIRequest

    /// Reads `$top` and `$skiptoken`.
    /// - Throws: `InvalidTopInQueryString`.
    init(_ request: APIRequest) throws(FlowError) {
        self.request = request
        token = request.query("$skiptoken").flatMap { $0.isEmpty ? nil : $0 }
        guard let text = request.query("$top") else {
            top = Self.standard
            return
        }
        guard let number = Int(text), (1...250).contains(number) else {
            throw FlowError(
                .invalidTop, "The '$top' query string parameter must be a whole number from 1 to 250.",
                hint: "leave it out, or give fewer")
        }
        top = number
    }

    /// A list of which the server has everything at hand: the token is the number of entries before the page.
    /// - Throws: `InvalidSkipTokenInQueryString`.
    func page(of entries: [JSON], _ environment: FlowEnvironment) throws(FlowError) -> APIResponse {
        var start = 0
        if let token {
            guard let number = Int(token), number >= 0 else { throw Self.wrongToken }
            start = number
        }
        let page = entries.dropFirst(start).prefix(top)
        return list(Array(page), next: start + top < entries.count ? String(start + top) : nil, environment)
    }

    /// A list that was read from the store with one entry more than the page has; the token is the name of the last one.
    func page(
        of entries: [JSON], _ environment: FlowEnvironment, shape: (JSON) -> JSON
    ) -> APIResponse {
        let page = entries.prefix(top)
        let last = page.last?["name"]?.stringValue
        return list(page.map(shape), next: entries.count > top ? last : nil, environment)
    }

    private func list(_ entries: [JSON], next: String?, _ environment: FlowEnvironment) -> APIResponse {
        var list: JSONObject = ["value": .array(entries)]
        if let next {
            let pairs = request.query.filter { $0.name != "$skiptoken" } + [(name: "$skiptoken", value: next)]
            let query = pairs.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            let path = request.path.map(PercentEncoding.encode).joined(separator: "/")
            list["nextLink"] = .string("\(environment.publicAddress)/\(path)?\(query.joined(separator: "&"))")
        }
        return .json(.object(list))
    }

    static var wrongToken: FlowError {
        FlowError(.invalidSkipToken, "The '$skiptoken' of the request is none that this server gave.")
    }
}

/// The filters of the platform's run lists: comparisons joined by `and`.
struct RunListFilter {
    private(set) var status: String?
    private(set) var since: Timestamp?
    private(set) var until: Timestamp?
    private(set) var trackingID: String?

    static let parameter = Route.QueryParameter(
        "$filter", "As in `status eq 'Failed' and startTime ge 2026-01-31T00:00:00Z`; also `ClientTrackingId eq`.",
        ["type": "string", "pattern": .string("^(|\(comparison)( and \(comparison))*)$")])

    /// One comparison in the form that is described; others with the same meaning are taken as well.
    private static let comparison =
        "((status|ClientTrackingId) eq '[A-Za-z0-9-]+'|startTime (ge|gt|le|lt|eq) 20[0-9]{2}-(0[1-9]|1[0-2])-"
        + "(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)"

    /// Reads `$filter`.
    /// - Throws: `InvalidQueryFilter`.
    init(_ text: String?) throws(FlowError) {
        guard let text, !text.allSatisfy(\.isWhitespace) else { return }
        var words = try Self.words(of: text)[...]
        while true {
            guard words.count >= 3 else { throw Self.refused(text) }
            let (name, comparison, value) = (words.removeFirst(), words.removeFirst(), words.removeFirst())
            try take(name.lowercased(), comparison.lowercased(), value, text)
            guard let next = words.popFirst() else { return }
            guard next.lowercased() == "and" else { throw Self.refused(text) }
        }
    }

    private mutating func take(
        _ name: String, _ comparison: String, _ value: String, _ text: String
    ) throws(FlowError) {
        switch (name, comparison) {
        case ("status", "eq"): status = value
        case ("clienttrackingid", "eq"): trackingID = value
        case ("starttime", _):
            guard let instant = Timestamp(iso8601: value) else { throw Self.refused(text) }
            // The store knows "at or after" and "before"; the next tick makes the other two of them.
            switch comparison {
            case "ge": since = max(since ?? instant, instant)
            case "gt": since = max(since ?? instant, Timestamp(ticks: instant.ticks + 1))
            case "lt": until = min(until ?? instant, instant)
            case "le":
                let end = Timestamp(ticks: instant.ticks + 1)
                until = min(until ?? end, end)
            case "eq":
                since = instant
                until = Timestamp(ticks: instant.ticks + 1)
            default: throw Self.refused(text)
            }
        default: throw Self.refused(text)
        }
    }

    /// The words of a filter; text in quotes is one, a doubled quote in it stands for one.
    private static func words(of text: String) throws(FlowError) -> [String] {
        var words: [String] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "'" {
                var word = ""
                rest = rest.dropFirst()
                while true {
                    guard let end = rest.firstIndex(of: "'") else { throw refused(text) }
                    word += rest[..<end]
                    rest = rest[rest.index(after: end)...]
                    guard rest.first == "'" else { break }
                    word.append("'")
                    rest = rest.dropFirst()
                }
                words.append(word)
            } else {
                let word = rest.prefix { !$0.isWhitespace && $0 != "'" }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            }
        }
        return words
    }

    private static func refused(_ text: String) -> FlowError {
        FlowError(
            .invalidQueryFilter, "The '$filter' query string parameter is not understood: '\(text)'.",
            hint: "write it as in status eq 'Failed' and startTime ge 2026-01-31T00:00:00Z")
    }
}
