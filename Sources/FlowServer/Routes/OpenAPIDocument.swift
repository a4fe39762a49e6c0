import FlowCore
import FlowRuntime

/// `/openapi.json`: the routes as clients and testers read them, made of the same values that answer.
enum OpenAPIDocument {
    static let routes: [Route] = [
        Route(
            "GET", "/openapi.json", "getDocument", "This document.", .anyone, gives: .json("Any")
        ) { call in .json(document(of: RouteTable.all, at: call.environment.publicAddress)) }
    ]

    static func document(of table: RouteTable, at address: String) -> JSON {
        var paths = JSONObject()
        for route in table.routes where route.access != .socket {
            let path = "/" + route.path.text.split(separator: "/").filter { !$0.hasPrefix("{*") }.joined(separator: "/")
            var item = paths[path]?.objectValue ?? [:]
            for method in route.method == "*" ? ["GET", "POST", "PUT", "PATCH", "DELETE"] : [route.method] {
                var operation = operation(route)
                if route.method == "*" { operation["operationId"] = .string(route.id + method.capitalized) }
                item[method.lowercased()] = .object(operation)
            }
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "flowrun", "version": "1",
                "description":
                    "Flows, runs and triggers of one environment, with the paths and shapes of Power Automate.",
            ],
            "servers": [["url": .string(address)]], "paths": .object(paths),
            "components": [
                "schemas": .object(APISchemas.all),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer", "description": "A token of `flowrun token create`.",
                    ],
                    "session": [
                        "type": "apiKey", "in": "cookie",
                        "name": .string(Sessions.cookieName(isSecure: address.hasPrefix("https://"))),
                        "description":
                            "The cookie of POST /signin; changes also need the header X-CSRF-Token with the token of GET /session.",
                    ],
                ],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONObject {
        var operation: JSONObject = ["operationId": .string(route.id), "summary": .string(route.summary)]
        var parameters: [JSON] = route.path.parameters.map { name in
            [
                "name": .string(name), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1],
            ]
        }
        var query = route.query
        if case .signature = route.access {
        } else if isManaged(route) {
            query.append(
                Route.QueryParameter(
                    "api-version", "The platform's version; whichever it is, the shapes are the same.",
                    ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$"]))
        }
        parameters += query.map { parameter in
            [
                "name": .string(parameter.name), "in": "query", "required": false,
                "description": .string(parameter.summary), "schema": parameter.schema,
            ]
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = route.body {
            var content: JSONObject = ["application/json": ["schema": reference(body)]]
            if route.takesForm { content["application/x-www-form-urlencoded"] = ["schema": reference(body)] }
            operation["requestBody"] = ["required": false, "content": .object(content)]
        }
        operation["responses"] = responses(route)
        operation["security"] = isManaged(route) ? [["token": []], ["session": []]] : []
        if case .operators = route.access { operation["security"] = [[:], ["token": []]] }
        return operation
    }

    /// Whether a token is needed.
    private static func isManaged(_ route: Route) -> Bool {
        switch route.access {
        case .anyone, .operators, .signature, .socket: false
        case .person, .maker, .admin, .flow, .run: true
        }
    }

    private static func responses(_ route: Route) -> JSON {
        // Whoever asks for a page, or sends its form, is told by a page.
        let isPage = route.takesForm || route.answer.content == .html
        var refusal: JSONObject = ["application/json": ["schema": reference("Error")]]
        if isPage { refusal["text/html"] = ["schema": ["type": "string"]] }
        let failure: JSON = [
            "description": "Why it was refused, in the platform's shape.", "content": .object(refusal),
        ]
        // What a flow answers is the flow's own affair.
        if route.answer.content == .any { return ["default": ["description": "What the flow gives."]] }
        var good: JSONObject = ["description": "What was asked for."]
        switch route.answer.content {
        case .json(let name): good["content"] = ["application/json": ["schema": reference(name)]]
        case .html: good["content"] = ["text/html": ["schema": ["type": "string"]]]
        case .text: good["content"] = ["text/plain": ["schema": ["type": "string"]]]
        case .any, .nothing: break
        }
        var responses: JSONObject = [String(route.answer.status): .object(good)]
        if route.takesForm { responses["303"] = ["description": "The way to the next page."] }
        responses["default"] = failure
        return .object(responses)
    }

    private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
}

extension String {
    /// The text with a capital letter in front, the rest in lower case.
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
