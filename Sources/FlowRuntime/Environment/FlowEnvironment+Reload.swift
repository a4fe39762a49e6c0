package import FlowCore
import FlowDefinitions
import FlowStorage

/// What came of reading an installed solution's files again.
package struct SolutionReload: Sendable, Hashable {
    /// The names of the flows that are other ones now, or new.
    package var changed: [String] = []
    /// What stands against files, each with file, line and column; the flows of those files stay as they were.
    package var problems: [FlowError] = []
}

extension FlowEnvironment {
    /// The folders of the installed solutions.
    package func solutionFolders() async throws(FlowError) -> [String] {
        try await catalog().solutions.map(\.installed.source)
    }

    /// Takes over what has changed in the files of an installed solution, without turning anything off.
    ///
    /// A flow whose file has errors, or that could not be on as it is written now, stays as it was. Runs go on with the
    /// definition with which they began.
    /// - Throws: why the solution cannot be read at all, or an error of the store; then nothing has changed.
    package func reload(_ folder: String) async throws(FlowError) -> SolutionReload {
        let source = try SolutionSource(readingFrom: folder)
        return try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            guard let part = catalog.solutions.first(where: { $0.installed.source == source.folder }) else {
                return SolutionReload()
            }
            guard part.installed.name == source.solution.uniqueName else {
                throw FlowError(
                    .invalidSolution,
                    "The solution in \(folder) is called '\(source.solution.uniqueName)', and '\(part.installed.name)' is installed from there.",
                    hint: "uninstall the old one first: `flowrun solution uninstall \(part.installed.name)`")
            }
            let own = catalog.flows.filter { $0.solution == part.installed.name }
            let changed = source.flows.filter { flow in
                own.first { $0.id == flow.id }?.installed.definitionHash != flow.stored.hash
            }
            let isSame = changed.isEmpty && part.installed.text == source.text && own.count == source.flows.count
            if isSame { return SolutionReload() }
            var reload = SolutionReload()
            var kept: Set<String> = []
            let present = ActivationPlanner(
                catalog: catalog, state: try await state(), connectors: connectors, user: nil)
            let coming = ActivationPlanner(
                catalog: try await self.catalog(with: source, part.installed), state: try await state(),
                connectors: connectors, user: nil)
            for flow in changed {
                let old = own.first { $0.id == flow.id }
                let problems = Self.problems(of: flow, coming, since: old, present)
                reload.problems += problems
                guard !problems.isEmpty, let old else {
                    reload.changed.append(flow.definition.name)
                    continue
                }
                guard old.definition.file == flow.definition.file else { throw problems[0] }
                kept.insert(flow.id)
            }
            guard kept.count < changed.count || part.installed.text != source.text || own.count != source.flows.count
            else { return reload }
            _ = try await install(source, keepStates: true, nil, keeping: kept)
            return reload
        }
    }

    /// What stands against a changed flow and did not before; of a flow that is off, only what is wrong in its file.
    private static func problems(
        of flow: SolutionSource.Flow, _ coming: ActivationPlanner, since old: Catalog.Entry?,
        _ present: ActivationPlanner
    ) -> [FlowError] {
        guard let new = coming.catalog[flow.id] else {
            return [
                FlowError(
                    .invalidSolution, "The flow '\(flow.definition.name)' cannot be read.",
                    location: SourceLocation(file: flow.definition.file, line: 1, column: 1),
                    hint: "flowrun check \(flow.definition.file)")
            ]
        }
        let known = Set((old.map { present.problems(of: $0, activating: []) } ?? []).map(\.error.code))
        return coming.problems(of: new, activating: []).filter { problem in
            if problem.precondition == .definition { return true }
            return old?.isStarted == true && !known.contains(problem.error.code)
        }.map(\.error)
    }

    /// The catalog as it would be with the solution as its files are now.
    private func catalog(
        with source: SolutionSource, _ installed: InstalledSolution
    ) async throws(FlowError) -> Catalog {
        var solution = installed
        solution.text = source.text
        var flows = try await store.flows()
        var texts: [String: StoredDefinition] = [:]
        for flow in flows where texts[flow.definitionHash] == nil {
            texts[flow.definitionHash] = try await store.definition(flow.definitionHash)
        }
        for (place, flow) in source.flows.enumerated() {
            texts[flow.stored.hash] = flow.stored
            if let index = flows.firstIndex(where: { $0.id == flow.id }) {
                flows[index].definitionHash = flow.stored.hash
            } else {
                flows.append(
                    InstalledFlow(
                        id: flow.id, name: flow.definition.name, solution: installed.name, place: place,
                        definitionHash: flow.stored.hash, stateChangedAt: clock.now, triggerKey: [],
                        installedAt: clock.now))
            }
        }
        return Catalog(try await store.solutions().map { $0.name == solution.name ? solution : $0 }, flows, texts)
    }
}
