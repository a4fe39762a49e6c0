import FlowCore
import FlowDefinitions
import FlowStorage
import FlowText

extension FlowEnvironment {
    // MARK: flow list, show, url

    func listFlows() async throws(FlowError) -> JSON {
        let catalog = try await catalog()
        let state = try await state()
        let latest = try await store.latestRuns()
        let called = calledFlows(catalog)
        return .array(
            catalog.flows.map { flow in row(of: flow, state, isChild: called.contains(flow.id), latest[flow.id]) })
    }

    private func calledFlows(_ catalog: Catalog) -> Set<String> {
        let planner = ActivationPlanner(catalog: catalog, state: EnvironmentState(), connectors: connectors, user: nil)
        return Set(
            catalog.flows.flatMap { parent in planner.children(of: parent).map(\.id).filter { $0 != parent.id } })
    }

    private func row(
        of flow: Catalog.Entry, _ state: EnvironmentState, isChild: Bool, _ latest: RunSummary?
    ) -> JSON {
        let unbound = flow.definition.connectionReferences.filter { state.connection(of: $0) == nil }
        var trigger: JSON = .null
        if let own = flow.trigger {
            trigger = ["type": .string(own.type), "kind": own.kind.map { .string($0) } ?? .null]
        }
        return [
            "name": .string(flow.name), "id": .string(flow.id), "solution": .string(flow.solution),
            "state": .string(flow.installed.state.rawValue), "trigger": trigger, "isChild": .bool(isChild),
            "unbound": .integer(Int64(unbound.count)),
            "lastRun": latest.map { run in
                [
                    "name": .string(run.name), "status": .string(run.status),
                    "startTime": .string(run.startTime.description),
                ]
            } ?? .null,
        ]
    }

    func showFlow(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let catalog = try await catalog()
        let flow = try catalog.flow(try arguments.required("flow"))
        let state = try await state()
        let latest = try await store.latestRuns()[flow.id]
        let planner = ActivationPlanner(catalog: catalog, state: state, connectors: connectors, user: nil)
        let parents = catalog.flows.filter { parent in planner.children(of: parent).contains { $0.id == flow.id } }
        guard case .object(var page) = row(of: flow, state, isChild: !parents.isEmpty, latest) else { return .null }
        page["description"] = flow.definition.description.map { .string($0) } ?? .null
        page["aliases"] = .array(flow.aliases.map { .string($0) })
        page["file"] = .string(flow.definition.file)
        page["definitionHash"] = .string(flow.installed.definitionHash)
        page["firstActivatedAt"] = flow.installed.firstActivatedAt.map { .string($0.description) } ?? .null
        // When its trigger asks or fires next, as far as it does so by the clock.
        var next: Timestamp?
        if flow.isStarted, let trigger = flow.trigger {
            next = try await store.triggerState(flow: flow.id, trigger: trigger.name)?.nextDue
        }
        page["nextTime"] = next.map { .string($0.description) } ?? .null
        page["children"] = .array(planner.children(of: flow).map { .string($0.name) })
        page["parents"] = .array(parents.map { .string($0.name) })
        page["connectionReferences"] = .array(
            flow.definition.connectionReferences.map { reference in
                [
                    "reference": .string(reference.key), "logicalName": .string(reference.bindingName),
                    "connector": .string(reference.connector),
                    "connection": state.bindings[reference.bindingName].map { .string($0) } ?? .null,
                    "runtimeSource": .string(state.runtimeSource(of: reference, in: flow.id).rawValue),
                ]
            })
        page["variables"] = .array(flow.definition.parameters.compactMap { $0.schemaName.map { .string($0) } })
        page["actions"] = .integer(Int64(flow.definition.allActions.count))
        page["shares"] = .array(
            state.shares.filter { $0.flow == flow.id }.map { share in
                ["upn": .string(share.upn), "role": .string(share.role.rawValue)]
            })
        return .object(page)
    }

    func flowURL(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let flow = try await catalog().flow(try arguments.required("flow"))
        guard let url = triggerURL(of: flow) else {
            throw FlowError(
                .triggerURLNotAvailable, "The flow '\(flow.name)' has no URL: it is not started by a request.",
                hint: "only flows with a Request or HttpWebhook trigger have one; see `flowrun flow list`")
        }
        return [
            "flow": .string(flow.name), "id": .string(flow.id), "method": .string(url.method), "url": .string(url.text),
        ]
    }

    /// The URL of a flow with a Request trigger, or nil.
    func triggerURL(of flow: Catalog.Entry) -> (text: String, method: String)? {
        guard let trigger = flow.trigger, trigger.hasURL else { return nil }
        let url = TriggerURL(flowID: flow.id, trigger: trigger.name)
        let text = url.text(
            base: publicAddress, key: trigger.callers == nil ? flow.installed.triggerKey : nil,
            relativePath: trigger.inputs?["relativePath"]?.string)
        return (text, (trigger.inputs?["method"]?.string ?? "POST").uppercased())
    }

    // MARK: variable list, set, unset

    func listVariables() async throws(FlowError) -> JSON {
        let catalog = try await catalog()
        let state = try await state()
        return .array(catalog.variables.map { row(of: $0, state) })
    }

    private func row(of variable: EnvironmentVariable, _ state: EnvironmentState) -> JSON {
        [
            "schemaName": .string(variable.schemaName), "displayName": .string(variable.displayName),
            "type": .string(variable.type.rawValue),
            "value": VariableValues.shown(state.variables[variable.schemaName], of: variable),
            "default": VariableValues.shown(variable.defaultValue, of: variable),
            "description": variable.description.map { .string($0) } ?? .null,
        ]
    }

    private func variable(_ name: String) async throws(FlowError) -> EnvironmentVariable {
        let variables = try await catalog().variables
        let folded = name.lowercased()
        let ways: [(EnvironmentVariable) -> Bool] = [
            { $0.schemaName == name }, { $0.displayName == name },
            { $0.schemaName.lowercased() == folded || $0.displayName.lowercased() == folded },
        ]
        for way in ways {
            if let variable = variables.first(where: way) { return variable }
        }
        let near = Suggestion.hint(for: name, among: variables.flatMap { [$0.schemaName, $0.displayName] })
        throw FlowError(
            .variableNotFound, "The environment has no variable '\(name)'.",
            hint: near ?? "see `flowrun variable list`")
    }

    func setVariable(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let variable = try await variable(try arguments.required("name"))
        let given = arguments.value("value") ?? .null
        if variable.type == .secret, try arguments.choice("isPlain") == true {
            throw FlowError(
                .invalidArgument, "'\(variable.displayName)' is a secret and must not stand on the command line.",
                hint: "flowrun variable set \(variable.schemaName) @FILE, or - to read it from stdin")
        }
        let text: String
        switch given {
        case .string(let value): text = value
        case .bool(let value) where variable.type == .boolean: text = value ? "Yes" : "No"
        case .null: throw FlowError(.invalidArgument, "The argument 'value' is missing.", hint: "give the value")
        default: text = given.text
        }
        let value = try VariableValues.accept(text, for: variable)
        return try await changing { () throws(FlowError) in
            try await checkRecurrences(with: value, for: variable, text)
            try await commit(
                StoreCommit([
                    .variable(
                        VariableValue(
                            schemaName: variable.schemaName, value: value, isSecret: variable.type == .secret))
                ]))
            return row(of: variable, try await state())
        }
    }

    /// A value with which a trigger that is on would never fire again is refused.
    private func checkRecurrences(
        with value: JSON, for variable: EnvironmentVariable, _ text: String
    ) async throws(FlowError) {
        let catalog = try await catalog()
        var state = try await state()
        let before = VariableRecurrences(catalog, state, now: clock.now).unusable
        state.variables[variable.schemaName] = value
        let broken = VariableRecurrences(catalog, state, now: clock.now).unusable.filter { !before.contains($0) }
        guard let flow = broken.first.flatMap({ catalog[$0] }) else { return }
        let standard = VariableValues.shown(variable.defaultValue, of: variable)
        throw FlowError(
            .invalidVariableValue,
            "With '\(text)' as '\(variable.displayName)' the trigger of the flow '\(flow.name)' would never fire.",
            hint: "flowrun variable set \(variable.schemaName) \(standard.isNull ? "1" : standard.text)")
    }

    func unsetVariable(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let variable = try await variable(try arguments.required("name"))
        return try await changing { () throws(FlowError) in
            try await commit(StoreCommit([.removeVariable(variable.schemaName)]))
            return row(of: variable, try await state())
        }
    }

    // MARK: user, share

    func addUser(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let upn = try arguments.required("upn").lowercased()
        guard upn.contains("@"), !upn.hasPrefix("@"), !upn.hasSuffix("@"), !upn.contains(where: \.isWhitespace) else {
            throw FlowError(
                .invalidArgument, "'\(upn)' is no user principal name.", hint: "write it as ana@adatum.example")
        }
        let role = try arguments.text("role")
        if let role, EnvironmentRole(rawValue: role) == nil, role != "user" {
            let names = EnvironmentRole.allCases.map(\.rawValue) + ["user"]
            throw FlowError(
                .invalidArgument, "There is no role '\(role)'.",
                hint: Suggestion.hint(for: role, among: names)
                    ?? "roles are: \(names.joined(separator: ", "))")
        }
        return try await changing { () throws(FlowError) in
            let known = try await store.users().first { $0.upn == upn }
            var user = known ?? EnvironmentUser(upn: upn, addedAt: clock.now)
            if let role { user.roles = role == "user" ? [] : [role] }
            if user != known { try await commit(StoreCommit([.user(user)])) }
            return Self.row(of: user)
        }
    }

    private static func row(of user: EnvironmentUser) -> JSON {
        [
            "upn": .string(user.upn), "role": .string(user.roles.isEmpty ? "user" : user.roles.joined(separator: ", ")),
            "addedAt": .string(user.addedAt.description),
        ]
    }

    func listUsers() async throws(FlowError) -> JSON { .array(try await store.users().map(Self.row)) }

    func removeUser(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let upn = try arguments.required("upn").lowercased()
        return try await changing { () throws(FlowError) in
            guard let user = try await store.users().first(where: { $0.upn == upn }) else {
                _ = try EnvironmentState(users: try await store.users()).knownUser(upn)
                return .null
            }
            // Whoever is gone acts no more: a person of that name who comes later gets tokens of their own.
            let tokens = try await store.tokens().filter { $0.upn?.lowercased() == upn }
            let password = Self.passwordRemoval(of: upn)
            try await commit(StoreCommit([.removeUser(upn), password] + tokens.map { .removeToken($0.name) }))
            passwords.changed(upn)
            return Self.row(of: user)
        }
    }

    func changeShare(_ arguments: Arguments, isAdded: Bool) async throws(FlowError) -> JSON {
        let flow = try await catalog().flow(try arguments.required("flow"))
        let upn = try arguments.required("upn")
        let text = try arguments.required("role")
        guard let role = FlowShare.Role(rawValue: text) else {
            throw FlowError(.invalidArgument, "The right '\(text)' is none.", hint: "give owner or runOnly")
        }
        return try await changing { () throws(FlowError) in
            let user = try await state().knownUser(upn) ?? upn
            let share = FlowShare(flow: flow.id, upn: user, role: role)
            try await commit(StoreCommit([isAdded ? .share(share) : .removeShare(share)]))
            return ["flow": .string(flow.name), "id": .string(flow.id), "upn": .string(user), "role": .string(text)]
        }
    }
}
