import FlowCore
import FlowEngine
import FlowRuntime
import FlowTesting
import Testing

@testable import FlowServer

/// Who may do what: every route of the management API with every kind of person.
@Suite struct RightsTests {
    /// A route by its id, and the status for each person in the order of `ServerWorld.Person`.
    struct Row: Sendable, CustomTestStringConvertible {
        let id: String
        let statuses: [Int]
        let body: JSON?

        init(_ id: String, _ statuses: [Int], body: JSON? = nil) {
            self.id = id
            self.statuses = statuses
            self.body = body
        }

        var testDescription: String { id }
    }

    // nobody, stranger, run-only user, maker, owner, admin
    private static let everyone = [401, 200, 200, 200, 200, 200]
    private static let admins = [401, 403, 403, 403, 403, 200]
    private static let owners = [401, 404, 403, 404, 200, 200]
    private static let runners = [401, 404, 200, 404, 200, 200]

    static let table = [
        Row("listEnvironments", everyone), Row("getEnvironment", everyone), Row("listFlows", everyone),
        Row("listFlowsAsAdmin", admins), Row("getFlowAsAdmin", admins), Row("getFlow", runners),
        Row("startFlow", owners), Row("stopFlow", owners), Row("listFlowConnections", owners),
        Row("listPermissions", owners),
        Row(
            "modifyPermissions", owners,
            body: [
                "put": [
                    [
                        "properties": [
                            "principal": ["id": "stranger@adatum.example", "type": "User"], "roleName": "CanView",
                        ]
                    ]
                ], "delete": [["id": "runner@adatum.example"]],
            ]), Row("listRuns", runners), Row("getRun", runners), Row("cancelRun", owners), Row("listActions", owners),
        Row("getAction", owners), Row("listRepetitions", owners), Row("getRepetition", owners),
        Row("listTriggers", runners), Row("getTrigger", runners), Row("listCallbackUrl", owners),
        Row("runTrigger", [401, 404, 202, 404, 202, 202]), Row("listTriggerHistories", owners),
        Row("getTriggerHistory", owners), Row("resubmitRun", [401, 404, 403, 404, 202, 202]),
        Row("repairRun", owners, body: ["from": "Note"]),
        Row("repairRun", owners, body: ["from": "Note", "dryRun": true]),
        Row("listConnections", everyone), Row("listConnectionsAsAdmin", admins),
        Row("listConnectionsOfConnector", everyone), Row("getConnection", [401, 404, 404, 404, 200, 200]),
        Row(
            "createConnection", [401, 403, 403, 201, 403, 201],
            body: ["properties": ["connectionParameters": ["password": "p"]]]),
        Row("deleteConnection", [401, 404, 404, 404, 200, 200]),
    ]

    private static let managed = RouteTable.all.routes.filter { route in
        switch route.access {
        case .anyone, .operators, .signature, .socket: false
        case .person, .maker, .admin, .flow, .run: true
        }
    }

    @Test func `every route that asks who calls has a row`() {
        #expect(Set(Self.managed.map(\.id)) == Set(Self.table.map(\.id)))
        #expect(Set(Self.managed.map(\.id)).count == Self.managed.count)
    }

    @Test(arguments: table)
    func `each person gets what is theirs`(_ row: Row) async throws {
        let route = try #require(Self.managed.first { $0.id == row.id })
        for (person, status) in zip(ServerWorld.Person.allCases, row.statuses) {
            // A world for each, since many routes change something.
            let world = try await ServerWorld()
            let flow = row.id == "cancelRun" ? "Waiting" : "Press"
            let run = try await world.run(flow, as: .runner, wait: flow == "Press")
            let isNew = row.id == "createConnection"
            let values = [
                "environment": "default", "flow": try await world.id(of: flow), "run": run, "history": run,
                "trigger": "manual", "action": "Note", "repetition": "000001", "api": "shared_crm",
                "connection": isNew ? "crm-new" : "crm-owner",
            ]
            let answer = await world.send(
                route.method, ServerWorld.path(route, values) + "?api-version=2016-11-01", as: person, body: row.body)
            #expect(answer.status == status, "\(person): \(answer.json)")
            if status < 300 {
                check(answer, route)
            } else {
                #expect(answer.json["error"]?["code"]?.stringValue?.isEmpty == false, "\(person): \(answer.json)")
                #expect(answer.json["error"]?["message"]?.stringValue?.isEmpty == false, "\(person): \(answer.json)")
            }
            await world.environment.shutdown()
        }
    }

    /// An answer is what `/openapi.json` says that it is.
    private func check(_ answer: (status: Int, json: JSON, response: APIResponse), _ route: Route) {
        #expect(answer.status == route.answer.status)
        guard case .json(let name) = route.answer.content else {
            #expect(answer.response.body.isEmpty)
            return
        }
        let schema: JSON = [
            "$ref": .string("#/components/schemas/\(name)"), "components": ["schemas": .object(APISchemas.all)],
        ]
        let findings = JSONSchema(schema).validate(answer.json)
        #expect(findings.isEmpty, "\(route.id): \(findings.map { "\($0.path): \($0.message)" }) in \(answer.json)")
    }

    @Test func `a run-only user sees neither the definition nor what others ran`() async throws {
        let world = try await ServerWorld()
        let own = try await world.run("Press", as: .runner)
        let other = try await world.run("Press", as: .owner)
        let path = "/providers/Microsoft.ProcessSimple/environments/default/flows/\(try await world.id(of: "Press"))"
        let flow = await world.send("GET", path + "?$expand=definition", as: .runner)
        #expect(flow.json["properties"]?["definition"] == nil)
        #expect(flow.json["properties"]?["connectionReferences"] == nil)
        #expect(flow.json["properties"]?["definitionSummary"]?["actions"] == [])
        #expect(flow.json["properties"]?["triggerSchema"]?["properties"]?["text"] != nil)
        let runs = await world.send("GET", path + "/runs", as: .runner)
        #expect(runs.json["value"]?.arrayValue?.map { $0["name"] } == [.string(own)])
        #expect(await world.send("GET", path + "/runs/\(other)", as: .runner).status == 404)
        let run = await world.send("GET", path + "/runs/\(own)?$expand=properties/actions", as: .runner)
        #expect(run.json["properties"]?["actions"] == nil)
        #expect(run.json["properties"]?["trigger"]?["outputsLink"] == nil)
        #expect(await world.send("GET", path + "/runs", as: .owner).json["value"]?.arrayValue?.count == 2)
        await world.environment.shutdown()
    }

    @Test func `a flow that is not shared looks like one that is not there`() async throws {
        let world = try await ServerWorld()
        let base = "/providers/Microsoft.ProcessSimple/environments/default/flows/"
        let hidden = await world.send("GET", base + (try await world.id(of: "Press")), as: .stranger)
        let missing = await world.send("GET", base + "00000000-0000-0000-0000-000000000000", as: .stranger)
        #expect(hidden.status == 404 && missing.status == 404)
        #expect(hidden.json["error"]?["code"] == missing.json["error"]?["code"])
        #expect(hidden.json["error"]?["hint"] == nil)
        // Names are for the command line: over the network they would tell what there is.
        #expect(await world.send("GET", base + "Press", as: .admin).status == 404)
        #expect(await world.send("GET", base, as: .stranger).json["value"] == [])
        await world.environment.shutdown()
    }

    @Test(arguments: [
        ("Flows.Read.All", [200, 403, 403, 403]), ("Activity.Read.All", [403, 200, 403, 403]),
        ("Flows.Run.All", [403, 403, 202, 403]), ("Flows.Manage.All", [200, 200, 202, 200]),
        ("User", [200, 200, 202, 200]),
    ])
    func `a token does what its scope says and no more`(_ scope: String, _ statuses: [Int]) async throws {
        let world = try await ServerWorld()
        let made = try await world.environment.perform(
            EnvironmentRequest(
                .createToken, ["name": "t", "as": "owner@adatum.example", "scopes": [.string(scope)]]))
        let header = (name: "Authorization", value: "Bearer " + (made["token"]?.stringValue ?? ""))
        let path = "/providers/Microsoft.ProcessSimple/environments/default/flows/\(try await world.id(of: "Press"))"
        let requests = [
            ("GET", path), ("GET", path + "/runs"), ("POST", path + "/triggers/manual/run"), ("POST", path + "/stop"),
        ]
        for ((method, path), status) in zip(requests, statuses) {
            let answer = await world.send(method, path, as: .nobody, headers: [header])
            #expect(answer.status == status, "\(method) \(path): \(answer.json)")
        }
        await world.environment.shutdown()
    }

    @Test func `tokens that are unknown, expired or of a person who is gone open nothing`() async throws {
        let world = try await ServerWorld()
        let path = "/providers/Microsoft.ProcessSimple/environments"
        func code(_ authorization: String) async -> JSON? {
            let answer = await world.send("GET", path, as: .nobody, headers: [("Authorization", authorization)])
            #expect(answer.status == 401)
            #expect(answer.response.headers.contains { $0.name == "WWW-Authenticate" })
            return answer.json["error"]?["code"]
        }
        #expect(await code("Basic YTpi") == "DirectApiAuthorizationRequired")
        #expect(await code("Bearer fr_unknown") == "InvalidAuthenticationToken")
        #expect(await code("Bearer " + (world.tokens[.admin] ?? "").dropLast()) == "InvalidAuthenticationToken")
        let short = try await world.environment.perform(
            EnvironmentRequest(.createToken, ["name": "short", "expires": "1h"]))
        world.clock.advance(by: .seconds(3_601))
        #expect(await code("Bearer " + (short["token"]?.stringValue ?? "")) == "ExpiredAuthenticationToken")
        let upn: JSON = "admin@adatum.example"
        _ = try await world.environment.perform(EnvironmentRequest(.removeUser, ["upn": upn]))
        #expect(await code("Bearer " + (world.tokens[.admin] ?? "")) == "InvalidAuthenticationToken")
        // Whoever comes later under that name does not inherit the token.
        _ = try await world.environment.perform(EnvironmentRequest(.addUser, ["upn": upn]))
        #expect(await code("Bearer " + (world.tokens[.admin] ?? "")) == "InvalidAuthenticationToken")
        await #expect(throws: FlowError.self) {
            _ = try await world.environment.perform(
                EnvironmentRequest(.createToken, ["name": "x", "scopes": ["Flows.Reed.All"]]))
        }
        await world.environment.shutdown()
    }

    @Test func `metrics need a token once the server is exposed`() async throws {
        for (server, status) in [
            (EnvironmentSettings.Server(), 200), (EnvironmentSettings.Server(publicURL: "https://flows.example"), 401),
            (EnvironmentSettings.Server(listen: "0.0.0.0:7070"), 401),
        ] {
            let world = try await ServerWorld(server: server)
            #expect(await world.send("GET", "/metrics", as: .nobody).status == status)
            #expect(await world.send("GET", "/metrics", as: .admin).status == 200)
            #expect(await world.send("GET", "/metrics", as: .owner).status == (status == 200 ? 200 : 403))
            await world.environment.shutdown()
        }
    }
}
