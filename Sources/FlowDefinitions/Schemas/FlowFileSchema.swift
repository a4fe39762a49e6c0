import FlowCore

/// The schema of a flow file.
enum FlowFileSchema {
    static let schema = SchemaNode.object(
        "A cloud flow: what starts it, and what it does.",
        members: DefinitionMembers.flowFile.compactMap { name in members[name].map { (name, $0) } },
        required: ["triggers"]
    )
    .titled("Flow")
    .with("definitions", .object(JSONObject(definitions.map { ($0, $1.json) })))

    /// What each member of a flow file holds.
    static let members: [String: SchemaNode] = [
        "$schema": .text("The address of the definition language; an export writes it, a flow file needs none."),
        "contentVersion": .text("The version of the definition's content, 1.0.0.0 in exports."),
        "name": .text("The flow's name; without one it is the file's."),
        "id": .text(
            "The flow's GUID; without one it is derived from the solution and the name.",
            pattern: "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"),
        "kind": .words(
            "Which platform's rules hold.",
            [
                "flow": "A Power Automate cloud flow.",
                "logicapp": "An Azure Logic App: Foreach runs 20 rounds at a time where nothing is said.",
            ]
        ).defaulting(to: "flow"),
        "description": .text("What the flow is for."),
        "connectionReferences": .map(
            "The connections that the flow's actions use, by the names they use for them.",
            of: .definition("connectionReference")),
        "parameters": .map(
            "Values from outside, read with parameters('Name'). That of an environment variable is called "
                + "'Display name (schema_name)'.", of: .definition("parameter")),
        "triggers": SchemaNode.map(
            "What starts the flow: one trigger under a name of your choice.", of: .definition("trigger")
        )
        .with("minProperties", 1),
        "actions": .definition("actions", "What the flow does: actions by name. Those without runAfter start at once."),
        "outputs": .map(
            "What the run puts out at its end.",
            of: .object(
                "An output.",
                ["type": .text("The type of the value."), "value": .any("The value; expressions are evaluated.")],
                required: ["type", "value"], isOpen: true)),
        "staticResults": .map(
            "Results for testing, which actions take by runtimeConfiguration.staticResult.",
            of: .object(
                "A result.",
                [
                    "status": .words("How the action ends.", ["Succeeded", "Failed", "Skipped", "TimedOut"]),
                    "code": .text("The code of a failure."), "error": .any("The error of a failure: code and message."),
                    "outputs": .any("The outputs: statusCode, headers, body."),
                ], isOpen: true)),
        "metadata": .any("Notes of other tools; kept as they are."),
        "export": .any("What an exported flow had beside its definition; written again when it is exported."),
        "templateName": .text("The template of an exported flow."),
        "schemaVersion": .text("The version of an exported flow's form."),
    ]

    /// The parts that are used at several places.
    private static let definitions: [(String, SchemaNode)] =
        [
            (
                "expression",
                .text("An expression, as in @triggerBody()?['name'], or a text with @{…} in it.", pattern: "@")
            ), ("connectionReference", connectionReference), ("parameter", parameter),
            ("trigger", TriggerSchemas.trigger), ("actions", ActionSchemas.actions), ("action", ActionSchemas.action),
            ("runAfter", SettingSchemas.runAfter), ("retryPolicy", SettingSchemas.retryPolicy),
            ("authentication", SettingSchemas.authentication), ("headers", SettingSchemas.headers),
            ("runtimeConfiguration", SettingSchemas.runtimeConfiguration), ("condition", SettingSchemas.condition),
            ("recurrence", TriggerSchemas.recurrence), ("jsonSchema", SettingSchemas.jsonSchema),
            ("connectorHost", SettingSchemas.connectorHost),
            ("operationOptions", SettingSchemas.operationOptions),
        ] + ActionType.allCases.map { (ActionSchemas.definitionName($0), ActionSchemas.schema(of: $0)) }

    private static let connectionReference = SchemaNode.object(
        "A connection of the flow: its connector, and under which name of the solution it is bound.",
        [
            "connector": .text(
                "The connector's API name: salesforce, commondataserviceforapps, partnercenterref, partnercenterevents…"
            ),
            "connectionReferenceLogicalName": .text(
                "The name of the solution's connection reference; without one the key counts."),
            "runtimeSource": .words(
                "Whose connection is used.",
                [
                    "embedded": "The owner's: \"Use this connection\".",
                    "invoker": "The caller's: \"Provided by run-only user\". A child flow cannot have it.",
                ]
            ).defaulting(to: "embedded"),
        ], isOpen: true)

    private static let parameter = SchemaNode.object(
        "A parameter.",
        members: DefinitionMembers.parameter.compactMap { name in parameterMembers[name].map { (name, $0) } },
        required: ["type"])

    /// What each member of a declared parameter holds.
    static let parameterMembers: [String: SchemaNode] = [
        "type": .words("The type of the value.", ParameterRules.types + ParameterRules.types.map { $0.lowercased() }),
        "defaultValue": .any("The value where none is given."),
        "allowedValues": .list("The values that are allowed.", of: .any("A value.")),
        "metadata": .object(
            "Where the value comes from.",
            [
                "schemaName": .text("The schema name of the environment variable behind it."),
                "description": .text("What it is for."),
            ], isOpen: true),
        "description": .text("What it is for."), "value": .any("The value in an exported flow."),
    ]
}
