import FlowCore

/// What editors show of each type of action.
extension ActionType {
    /// The name in the designer.
    var label: String { text.label }

    /// What it does, in one sentence.
    var about: String { text.about }

    private var text: (label: String, about: String) {
        switch self {
        case .compose: ("Compose", "Makes a value, read with outputs('Name').")
        case .parseJson: ("Parse JSON", "Checks a value against a schema, so that its properties are known.")
        case .select: ("Select", "Makes a new list of each element; item() is the element.")
        case .query: ("Filter array", "Keeps the elements for which a condition holds; item() is the element.")
        case .join: ("Join", "Puts the elements of a list together into a text.")
        case .table: ("Create table", "Writes a list as a CSV or HTML table.")
        case .expression: ("Date or text function", "A function of times, texts or numbers as an action of its own.")
        case .initializeVariable: ("Initialize variable", "Declares a variable; at the top level only.")
        case .setVariable: ("Set variable", "Gives a variable another value.")
        case .incrementVariable: ("Increment variable", "Adds to a variable.")
        case .decrementVariable: ("Decrement variable", "Subtracts from a variable.")
        case .appendToArrayVariable: ("Append to array variable", "Adds an element to a variable.")
        case .appendToStringVariable: ("Append to string variable", "Adds a text to a variable.")
        case .wait: ("Delay", "Waits for some time, or until a time.")
        case .terminate: ("Terminate", "Ends the run.")
        case .if: ("Condition", "Runs one of two branches.")
        case .switch: ("Switch", "Runs the branch whose case is the value of an expression.")
        case .foreach: ("Apply to each", "Runs its actions once for each element of a list.")
        case .until: ("Do until", "Runs its actions again and again until a condition holds.")
        case .scope: ("Scope", "Holds actions together, so that one can run after all of them.")
        case .workflow: ("Run a child flow", "Runs another flow of the solution and waits for its answer.")
        case .http: ("HTTP", "Calls an address.")
        case .httpWebhook: ("HTTP webhook", "Tells an address to call back, and waits for the call.")
        case .response: ("Response", "Answers the caller.")
        case .openApiConnection: ("Connector", "Calls an operation of a connector.")
        case .openApiConnectionWebhook:
            ("Connector with callback", "Calls an operation of a connector and waits for its callback.")
        case .apiConnection: ("Connector by path", "Calls a connector by method and path.")
        case .apiConnectionWebhook:
            ("Connector by path with callback", "Calls a connector by method and path and waits for its callback.")
        }
    }

    /// The members beside `type` that it must have.
    var required: [String] {
        switch self {
        case .if, .switch: ["expression"]
        case .foreach: ["foreach"]
        case .until: ["expression", "limit"]
        case .scope: []
        case .expression: ["kind"]
        default: ["inputs"]
        }
    }

    /// The members of which more is known than of those of any action.
    var members: KeyValuePairs<String, SchemaNode> {
        switch self {
        case .compose: ["inputs": .any("The value.")]
        case .parseJson:
            [
                "inputs": ActionSchemas.inputs(
                    "The value and its schema.",
                    ["content": .any("The value: an expression."), "schema": .definition("jsonSchema")],
                    required: ["content", "schema"])
            ]
        case .select:
            ["inputs": ActionSchemas.list(then: ["select": .any("What becomes of an element.")], required: ["select"])]
        case .query:
            [
                "inputs": ActionSchemas.list(
                    then: ["where": .either("The condition.", .definition("expression"), .flag("A fixed answer."))],
                    required: ["where"])
            ]
        case .join:
            [
                "inputs": ActionSchemas.list(
                    then: ["joinWith": .text("What stands between the elements.")], required: ["joinWith"])
            ]
        case .table: ["inputs": ActionSchemas.list(then: tableInputs, required: ["format"])]
        case .expression:
            [
                "kind": .words("The function.", ActionTypeRules.expressionKinds),
                "inputs": .object("The arguments.", Self.functionInputs, isOpen: true),
            ]
        case .initializeVariable: ["inputs": declaration]
        case .setVariable, .appendToArrayVariable, .appendToStringVariable:
            ["inputs": change(required: ["name", "value"])]
        case .incrementVariable, .decrementVariable: ["inputs": change(required: ["name"])]
        case .wait: ["inputs": Self.waitInputs]
        case .terminate: ["inputs": Self.terminateInputs]
        case .switch: ["expression": .any("The value that is compared with the cases: an expression.")]
        case .until:
            [
                "limit": .either(
                    "When it is given up: count 60 and timeout PT1H where nothing is said.",
                    .object(
                        "The limits.",
                        [
                            "count": .number("How many rounds."),
                            "timeout": SettingSchemas.duration("How long all rounds."),
                        ]),
                    SchemaNode.any("None.").with("type", "null"))
            ]
        case .workflow: ["inputs": Self.childInputs]
        case .http: ["inputs": ActionSchemas.call]
        case .httpWebhook: ["inputs": ActionSchemas.subscription]
        case .response:
            [
                "kind": .words("Whom it answers.", ActionTypeRules.responseKinds),
                "inputs": ActionSchemas.inputs(
                    "The answer.",
                    [
                        "statusCode": .any("The status: 2xx, 4xx or 5xx."), "headers": .definition("headers"),
                        "body": .any("The body."),
                        "schema": .definition("jsonSchema", "The schema of the body, for parent flows and apps."),
                    ], required: ["statusCode"]),
            ]
        case .openApiConnection, .openApiConnectionWebhook: ["inputs": ActionSchemas.operation]
        case .apiConnection, .apiConnectionWebhook: ["inputs": ActionSchemas.connection]
        case .if, .foreach, .scope: [:]
        }
    }

    private var tableInputs: KeyValuePairs<String, SchemaNode> {
        [
            "format": SchemaNode.words("The form.", ["CSV", "HTML", "Csv", "Html"]).orExpression(),
            "columns": SchemaNode.list(
                "The columns; without them those of the elements.",
                of: .object(
                    "A column.", ["header": .any("The heading."), "value": .any("The value; item() is the element.")],
                    required: ["value"], isOpen: true)
            ).orExpression(),
        ]
    }

    private var declaration: SchemaNode {
        ActionSchemas.inputs(
            "The variable.",
            [
                "variables": .list(
                    "One variable.",
                    of: .object(
                        "A variable.",
                        [
                            "name": .text("Its name."), "type": ActionSchemas.variableType,
                            "value": .any("Its first value."),
                        ], required: ["name", "type"], isOpen: true), atLeast: 1)
            ], required: ["variables"])
    }

    private func change(required: [String]) -> SchemaNode {
        ActionSchemas.inputs(
            "The variable and the value.",
            ["name": .text("The variable's name."), "value": .any("The value.")], required: required)
    }

    private static let functionInputs: KeyValuePairs<String, SchemaNode> = [
        "baseTime": .text("The time."), "interval": .number("How many units."),
        "timeUnit": SchemaNode.words("The unit.", TimeValues.units).orExpression(),
        "formatString": .text("The form of the result."), "sourceTimeZone": .text("The zone of the time."),
        "destinationTimeZone": .text("The zone of the result."), "text": .text("The text."),
        "searchText": .text("What is looked for."), "startIndex": .any("The first place, from 0."),
        "length": .any("How many characters."), "number": .any("The number."),
        "format": .text("The form of the number."),
        "locale": .text("The language, as in en-US."),
    ]

    private static let waitInputs: SchemaNode = {
        let units = ["Second", "Minute", "Hour", "Day", "Week", "Month"]
        let interval = SchemaNode.object(
            "How long.",
            ["count": .number("How many units."), "unit": SchemaNode.words("The unit.", units).orExpression()],
            required: ["count", "unit"], isOpen: true
        ).orExpression()
        let until = SchemaNode.object(
            "Until when.", ["timestamp": .text("The time, as in 2026-03-16T08:30:00Z, or an expression.")],
            required: ["timestamp"], isOpen: true
        ).orExpression()
        return SchemaNode.object("How long, or until when.", ["interval": interval, "until": until], isOpen: true)
            .with("minProperties", 1).orExpression()
    }()

    private static let terminateInputs = ActionSchemas.inputs(
        "How the run ends.",
        [
            "runStatus": SchemaNode.words("The status of the run.", ["Succeeded", "Failed", "Cancelled"])
                .orExpression(),
            "runError": .object(
                "The error of the status Failed.", ["code": .any("The code."), "message": .any("The message.")],
                isOpen: true
            ).orExpression(),
        ], required: ["runStatus"])

    private static let childInputs = ActionSchemas.inputs(
        "The child flow and what it gets.",
        [
            "host": SchemaNode.object(
                "The child flow.",
                [
                    "workflowReferenceName": .text("The id or the name of the child flow."),
                    "workflow": .any("The child flow, as Logic Apps write it."),
                ], isOpen: true
            ).orExpression(), "body": .any("The inputs by the keys of the child's trigger."),
            "headers": .definition("headers"), "retryPolicy": .definition("retryPolicy"),
        ], required: ["host"])
}
