import FlowCore
import FlowDefinitions
import FlowStorage

extension StoreContract {
    static let configurationChecks = [
        Check("Solutions, definitions, flows and versions come back") { store, findings in
            let solution = InstalledSolution(
                name: "CoSell", displayName: "Co-sell", version: "1.0.0.0", source: "flows/co-sell",
                text: "uniqueName: CoSell\n", installedAt: at(1))
            let text = String(repeating: "actions:\n  A: { type: Compose, inputs: 1 }\n", count: 200)
            let definition = StoredDefinition(file: "a.flow.yaml", text: text)
            let newer = StoredDefinition(file: "a.flow.yaml", text: text + "# newer\n")
            findings.expect(definition.hash != newer.hash, "two texts have one hash")
            var flow = InstalledFlow(
                id: "f1", name: "Deals (Insider Preview)", aliases: ["Deals"], solution: "CoSell", place: 2,
                definitionHash: definition.hash, stateChangedAt: at(1), triggerKey: [1, 2, 3, 255], installedAt: at(1))
            let first = InstalledFlow(
                id: "f0", name: "Leads", solution: "CoSell", place: 1, definitionHash: "x", stateChangedAt: at(1),
                triggerKey: [], installedAt: at(1))
            try await store.commit(
                StoreCommit([
                    .solution(solution), .definition(definition), .definition(definition), .flow(flow), .flow(first),
                ]))
            findings.expectEqual(try await store.solutions(), [solution], "solutions")
            findings.expectEqual(try await store.definition(definition.hash), definition, "definition")
            findings.expectEqual(try await store.definition("none"), nil, "no definition")
            findings.expectEqual(try await store.flows(), [first, flow], "flows")
            flow.state = .started
            flow.stateReason = "because"
            flow.stateChangedAt = at(5)
            flow.firstActivatedAt = at(5)
            flow.activatedBy = "admin@b.example"
            try await store.commit(StoreCommit([.flow(flow)]))
            findings.expectEqual(try await store.flow("f1"), flow, "turned on")
            flow.definitionHash = newer.hash
            flow.installedAt = at(9)
            try await store.commit(StoreCommit([.definition(newer), .flow(flow)]))
            let versions = try await store.versions(of: "f1")
            findings.expectEqual(versions.map(\.definitionHash), [newer.hash, definition.hash], "versions")
            findings.expectEqual(versions.map(\.installedAt), [at(9), at(1)], "their times")
            try await store.commit(
                StoreCommit([
                    .share(FlowShare(flow: "f1", upn: "a@b", role: .owner)),
                    .runOnly(RunOnlySetting(flow: "f1", reference: "sf", runtimeSource: "invoker")),
                    .trigger(TriggerState(flow: "f1", trigger: "t")), .removeFlow("f1"), .removeSolution("CoSell"),
                ]))
            findings.expectEqual(try await store.flows().map(\.id), ["f0"], "flows left")
            findings.expectEqual(try await store.solutions(), [], "solutions left")
            findings.expectEqual(try await store.shares(of: nil), [], "shares left")
            findings.expectEqual(try await store.runOnlySettings(), [], "settings left")
            findings.expectEqual(try await store.triggerStates(), [], "trigger states left")
            findings.expectEqual(try await store.definition(definition.hash), definition, "the definition stays")
        },
        Check("Variables, people, shares and tokens come back") { store, findings in
            let open = VariableValue(schemaName: "b_open", value: ["x": 1.5])
            let secret = VariableValue(schemaName: "a_secret", value: "hush", isSecret: true)
            try await store.commit(StoreCommit([.variable(open), .variable(secret)]))
            findings.expectEqual(try await store.variables(), [secret, open], "variables")
            try await store.commit(StoreCommit([.removeVariable("a_secret")]))
            findings.expectEqual(try await store.variables(), [open], "variables left")

            let user = EnvironmentUser(upn: "a@b", displayName: "A", roles: ["Maker", "Admin"], addedAt: at(1))
            let shares = [
                FlowShare(flow: "f1", upn: "a@b", role: .owner), FlowShare(flow: "f1", upn: "c@d", role: .runOnly),
                FlowShare(flow: "f2", upn: "a@b", role: .runOnly),
            ]
            try await store.commit(
                StoreCommit([.user(user)] + shares.map(StoreChange.share) + [.share(shares[0])]))
            findings.expectEqual(try await store.users(), [user], "users")
            findings.expectEqual(try await store.shares(of: nil), shares, "shares")
            findings.expectEqual(try await store.shares(of: "f2"), [shares[2]], "shares of a flow")
            try await store.commit(StoreCommit([.removeShare(shares[1]), .removeUser("a@b")]))
            findings.expectEqual(try await store.users(), [], "users left")
            findings.expectEqual(try await store.shares(of: nil), [], "shares left")

            let token = APIToken(
                name: "ci", digest: [0, 1, 254], upn: "a@b", scopes: ["runs.read"], createdAt: at(1), expires: at(9))
            try await store.commit(StoreCommit([.token(token)]))
            findings.expectEqual(try await store.tokens(), [token], "tokens")
            try await store.commit(StoreCommit([.removeToken("ci")]))
            findings.expectEqual(try await store.tokens(), [], "tokens left")
        },
        Check("Connections keep their secrets apart, bindings name them") { store, findings in
            var stored = StoredConnection(
                connection: Connection(
                    name: "sf", connector: "salesforce", account: "a@b", grant: "refresh_token",
                    parameters: ["clientId": "id", "apiVersion": "58.0"],
                    secrets: ["clientSecret": "hush", "refreshToken": "token"]),
                sharedWith: ["c@d"], createdAt: at(1), expires: at(99), session: ["accessToken": "t"])
            try await store.commit(StoreCommit([.connection(stored)]))
            findings.expectEqual(try await store.connection("sf"), stored, "with secrets")
            findings.expectEqual(try await store.connections(withSecrets: true), [stored], "list with secrets")
            let listed = try await store.connections(withSecrets: false)
            findings.expectEqual(listed.map(\.connection.secrets), [[:]], "secrets in the list")
            findings.expectEqual(listed.map(\.session), [nil], "sessions in the list")
            findings.expectEqual(listed.map(\.connection.parameters), [stored.connection.parameters], "parameters")
            stored.status = .unauthenticated
            stored.statusCode = "AADSTS70008"
            stored.statusMessage = "expired"
            stored.session = nil
            try await store.commit(StoreCommit([.connection(stored)]))
            findings.expectEqual(try await store.connection("sf"), stored, "changed")
            let binding = ConnectionBinding(logicalName: "msft_sf", connection: "sf", boundAt: at(2), boundBy: "a@b")
            let setting = RunOnlySetting(flow: "f1", reference: "sf", runtimeSource: "invoker")
            try await store.commit(StoreCommit([.binding(binding), .runOnly(setting), .removeConnection("sf")]))
            findings.expectEqual(try await store.connection("sf"), nil, "removed")
            findings.expectEqual(try await store.bindings(), [binding], "the binding stays")
            findings.expectEqual(try await store.runOnlySettings(), [setting], "settings")
            try await store.commit(
                StoreCommit([
                    .removeBinding(logicalName: "msft_sf"),
                    .runOnly(RunOnlySetting(flow: "f1", reference: "sf", runtimeSource: nil)),
                ]))
            findings.expectEqual(try await store.bindings(), [], "bindings left")
            findings.expectEqual(try await store.runOnlySettings(), [], "settings left")
        },
        Check("Single values come back until they are taken away; a closed store refuses") { store, findings in
            try await store.commit(StoreCommit([.metadata("activation", ["flows": ["f1"]]), .metadata("x", nil)]))
            findings.expectEqual(try await store.metadata("activation"), ["flows": ["f1"]], "a value")
            findings.expectEqual(try await store.metadata("x"), nil, "no value")
            try await store.commit(StoreCommit([.metadata("activation", nil)]))
            findings.expectEqual(try await store.metadata("activation"), nil, "taken away")
            try await store.commit(StoreCommit())
            findings.expectEqual(store.health, .ready, "health")
            try await store.reopen()
            await store.close()
            findings.expectEqual(store.health, .closed, "health when closed")
            await findings.expectRefusal(.storeUnusable, "a commit when closed") { () async throws(FlowError) in
                try await store.commit(StoreCommit([.metadata("y", 1)]))
            }
        },
    ]
}
