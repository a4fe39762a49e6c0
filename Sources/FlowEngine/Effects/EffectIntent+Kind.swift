import FlowCore

extension EffectIntent.Kind {
    /// Whether it only reads, so that a repeat does no harm and no intent needs to be committed first.
    var isReading: Bool {
        switch self {
        case .http(let call): call.isReading
        case .operation(let request): request.followUp != nil
        case .connection(let request): request.followUp != nil || request.method == "GET"
        case .child: false
        }
    }

    /// Whether it ends the subscription of a webhook; nobody waits for the answer, and a second time does no harm.
    public var endsSubscription: Bool {
        if case .http(let call) = self { call.purpose == .unsubscribe } else { false }
    }

    /// Whether it is the first call of an attempt, and no poll or page.
    package var isFirstCall: Bool {
        switch self {
        case .http(let call): call.purpose == .request || call.purpose == .subscribe
        case .operation(let request): request.followUp == nil
        case .connection(let request): request.followUp == nil
        case .child: true
        }
    }

    /// Whether it holds what must not be read in a journal.
    var hasSecrets: Bool {
        switch self {
        case .http(let call): call.authentication != nil
        case .operation(let request): request.authentication?.objectValue?.isEmpty == false
        case .connection(let request): request.authentication != nil
        case .child: false
        }
    }

    /// The call that follows from an answer to this one.
    func following(_ followUp: FollowUp) -> EffectIntent.Kind {
        switch self {
        case .http(let call):
            switch followUp {
            case .page(let link): return .http(call.asking(link, for: .page))
            case .poll(let location): return .http(call.asking(location, for: .poll))
            }
        case .operation(var request):
            request.followUp = followUp
            return .operation(request)
        case .connection(var request):
            request.followUp = followUp
            return .connection(request)
        case .child: return self
        }
    }
}

/// Addresses relative to others.
enum URLReference {
    /// Scheme, host and port of an absolute address, the port that goes without saying left out.
    static func origin(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let name = url[..<scheme.lowerBound].lowercased()
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }.lowercased()
        let port = name == "https" ? ":443" : ":80"
        return name + "://" + (authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority)
    }

    /// The absolute address of a `Location`, which may be relative to the address that gave it.
    static func resolve(_ reference: String, against base: String) -> String {
        if let scheme = reference.firstRange(of: "://"), reference[..<scheme.lowerBound].allSatisfy(\.isLetter) {
            return reference
        }
        guard let scheme = base.firstRange(of: "://") else { return reference }
        let rest = base[scheme.upperBound...]
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let origin = base[..<authorityEnd]
        if reference.hasPrefix("//") { return base[..<scheme.lowerBound] + ":" + reference }
        if reference.hasPrefix("/") { return origin + reference }
        let path = rest[authorityEnd...].prefix { $0 != "?" && $0 != "#" }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return origin + (folder.isEmpty ? "/" : folder) + reference
    }
}
