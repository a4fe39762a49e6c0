/// The keys and words of flow files with what they mean, for those who write them.
enum FlowVocabulary {
    /// A key or word and one sentence about it.
    typealias Word = (name: String, summary: String)

    // MARK: Types

    /// What an action of a type does.
    static func summary(of type: ActionType) -> String {
        switch type {
        case .compose: "Compose: makes a value of other values."
        case .parseJson: "Parse JSON: checks a value against a schema, whose properties later actions can read."
        case .select: "Select: maps each element of an array."
        case .query: "Filter array: keeps the elements for which a condition is true."
        case .join: "Join: puts the elements of an array into one text."
        case .table: "Create CSV or HTML table: makes a table of an array."
        case .expression: "A date, text or number function as an action of its own."
        case .initializeVariable: "Initialize variable: declares a variable; only at the top of a flow."
        case .setVariable: "Set variable: gives a variable another value."
        case .incrementVariable: "Increment variable: adds to a number."
        case .decrementVariable: "Decrement variable: subtracts from a number."
        case .appendToArrayVariable: "Append to array variable: adds an element."
        case .appendToStringVariable: "Append to string variable: adds text at the end."
        case .wait: "Delay, or delay until: waits for a time."
        case .terminate: "Terminate: ends the run with a status."
        case .if: "Condition: runs 'actions' where its expression is true, and those of 'else' otherwise."
        case .switch: "Switch: runs the case whose value equals the expression's."
        case .foreach: "Apply to each: runs its actions once for each element of an array."
        case .until: "Do until: runs its actions again until its expression is true."
        case .scope: "Scope: holds actions together; its status is theirs."
        case .workflow: "Run a child flow: calls another flow and waits for its response."
        case .http: "HTTP: sends a request."
        case .httpWebhook: "HTTP webhook: subscribes, and waits until the service calls back."
        case .response: "Response: answers the caller, a person's app or a parent flow."
        case .openApiConnection: "Calls an operation of a connector."
        case .openApiConnectionWebhook: "Calls an operation of a connector and waits for its callback."
        case .apiConnection: "Calls a connector by method and path."
        case .apiConnectionWebhook: "Calls a connector by method and path and waits for its callback."
        }
    }

    /// The types of triggers.
    static let triggerTypes: [Word] = [
        ("Request", "A call starts the flow: a person, an app, a parent flow or an HTTP request, by its kind."),
        ("Recurrence", "A schedule starts the flow."),
        ("OpenApiConnection", "A connector is asked again and again for what is new."),
        ("OpenApiConnectionWebhook", "A connector's service calls when something happens."),
        ("OpenApiConnectionNotification", "A connector's service notifies when something happens."),
        ("Http", "An address is asked again and again."),
        ("HttpWebhook", "A service calls an address that the flow subscribes."),
        ("SlidingWindow", "A schedule starts the flow for each stretch of time, missed ones too."),
        ("ApiConnection", "A connector is asked again and again, by method and path."),
        ("ApiConnectionWebhook", "A connector's service calls, subscribed by method and path."),
    ]

    // MARK: Keys

    private static let meanings: [String: String] = [
        "name": "The name.", "id": "The flow's GUID; without one it is derived from solution and name.",
        "description": "What it is for.", "kind": "The variety of its type.",
        "connectionReferences": "The connections that actions and triggers use, by key.",
        "parameters": "Parameters by name.", "triggers": "What starts the flow: one trigger by its name.",
        "actions": "Actions by name; 'runAfter' gives their order.", "outputs": "The flow's outputs by name.",
        "staticResults": "Results that stand in for those of actions, by name.",
        "type": "The type.", "inputs": "What it works with.",
        "runAfter": "Which actions must end first, and with which statuses.",
        "limit": "How long it may take, and for loops how often it may run.",
        "operationOptions": "Words that change how it works.",
        "runtimeConfiguration": "Concurrency, secured inputs and outputs, paging, static results.",
        "trackedProperties": "Values that are kept with the run.", "correlation": "The id that ties calls together.",
        "metadata": "What other tools note.", "recurrence": "When, or how often.",
        "conditions": "Expressions that must all be true for the trigger to fire.",
        "splitOn": "An array of the trigger's body: each element starts a run of its own.",
        "splitOnConfiguration": "How the runs of 'splitOn' are named.",
        "expression": "What is decided by.", "else": "What runs where the condition is false.",
        "cases": "What runs for which value, by name.", "default": "What runs where no case fits.",
        "case": "The value of this case.", "foreach": "The array whose elements are gone through.",
        "defaultValue": "The value where none is given.", "allowedValues": "The only values that may be given.",
        "connector": "The connector's API name without 'shared_'.",
        "connectionReferenceLogicalName": "The name under which the environment binds a connection.",
        "runtimeSource": "Whose connection is used: the owner's (embedded) or the caller's (invoker).",
        "host": "Which operation of which connection, or which flow.",
        "connectionName": "The key of a connection reference of this flow.",
        "connectionReferenceName": "The key of a connection reference of this flow.",
        "operationId": "The connector's operation.", "apiId": "The connector's path on the platform.",
        "workflowReferenceName": "The child flow: its name or id.",
        "authentication": "How the call signs in.", "retryPolicy": "How failed calls are tried again.",
        "method": "The HTTP method.", "uri": "The address.", "headers": "Headers by name.",
        "queries": "Parameters of the address by name.", "body": "The body.", "cookie": "The Cookie header.",
        "path": "The path below the connector's address.", "statusCode": "The HTTP status.",
        "schema": "A JSON Schema of the value.", "content": "The value that is read.", "from": "The array.",
        "select": "What each element becomes; item() is the element.",
        "where": "Which elements are kept; item() is the element.", "joinWith": "What stands between the elements.",
        "format": "CSV or HTML.", "columns": "The columns: header and value.", "header": "The column's title.",
        "value": "The value.", "variables": "The variable: name, type and value.",
        "interval": "How many units, or a duration.", "until": "The time that is waited for.",
        "timestamp": "The time.", "count": "How many.", "unit": "The unit of time.", "runStatus": "How the run ends.",
        "runError": "The error of a run that failed.", "code": "The error's code.", "message": "The error's text.",
        "timeout": "An ISO 8601 duration, such as PT1H.", "concurrency": "How many run at a time.",
        "repetitions": "How many repetitions run at a time, 1 to 50.",
        "runs": "How many runs of the flow go on at a time, 1 to 100.",
        "maximumWaitingRuns": "How many runs may wait.", "secureData": "What is hidden in the run history.",
        "properties": "Which: inputs, outputs.", "paginationPolicy": "Whether following pages are fetched.",
        "minimumItemCount": "Pages are fetched until there are so many items.",
        "contentTransfer": "Whether large content goes in chunks.", "staticResult": "The result that stands in.",
        "staticResultOptions": "Enabled or Disabled.",
        "minimumInterval": "The shortest wait, an ISO 8601 duration.",
        "maximumInterval": "The longest wait, an ISO 8601 duration.",
        "frequency": "The unit of the interval.", "startTime": "The first time, ISO 8601.",
        "timeZone": "A Windows time zone's name.", "schedule": "At which hours, minutes and days.",
        "hours": "The hours, 0 to 23.", "minutes": "The minutes, 0 to 59.", "weekDays": "The days of the week.",
        "monthDays": "The days of the month.", "monthlyOccurrences": "Such as the first Monday.",
        "subscribe": "The call that subscribes.", "unsubscribe": "The call that ends the subscription.",
        "relativePath": "The path of the trigger's address, with {parameters}.",
        "headersSchema": "A JSON Schema of the headers.", "baseTime": "The time that is reckoned from.",
        "timeUnit": "The unit of time.", "sourceTimeZone": "A Windows time zone's name.",
        "destinationTimeZone": "A Windows time zone's name.", "formatString": "The format.",
        "text": "The text.", "searchText": "The text that is looked for.",
        "startingPosition": "Where it begins, from 0.",
        "length": "How long it is.", "number": "The number.", "locale": "The culture, such as en-US.",
        "and": "All are true.", "or": "One is true.", "not": "The opposite.", "equals": "Both are equal.",
        "contains": "The first holds the second.", "greater": "The first is greater.",
        "greaterOrEquals": "The first is greater or both are equal.", "less": "The first is less.",
        "lessOrEquals": "The first is less or both are equal.", "startsWith": "The first begins with the second.",
        "endsWith": "The first ends with the second.", "empty": "It holds nothing.",
        "username": "The user.", "password": "The password.", "tenant": "The Entra tenant.",
        "audience": "The resource that the token is for.", "clientId": "The app's id.", "secret": "The app's secret.",
        "authority": "The sign-in service's address.", "pfx": "The certificate, base64.",
    ]

    /// What a key means, or nil.
    static func meaning(of key: String) -> String? { meanings[key] }

    private static func words(_ keys: [String]) -> [Word] { keys.map { ($0, meanings[$0] ?? "") } }

    /// The members of a flow file.
    static let fileKeys = words(DefinitionMembers.flowFile)
    /// The members of a trigger.
    static let triggerKeys = words(DefinitionMembers.trigger)
    /// The members of a declared parameter.
    static let parameterKeys = words(DefinitionMembers.parameter)
    /// The members of a connection reference.
    static let referenceKeys = words(["connector", "connectionReferenceLogicalName", "runtimeSource"])
    /// The members of a branch of a Switch.
    static let caseKeys = words(["case", "actions"])
    /// The members of another branch.
    static let branchKeys = words(["actions"])
    /// The operators of a condition.
    static let conditionKeys = words([
        "and", "or", "not", "equals", "contains", "greater", "greaterOrEquals", "less", "lessOrEquals", "startsWith",
        "endsWith", "empty",
    ])

    /// The members of an action.
    static func actionKeys(_ type: ActionType?) -> [Word] { words(DefinitionMembers.action(type)) }

    /// The keys that may stand below a path inside an action.
    static func keys(at path: [String], in type: ActionType?) -> [Word] {
        switch path.joined(separator: ".") {
        case "inputs": words(inputKeys(of: type))
        case "inputs.host": words(hostKeys(of: type))
        case "inputs.interval" where type == .wait: words(["count", "unit"])
        case "inputs.until" where type == .wait: words(["timestamp"])
        case "inputs.runError": words(["code", "message"])
        case "inputs.variables.[]": words(["name", "type", "value"])
        case "inputs.columns.[]": words(["header", "value"])
        case "inputs.subscribe" where type == .httpWebhook, "inputs.unsubscribe" where type == .httpWebhook:
            words(["method", "uri", "headers", "body", "queries", "authentication", "retryPolicy"])
        case "expression", "inputs.expression": conditionKeys
        case _ where path.first == "expression": conditionKeys
        default: commonKeys(at: path)
        }
    }

    /// The keys that may stand below a path inside a trigger.
    static func triggerKeys(at path: [String], type: String) -> [Word] {
        switch path.joined(separator: ".") {
        case "inputs":
            switch type.lowercased() {
            case "request": words(["schema", "method", "relativePath", "headersSchema"])
            case "http": words(inputKeys(of: .http))
            case "httpwebhook": words(["subscribe", "unsubscribe"])
            case "recurrence", "slidingwindow": []
            default: words(["host", "parameters", "authentication", "retryPolicy"])
            }
        case "inputs.host": words(["apiId", "connectionName", "operationId"])
        case "inputs.subscribe", "inputs.unsubscribe":
            words(["method", "uri", "headers", "body", "queries", "authentication", "retryPolicy"])
        case "conditions.[]": words(["expression"])
        case "recurrence": words(["frequency", "interval", "startTime", "timeZone", "schedule"])
        case "recurrence.schedule": words(["hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences"])
        default: commonKeys(at: path)
        }
    }

    private static func commonKeys(at path: [String]) -> [Word] {
        switch path.joined(separator: ".") {
        case "limit": words(["count", "timeout"])
        case "runtimeConfiguration":
            words(["concurrency", "secureData", "paginationPolicy", "contentTransfer", "staticResult"])
        case "runtimeConfiguration.concurrency": words(["repetitions", "runs", "maximumWaitingRuns"])
        case "runtimeConfiguration.secureData": words(["properties"])
        case "runtimeConfiguration.paginationPolicy": words(["minimumItemCount"])
        case "runtimeConfiguration.staticResult": words(["name", "staticResultOptions"])
        case _ where path.last == "retryPolicy":
            words(["type", "count", "interval", "minimumInterval", "maximumInterval"])
        case _ where path.last == "authentication":
            words(["type", "username", "password", "tenant", "audience", "clientId", "secret", "authority", "value"])
        default: []
        }
    }

    private static func inputKeys(of type: ActionType?) -> [String] {
        switch type {
        case .parseJson: ["content", "schema"]
        case .select: ["from", "select"]
        case .query: ["from", "where"]
        case .join: ["from", "joinWith"]
        case .table: ["from", "format", "columns"]
        case .expression:
            [
                "baseTime", "interval", "timeUnit", "sourceTimeZone", "destinationTimeZone", "formatString", "text",
                "searchText", "startingPosition", "length", "number", "format", "locale",
            ]
        case .initializeVariable: ["variables"]
        case .setVariable, .incrementVariable, .decrementVariable, .appendToArrayVariable, .appendToStringVariable:
            ["name", "value"]
        case .wait: ["interval", "until"]
        case .terminate: ["runStatus", "runError"]
        case .workflow: ["host", "body", "headers", "retryPolicy"]
        case .http: ["method", "uri", "headers", "queries", "body", "cookie", "authentication", "retryPolicy"]
        case .httpWebhook: ["subscribe", "unsubscribe"]
        case .response: ["statusCode", "headers", "body", "schema"]
        case .openApiConnection, .openApiConnectionWebhook: ["host", "parameters", "authentication", "retryPolicy"]
        case .apiConnection, .apiConnectionWebhook:
            ["host", "method", "path", "queries", "headers", "body", "authentication", "retryPolicy"]
        default: []
        }
    }

    private static func hostKeys(of type: ActionType?) -> [String] {
        switch type {
        case .workflow: ["workflowReferenceName"]
        case .apiConnection, .apiConnectionWebhook: ["connection"]
        default: ["connectionName", "operationId", "apiId"]
        }
    }

    // MARK: Words

    /// The words that a value may be, by its path in an action or trigger.
    static func words(at path: [String], in type: ActionType?, isTrigger: Bool) -> [String] {
        switch path.joined(separator: ".") {
        case "kind":
            if isTrigger { return ActionTypeRules.requestKinds }
            return type == .expression
                ? ActionTypeRules.expressionKinds : type == .response ? ActionTypeRules.responseKinds : []
        case "inputs.method", "inputs.subscribe.method", "inputs.unsubscribe.method":
            return ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        case "inputs.runStatus": return ["Succeeded", "Failed", "Cancelled"]
        case "inputs.format" where type == .table: return ["CSV", "HTML"]
        case "inputs.variables.[].type": return VariableRules.types
        case "inputs.interval.unit": return ["Second", "Minute", "Hour", "Day", "Week", "Month"]
        case "inputs.timeUnit": return TimeValues.units
        case "recurrence.frequency": return ["Second", "Minute", "Hour", "Day", "Week", "Month"]
        case "recurrence.schedule.weekDays.[]":
            return ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        case "operationOptions": return SettingRules.operationOptions
        case "runtimeConfiguration.secureData.properties.[]": return ["inputs", "outputs"]
        case "runtimeConfiguration.staticResult.staticResultOptions": return ["Enabled", "Disabled"]
        case "runtimeConfiguration.contentTransfer.transferMode": return ["Chunked"]
        case _ where path.suffix(2) == ["retryPolicy", "type"]: return ["none", "fixed", "exponential", "default"]
        case _ where path.suffix(2) == ["authentication", "type"]:
            return ["Basic", "ClientCertificate", "ActiveDirectoryOAuth", "Raw", "ManagedServiceIdentity", "None"]
        default: return []
        }
    }

    /// The types of parameters.
    static var parameterTypes: [String] { ParameterRules.types }
}
