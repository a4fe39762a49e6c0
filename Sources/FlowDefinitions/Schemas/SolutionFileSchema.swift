import FlowCore

/// The schema of `solution.yaml`.
enum SolutionFileSchema {
    static let schema = SchemaNode.object(
        "A solution: flows that belong together, their connection references and environment variables.",
        [
            "uniqueName": .text("The name by which environments know the solution: letters, digits and _."),
            "displayName": .text("The name for people."),
            "description": .text("What the solution is for."),
            "version": .text("Two to four numbers; quote a version of two.", pattern: "^[0-9]+(\\.[0-9]+){1,3}$")
                .defaulting(to: "1.0.0.0"),
            "publisher": .object(
                "Who publishes it.",
                [
                    "uniqueName": .text("The publisher's unique name."), "displayName": .text("The name for people."),
                    "prefix": .text("The beginning of the schema names, as in msft."),
                    "optionValuePrefix": .any("The beginning of option values."),
                ]),
            "connectionReferences": .map(
                "The connections that are bound in an environment, by logical name.",
                of: .object(
                    "A connection reference.",
                    [
                        "connector": .text("The connector's API name: salesforce, partnercenterref…"),
                        "displayName": .text("The name for people."), "description": .text("What it is for."),
                    ], required: ["connector"], isOpen: true)),
            "environmentVariables": .map("Values that an environment sets, by schema name.", of: variable),
            "flows": .list(
                "The flows in the documented order; it breaks ties when flows are turned on.",
                of: .either(
                    "A flow.", .text("The file."),
                    .object(
                        "A flow.",
                        [
                            "file": .text("The file beside solution.yaml."),
                            "aliases": .list("Other spellings of the flow's name.", of: .text("A name.")),
                        ], required: ["file"]))),
            "businessKeys": .map(
                "Expressions over the trigger by which runs are found (flowrun trace), by name.",
                of: .text("An expression, as in @triggerBody()?['ResourceUri'].")),
            "deduplication": .map(
                "Expressions over the trigger whose equal values start one run only, by flow.",
                of: .text("An expression.")),
            "missedTimes": .map(
                "What becomes of times of a Recurrence at which nothing served the flow, by flow; left out: skip.",
                of: .words(
                    "What becomes of them.",
                    [
                        "skip": "Nothing.", "once": "One run makes up for all of them.",
                        "all": "Each gets its run, in order.",
                    ])),
            "echoGuard": .list("Which changes that triggers see are our own writes.", of: guardian),
            "oneAtATime": .list(
                "Groups of flows of whose runs one goes at a time, whichever flow it belongs to.",
                of: .list("A group.", of: .text("A flow."))),
            "audit": .object(
                "How flowrun audit compares both sides of every deal.",
                [
                    "left": side, "right": side,
                    "rules": .list("What a difference means; the first rule whose condition holds counts.", of: rule),
                    "reconcile": .list(
                        "What brings a deal that is behind up to date; the first whose condition holds is taken.",
                        of: repair),
                ], required: ["left", "right"]),
            "export": .any("What an exported solution had beside these; written again when it is exported."),
        ], required: ["uniqueName"]
    ).titled("Solution")

    private static let variable = SchemaNode.object(
        "An environment variable.",
        [
            "type": .words(
                "The type of the value.",
                [
                    "String": "A text.", "Number": "A number.", "Boolean": "Yes or No.", "JSON": "A JSON text.",
                    "DataSource": "A data source.", "Secret": "A secret; it has no default.",
                ]
            ).defaulting(to: "String"),
            "displayName": .text("The name for people; flows call it 'Display name (schema_name)'."),
            "default": .any("The value where the environment sets none."), "description": .text("What it is for."),
            "export": .any("What an exported variable had beside these."),
        ])

    private static let side = SchemaNode.object(
        "One side: a list of records that one call gives, page by page.",
        [
            "name": .text("The side's name."), "reference": .text("The connection reference it is read through."),
            "operation": .text("The listing operation."),
            "parameters": .any("Its parameters; templates over the solution's variables."),
            "items": .text("The member of the answer's body that holds the records.").defaulting(to: "value"),
            "key": .text("The expression over item() that is equal on both sides."),
            "title": .text("The expression over item() that names a record for people."),
            "changed": .text("The expression over item() that says when it changed last."),
            "values": .map("What is compared, by name.", of: .text("An expression over item().")),
        ], required: ["name", "reference", "operation", "key"])

    private static let repair = SchemaNode.object(
        "A run that brings a deal up to date.",
        [
            "when": .text("The condition over item(), whose members are left, right and behind (left or right).")
                .defaulting(to: "@true"),
            "flow": .text("The flow that is run."), "input": .any("Its input; templates over item()."),
        ], required: ["flow"])

    private static let rule = SchemaNode.object(
        "What a difference means where a condition holds.",
        [
            "name": .text("The rule's name."),
            "when": .text(
                "The condition over item(), whose members left and right are the records, null where there is none."),
            "state": .words(
                "What the records are then.",
                ["ignored": "They need not be in step.", "blocked": "They are kept from it."]
            ).defaulting(to: "blocked"),
            "message": .text("Why: a text or a template."),
        ], required: ["name", "when"])

    private static let guardian = SchemaNode.object(
        "An item of the trigger whose values are those that we wrote last starts no run.",
        [
            "trigger": .text("The flow whose trigger is guarded."),
            "entityId": .text("The member of the item that identifies the record."),
            "fields": .list(
                "The members whose values are compared.",
                of: .text("A member, or a template over the flows' parameters.")),
            "writtenBy": .list(
                "The actions that write such records, as Flow name/Action_name, or flows.", of: .text("An action.")),
        ], required: ["trigger", "entityId"])
}
