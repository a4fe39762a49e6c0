import FlowCore
import FlowText

/// Reads `flowrun.yaml` and collects everything that is wrong with it.
struct ProjectReader {
    private let file: String
    private let folder: String
    private var problems: [FlowError] = []

    init(file: String, folder: String) {
        self.file = file
        self.folder = folder
    }

    mutating func read(_ bytes: [UInt8]) throws(FlowError) -> Project {
        let text = FlowTextReader.read(bytes, file: file)
        for finding in text.findings where finding.severity == .error {
            report(finding.message, at: finding.location, hint: finding.hint ?? "correct the text")
        }
        guard problems.isEmpty, let root = text.root else { throw failure() }
        guard root.isMapping || root.isNull else {
            report("\(Project.fileName) must be a mapping with `environments` and `solutions`.", at: root.location)
            throw failure()
        }
        checkKeys(of: root, allowed: ["environments", "solutions"], in: Project.fileName)
        let environments = readEnvironments(root.member("environments"))
        let solutions = texts(root["solutions"], "solutions").map { StateFiles.absolute($0, in: folder) }
        guard problems.isEmpty else { throw failure() }
        return Project(folder: folder, environments: environments, solutions: solutions)
    }

    private mutating func readEnvironments(_ member: SourceNode.Member?) -> [EnvironmentSettings] {
        guard let node = member?.value, !node.isNull else { return [EnvironmentSettings(projectFolder: folder)] }
        guard node.isMapping else {
            report("`environments` must map names to settings.", at: node.location)
            return []
        }
        return node.members.map { member in
            checkName(member)
            return readEnvironment(member.key, member.value)
        }
    }

    private mutating func checkName(_ member: SourceNode.Member) {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        if member.key.lowercased() == "sandbox" {
            report(
                "No environment may be called 'sandbox': the sandbox keeps its state under that name.",
                at: member.keyLocation, hint: "choose another name, such as `test`, with `endpoints: sandbox`")
        } else if member.key.isEmpty || member.key.hasPrefix(".") || !member.key.allSatisfy(allowed.contains) {
            report(
                "'\(member.key)' is no name of an environment.", at: member.keyLocation,
                hint: "use letters, digits, `-`, `_` and `.`; the first character is no dot")
        }
    }

    private mutating func readEnvironment(_ name: String, _ node: SourceNode) -> EnvironmentSettings {
        var settings = EnvironmentSettings(name: name, projectFolder: folder)
        if node.isNull { return settings }
        guard node.isMapping else {
            report("The environment '\(name)' must be a mapping of settings.", at: node.location)
            return settings
        }
        let keys = [
            "store", "durability", "performanceProfile", "coSellPlan", "endpoints", "allowedHosts", "server", "alerts",
        ]
        checkKeys(of: node, allowed: keys, in: "the environment '\(name)'")
        settings.store = readStore(node["store"])
        settings.durability = choice(node["durability"], "durability", .full)
        settings.performanceProfile = choice(node["performanceProfile"], "performanceProfile", .medium)
        settings.coSellPlan = choice(node["coSellPlan"], "coSellPlan", .paid)
        settings.endpoints = readEndpoints(node["endpoints"])
        settings.allowedHosts = texts(node["allowedHosts"], "allowedHosts")
        settings.server = readServer(node["server"])
        if let node = node["alerts"], !node.isNull { settings.alerts = readAlerts(node) }
        return settings
    }

    private mutating func readStore(_ node: SourceNode?) -> EnvironmentSettings.Store {
        guard let node, !node.isNull else { return .sqlite }
        switch node.string {
        case "sqlite": return .sqlite
        case .some(let url) where url.hasPrefix("postgresql://") || url.hasPrefix("postgres://"):
            if let authority = url.split(separator: "/", maxSplits: 2).last?.split(separator: "@").first,
                url.contains("@"), authority.contains(":")
            {
                report(
                    "The password of the database must not stand in \(Project.fileName).", at: node.location,
                    hint: "give it by PGPASSFILE or FLOWRUN_STORE_PASSWORD")
            }
            return .postgresql(url: url)
        default:
            report(
                "`store` must be `sqlite` or a PostgreSQL URL.", at: node.location,
                hint: "write `store: sqlite` or `store: postgresql://user@host/database`")
            return .sqlite
        }
    }

    private mutating func readEndpoints(_ node: SourceNode?) -> EnvironmentSettings.Endpoints {
        guard let node, !node.isNull else { return .addresses([:]) }
        if node.string == "sandbox" { return .sandbox }
        guard node.isMapping else {
            report(
                "`endpoints` must be `sandbox` or map services to addresses.", at: node.location,
                hint: "services are: \(EnvironmentSettings.services.joined(separator: ", "))")
            return .addresses([:])
        }
        checkKeys(of: node, allowed: EnvironmentSettings.services, in: "`endpoints`")
        var addresses: [String: String] = [:]
        for member in node.members {
            guard let address = member.value.string, address.hasPrefix("http://") || address.hasPrefix("https://")
            else {
                report("The address of '\(member.key)' must begin with http:// or https://.", at: member.value.location)
                continue
            }
            addresses[member.key] = address.hasSuffix("/") ? String(address.dropLast()) : address
        }
        return .addresses(addresses)
    }

    private mutating func readServer(_ node: SourceNode?) -> EnvironmentSettings.Server {
        var server = EnvironmentSettings.Server()
        guard let node, !node.isNull else { return server }
        guard node.isMapping else {
            report("`server` must be a mapping with `listen`, `publicUrl` and `limits`.", at: node.location)
            return server
        }
        checkKeys(of: node, allowed: ["listen", "publicUrl", "limits"], in: "`server`")
        if let listen = node["listen"] {
            if let text = listen.string, ListenAddress(text) != nil {
                server.listen = text
            } else {
                report("`listen` must be HOST:PORT.", at: listen.location, hint: "write `listen: 127.0.0.1:7070`")
            }
        }
        if let url = node["publicUrl"] {
            if let text = url.string, text.hasPrefix("http://") || text.hasPrefix("https://") {
                server.publicURL = text.hasSuffix("/") ? String(text.dropLast()) : text
            } else {
                report("`publicUrl` must begin with http:// or https://.", at: url.location)
            }
        }
        if let node = node["limits"], !node.isNull { server.limits = readLimits(node) }
        return server
    }

    private mutating func readAlerts(_ node: SourceNode) -> AlertRules? {
        guard node.isMapping else {
            report("`alerts` must be a mapping with `webhook` or `command`.", at: node.location)
            return nil
        }
        checkKeys(of: node, allowed: ["webhook", "command", "every", "on", "silentTriggers"], in: "`alerts`")
        var rules = AlertRules()
        if let webhook = node["webhook"] {
            let text = webhook.string ?? ""
            if ["http://", "https://", "env:"].contains(where: text.hasPrefix) {
                rules.webhook = text
            } else {
                report(
                    "`webhook` must begin with http:// or https://, or name a variable.", at: webhook.location,
                    hint: "write `webhook: env:NAME` where the address is a secret")
            }
        }
        if let command = node["command"] {
            rules.command = command.string.map { [$0] } ?? texts(command, "command")
        }
        if (rules.webhook == nil) == rules.command.isEmpty {
            report("`alerts` must have either `webhook` or `command`.", at: node.location)
        }
        if let every = node["every"] { rules.interval = duration(every, "every") ?? rules.interval }
        if node["on"] != nil {
            rules.kinds = []
            for text in texts(node["on"], "on") {
                if let kind = Alert.Kind(rawValue: text) {
                    rules.kinds.insert(kind)
                } else {
                    let names = Alert.Kind.allCases.map(\.rawValue)
                    report(
                        "There are no alerts on '\(text)'.", at: node["on"]?.location ?? node.location,
                        hint: Suggestion.nearest(to: text, among: names).map { "did you mean `\($0)`?" }
                            ?? "alerts are on: \(names.joined(separator: ", "))")
                }
            }
        }
        if let silent = node["silentTriggers"], !silent.isNull {
            if !silent.isMapping { report("`silentTriggers` must map flows to durations.", at: silent.location) }
            for member in silent.isMapping ? silent.members : [] {
                rules.silence[member.key] = duration(member.value, member.key)
            }
        }
        return rules
    }

    private mutating func duration(_ node: SourceNode, _ key: String) -> Duration? {
        let text = node.string ?? node.json.text
        if let duration = ShortDuration.parse(text), duration >= .seconds(1) { return duration }
        report(
            "`\(key)` must be a duration of a second at least.", at: node.location, hint: "write as in `30m` or `2h`")
        return nil
    }

    private mutating func readLimits(_ node: SourceNode) -> ServerLimits {
        var limits = ServerLimits()
        guard node.isMapping else {
            report("`limits` must map limits to values.", at: node.location)
            return limits
        }
        checkKeys(of: node, allowed: ServerLimits.settings.map(\.key), in: "`limits`")
        for setting in ServerLimits.settings {
            guard let value = node[setting.key] else { continue }
            let text = value.string ?? value.json.text
            let isSet =
                switch setting.kind {
                case .count(let set, let range): Self.set(set, Int(text), in: range, &limits)
                case .size(let set, let range): Self.set(set, ByteSize.parse(text), in: range, &limits)
                case .time(let set, let range): Self.set(set, ShortDuration.parse(text), in: range, &limits)
                }
            if !isSet {
                report(
                    "`\(setting.key)` must be \(setting.kind.range).", at: value.location, hint: setting.kind.example)
            }
        }
        return limits
    }

    private static func set<Value: Comparable>(
        _ set: (inout ServerLimits, Value) -> Void, _ value: Value?, in range: ClosedRange<Value>,
        _ limits: inout ServerLimits
    ) -> Bool {
        guard let value, range.contains(value) else { return false }
        set(&limits, value)
        return true
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: SourceNode?, _ key: String, _ standard: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let node, !node.isNull else { return standard }
        if let text = node.string, let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let near = node.string.flatMap { Suggestion.nearest(to: $0, among: names) }
        report(
            "`\(key)` must be one of: \(names.joined(separator: ", ")).", at: node.location,
            hint: near.map { "did you mean `\(key): \($0)`?" } ?? "write `\(key): \(standard.rawValue)`")
        return standard
    }

    private mutating func texts(_ node: SourceNode?, _ key: String) -> [String] {
        guard let node, !node.isNull else { return [] }
        guard node.isSequence else {
            report("`\(key)` must be a list.", at: node.location)
            return []
        }
        var texts: [String] = []
        for element in node.elements {
            if let text = element.string {
                texts.append(text)
            } else {
                report("`\(key)` must hold texts only.", at: element.location)
            }
        }
        return texts
    }

    private mutating func checkKeys(of node: SourceNode, allowed: [String], in place: String) {
        for member in node.members where !allowed.contains(member.key) {
            let near = Suggestion.nearest(to: member.key, among: allowed)
            report(
                "'\(member.key)' is not known in \(place).", at: member.keyLocation,
                hint: near.map { "did you mean `\($0)`?" } ?? "known are: \(allowed.joined(separator: ", "))")
        }
    }

    private mutating func report(_ message: String, at location: SourceLocation, hint: String? = nil) {
        problems.append(FlowError(.invalidProject, message, location: location, hint: hint))
    }

    private func failure() -> FlowError {
        guard var first = problems.first else {
            return FlowError(.invalidProject, "\(file) cannot be read.", hint: "write it anew: `flowrun init`")
        }
        if problems.count > 1 { first.details = Array(problems.dropFirst()) }
        return first
    }
}

extension ServerLimits.Setting.Kind {
    /// Between what the value must be.
    fileprivate var range: String {
        switch self {
        case .count(_, let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .size(_, let range): "a size from \(range.lowerBound) to \(range.upperBound) bytes"
        case .time(_, let range):
            "a duration from \(range.lowerBound.components.seconds)s to \(range.upperBound.components.seconds)s"
        }
    }

    /// How it is written.
    fileprivate var example: String {
        switch self {
        case .count: "write a whole number"
        case .size: "write bytes, or as in `8 MiB`"
        case .time: "write as in `30s` or `5m`"
        }
    }
}
