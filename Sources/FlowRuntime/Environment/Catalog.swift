import FlowCore
import FlowDefinitions
import FlowStorage
import Synchronization

/// The solutions of an environment and all their flows.
struct Catalog: Sendable {
    /// A solution as it is installed, and what its texts came to.
    struct InstalledPart: Sendable {
        let installed: InstalledSolution
        let solution: Solution
        /// What was found wrong with `solution.yaml` and the flows' shapes.
        let diagnostics: [Diagnostic]
    }

    /// A flow of the environment with its standing.
    struct Entry: Sendable {
        /// The flow as written.
        let definition: FlowDefinition
        /// Its standing.
        let installed: InstalledFlow
        /// The unique name of its solution.
        let solution: String
        /// Its place in the documented order of all flows.
        let position: Int

        /// The flow's GUID.
        var id: String { installed.id }
        /// The name.
        var name: String { definition.name }
        /// Other spellings of its name.
        var aliases: [String] { installed.aliases }
        /// What starts it, or nil for a flow without trigger.
        var trigger: Trigger? { definition.triggers.first }
        /// Whether it is on.
        var isStarted: Bool { installed.state == .started }
    }

    /// The solutions, by unique name.
    let solutions: [InstalledPart]
    /// The flows, solution by solution in the documented order.
    let flows: [Entry]
    /// The flows as the set in which child calls are resolved.
    let flowSet: FlowSet
    /// The flows of whose runs one goes at a time, by the id of each of them.
    let groups: [String: [String]]
    /// What checking the flows for running found, by flow id, as far as somebody asked.
    ///
    /// It goes along to a later catalog of the same texts.
    private let findings: Findings
    private let places: [String: Int]
    /// The places by GUIDs without hyphens, as they stand in trigger URLs.
    private let placesOfURLs: [String: Int]

    /// What becomes of the times of a flow's schedule at which nothing served it, as its solution says.
    func missedTimes(of flow: Entry) -> MissedTimes {
        let rules = solution(flow.solution)?.solution.missedTimes ?? []
        return rules.first { $0.flow == flow.name }?.rule ?? .skip
    }

    /// Reads the catalog of a store.
    /// - Parameters:
    ///   - store: the store.
    ///   - last: the catalog of an earlier moment: where only the standing of flows is another since, its texts are not read again.
    /// - Returns: the catalog.
    /// - Throws: what the store refuses.
    static func load(from store: any FlowStore, after last: Catalog? = nil) async throws(FlowError) -> Catalog {
        let installed = try await store.flows()
        let solutions = try await store.solutions()
        if let last, let catalog = Catalog(last, solutions, installed) { return catalog }
        var texts: [String: StoredDefinition] = [:]
        for flow in installed where texts[flow.definitionHash] == nil {
            texts[flow.definitionHash] = try await store.definition(flow.definitionHash)
        }
        return Catalog(solutions, installed, texts)
    }

    /// Makes the catalog of what a store holds.
    init(
        _ solutions: [InstalledSolution] = [], _ installed: [InstalledFlow] = [],
        _ definitions: [String: StoredDefinition] = [:]
    ) {
        var parts: [InstalledPart] = []
        var flows: [Entry] = []
        for one in solutions.sorted(by: { $0.name < $1.name }) {
            let own = installed.filter { $0.solution == one.name }
            let texts = Dictionary(
                own.compactMap { definitions[$0.definitionHash] }.map { ($0.file, $0.text) },
                uniquingKeysWith: { first, _ in first })
            let decoded = SolutionDecoder.decode(one.text, file: one.source + "/solution.yaml") {
                texts["\(one.source)/\($0)"]
            }
            guard let solution = decoded.solution else { continue }
            parts.append(InstalledPart(installed: one, solution: solution, diagnostics: decoded.diagnostics))
            for flow in solution.flows {
                guard let standing = own.first(where: { $0.id == flow.definition.id?.lowercased() }) else { continue }
                flows.append(
                    Entry(definition: flow.definition, installed: standing, solution: one.name, position: flows.count))
            }
        }
        self.solutions = parts
        self.flows = flows
        self.flowSet = FlowSet(flows.map(\.definition))
        findings = Findings()
        groups = Self.groups(parts, flows)
        places = Dictionary(flows.map { ($0.id, $0.position) }, uniquingKeysWith: { first, _ in first })
        placesOfURLs = Self.withoutHyphens(places)
    }

    /// Makes the catalog that another one has become, or nil where texts are other ones.
    private init?(_ last: Catalog, _ solutions: [InstalledSolution], _ installed: [InstalledFlow]) {
        let standings = Dictionary(installed.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        guard last.solutions.map(\.installed) == solutions.sorted(by: { $0.name < $1.name }),
            installed.count == last.flows.count,
            last.flows.allSatisfy({ flow in
                standings[flow.id].map { standing in
                    standing.definitionHash == flow.installed.definitionHash && standing.solution == flow.solution
                        && standing.aliases == flow.aliases
                } ?? false
            })
        else { return nil }
        self.solutions = last.solutions
        flows = last.flows.map { flow in
            Entry(
                definition: flow.definition, installed: standings[flow.id] ?? flow.installed, solution: flow.solution,
                position: flow.position)
        }
        flowSet = last.flowSet
        groups = last.groups
        findings = last.findings
        places = last.places
        placesOfURLs = last.placesOfURLs
    }

    /// Makes a catalog of flows that belong to no solution; all of them are on.
    init(standalone definitions: [FlowDefinition], at now: Timestamp) {
        solutions = []
        var flows: [Entry] = []
        for definition in definitions {
            let id = definition.id?.lowercased() ?? SolutionDecoder.id(of: definition.name, in: "")
            let installed = InstalledFlow(
                id: id, name: definition.name, place: flows.count, definitionHash: "standalone", state: .started,
                stateChangedAt: now, firstActivatedAt: now, triggerKey: SecureRandom.bytes(32), installedAt: now)
            flows.append(Entry(definition: definition, installed: installed, solution: "", position: flows.count))
        }
        self.flows = flows
        flowSet = FlowSet(definitions)
        findings = Findings()
        groups = [:]
        places = Dictionary(flows.map { ($0.id, $0.position) }, uniquingKeysWith: { first, _ in first })
        placesOfURLs = Self.withoutHyphens(places)
    }

    /// What keeps a flow of this catalog from being run, as checking its definition finds; it is looked for once.
    func findings(of flow: Entry, _ connectors: ConnectorRegistry) -> [Diagnostic] {
        if let known = findings.byFlow.withLock({ $0[flow.id] }) { return known }
        let found = FlowChecker(catalog: connectors).checkForRunning(flow.definition, in: flowSet)
        findings.byFlow.withLock { $0[flow.id] = found }
        return found
    }

    private final class Findings: Sendable {
        let byFlow = Mutex<[String: [Diagnostic]]>([:])
    }

    private static func groups(_ parts: [InstalledPart], _ flows: [Entry]) -> [String: [String]] {
        var groups: [String: [String]] = [:]
        for part in parts {
            for names in part.solution.oneAtATime {
                let ids = flows.filter { flow in
                    flow.solution == part.installed.name
                        && names.contains { $0 == flow.name || flow.aliases.contains($0) }
                }.map(\.id)
                for id in ids { groups[id] = ids }
            }
        }
        return groups
    }

    private static func withoutHyphens(_ places: [String: Int]) -> [String: Int] {
        Dictionary(
            places.map { id, place in (TriggerURL.workflow(ofFlow: id), place) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The flow of a GUID as it stands in a trigger URL, with or without hyphens, or nil.
    func flow(ofURL id: String) -> Entry? {
        placesOfURLs[TriggerURL.workflow(ofFlow: id)].map { flows[$0] }
    }

    /// The flow of a GUID, or nil.
    subscript(id: String) -> Entry? { places[id.lowercased()].map { flows[$0] } }

    /// The solution of a unique or display name, or nil.
    func solution(_ name: String) -> InstalledPart? {
        solutions.first { $0.solution.uniqueName == name }
            ?? solutions.first { $0.solution.displayName == name }
            ?? solutions.first {
                $0.solution.uniqueName.lowercased() == name.lowercased()
                    || $0.solution.displayName.lowercased() == name.lowercased()
            }
    }

    /// The environment variables of all solutions, by schema name; the first solution's declaration counts.
    var variables: [EnvironmentVariable] {
        var seen: Set<String> = []
        return solutions.flatMap(\.solution.environmentVariables).filter { seen.insert($0.schemaName).inserted }
    }

    // MARK: FLOW on the command line

    private static let previewEnding = "(insider preview)"

    /// The flow that a word on the command line means: GUID, exact name, alias, name without "(Insider Preview)", or a
    /// unique beginning, ignoring case.
    /// - Throws: `FlowNotFound`, `AmbiguousFlow`, both with candidates.
    func flow(_ word: String) throws(FlowError) -> Entry {
        if let entry = self[word] { return entry }
        let folded = Self.fold(word)
        let ways: [(Entry) -> Bool] = [
            { $0.name == word },
            { $0.aliases.contains(word) },
            { entry in Self.fold(entry.name) == folded || entry.aliases.contains { Self.fold($0) == folded } },
            { Self.withoutPreview(Self.fold($0.name)) == Self.withoutPreview(folded) },
            { entry in
                Self.fold(entry.name).hasPrefix(folded) || entry.aliases.contains { Self.fold($0).hasPrefix(folded) }
            },
        ]
        for way in ways {
            let found = flows.filter(way)
            if found.count == 1 { return found[0] }
            if found.count > 1 { throw ambiguous(word, found) }
        }
        throw missing(word)
    }

    private func ambiguous(_ word: String, _ candidates: [Entry]) -> FlowError {
        FlowError(
            .ambiguousFlow, "'\(word)' may mean \(candidates.map { "'\($0.name)'" }.joined(separator: " or ")).",
            hint: "write more of the name, or the flow's GUID: \(candidates.map(\.id).joined(separator: ", "))")
    }

    private func missing(_ word: String) -> FlowError {
        if flows.isEmpty {
            return FlowError(
                .flowNotFound, "There is no flow '\(word)': the environment has no flows.",
                hint: "install a solution first: `flowrun solution install PATH`")
        }
        let names = flows.flatMap { [$0.name, Self.withoutPreview($0.name)] + $0.aliases }
        let near = Suggestion.hint(for: word, among: names)
        return FlowError(
            .flowNotFound, "There is no flow '\(word)' in the environment.",
            hint: near
                ?? "the flows are: \(flows.map { "'\($0.name)'" }.joined(separator: ", "))")
    }

    private static func fold(_ name: String) -> String {
        name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func withoutPreview(_ name: String) -> String {
        guard name.lowercased().hasSuffix(previewEnding) else { return name }
        var rest = name.dropLast(previewEnding.count)
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}
