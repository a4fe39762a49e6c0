import FlowCore
import FlowRuntime
import FlowTesting
import Testing

@testable import FlowServer

/// Lists, filters, links and the shapes of refusals of the management API.
@Suite struct ManagementTests {
    private static let base = "/providers/Microsoft.ProcessSimple/environments/default"

    /// The part of a link that the router takes.
    private func target(_ link: JSON?) -> String {
        let text = link?.stringValue ?? ""
        guard let host = text.firstRange(of: "://")?.upperBound, let slash = text[host...].firstIndex(of: "/") else {
            return text
        }
        return String(text[slash...])
    }

    @Test func `nextLink leads through a list once`() async throws {
        let world = try await ServerWorld()
        var names: [String] = []
        for _ in 0..<5 {
            names.append(try await world.run("Press"))
            world.clock.advance(by: .seconds(1))
        }
        let flow = Self.base + "/flows/\(try await world.id(of: "Press"))"
        for list in ["/runs", "/triggers/manual/histories"] {
            var next = flow + list + "?api-version=2016-11-01&$top=2"
            var seen: [String] = []
            var pages = 0
            while !next.isEmpty, pages < 9 {
                let page = await world.send("GET", next)
                #expect(page.status == 200, "\(page.json)")
                seen += (page.json["value"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
                next = target(page.json["nextLink"])
                pages += 1
            }
            #expect(seen == names.reversed(), "\(list)")
            #expect(pages == 3)
            #expect(await world.send("GET", flow + list + "?$skiptoken=nope").status == 400)
        }
        let actions = await world.send("GET", flow + "/runs/\(names[0])/actions?$top=1")
        #expect(actions.json["value"]?.arrayValue?.count == 1)
        let rest = await world.send("GET", target(actions.json["nextLink"]))
        #expect(rest.json["value"]?[0]?["name"] != actions.json["value"]?[0]?["name"])
        await world.environment.shutdown()
    }

    @Test(arguments: [
        ("status eq 'Succeeded'", 1), ("status eq 'Failed'", 0), ("Status eq 'Running'", 1),
        ("startTime ge 2000-01-01T00:00:00Z and startTime lt 2100-01-01T00:00:00Z", 2),
        ("startTime gt 2100-01-01T00:00:00Z", 0), ("startTime le 2000-01-01T00:00:00Z and status eq 'Succeeded'", 0),
        ("ClientTrackingId eq 'it''s mine'", 0), ("", 2),
    ])
    func `a filter leaves what it asks for`(_ filter: String, _ count: Int) async throws {
        let text =
            ServerWorld.press + """

                  Pause:
                    type: If
                    expression: "@equals(triggerBody()?['text'], 'wait')"
                    actions: { Wait: { type: Wait, inputs: { interval: { count: 1, unit: Hour } } } }
                """
        let world = try await ServerWorld([text])
        try await world.run("Press")
        _ = try await world.environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Press", "wait": false, "input": ["text": "wait"]]))
        let flow = Self.base + "/flows/\(try await world.id(of: "Press"))"
        let answer = await world.send("GET", flow + "/runs?$filter=" + PercentEncoding.encode(filter))
        #expect(answer.json["value"]?.arrayValue?.count == count, "\(answer.json)")
        await world.environment.shutdown()
    }

    @Test(arguments: [
        ("/flows/{flow}/runs?$top=0", 400, "InvalidTopInQueryString"),
        ("/flows/{flow}/runs?$top=251", 400, "InvalidTopInQueryString"),
        ("/flows/{flow}/runs?$top=x", 400, "InvalidTopInQueryString"),
        ("/flows/{flow}/runs?$filter=status", 400, "InvalidQueryFilter"),
        ("/flows/{flow}/runs?$filter=status%20ne%20'x'", 400, "InvalidQueryFilter"),
        ("/flows/{flow}/runs?$filter=status%20eq%20'x", 400, "InvalidQueryFilter"),
        ("/flows/{flow}/runs?$filter=status%20eq%20'x'%20or%20status%20eq%20'y'", 400, "InvalidQueryFilter"),
        ("/flows/{flow}/runs?$filter=startTime%20ge%20yesterday", 400, "InvalidQueryFilter"),
        ("/flows?$filter=everything", 400, "InvalidQueryFilter"),
        ("/flows?$skiptoken=-1", 400, "InvalidSkipTokenInQueryString"),
        ("/flows?api-version=now", 400, "InvalidApiVersionParameter"), ("/flows/none", 404, "FlowNotFound"),
        ("/flows/{flow}/runs/none", 404, "WorkflowRunNotFound"),
        ("/flows/{flow}/runs/{other}", 404, "WorkflowRunNotFound"),
        ("/flows/{flow}/runs/{other}/actions", 404, "WorkflowRunNotFound"),
        ("/flows/{flow}/runs/{run}/actions/None", 404, "ResourceNotFound"),
        ("/flows/{flow}/runs/{run}/actions/Note/repetitions/000009", 404, "ResourceNotFound"),
        ("/flows/{flow}/triggers/other", 404, "WorkflowTriggerNotFound"),
        ("/flows/{flow}/triggers/manual/histories/none", 404, "ResourceNotFound"),
        ("/nothing", 404, "ResourceNotFound"), ("/flows/../flows", 404, "ResourceNotFound"),
        ("/flows/%2e%2e%2f/runs", 404, "FlowNotFound"),
    ])
    func `a wrong request is refused in the platform's shape`(
        _ path: String, _ status: Int, _ code: String
    ) async throws {
        let world = try await ServerWorld()
        let run = try await world.run("Press")
        let other = try await world.run("Waiting", wait: false)
        let text = path.replacing("{flow}", with: try await world.id(of: "Press"))
            .replacing("{run}", with: run).replacing("{other}", with: other)
        let answer = await world.send("GET", Self.base + text)
        #expect(answer.status == status, "\(answer.json)")
        #expect(answer.json["error"]?["code"] == .string(code), "\(answer.json)")
        await world.environment.shutdown()
    }

    @Test func `values of a run stand behind links that are signed and expire`() async throws {
        let world = try await ServerWorld()
        let run = try await world.run("Press")
        let flow = Self.base + "/flows/\(try await world.id(of: "Press"))"
        let page = await world.send("GET", flow + "/runs/\(run)")
        let outputs = target(page.json["properties"]?["trigger"]?["outputsLink"]?["uri"])
        #expect(await world.send("GET", outputs, as: .nobody).json["body"]?["text"] == "x")
        let second = await world.send("GET", flow + "/runs/\(run)/actions/Note/repetitions/000001")
        #expect(second.json["properties"]?["repetitionIndexes"] == [["scopeName": "Each", "itemIndex": 1]])
        let link = second.json["properties"]?["outputsLink"]
        let value = await world.send("GET", target(link?["uri"]), as: .nobody)
        #expect(value.json == "bx")
        #expect(link?["contentSize"]?.integerValue == Int64(value.response.body.count))
        // What is secured has no link, and the signature of one value opens no other.
        let hidden = await world.send("GET", flow + "/runs/\(run)/actions/Hide")
        #expect(hidden.json["properties"]?["outputsLink"] == nil)
        let hidePath = target(link?["uri"]).replacing("actions/Note/repetitions/000001", with: "actions/Hide")
        for wrong in [
            hidePath, outputs.replacing("TriggerOutputs", with: "TriggerInputs"),
            outputs.replacing("sig=", with: "sig=x"), outputs.replacing("se=2", with: "se=3"),
            String(outputs.prefix { $0 != "?" }),
        ] {
            #expect(await world.send("GET", wrong, as: .nobody).status == 401, "\(wrong)")
        }
        world.clock.advance(by: .seconds(5 * 3_600))
        #expect(await world.send("GET", outputs, as: .nobody).status == 401)
        await world.environment.shutdown()
    }

    @Test(arguments: ["PATCH", "OPTIONS", "TRACE", "BREW", "get", "POST"])
    func `a method that a path does not take is refused with those it takes`(_ method: String) async throws {
        let world = try await ServerWorld()
        let answer = await world.send(method, Self.base + "/flows")
        #expect(answer.status == 405)
        #expect(answer.json["error"]?["code"] == "HttpMethodNotAllowed")
        #expect(answer.response.headers.contains(.init(name: "Allow", value: "GET, HEAD")))
        await world.environment.shutdown()
    }

    @Test(arguments: [
        ("POST", "/flows"), ("PATCH", "/flows/{flow}"), ("PUT", "/flows/{flow}"), ("DELETE", "/flows/{flow}"),
    ])
    func `flows are changed as files, and whoever tries it here is told`(_ method: String, _ path: String) async throws
    {
        let world = try await ServerWorld()
        let id = try await world.id(of: "Press")
        let target = "/providers/Microsoft.ProcessSimple/environments/default" + path.replacing("{flow}", with: id)
        let answer = await world.send(method, target, body: ["properties": ["displayName": "X"]])
        #expect(answer.status == 405)
        #expect(answer.response.headers.contains(.init(name: "Allow", value: "GET, HEAD")))
        #expect(answer.json["error"]?["code"] == "HttpMethodNotAllowed")
        #expect(answer.json["error"]?["hint"]?.stringValue?.contains("flowrun solution install") == true)
        #expect(try await world.id(of: "Press") == id)
        await world.environment.shutdown()
    }

    @Test func `sharing over the API takes all of a request or nothing`() async throws {
        let world = try await ServerWorld()
        let flow = Self.base + "/flows/\(try await world.id(of: "Press"))"
        func change(_ role: JSON, _ upn: JSON) -> JSON {
            ["properties": ["principal": ["id": upn, "type": "User"], "roleName": role]]
        }
        let good = change("CanEdit", "stranger@adatum.example")
        let mixed = await world.send(
            "POST", flow + "/modifyPermissions", body: ["put": [good, change("Emperor", "maker@adatum.example")]])
        #expect(mixed.status == 400)
        #expect(await world.send("GET", flow, as: .stranger).status == 404)
        #expect(await world.send("POST", flow + "/modifyPermissions", body: ["put": [good]]).status == 200)
        #expect(await world.send("GET", flow, as: .stranger).status == 200)
        let list = await world.send("GET", flow + "/permissions", as: .stranger)
        let roles = list.json["value"]?.arrayValue?.map { $0["properties"]?["roleName"] ?? .null } ?? []
        #expect(Set(roles.compactMap(\.stringValue)) == ["CanEdit", "CanView"])
        #expect(
            await world.send("POST", flow + "/modifyPermissions", body: ["put": [change("CanEdit", "x@y.z")]]).status
                == 404)
        #expect(
            await world.send("POST", flow + "/modifyPermissions", body: ["delete": [["id": "stranger@adatum.example"]]])
                .status == 200)
        #expect(await world.send("GET", flow, as: .stranger).status == 404)
        await world.environment.shutdown()
    }

    @Test func `the document names every route, and every reference in it leads somewhere`() async throws {
        let world = try await ServerWorld()
        let answer = await world.send("GET", "/openapi.json", as: .nobody)
        let paths = try #require(answer.json["paths"]?.objectValue)
        var ids: [String] = []
        for (path, item) in paths {
            for (method, operation) in item.objectValue ?? [:] {
                ids.append(operation["operationId"]?.stringValue ?? "")
                #expect(operation["responses"]?.objectValue?.isEmpty == false, "\(method) \(path)")
                let named = Set(path.split(separator: "{").dropFirst().map { String($0.prefix { $0 != "}" }) })
                let declared = (operation["parameters"]?.arrayValue ?? []).filter { $0["in"] == "path" }
                #expect(Set(declared.compactMap { $0["name"]?.stringValue }) == named, "\(path)")
            }
        }
        #expect(Set(ids).count == ids.count)
        #expect(ids.contains("listRuns") && ids.contains("invokeTriggerPost") && !ids.contains("performOperation"))
        let schemas = try #require(answer.json["components"]?["schemas"]?.objectValue)
        for match in answer.json.text.matches(of: /#\/components\/schemas\/(\w+)/) {
            #expect(schemas[String(match.1)] != nil, "\(match.1)")
        }
        await world.environment.shutdown()
    }
}
