import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    // MARK: solution install

    func installSolution(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let path = try arguments.text("path")
        let keepStates = try arguments.flag("keepStates")
        let settings = arguments.value("settings").map(DeploymentSettings.init)
        let folders = path.map { [$0] } ?? options.solutionFolders
        guard !folders.isEmpty else {
            throw FlowError(
                .solutionNotFound, "No solution is named, and flowrun.yaml lists none.",
                hint: "flowrun solution install PATH")
        }
        var results: [JSON] = []
        for folder in folders {
            let source = try SolutionSource(readingFrom: folder)
            results.append(
                try await changing { () throws(FlowError) in
                    try await install(source, keepStates: keepStates, settings)
                })
        }
        return path == nil ? .array(results) : results[0]
    }

    /// Installs a solution.
    /// - Parameters:
    ///   - source: its texts.
    ///   - keepStates: whether flows that are on stay on.
    ///   - settings: connections and variables to set with it, or nil.
    ///   - keeping: the ids of flows that stay as they are installed.
    /// - Returns: what `solution install` prints.
    /// - Throws: what stands against it, or an error of the store.
    func install(
        _ source: SolutionSource, keepStates: Bool, _ settings: DeploymentSettings?, keeping: Set<String> = []
    ) async throws(FlowError) -> JSON {
        let solution = source.solution
        let catalog = try await catalog()
        let now = clock.now
        var commit = StoreCommit()
        var kept: Set<String> = []
        var unchanged: Set<String> = keeping
        var rows: [JSON] = []
        let old = catalog.flows.filter { $0.solution == solution.uniqueName }
        for (place, flow) in source.flows.enumerated() {
            let definition = flow.definition
            let id = flow.id
            if keeping.contains(id), var before = catalog[id]?.installed {
                before.place = place
                commit.add(.flow(before))
                kept.insert(id)
                continue
            }
            if let other = catalog[id], other.solution != solution.uniqueName {
                throw FlowError(
                    .invalidSolution,
                    "The flow '\(definition.name)' has the id of '\(other.name)' in the solution '\(other.solution)'.",
                    location: SourceLocation(file: definition.file, line: 1, column: 1),
                    hint: "give the flow another id, or uninstall the other solution first")
            }
            let stored = flow.stored
            let standing = old.first { $0.id == id }
            let before = standing?.installed
            kept.insert(id)
            if before?.definitionHash == stored.hash { unchanged.insert(id) }
            var installed = InstalledFlow(
                id: id, name: definition.name, aliases: flow.aliases, solution: solution.uniqueName, place: place,
                definitionHash: stored.hash, stateChangedAt: now, firstActivatedAt: before?.firstActivatedAt,
                activatedBy: before?.activatedBy, triggerKey: before?.triggerKey ?? SecureRandom.bytes(32),
                installedAt: now)
            if keepStates, let before {
                installed.state = before.state
                installed.stateChangedAt = before.stateChangedAt
            }
            commit.add(.definition(stored))
            commit.add(.flow(installed))
            let asksAnew = standing.map { !Self.asksTheSame($0.trigger, definition.triggers.first) } ?? false
            // Windows of time leave no gap, whatever else changes.
            if installed.state != .started || asksAnew, definition.triggers.first?.listening != .windows {
                commit.add(.forgetTriggers(flow: id))
            }
            rows.append([
                "name": .string(definition.name), "id": .string(id), "state": .string(installed.state.rawValue),
            ])
        }
        for flow in old where !kept.contains(flow.id) { commit.add(.removeFlow(flow.id)) }
        commit.add(
            .solution(
                InstalledSolution(
                    name: solution.uniqueName, displayName: solution.displayName, version: solution.version,
                    source: source.folder, text: source.text, installedAt: now)))
        if let settings { commit.add(try settings.changes(solution, try await state(), now: now)) }
        // A webhook is subscribed as one definition says, and ended as the same one says.
        let subscribed = old.filter { flow in
            flow.isStarted && flow.trigger?.isSubscribed == true
                && !(keepStates && unchanged.contains(flow.id))
        }
        _ = try await turnOff(subscribed)
        try await self.commit(commit)
        if keepStates {
            let catalog = try await self.catalog()
            try await turnOn(subscribed.compactMap { catalog[$0.id] }, nil)
        }
        try await listeners.refresh(try await self.catalog())
        return [
            "uniqueName": .string(solution.uniqueName), "displayName": .string(solution.displayName),
            "version": .string(solution.version), "flows": .array(rows),
            "problems": .array(source.diagnostics.filter { $0.severity == .error }.map(\.json)),
        ]
    }

    /// Whether what a trigger has seen so far means the same for another version of it.
    private static func asksTheSame(_ old: Trigger?, _ new: Trigger?) -> Bool {
        old?.name == new?.name && old?.type == new?.type && old?.operationID == new?.operationID
    }

    // MARK: solution list, uninstall

    func listSolutions() async throws(FlowError) -> JSON {
        let catalog = try await catalog()
        return .array(catalog.solutions.map { row(of: $0, in: catalog) })
    }

    private func row(of part: Catalog.InstalledPart, in catalog: Catalog) -> JSON {
        let flows = catalog.flows.filter { $0.solution == part.installed.name }
        return [
            "uniqueName": .string(part.installed.name), "displayName": .string(part.installed.displayName),
            "version": .string(part.installed.version), "source": .string(part.installed.source),
            "installedAt": .string(part.installed.installedAt.description),
            "flows": .array(
                flows.map {
                    ["name": .string($0.name), "id": .string($0.id), "state": .string($0.installed.state.rawValue)]
                }),
        ]
    }

    func uninstallSolution(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let name = try arguments.required("name")
        return try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            guard let part = catalog.solution(name) else {
                let names = catalog.solutions.flatMap { [$0.installed.name, $0.installed.displayName] }
                throw FlowError(
                    .solutionNotFound, "No solution '\(name)' is installed.",
                    hint: Suggestion.hint(for: name, among: names)
                        ?? "see `flowrun solution list`")
            }
            var commit = StoreCommit()
            let flows = catalog.flows.filter { $0.solution == part.installed.name }
            for flow in flows { commit.add(.removeFlow(flow.id)) }
            commit.add(.removeSolution(part.installed.name))
            let row = row(of: part, in: catalog)
            _ = try await turnOff(flows.filter { $0.isStarted && $0.trigger?.isSubscribed == true })
            try await self.commit(commit)
            try await listeners.refresh(try await self.catalog())
            return row
        }
    }
}

/// Microsoft's deployment settings: connections of references and values of variables.
struct DeploymentSettings {
    private let references: [JSON]
    private let variables: [JSON]

    init(_ json: JSON) {
        references = json["ConnectionReferences"]?.arrayValue ?? []
        variables = json["EnvironmentVariables"]?.arrayValue ?? []
    }

    /// The changes that the settings mean; entries without a value are left out, as the platform's tools write them.
    /// - Throws: `ConnectionNotFound`, `EnvironmentVariableNotFound`, `InvalidEnvironmentVariableValue`.
    func changes(_ solution: Solution, _ state: EnvironmentState, now: Timestamp) throws(FlowError) -> StoreCommit {
        var commit = StoreCommit()
        for entry in variables {
            guard let schemaName = entry["SchemaName"]?.stringValue, let value = entry["Value"], !value.isNull else {
                continue
            }
            guard let variable = solution.environmentVariables.first(where: { $0.schemaName == schemaName }) else {
                throw FlowError(
                    .variableNotFound,
                    "The solution '\(solution.uniqueName)' has no environment variable '\(schemaName)'.",
                    hint: Suggestion.hint(for: schemaName, among: solution.environmentVariables.map(\.schemaName))
                        ?? "take the entry out of the settings")
            }
            let text = value.stringValue ?? value.text
            if text.isEmpty { continue }
            let accepted = try VariableValues.accept(text, for: variable)
            commit.add(
                .variable(
                    VariableValue(schemaName: schemaName, value: accepted, isSecret: variable.type == .secret)))
        }
        commit.add(try bindings(state, now: now))
        return commit
    }

    /// The bindings that the settings mean.
    /// - Throws: `ConnectionNotFound`.
    func bindings(_ state: EnvironmentState, now: Timestamp) throws(FlowError) -> StoreCommit {
        var commit = StoreCommit()
        for entry in references {
            guard let logicalName = entry["LogicalName"]?.stringValue,
                let id = entry["ConnectionId"]?.stringValue, !id.isEmpty
            else { continue }
            let name = id.split(separator: "/").last.map(String.init) ?? id
            guard state.connections[name] != nil else {
                throw FlowError(
                    .connectionNotFound, "There is no connection '\(name)' for the reference '\(logicalName)'.",
                    hint: Suggestion.hint(for: name, among: state.connections.keys.sorted())
                        ?? "see `flowrun connection list`")
            }
            commit.add(.binding(ConnectionBinding(logicalName: logicalName, connection: name, boundAt: now)))
        }
        return commit
    }

    /// The logical names that are given connections.
    var logicalNames: Set<String> { Set(references.compactMap { $0["LogicalName"]?.stringValue }) }
}
