import FlowCore
import FlowRuntime
import FlowStorage
import FlowTesting
import Testing

@testable import FlowServer

/// Request triggers behind the router: signatures, tokens, paths, bodies.
@Suite struct InvocationTests {
    private func target(_ world: ServerWorld, _ flow: String) async throws -> String {
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": .string(flow)]))["url"]?
            .stringValue
        return "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
    }

    @Test func `a signature opens one trigger of one flow and nothing else`() async throws {
        let world = try await ServerWorld([
            ServerWorld.echo, ServerWorld.echo.replacing("name: Echo", with: "name: Other"),
        ])
        let echo = try await target(world, "Echo")
        let other = try await target(world, "Other")
        func signature(_ target: String) -> String { String(target.split(separator: "sig=").last ?? "") }
        #expect(await world.send("POST", echo, as: .nobody, body: ["a": 1]).status == 200)
        // Used again it opens again: it is a key, not a ticket.
        #expect(await world.send("POST", echo, as: .nobody, body: ["a": 1]).status == 200)
        let good = signature(echo)
        for (target, code) in [
            (echo.replacing(good, with: signature(other)), "DirectApiInvalidAuthorizationSignature"),
            (echo.replacing(good, with: String(good.dropLast())), "DirectApiInvalidAuthorizationSignature"),
            (echo.replacing(good, with: good + "A"), "DirectApiInvalidAuthorizationSignature"),
            (echo.replacing(good, with: ""), "DirectApiAuthorizationRequired"),
            (echo.replacing("&sig=" + good, with: ""), "DirectApiAuthorizationRequired"),
            (echo.replacing("sv=1.0", with: "sv=2.0"), "DirectApiInvalidAuthorizationSignature"),
            (echo.replacing("manual%2Frun", with: "other%2Frun"), "DirectApiInvalidAuthorizationSignature"),
            (echo.replacing("/triggers/manual/", with: "/triggers/other/"), "DirectApiInvalidAuthorizationSignature"),
        ] {
            let answer = await world.send("POST", target, as: .nobody, body: [:])
            #expect(answer.status == 401, "\(target)")
            #expect(answer.json["error"]?["code"] == .string(code), "\(target): \(answer.json)")
        }
        #expect(try await world.environment.store.runCount(RunFilter()) == 2)
        await world.environment.shutdown()
    }

    @Test(arguments: [
        ("Tenant", "", [401, 200, 200]), ("User", "runner@adatum.example; owner@adatum.example", [401, 200, 401]),
    ])
    func `a trigger may ask for a token in place of a signature`(
        _ mode: String, _ users: String, _ statuses: [Int]
    ) async throws {
        let flow = ServerWorld.echo.replacing(
            "schema: { type: object }",
            with: "schema: { type: object }, triggerAuthenticationType: \(mode), triggerAllowedUsers: \"\(users)\"")
        let world = try await ServerWorld([flow])
        let target = try await target(world, "Echo")
        #expect(!target.contains("sig="))
        for (person, status) in zip([ServerWorld.Person.nobody, .runner, .maker], statuses) {
            #expect(await world.send("POST", target, as: person, body: [:]).status == status, "\(person)")
        }
        let initiators = try await world.environment.store.runs(RunFilter()).map(\.initiator)
        #expect(initiators.contains("runner@adatum.example"))
        let reading = try await world.environment.perform(
            EnvironmentRequest(
                .createToken, ["name": "r", "as": "runner@adatum.example", "scopes": ["Flows.Read.All"]]))
        let header = (name: "Authorization", value: "Bearer " + (reading["token"]?.stringValue ?? ""))
        let answer = await world.send("POST", target, as: .nobody, body: [:], headers: [header])
        #expect(answer.json["error"]?["code"] == "MisMatchingOAuthClaims")
        await world.environment.shutdown()
    }

    @Test func `the relative path is read once and piece by piece`() async throws {
        let flow = """
            name: Orders
            triggers:
              manual: { type: Request, kind: Http, inputs: { method: GET, relativePath: "/orders/{id}/lines/{line}" } }
            actions:
              Respond:
                type: Response
                kind: Http
                inputs: { statusCode: 200, body: "@concat(triggerOutputs()['relativePathParameters']['id'], '|', triggerOutputs()['relativePathParameters']['line'], '|', triggerOutputs()?['queries']?['q'])" }
            """
        let world = try await ServerWorld([flow])
        let target = try await target(world, "Orders")
        func get(_ path: String) async -> (status: Int, text: String) {
            let answer = await world.send(
                "GET", target.replacing("orders/{id}/lines/{line}", with: path) + "&q=z", as: .nobody)
            return (answer.status, String(decoding: answer.response.body, as: UTF8.self))
        }
        #expect(await get("orders/7/lines/2") == (200, "7|2|z"))
        #expect(await get("orders/a%2Fb/lines/%2525") == (200, "a/b|%25|z"))
        #expect(await get("orders/7").status == 404)
        #expect(await get("orders/7/lines/2/3").status == 404)
        #expect(await get("orders/../lines/x") == (200, "..|x|z"))
        #expect(await world.send("POST", target, as: .nobody).status == 405)
        await world.environment.shutdown()
    }

    @Test func `forms and multipart messages come as the platform gives them`() async throws {
        let flow = """
            name: Forms
            triggers: { manual: { type: Request, kind: Http } }
            actions:
              Respond: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@triggerBody()?['$formdata']" } }
            """
        let parts = flow.replacing("Forms", with: "Parts").replacing(
            "@triggerBody()?['$formdata']",
            with: "@concat(triggerMultipartBody(1), length(triggerBody()['$multipart']))")
        let world = try await ServerWorld([flow, parts])
        let form = await world.router.respond(
            to: APIRequest(
                "POST", try await target(world, "Forms"),
                headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array("a=1+2&b=%C3%BC&a=3".utf8)
            ))
        #expect(
            (try? JSON(parsing: form.body)) == [
                ["key": "a", "value": "1 2"], ["key": "b", "value": "ü"], ["key": "a", "value": "3"],
            ])
        let message =
            "--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n1\r\n--x\r\nContent-Type: text/plain\r\n\r\ntwo\r\n--x--"
        let multipart = await world.router.respond(
            to: APIRequest(
                "POST", try await target(world, "Parts"),
                headers: [("Content-Type", "multipart/form-data; boundary=x")],
                body: Array(message.utf8)))
        #expect(String(decoding: multipart.body, as: UTF8.self) == "two2")
        await world.environment.shutdown()
    }

    @Test func `a refused body stands in the trigger's history, and a tracking id comes back`() async throws {
        let world = try await ServerWorld()
        let target = try await target(world, "Echo")
        let wrong = await world.router.respond(
            to: APIRequest("POST", target, headers: [("Content-Type", "application/json")], body: Array("[1]".utf8)))
        #expect(wrong.status == 400)
        let path = "/providers/Microsoft.ProcessSimple/environments/default/flows/\(try await world.id(of: "Echo"))"
        let histories = await world.send("GET", path + "/triggers/manual/histories?$filter=status%20eq%20'Failed'")
        #expect(histories.json["value"]?.arrayValue?.count == 1)
        #expect(histories.json["value"]?[0]?["properties"]?["error"]?["code"] == "TriggerInputSchemaMismatch")
        #expect(histories.json["value"]?[0]?["properties"]?["fired"] == false)
        func trackingID(_ id: String) async -> String? {
            let answer = await world.send(
                "POST", target, as: .nobody, body: [:], headers: [("x-ms-client-tracking-id", id)])
            return answer.response.headers.first { $0.name == "x-ms-client-tracking-id" }?.value
        }
        #expect(await trackingID("deal-17") == "deal-17")
        #expect(await trackingID("two\r\nSet-Cookie: x=y") != "two\r\nSet-Cookie: x=y")
        await world.environment.shutdown()
    }

    @Test func `an asynchronous response is fetched at its location`() async throws {
        let flow = """
            name: Later
            triggers: { manual: { type: Request, kind: Http } }
            actions:
              Wait: { type: Wait, inputs: { interval: { count: 30, unit: Second } } }
              Respond:
                type: Response
                kind: Http
                operationOptions: Asynchronous
                runAfter: { Wait: [Succeeded] }
                inputs: { statusCode: 201, body: done }
            """
        let world = try await ServerWorld([flow])
        let first = await world.send("POST", try await target(world, "Later"), as: .nobody)
        #expect(first.status == 202)
        let location = first.response.headers.first { $0.name == "Location" }?.value ?? ""
        let path = "/" + location.split(separator: "/").dropFirst(2).joined(separator: "/")
        #expect(await world.send("GET", path, as: .nobody).status == 202)
        #expect(await world.send("GET", path.replacing("sig=", with: "sig=x"), as: .nobody).status == 404)
        var last = 0
        for _ in 0..<10_000 where last != 201 {
            world.clock.advance(by: .seconds(31))
            await Task.yield()
            last = await world.send("GET", path, as: .nobody).status
        }
        #expect(last == 201)
        await world.environment.shutdown()
    }
}
