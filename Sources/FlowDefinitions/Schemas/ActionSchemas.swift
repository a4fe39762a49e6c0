import FlowCore

/// The schemas of actions: one for each type, with the members that the type has.
enum ActionSchemas {
    static let actions = SchemaNode.map(
        "Actions by name; each name stands once in the flow.", of: .definition("action")
    )
    .with("propertyNames", ["maxLength": 80])

    /// An action of any type: the type decides on the rest.
    static let action = SchemaNode.object(
        "One action.",
        members: ["type", "runAfter", "description"].compactMap { name in members[name].map { (name, $0) } },
        required: ["type"], isOpen: true
    ).all(ActionType.allCases.map { .when("type", isOneOf: [$0.rawValue], then: .definition(definitionName($0))) })

    static func definitionName(_ type: ActionType) -> String { "action.\(type.rawValue)" }

    /// The schema of a type.
    static func schema(of type: ActionType) -> SchemaNode {
        let own = type.members
        let all = DefinitionMembers.action(type).compactMap { name in
            if name == "type" { return (name, SchemaNode.fixed("\(type.label): \(type.about)", type.rawValue)) }
            return (own.first { $0.key == name }?.value ?? members[name]).map { (name, $0) }
        }
        return SchemaNode.object(type.about, members: all, required: ["type"] + type.required).titled(type.label)
    }

    /// What each member of an action holds, where its type does not say more.
    static let members: [String: SchemaNode] = [
        "type": .words("The type of the action.", ActionType.allCases.map(\.rawValue))
            .with("enumDescriptions", .array(ActionType.allCases.map { .string("\($0.label): \($0.about)") })),
        "kind": .text("The variant of the type."),
        "runAfter": .definition("runAfter"),
        "inputs": .any("What the action works on; see its type."),
        "limit": .object(
            "When it is given up.",
            [
                "timeout": SettingSchemas.duration("How long it may take."),
                "count": .number("How many rounds an Until makes."),
            ],
            isOpen: true),
        "operationOptions": .definition("operationOptions"),
        "runtimeConfiguration": .definition("runtimeConfiguration"),
        "trackedProperties": .any("Values that the run history shows and finds."),
        "correlation": .any("By which id related runs are found."),
        "description": .text("What the action is for.").with("maxLength", 256),
        "metadata": SettingSchemas.metadata, "actions": .definition("actions"),
        "expression": .definition("condition"),
        "foreach": .items("The elements: a list or an expression that gives one."),
        "else": branch("The actions where the condition does not hold."),
        "default": branch("The actions where no case fits."),
        "cases": .map(
            "The cases by name.",
            of: .object(
                "A case.",
                [
                    "case": .any("The value that the expression must have."), "actions": .definition("actions"),
                    "metadata": SettingSchemas.metadata,
                ], required: ["case"])
        ).with("maxProperties", 25),
    ]

    private static func branch(_ description: String) -> SchemaNode {
        .object(description, ["actions": .definition("actions")])
    }

    // MARK: Inputs that several types have

    /// An HTTP call.
    static let call = SchemaNode.object(
        "The call.",
        [
            "method": SchemaNode.words(
                "The method.", ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]
            ).orExpression(),
            "uri": .text("The address, with http:// or https://."),
            "headers": .definition("headers"),
            "queries": SchemaNode.map("The query by name.", of: .any("A value.")).orExpression(),
            "body": .any("The body: a text, or a value that is sent as JSON."), "cookie": .text("The cookie."),
            "authentication": .definition("authentication"), "retryPolicy": .definition("retryPolicy"),
        ], required: ["method", "uri"], isOpen: true
    ).orExpression()

    /// A subscription that is answered by a callback.
    static let subscription = SchemaNode.object(
        "How the service is told to call back.",
        [
            "subscribe": call, "unsubscribe": .any("The call that ends the subscription."),
        ], required: ["subscribe"], isOpen: true
    ).orExpression()

    static let operation = SchemaNode.object(
        "The operation and its parameters.",
        [
            "host": SchemaNode.definition("connectorHost").orExpression("Which operation of which connection."),
            "parameters": .any("The parameters by name; nested ones as in emailMessage/To."),
            "authentication": .definition("authentication"), "retryPolicy": .definition("retryPolicy"),
        ], required: ["host"], isOpen: true
    ).orExpression()

    static let connection = SchemaNode.object(
        "The connection and the call.",
        [
            "host": SchemaNode.definition("connectorHost").orExpression("Which operation of which connection."),
            "method": .text("The method."),
            "path": .text("The path."), "queries": .any("The query by name."), "headers": .definition("headers"),
            "body": .any("The body."), "authentication": .definition("authentication"),
            "retryPolicy": .definition("retryPolicy"),
        ], required: ["host"], isOpen: true
    ).orExpression()

    static let variableType = SchemaNode.words(
        "The type of the variable.",
        VariableRules.types + VariableRules.types.map { $0.prefix(1).uppercased() + $0.dropFirst() })

    static func inputs(
        _ description: String, _ members: KeyValuePairs<String, SchemaNode>, required: [String]
    ) -> SchemaNode {
        SchemaNode.object(description, members, required: required, isOpen: true).orExpression()
    }

    static func list(then members: KeyValuePairs<String, SchemaNode>, required: [String]) -> SchemaNode {
        let from = ("from", SchemaNode.items("The list: an expression that gives one."))
        return SchemaNode.object(
            "The list and what is done with it.", members: [from] + members.map { ($0, $1) },
            required: ["from"] + required,
            isOpen: true
        ).orExpression()
    }
}
