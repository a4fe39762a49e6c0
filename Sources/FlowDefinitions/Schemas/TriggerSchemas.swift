import FlowCore

/// The schemas of triggers.
enum TriggerSchemas {
    private static let types: KeyValuePairs<String, String> = [
        "Request": "A call from outside, a button, a parent flow: see kind.",
        "Recurrence": "A schedule: see recurrence.",
        "OpenApiConnection": "A connector that is asked again and again: see recurrence.",
        "OpenApiConnectionWebhook": "A connector that calls back.",
        "OpenApiConnectionNotification": "A connector that notifies.",
        "Http": "An address that is asked again and again: see recurrence.",
        "HttpWebhook": "An address that is told to call back.",
        "ApiConnection": "A connector by method and path, asked again and again.",
        "ApiConnectionWebhook": "A connector by method and path that calls back.",
        "SlidingWindow": "A schedule without gaps: missed windows are made up for.",
    ]

    static let trigger = SchemaNode.object(
        "What starts the flow.",
        members: DefinitionMembers.trigger.compactMap { name in members[name].map { (name, $0) } }, required: ["type"]
    ).all([
        .when(
            "type", isOneOf: ["Request"],
            then: .object("A call.", ["kind": kind, "inputs": requestInputs], isOpen: true)),
        .when(
            "type", isOneOf: ["Recurrence", "SlidingWindow"],
            then: SchemaNode.any("Needs a recurrence.").requiring(["recurrence"])),
        .when(
            "type", isOneOf: ["OpenApiConnection", "OpenApiConnectionWebhook", "OpenApiConnectionNotification"],
            then: .object(
                "A connector's trigger.",
                [
                    "inputs": SchemaNode.object(
                        "Which trigger of which connection.",
                        [
                            "host": .definition("connectorHost"), "parameters": .any("The trigger's parameters."),
                            "authentication": .definition("authentication"), "retryPolicy": .definition("retryPolicy"),
                        ], required: ["host"], isOpen: true
                    ).orExpression()
                ], required: ["inputs"], isOpen: true)),
        .when(
            "type", isOneOf: ["Http"],
            then: .object("A poll.", ["inputs": ActionSchemas.call], required: ["inputs"], isOpen: true)),
        .when(
            "type", isOneOf: ["HttpWebhook"],
            then: .object("A webhook.", ["inputs": ActionSchemas.subscription], required: ["inputs"], isOpen: true)),
    ])

    private static let kind = SchemaNode.words(
        "Who calls a Request trigger.", ActionTypeRules.requestKinds)

    /// What each member of a trigger holds.
    static let members: [String: SchemaNode] = [
        "type": .words("The type of the trigger.", types),
        "kind": .text("Who calls a Request trigger: Http, Button, PowerAppV2…; of a Recurrence nothing."),
        "inputs": .any("What the trigger needs; see its type."),
        "recurrence": .definition("recurrence", "How often it fires or asks."),
        "conditions": .list(
            "Expressions that must all be true, else nothing happens.",
            of: .object(
                "A condition.",
                [
                    "expression": .any("An expression, as in @equals(triggerBody()?['stage'], 'Won')."),
                    "dependsOn": .any("What the condition reads."),
                ], required: ["expression"], isOpen: true)),
        "splitOn": .either(
            "One run for each element of this list.", .definition("expression"),
            .list("The elements.", of: .any("An element."))),
        "splitOnConfiguration": .any("How the runs of a split are told apart: correlation.clientTrackingId."),
        "correlation": .any("By which id related runs are found: clientTrackingId."),
        "operationOptions": .definition("operationOptions"),
        "runtimeConfiguration": .definition("runtimeConfiguration"), "metadata": SettingSchemas.metadata,
        "description": .text("What the trigger is for."),
        "evaluatedRecurrence": .any("The recurrence as an export evaluated it."),
    ]

    private static let requestInputs = SchemaNode.object(
        "What the caller sends.",
        [
            "schema": .definition(
                "jsonSchema",
                "The schema of the body. For Button, PowerAppV2 and child flows its properties are the inputs."),
            "method": SchemaNode.words(
                "The one method that is allowed.", ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"]
            ).orExpression(),
            "relativePath": .text("The path after the address, with {parameters}; needs method."),
            "headersSchema": .any("The schema of the headers."),
            "triggerAuthenticationType": .words(
                "Who may call.",
                [
                    "All": "Whoever has the address.", "Tenant": "Whoever is signed in to the tenant.",
                    "User": "The users of triggerAllowedUsers.",
                ]),
            "triggerAllowedUsers": .text("The users, with semicolons between them."),
        ], isOpen: true
    ).orExpression()

    static let recurrence = SchemaNode.object(
        "How often.",
        [
            "frequency": SchemaNode.words(
                "The unit of the interval.", ["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]
            ).orExpression(),
            "interval": .number("Every how many units."),
            "startTime": .text("The first time, as in 2026-03-16T08:30:00Z."),
            "endTime": .text("The last time."),
            "timeZone": .text("The zone of the times, as in W. Europe Standard Time."),
            "schedule": SchemaNode.object(
                "At which times of the day, week or month.",
                [
                    "hours": .items("The hours, 0 to 23."), "minutes": .items("The minutes, 0 to 59."),
                    "weekDays": SchemaNode.list(
                        "The days of the week.",
                        of: SchemaNode.words(
                            "A day.", ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
                        ).orExpression()
                    ).orExpression(),
                    "monthDays": .items("The days of the month, 1 to 31, or from its end, -1 to -31."),
                    "monthlyOccurrences": .list(
                        "Such as the first Monday.",
                        of: .object(
                            "A day.",
                            [
                                "dayOfWeek": .text("The day of the week."),
                                "occurrence": .any("Which one; -1 is the last."),
                            ],
                            isOpen: true)),
                ]
            ).orExpression(), "count": .number("How often at most."),
        ], required: ["frequency", "interval"], isOpen: true
    ).orExpression()
}
