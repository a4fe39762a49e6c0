import FlowCore

/// The schemas of what actions and triggers have in common.
enum SettingSchemas {
    static let runAfter = SchemaNode.map(
        "The actions beside this one that must have ended before, each with the statuses that it may have ended with. "
            + "Without it the action starts with its container.",
        of: .list(
            "The statuses with which the action may have ended.",
            of: .words(
                "A status.",
                [
                    "Succeeded": "It ended well.", "Failed": "It ended with an error.",
                    "Skipped": "It was not run.", "TimedOut": "It ran out of time.",
                ]), atLeast: 1))

    static let retryPolicy = SchemaNode.object(
        "How a call is repeated after 408, 429, 5xx or no connection. Without it the performance profile decides.",
        [
            "type": SchemaNode.words(
                "How the waits grow.",
                [
                    "default": "As the performance profile says.", "none": "The call is not repeated.",
                    "fixed": "The same wait before each repeat.", "exponential": "Waits that double, drawn at random.",
                ]
            ).orExpression(),
            "count": .count("How many repeats there are at most.", 1...90),
            "interval": duration("The first wait, PT5S to P1D."),
            "minimumInterval": duration("The shortest wait."), "maximumInterval": duration("The longest wait."),
        ], required: ["type"]
    ).all([
        .when(
            "type", isOneOf: ["fixed", "exponential"],
            then: SchemaNode.any("Needs count and interval.").requiring(["count", "interval"]))
    ])

    static let headers = SchemaNode.map("Headers by name.", of: .any("A header.")).orExpression()

    static let authentication = SchemaNode.either(
        "How the call signs in.",
        .object(
            "Signs in.",
            [
                "type": SchemaNode.words(
                    "The way to sign in.",
                    [
                        "None": "Not at all.", "Basic": "With username and password.",
                        "ClientCertificate": "With the certificate pfx and its password.",
                        "ActiveDirectoryOAuth": "As an application: tenant, audience, clientId, secret.",
                        "Raw": "With the text of the Authorization header in value.",
                        "ManagedServiceIdentity": "With the identity of the machine.",
                    ]
                ).orExpression(),
                "username": .text("The user of Basic."),
                "password": .text("The password of Basic or of the certificate."),
                "pfx": .text("The certificate in Base64."), "authority": .text("The address of the sign-in service."),
                "tenant": .text("The tenant of ActiveDirectoryOAuth."), "audience": .text("For whom the token is."),
                "clientId": .text("The application's id."),
                "secret": .text("The application's secret; take it from a secure parameter."),
                "value": .text("The Authorization header of Raw."),
                "identity": .text("The resource id of a user-assigned identity."),
            ], required: ["type"], isOpen: true), .text("An expression, @parameters('$authentication') for instance."))

    static let runtimeConfiguration = SchemaNode.object(
        "How the platform runs it.",
        [
            "concurrency": .object(
                "How many run at a time.",
                [
                    "repetitions": .count("Rounds of a Foreach at a time; 1 is one after another.", 1...50),
                    "runs": .count("Runs of the flow at a time; on triggers.", 1...100),
                    "maximumWaitingRuns": .count("Runs that may wait meanwhile; on triggers.", 1...100),
                ], isOpen: true),
            "paginationPolicy": .object(
                "Gathers the pages of a list.",
                ["minimumItemCount": .count("How many items are fetched at least.", 1...100_000)],
                isOpen: true),
            "secureData": .object(
                "What is hidden in the run history.",
                ["properties": .list("The parts.", of: .words("A part.", ["inputs", "outputs"]))]),
            "contentTransfer": .object(
                "How large bodies are sent.", ["transferMode": .words("The way.", ["Chunked"])], isOpen: true),
            "staticResult": .object(
                "Takes a result of staticResults in place of the call.",
                [
                    "name": .text("The name under staticResults."),
                    "staticResultOptions": .words("Whether it is taken.", ["Enabled", "Disabled"]),
                ], required: ["name"], isOpen: true),
            "requestOptions": .any("Options of the request."),
        ], isOpen: true)

    static let condition = SchemaNode.either(
        "A condition: an expression, true or false, or one comparison.", .definition("expression"),
        .flag("A fixed answer."),
        SchemaNode.object(
            "One comparison.",
            [
                "and": conditions("All must hold."), "or": conditions("One must hold."),
                "not": .definition("condition", "It must not hold."), "equals": operands("Both are equal."),
                "greater": operands("The first is greater."),
                "greaterOrEquals": operands("The first is greater or equal."),
                "less": operands("The first is less."), "lessOrEquals": operands("The first is less or equal."),
                "contains": operands("The first contains the second."),
                "startsWith": operands("The first begins with the second."),
                "endsWith": operands("The first ends with the second."),
            ], isOpen: true
        ).with("maxProperties", 1))

    private static func conditions(_ description: String) -> SchemaNode {
        .list(description, of: .definition("condition"), atLeast: 1)
    }

    private static func operands(_ description: String) -> SchemaNode {
        SchemaNode.list(description, of: .any("A value or an expression."), atLeast: 2).with("maxItems", 2)
    }

    static let jsonSchema = SchemaNode.either(
        "A JSON Schema of the value.",
        SchemaNode.object(
            "A schema.",
            [
                "type": .any("The type: string, integer, number, boolean, array, object, null."),
                "properties": .map("The members.", of: .any("The schema of a member.")),
                "required": .list("The members that must be there.", of: .text("A member.")),
                "items": .any("The schema of the elements."),
                "enum": .list("The values that are allowed.", of: .any("A value.")),
                "title": .text("The name that people see."),
            ], isOpen: true), .text("An expression."))

    static let connectorHost = SchemaNode.object(
        "Which operation of which connection is called.",
        [
            "apiId": .text("The connector's address, /providers/Microsoft.PowerApps/apis/shared_… ."),
            "connectionName": .text("The key of the flow's connection reference."),
            "connectionReferenceName": .text("The key of the flow's connection reference, as newer flows write it."),
            "connection": .any("The connection, as older flows write it."),
            "operationId": .text("The operation; flowrun connectors NAME lists those of a connector."),
            "api": .any("The connector, as older flows write it."),
        ], isOpen: true
    ).with(
        "anyOf",
        .array(
            ["connectionReferenceName", "connectionName", "connection", "api"].map { ["required": [.string($0)]] }))

    /// Words of `operationOptions`.
    static let operationOptions = SchemaNode.text(
        "Options, with commas between them: \(SettingRules.operationOptions.joined(separator: ", ")).",
        pattern: "@|^ *(\(options))( *, *(\(options)))* *$"
    ).with("examples", .array(SettingRules.operationOptions.map { .string($0) }))

    private static let options = SettingRules.operationOptions.joined(separator: "|")

    /// A duration in ISO 8601, or an expression.
    static func duration(_ description: String) -> SchemaNode {
        .text(
            "\(description) An ISO 8601 duration such as PT30S, PT15M, PT1H, P1D, or an expression.",
            pattern: "^[Pp@]|@[{]|^[0-9]+:")
    }

    static let metadata = SchemaNode.any("Notes of the designer, such as operationMetadataId; kept as they are.")
}
