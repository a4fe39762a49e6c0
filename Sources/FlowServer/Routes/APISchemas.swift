import FlowCore

/// The schemas of `/openapi.json`: what the management API gives and takes.
///
/// Objects may have more members than are named; a member that is named has the type that is said.
enum APISchemas {
    static let all: JSONObject = {
        var schemas = JSONObject()
        for (name, schema) in shapes + lists { schemas[name] = schema }
        return schemas
    }()

    private static let text: JSON = ["type": "string"]
    private static let name: JSON = ["type": "string", "minLength": 1]
    private static let object: JSON = ["type": "object"]

    private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
    private static func array(_ items: JSON) -> JSON { ["type": "array", "items": items] }

    /// An object; members whose name ends in `?` may be missing.
    private static func object(_ members: [(String, JSON)]) -> JSON {
        var properties = JSONObject()
        var required: [JSON] = []
        for (name, schema) in members {
            let isOptional = name.hasSuffix("?")
            let key = isOptional ? String(name.dropLast()) : name
            properties[key] = schema
            if !isOptional { required.append(.string(key)) }
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }

    /// A resource: name, id, type and the properties that are its own.
    private static func resource(_ properties: [(String, JSON)]) -> JSON {
        object([("name", text), ("id", text), ("type", text), ("properties", object(properties))])
    }

    private static let lists: [(String, JSON)] = [
        "Environment", "Flow", "Run", "Action", "Trigger", "History", "Connection", "Permission",
    ].map { ($0 + "List", object([("value", array(reference($0))), ("nextLink?", text)])) }

    private static let failure = object([("code", text), ("message", text)])
    private static let link = object([("uri", text), ("contentVersion", text), ("contentSize", ["type": "integer"])])
    private static let runStatus: JSON = [
        "type": "string",
        "enum": ["Running", "Waiting", "Succeeded", "Failed", "Cancelled", "TimedOut", "Skipped"],
    ]
    private static let flag: JSON = ["type": "boolean"]
    private static let repairedCall = object([("path", text), ("operation", text), ("unknown?", flag)])
    private static let principal = object([("id", name), ("type?", ["type": "string", "enum": ["User", "Group"]])])

    private static let shapes: [(String, JSON)] = [
        ("Any", [:]),
        ("Error", object([("error", failure)])),
        ("Health", object([("status", text)])),
        ("SignIn", object([("upn", text), ("password", text), ("returnTo?", text)])),
        ("SignOut", object([("csrfToken?", text)])),
        ("Setup", object([("code", text), ("password", text)])),
        ("Session", object([("upn", text), ("csrfToken", text), ("expires", text)])),
        (
            "Environment",
            object([
                ("name", text), ("id", text), ("type", text), ("location", text),
                ("properties", object([("displayName", text), ("provisioningState", text)])),
            ])
        ),
        (
            "Flow",
            resource([
                ("displayName", text), ("state", ["type": "string", "enum": ["Started", "Stopped", "Suspended"]]),
                ("userType", ["type": "string", "enum": ["Owner", "User"]]), ("createdTime", text),
                ("lastModifiedTime", text), ("flowSuspensionReason", text), ("environment", object),
                (
                    "definitionSummary",
                    object([("triggers", array(object)), ("actions", array(object)), ("description?", text)])
                ), ("definition?", object), ("connectionReferences?", object), ("triggerSchema?", object),
            ])
        ),
        (
            "Run",
            resource([
                ("startTime", text), ("endTime?", text), ("status", runStatus), ("code?", text), ("error?", failure),
                ("correlation", object([("clientTrackingId", text)])),
                (
                    "trigger",
                    object([
                        ("name", text), ("startTime", text), ("endTime", text), ("status", text),
                        ("originHistoryName", text), ("sourceHistoryName?", text), ("scheduledTime?", text),
                        ("inputsLink?", link), ("outputsLink?", link),
                    ])
                ), ("outputs", object), ("response?", object), ("actions?", object),
            ])
        ),
        (
            "Action",
            resource([
                ("startTime?", text), ("endTime?", text), ("status", text), ("code?", text), ("error?", failure),
                ("inputsLink?", link), ("outputsLink?", link), ("repetitionCount?", ["type": "integer"]),
                ("iterationCount?", ["type": "integer"]), ("retryHistory?", array(object)),
                (
                    "repetitionIndexes?",
                    array(object([("scopeName", text), ("itemIndex", ["type": "integer"])]))
                ), ("correlation", object([("clientTrackingId", text)])),
            ])
        ),
        (
            "Trigger",
            resource([
                ("provisioningState", text), ("state", ["type": "string", "enum": ["Enabled", "Disabled"]]),
                ("type", text), ("kind?", text),
            ])
        ),
        (
            "History",
            resource([
                ("startTime", text), ("endTime?", text),
                ("status", ["type": "string", "enum": ["Succeeded", "Skipped", "Failed"]]),
                ("fired", ["type": "boolean"]), ("code?", text), ("error?", failure),
                ("run?", object([("name", text), ("id", text), ("type", text)])),
            ])
        ),
        (
            "Connection",
            resource([
                ("apiId", text), ("displayName", text), ("statuses", array(object([("status", text)]))),
                ("createdBy", object), ("environment", object), ("createdTime?", text),
            ])
        ),
        (
            "Permission",
            resource([
                ("roleName", ["type": "string", "enum": ["Owner", "CanEdit", "CanView"]]), ("permissionType", text),
                ("principal", principal),
            ])
        ),
        (
            "CallbackURL",
            object([
                ("response", object([("value", text)])), ("value", text), ("method", text), ("basePath", text),
                ("queries", object),
            ])
        ),
        ("StartedRun", object([("name", text)])),
        (
            "RepairRequest",
            object([
                ("from?", text), ("onlyFailedRepetitions?", flag), ("newest?", flag), ("repeatDone?", flag),
                ("dryRun?", flag),
            ])
        ),
        (
            "Repair",
            object([
                ("name?", text), ("sourceRun", text), ("status", text), ("from", array(text)), ("kept?", array(text)),
                ("pending?", array(repairedCall)), ("reused?", array(repairedCall)),
                ("repeated?", array(repairedCall)),
            ])
        ),
        (
            "PermissionChanges",
            object([
                (
                    "put?",
                    array(
                        object([
                            (
                                "properties",
                                object([
                                    ("principal", principal),
                                    ("roleName", ["type": "string", "enum": ["CanEdit", "CanView"]]),
                                ])
                            )
                        ]))
                ), ("delete?", array(object([("id", name)]))),
            ])
        ),
        (
            "NewConnection",
            object([
                (
                    "properties",
                    object([
                        ("accountName?", name),
                        ("connectionParameters", ["type": "object"]),
                    ])
                )
            ])
        ),
    ]
}
