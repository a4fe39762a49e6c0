import FlowCore
import FlowText

/// What the files of a solution came to.
public struct DecodedSolution: Sendable {
    /// The solution, or nil where `solution.yaml` could not be read.
    public let solution: Solution?
    /// What was found in `solution.yaml` and in its flow files, by file and place.
    public let diagnostics: [Diagnostic]

    /// Makes a result.
    public init(solution: Solution?, diagnostics: [Diagnostic]) {
        self.solution = solution
        self.diagnostics = diagnostics
    }

    /// Whether anything found is an error.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// Gives `solution.yaml` and the flow files it names their shape.
public struct SolutionDecoder {
    private let folder: String
    private var diagnostics: [Diagnostic] = []

    /// The namespace of the ids that are derived from solution and flow name.
    private static let namespace: [UInt8] = [
        0x6D, 0x1F, 0x7B, 0x0E, 0x53, 0x9C, 0x4A, 0x21, 0x8E, 0x64, 0x2B, 0xC7, 0x90, 0x3D, 0xF5, 0x18,
    ]

    /// The id of a flow that has none: the same on every machine.
    /// - Parameters:
    ///   - flow: the flow's name.
    ///   - solution: the solution's unique name.
    /// - Returns: a GUID in lower case.
    public static func id(of flow: String, in solution: String) -> String {
        UUIDText.named("\(solution)/\(flow)", namespace: namespace)
    }

    /// Decodes a solution.
    /// - Parameters:
    ///   - text: the text of `solution.yaml`.
    ///   - file: the path of `solution.yaml`, under which places are given.
    ///   - flowText: gives the text of a file beside `solution.yaml` by its name there, or nil where it cannot be read.
    /// - Returns: the solution and what was found.
    public static func decode(_ text: String, file: String, flowText: (String) -> String?) -> DecodedSolution {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        var decoder = SolutionDecoder(folder: parts.dropLast().joined(separator: "/"))
        let read = FlowTextReader.read(text, file: file)
        decoder.diagnostics = read.findings.map(Diagnostic.init)
        let solution = read.root.flatMap { decoder.decode($0, flowText: flowText) }
        return DecodedSolution(
            solution: solution, diagnostics: decoder.diagnostics.sorted { $0.location < $1.location })
    }

    private init(folder: String) { self.folder = folder }

    // MARK: solution.yaml

    private mutating func decode(_ root: SourceNode, flowText: (String) -> String?) -> Solution? {
        guard root.isMapping else {
            report("solution.yaml is a mapping; this one holds \(root.kindPhrase).", at: root.location)
            return nil
        }
        checkMembers(
            of: root,
            known: [
                "uniqueName", "displayName", "version", "publisher", "connectionReferences", "environmentVariables",
                "flows", "businessKeys", "deduplication", "missedTimes", "echoGuard", "oneAtATime", "audit",
                "description",
                "export",
            ], "a solution")
        let uniqueName = required(root, "uniqueName", of: "The solution") ?? ""
        let publisher = root["publisher"]
        if let publisher { checkMembers(of: publisher, known: Self.publisherMembers, "a publisher") }
        return Solution(
            uniqueName: uniqueName, displayName: text(root, "displayName") ?? uniqueName,
            version: version(root["version"]),
            publisher: Solution.Publisher(
                uniqueName: publisher.flatMap { text($0, "uniqueName") } ?? "",
                prefix: publisher.flatMap { text($0, "prefix") } ?? ""),
            connectionReferences: decodeReferences(root["connectionReferences"]),
            environmentVariables: decodeVariables(root["environmentVariables"]),
            flows: decodeFlows(root["flows"], solution: uniqueName, flowText: flowText),
            businessKeys: texts(root["businessKeys"], "businessKeys").map { (name: $0.0, expression: $0.1) },
            deduplication: texts(root["deduplication"], "deduplication").map { (flow: $0.0, expression: $0.1) },
            missedTimes: decodeMissedTimes(root["missedTimes"]), echoGuards: decodeGuards(root["echoGuard"]),
            oneAtATime: decodeGroups(root["oneAtATime"]),
            audit: decodeAudit(root["audit"]), folder: folder, node: root)
    }

    private static let publisherMembers = ["uniqueName", "displayName", "prefix", "optionValuePrefix"]

    private mutating func version(_ node: SourceNode?) -> String {
        guard let node else { return "1.0.0.0" }
        guard let version = node.string, Self.isVersion(version) else {
            report(
                "The version must be a text of two to four numbers, as in 1.0.0.0.", at: node.location,
                hint: "put a version of two numbers in quotes")
            return "1.0.0.0"
        }
        return version
    }

    private static func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return (2...4).contains(parts.count) && parts.allSatisfy { UInt32($0) != nil }
    }

    private mutating func decodeReferences(_ node: SourceNode?) -> [SolutionConnectionReference] {
        mapping(node, "connectionReferences").compactMap { member in
            guard member.value.isMapping else {
                report("The connection reference '\(member.key)' must be a mapping.", at: member.keyLocation)
                return nil
            }
            let connector = required(member.value, "connector", of: "The connection reference '\(member.key)'")
            return SolutionConnectionReference(
                logicalName: member.key, connector: ConnectorRegistry.shortName(connector ?? ""),
                displayName: text(member.value, "displayName") ?? member.key)
        }
    }

    private mutating func decodeVariables(_ node: SourceNode?) -> [EnvironmentVariable] {
        mapping(node, "environmentVariables").compactMap { member in
            let value = member.value
            guard value.isMapping else {
                report("The environment variable '\(member.key)' must be a mapping.", at: member.keyLocation)
                return nil
            }
            checkMembers(
                of: value, known: ["type", "displayName", "default", "description", "export"], "an environment variable"
            )
            let typeName = text(value, "type") ?? "String"
            let type = EnvironmentVariable.ValueType.allCases.first {
                $0.rawValue.lowercased() == typeName.lowercased()
            }
            if type == nil {
                let names = EnvironmentVariable.ValueType.allCases.map(\.rawValue)
                report(
                    "'\(typeName)' is no type of an environment variable; there are \(names.joined(separator: ", ")).",
                    at: value["type"]?.location ?? member.keyLocation,
                    hint: Suggestion.hint(for: typeName, among: names))
            }
            return EnvironmentVariable(
                schemaName: member.key, displayName: text(value, "displayName") ?? member.key, type: type ?? .string,
                defaultValue: value["default"]?.json, description: text(value, "description"))
        }
    }

    private mutating func decodeGuards(_ node: SourceNode?) -> [EchoGuard] {
        guard let node, !node.isNull else { return [] }
        guard node.isSequence else {
            report("'echoGuard' must be a list.", at: node.location)
            return []
        }
        return node.elements.compactMap { element in
            checkMembers(of: element, known: ["trigger", "entityId", "fields", "writtenBy"], "an echo guard")
            guard let trigger = required(element, "trigger", of: "An echo guard"),
                let entity = required(element, "entityId", of: "An echo guard")
            else { return nil }
            return EchoGuard(
                trigger: trigger, entityID: entity, fields: element["fields"]?.elements.compactMap(\.string) ?? [],
                writtenBy: element["writtenBy"]?.elements.compactMap(\.string) ?? [])
        }
    }

    private mutating func decodeGroups(_ node: SourceNode?) -> [[String]] {
        guard let node, !node.isNull else { return [] }
        guard node.isSequence, node.elements.allSatisfy(\.isSequence) else {
            report("'oneAtATime' must be a list of lists of flow names.", at: node.location)
            return []
        }
        return node.elements.map { $0.elements.compactMap(\.string) }
    }

    private mutating func decodeAudit(_ node: SourceNode?) -> SolutionAudit? {
        guard let node, !node.isNull else { return nil }
        guard node.isMapping else {
            report("'audit' must be a mapping.", at: node.location)
            return nil
        }
        checkMembers(of: node, known: ["left", "right", "rules", "reconcile"], "an audit")
        let rules = (node["rules"]?.elements ?? []).compactMap { rule -> SolutionAudit.Rule? in
            checkMembers(of: rule, known: ["name", "when", "state", "message"], "a rule of an audit")
            guard let name = required(rule, "name", of: "A rule of an audit"),
                let condition = required(rule, "when", of: "The rule '\(name)'")
            else { return nil }
            let word = text(rule, "state") ?? SolutionAudit.Rule.State.blocked.rawValue
            guard let state = SolutionAudit.Rule.State(rawValue: word) else {
                report(
                    "'\(word)' is no state; there are ignored and blocked.",
                    at: rule["state"]?.location ?? rule.location)
                return nil
            }
            return SolutionAudit.Rule(
                name: name, condition: condition, state: state, message: text(rule, "message") ?? name)
        }
        let repairs = (node["reconcile"]?.elements ?? []).compactMap { repair -> SolutionAudit.Repair? in
            checkMembers(of: repair, known: ["when", "flow", "input"], "an entry of 'reconcile'")
            guard let flow = required(repair, "flow", of: "An entry of 'reconcile'") else { return nil }
            return SolutionAudit.Repair(
                condition: text(repair, "when") ?? "@true", flow: flow, input: repair["input"]?.json ?? [:])
        }
        guard let left = decodeSide(node["left"], "left", of: node),
            let right = decodeSide(node["right"], "right", of: node)
        else { return nil }
        return SolutionAudit(left: left, right: right, rules: rules, repairs: repairs)
    }

    private mutating func decodeSide(_ node: SourceNode?, _ key: String, of audit: SourceNode) -> SolutionAudit.Side? {
        guard let node, node.isMapping else {
            report("An audit must say its '\(key)' side as a mapping.", at: node?.location ?? audit.location)
            return nil
        }
        let owner = "The \(key) side of the audit"
        checkMembers(
            of: node,
            known: ["name", "reference", "operation", "parameters", "items", "key", "title", "changed", "values"],
            "a side of an audit")
        guard let name = required(node, "name", of: owner), let reference = required(node, "reference", of: owner),
            let operation = required(node, "operation", of: owner), let id = required(node, "key", of: owner)
        else { return nil }
        return SolutionAudit.Side(
            name: name, reference: reference, operation: operation,
            parameters: node["parameters"]?.json.objectValue ?? [:], items: text(node, "items") ?? "value", key: id,
            title: text(node, "title") ?? id, changed: text(node, "changed") ?? "",
            values: texts(node["values"], "values").map { (name: $0.0, expression: $0.1) })
    }

    // MARK: Flows

    private mutating func decodeFlows(
        _ node: SourceNode?, solution: String, flowText: (String) -> String?
    ) -> [SolutionFlow] {
        guard let node, !node.isNull else { return [] }
        guard node.isSequence else {
            report("'flows' must be a list of mappings with 'file'.", at: node.location)
            return []
        }
        var flows: [SolutionFlow] = []
        for element in node.elements {
            let name = element.string ?? element["file"]?.string
            guard let name else {
                report("An entry of 'flows' must say its 'file'.", at: element.location)
                continue
            }
            if element.isMapping { checkMembers(of: element, known: ["file", "aliases"], "an entry of 'flows'") }
            guard let text = flowText(name) else {
                report(
                    "The flow file '\(name)' is not beside solution.yaml.",
                    at: element["file"]?.location ?? element.location
                )
                continue
            }
            let decoded = FlowDecoder.decode(text, file: folder.isEmpty ? name : "\(folder)/\(name)")
            diagnostics += decoded.diagnostics
            let aliases = element["aliases"]?.elements.compactMap(\.string) ?? []
            for var flow in decoded.flows {
                if flow.id == nil { flow.id = Self.id(of: flow.name, in: solution) }
                if let twin = flows.first(where: { $0.definition.id == flow.id || $0.definition.name == flow.name }) {
                    report(
                        "The flows in '\(twin.definition.file)' and '\(flow.file)' have the same name or id.",
                        at: element.location, hint: "give one of them another name")
                    continue
                }
                flows.append(SolutionFlow(definition: flow, aliases: aliases))
            }
        }
        return flows
    }

    // MARK: Members

    private mutating func mapping(_ node: SourceNode?, _ name: String) -> [SourceNode.Member] {
        guard let node, !node.isNull else { return [] }
        guard node.isMapping else {
            report("'\(name)' must be a mapping, not \(node.kindPhrase).", at: node.location)
            return []
        }
        return node.members
    }

    private mutating func texts(_ node: SourceNode?, _ name: String) -> [(String, String)] {
        mapping(node, name).compactMap { member in
            guard let text = member.value.string else {
                report("'\(member.key)' must be a text with an expression.", at: member.value.location)
                return nil
            }
            return (member.key, text)
        }
    }

    private mutating func decodeMissedTimes(_ node: SourceNode?) -> [(flow: String, rule: MissedTimes)] {
        mapping(node, "missedTimes").compactMap { member in
            guard let rule = member.value.string.flatMap(MissedTimes.init) else {
                let words = MissedTimes.allCases.map(\.rawValue)
                report(
                    "The missed times of '\(member.key)' are one of \(words.joined(separator: ", ")).",
                    at: member.value.location, hint: Suggestion.hint(for: member.value.string ?? "", among: words))
                return nil
            }
            return (member.key, rule)
        }
    }

    private mutating func required(_ node: SourceNode, _ key: String, of owner: String) -> String? {
        if let text = text(node, key), !text.isEmpty { return text }
        if node[key] == nil { report("\(owner) has no '\(key)'.", at: node.location) }
        return nil
    }

    private mutating func text(_ node: SourceNode, _ key: String) -> String? {
        guard let value = node[key], !value.isNull else { return nil }
        if let text = value.string { return text }
        report("'\(key)' must be a text, not \(value.kindPhrase).", at: value.location)
        return nil
    }

    private mutating func checkMembers(of node: SourceNode, known: [String], _ owner: String) {
        for member in node.members where !known.contains(member.key) {
            report(
                "'\(member.key)' is no member of \(owner).", at: member.keyLocation,
                hint: Suggestion.hint(for: member.key, among: known))
        }
    }

    private mutating func report(_ message: String, at location: SourceLocation, hint: String? = nil) {
        diagnostics.append(Diagnostic(.error, .invalidSolution, message, at: location, hint: hint))
    }
}
