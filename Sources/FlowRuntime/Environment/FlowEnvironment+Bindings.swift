import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    /// A place in a flow where a connection reference is used.
    private struct BindingPlace {
        let flow: Catalog.Entry
        let action: String?
        let reference: ConnectionReference

        func json(_ state: EnvironmentState, fix: String?) -> JSON {
            [
                "flow": .string(flow.name), "flowId": .string(flow.id), "action": action.map { .string($0) } ?? .null,
                "reference": .string(reference.key), "logicalName": .string(reference.bindingName),
                "connector": .string(reference.connector),
                "connection": state.bindings[reference.bindingName].map { .string($0) } ?? .null,
                "runtimeSource": .string(state.runtimeSource(of: reference, in: flow.id).rawValue),
                "fix": fix.map { .string($0) } ?? .null,
            ]
        }
    }

    // MARK: bind-connection

    func listBindings(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let state = try await state()
        let places = try await places(arguments)
        return .array(
            places.filter { state.connection(of: $0.reference) == nil }
                .map { $0.json(state, fix: fix(for: $0.reference, state)) })
    }

    private func fix(for reference: ConnectionReference, _ state: EnvironmentState) -> String {
        let fitting = state.connections.values.map(\.connection).filter { $0.connector == reference.connector }
            .map(\.name).sorted()
        guard let first = fitting.first else { return "flowrun connection create \(reference.connector) --account UPN" }
        if fitting.count == 1 { return "flowrun bind-connection --all" }
        return "flowrun bind-connection --reference \(reference.bindingName) --connection \(first)"
    }

    func bind(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        try await changing { () throws(FlowError) in
            let state = try await state()
            let user = try state.knownUser(upn)
            let places = try await places(arguments)
            var commit = StoreCommit()
            if let settings = arguments.value("settings") {
                commit.add(try DeploymentSettings(settings).bindings(state, now: clock.now))
            } else if let name = try arguments.text("connection") {
                let wanted = try bindings(of: name, places, arguments, state, user)
                for reference in wanted { commit.add(binding(reference, name, user)) }
            } else if try arguments.flag("all") {
                for (reference, name) in onlyChoices(places, state, user) { commit.add(binding(reference, name, user)) }
            } else {
                throw FlowError(
                    .invalidArgument, "Nothing is said about what to bind.",
                    hint: "give --connection, --all or --settings")
            }
            let bound = Set(
                commit.changes.compactMap { change in
                    if case .binding(let binding) = change { binding.logicalName } else { nil }
                })
            try await self.commit(commit)
            let after = try await self.state()
            let all = try await self.places(Arguments([:]))
            return .array(all.filter { bound.contains($0.reference.bindingName) }.map { $0.json(after, fix: nil) })
        }
    }

    private func binding(_ logicalName: String, _ connection: String, _ user: String?) -> StoreChange {
        .binding(
            ConnectionBinding(logicalName: logicalName, connection: connection, boundAt: clock.now, boundBy: user))
    }

    /// The references that a named connection is to be bound to.
    private func bindings(
        of name: String, _ places: [BindingPlace], _ arguments: Arguments, _ state: EnvironmentState, _ user: String?
    ) throws(FlowError) -> [String] {
        guard let stored = state.connections[name] else {
            throw FlowError(
                .connectionNotFound, "There is no connection '\(name)'.",
                hint: Suggestion.hint(for: name, among: state.connections.keys.sorted())
                    ?? "see `flowrun connection list`")
        }
        guard stored.isUsable(by: user) else {
            throw FlowError(
                .connectionAuthorizationFailed,
                "The connection '\(name)' belongs to \(stored.connection.account); \(user ?? "") may not use it.",
                hint: "bind it as \(stored.connection.account), or take a connection of your own")
        }
        let fitting = places.filter { $0.reference.connector == stored.connection.connector }
        let reference = try arguments.text("reference")
        let action = try arguments.text("action")
        let isExact = reference != nil || action != nil
        if fitting.isEmpty || (isExact && fitting.count != places.count) {
            let wanted = places.first.map { "'\($0.reference.bindingName)' is one to '\($0.reference.connector)'" }
            throw FlowError(
                .connectionAuthorizationFailed,
                "The connection '\(name)' is one to '\(stored.connection.connector)'; \(wanted ?? "no reference needs it").",
                hint: "take a connection to the same connector; see `flowrun connection list`")
        }
        return Set(fitting.map(\.reference.bindingName)).sorted()
    }

    /// The references that have exactly one fitting connection, with it.
    private func onlyChoices(
        _ places: [BindingPlace], _ state: EnvironmentState, _ user: String?
    ) -> [(String, String)] {
        var choices: [(String, String)] = []
        var seen: Set<String> = []
        for place in places where seen.insert(place.reference.bindingName).inserted {
            let fitting = state.connections.values.filter {
                $0.connection.connector == place.reference.connector && $0.isUsable(by: user)
            }
            if fitting.count == 1 { choices.append((place.reference.bindingName, fitting[0].connection.name)) }
        }
        return choices
    }

    func bindRunOnly(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let flow = try await catalog().flow(try arguments.required("flow"))
        let text = try arguments.required("runtimeSource")
        guard let source = ConnectionReference.RuntimeSource(rawValue: text) else {
            throw FlowError(
                .invalidArgument, "'\(text)' is no source of connections.", hint: "give embedded or invoker")
        }
        return try await changing { () throws(FlowError) in
            let places = try await places(arguments)
            var commit = StoreCommit()
            for key in Set(places.map(\.reference.key)).sorted() {
                commit.add(.runOnly(RunOnlySetting(flow: flow.id, reference: key, runtimeSource: source.rawValue)))
            }
            try await self.commit(commit)
            let after = try await state()
            return .array(places.map { $0.json(after, fix: nil) })
        }
    }

    /// The uses of connection references that the arguments `flow`, `action` and `reference` select.
    private func places(_ arguments: Arguments) async throws(FlowError) -> [BindingPlace] {
        let catalog = try await catalog()
        var flows = catalog.flows
        if let word = try arguments.text("flow") { flows = [try catalog.flow(word)] }
        let action = try arguments.text("action")
        let name = try arguments.text("reference")
        var places = flows.flatMap { flow -> [BindingPlace] in
            let uses = Array(ConnectionUse(of: flow.definition))
            return flow.definition.connectionReferences.flatMap { reference -> [BindingPlace] in
                let own = uses.filter { $0.referenceKey == reference.key }
                if own.isEmpty { return [BindingPlace(flow: flow, action: nil, reference: reference)] }
                return own.map { BindingPlace(flow: flow, action: $0.name, reference: reference) }
            }
        }
        if let action {
            let wanted = ActionPath(text: action).name.lowercased()
            let known = places.compactMap(\.action)
            places = places.filter { $0.action?.lowercased() == wanted }
            if places.isEmpty { throw Self.noReference("The action '\(action)' uses no connection.", action, known) }
        }
        if let name {
            let known = places.flatMap { [$0.reference.key, $0.reference.bindingName] }
            places = places.filter { $0.reference.bindingName == name || $0.reference.key == name }
            if places.isEmpty { throw Self.noReference("There is no connection reference '\(name)'.", name, known) }
        }
        return places
    }

    private static func noReference(_ message: String, _ name: String, _ known: [String]) -> FlowError {
        FlowError(
            .connectionReferenceNotFound, message,
            hint: Suggestion.hint(for: name, among: known)
                ?? "see `flowrun flow show FLOW`")
    }
}
