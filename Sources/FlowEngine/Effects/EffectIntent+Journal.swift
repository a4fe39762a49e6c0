public import FlowCore
public import FlowDefinitions

extension EffectIntent.Kind {
    /// The member of an event that holds what is to be done.
    var journalMember: (name: StaticString, value: JSON) {
        switch self {
        case .http(let call): ("http", .object(call.journal))
        case .operation(let request): ("operation", .object(request.journal))
        case .connection(let request): ("connection", .object(request.journal))
        case .child(let start): ("child", .object(start.journal))
        }
    }

    /// Reads what is to be done from an event; where it is sealed away from the reader, an empty call of unknown kind.
    init?(journal object: JSONObject) {
        if let call = object["http"]?.objectValue {
            self = .http(HTTPCall(journal: call))
        } else if let request = object["operation"]?.objectValue {
            self = .operation(OperationRequest(journal: request))
        } else if let request = object["connection"]?.objectValue {
            self = .connection(ConnectionRequest(journal: request))
        } else if let start = object["child"]?.objectValue {
            self = .child(ChildStart(journal: start))
        } else if object["secure"]?.boolValue == true {
            let child = object["childRun"]?.stringValue
            self =
                child.map { .child(ChildStart(reference: "", run: $0, body: nil, headers: [:])) }
                ?? .http(HTTPCall(method: "", uri: ""))
        } else {
            return nil
        }
    }
}

extension EffectOutcome {
    /// The member of an event that holds what came of an effect.
    var journalMember: (name: StaticString, value: JSON) {
        switch self {
        case .answered(let answer): return ("answer", answer.json)
        case .failed(let failure):
            return (
                "failure",
                [
                    "code": .string(failure.code), "message": .string(failure.message),
                    "transient": .bool(failure.isTransient),
                ]
            )
        case .childEnded(let end): return ("childEnded", ["run": .string(end.run), "status": .string(end.status)])
        case .inDoubt(let reason): return ("inDoubt", .string(reason))
        case .didNotHappen: return ("didNotHappen", true)
        }
    }

    /// Reads what came of an effect from an event.
    init?(journal object: JSONObject) {
        if let answer = object["answer"].flatMap(OperationAnswer.init(json:)) {
            self = .answered(answer)
        } else if let failure = object["failure"] {
            self = .failed(
                EffectFailure(
                    code: failure["code"]?.stringValue ?? "", message: failure["message"]?.stringValue ?? "",
                    isTransient: failure["transient"]?.boolValue ?? false))
        } else if let end = object["childEnded"] {
            self = .childEnded(
                ChildEnd(run: end["run"]?.stringValue ?? "", status: end["status"]?.stringValue ?? ""))
        } else if let reason = object["inDoubt"]?.stringValue {
            self = .inDoubt(reason: reason)
        } else if object["didNotHappen"] != nil {
            self = .didNotHappen
        } else if let code = object["failureCode"]?.stringValue {
            self = .failed(EffectFailure(code: code, message: SecretMask.hidden, isTransient: false))
        } else if object["secure"]?.boolValue == true {
            self = .answered(OperationAnswer(statusCode: object["statusCode"]?.integerValue.map { Int($0) } ?? 0))
        } else {
            return nil
        }
    }

    /// The outcome as JSON, for messages and commands.
    public var json: JSON {
        let (name, value) = journalMember
        return [name.description: value]
    }

    /// Reads the JSON form; nil for another shape.
    public init?(json: JSON) {
        guard let object = json.objectValue else { return nil }
        self.init(journal: object)
    }
}

extension OperationAnswer {
    /// `statusCode`, `headers` and, where there is one, `body`.
    public var json: JSON {
        var object: JSONObject = ["statusCode": .integer(Int64(statusCode))]
        if !headers.isEmpty { object.append("headers", .object(headers)) }
        if let body { object.append("body", body) }
        return .object(object)
    }

    /// Reads the JSON form; nil without a status code.
    public init?(json: JSON) {
        guard let status = json["statusCode"]?.integerValue else { return nil }
        self.init(statusCode: Int(status), headers: json["headers"]?.objectValue ?? [:], body: json["body"])
    }
}

extension HTTPCall {
    fileprivate var journal: JSONObject {
        var object: JSONObject = ["method": .string(method), "uri": .string(uri)]
        if !queries.isEmpty { object.append("queries", .object(queries)) }
        if !headers.isEmpty { object.append("headers", .object(headers)) }
        if let body { object.append("body", body) }
        if let authentication { object.append("authentication", authentication) }
        if suppressesWorkflowHeaders { object.append("suppressesWorkflowHeaders", true) }
        if let timeout { object.append("timeout", .integer(timeout.ticks)) }
        if preservesContent { object.append("preservesContent", true) }
        if keepsCompression { object.append("keepsCompression", true) }
        if purpose != .request { object.append("purpose", .string(purpose.rawValue)) }
        if let callbackID { object.append("callback", .string(callbackID)) }
        return object
    }

    fileprivate init(journal object: JSONObject) {
        self.init(
            method: object["method"]?.stringValue ?? "", uri: object["uri"]?.stringValue ?? "",
            queries: object["queries"]?.objectValue ?? [:], headers: object["headers"]?.objectValue ?? [:],
            body: object["body"], authentication: object["authentication"],
            timeout: object["timeout"]?.integerValue.map { .nanoseconds(100 * $0) },
            preservesContent: object["preservesContent"]?.boolValue ?? false,
            keepsCompression: object["keepsCompression"]?.boolValue ?? false,
            suppressesWorkflowHeaders: object["suppressesWorkflowHeaders"]?.boolValue ?? false,
            purpose: Purpose(journal: object),
            callbackID: object["callback"]?.stringValue)
    }
}

extension HTTPCall.Purpose {
    fileprivate init(journal object: JSONObject) {
        self = object["purpose"]?.stringValue.flatMap(Self.init(rawValue:)) ?? .request
    }
}

extension OperationRequest {
    fileprivate var journal: JSONObject {
        var object: JSONObject = [
            "connector": .string(connector), "reference": .string(connectionReference), "id": .string(operationID),
            "parameters": .object(parameters),
        ]
        if let minimumItemCount { object.append("items", .integer(Int64(minimumItemCount))) }
        if let authentication { object.append("authentication", authentication) }
        if let callbackID { object.append("callback", .string(callbackID)) }
        followUp?.write(to: &object)
        return object
    }

    fileprivate init(journal object: JSONObject) {
        self.init(
            connector: object["connector"]?.stringValue ?? "",
            connectionReference: object["reference"]?.stringValue ?? "", operationID: object["id"]?.stringValue ?? "",
            parameters: object["parameters"]?.objectValue ?? [:],
            minimumItemCount: object["items"]?.integerValue.map { Int($0) }, authentication: object["authentication"],
            callbackID: object["callback"]?.stringValue, followUp: FollowUp(journal: object))
    }
}

extension FollowUp {
    fileprivate func write(to object: inout JSONObject) {
        switch self {
        case .page(let link): object["page"] = .string(link)
        case .poll(let location): object["poll"] = .string(location)
        }
    }

    fileprivate init?(journal object: JSONObject) {
        if let link = object["page"]?.stringValue {
            self = .page(link: link)
        } else if let location = object["poll"]?.stringValue {
            self = .poll(location: location)
        } else {
            return nil
        }
    }
}

extension ConnectionRequest {
    fileprivate var journal: JSONObject {
        var object: JSONObject = [
            "connector": .string(connector), "reference": .string(connectionReference), "method": .string(method),
            "path": .string(path),
        ]
        if !queries.isEmpty { object["queries"] = .object(queries) }
        if !headers.isEmpty { object["headers"] = .object(headers) }
        if let body { object["body"] = body }
        if let authentication { object["authentication"] = authentication }
        if let callbackID { object["callback"] = .string(callbackID) }
        followUp?.write(to: &object)
        return object
    }

    fileprivate init(journal object: JSONObject) {
        self.init(
            connector: object["connector"]?.stringValue ?? "",
            connectionReference: object["reference"]?.stringValue ?? "", method: object["method"]?.stringValue ?? "",
            path: object["path"]?.stringValue ?? "", queries: object["queries"]?.objectValue ?? [:],
            headers: object["headers"]?.objectValue ?? [:], body: object["body"],
            authentication: object["authentication"],
            callbackID: object["callback"]?.stringValue, followUp: FollowUp(journal: object))
    }
}

extension ChildStart {
    fileprivate var journal: JSONObject {
        var object: JSONObject = ["reference": .string(reference), "run": .string(run)]
        if let body { object.append("body", body) }
        if !headers.isEmpty { object.append("headers", .object(headers)) }
        return object
    }

    fileprivate init(journal object: JSONObject) {
        self.init(
            reference: object["reference"]?.stringValue ?? "", run: object["run"]?.stringValue ?? "",
            body: object["body"], headers: object["headers"]?.objectValue ?? [:])
    }
}
