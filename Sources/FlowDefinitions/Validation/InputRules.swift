import FlowCore
import FlowText

/// What the `inputs` and other properties of each action type must hold.
struct InputRules {
    private let facts: FlowFacts
    private let action: Action
    private var report: CheckReport

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            guard let type = place.action.type else { continue }
            var rules = InputRules(facts: facts, action: place.action, report: report)
            rules.check(type)
            report = rules.report
        }
    }

    private mutating func check(_ type: ActionType) {
        switch type {
        case .compose: _ = inputs(anyValue: true)
        case .parseJson: checkParseJson()
        case .select: checkSource(then: ["select"])
        case .query: checkSource(then: ["where"])
        case .join: checkJoin()
        case .table: checkTable()
        case .expression: checkExpression()
        case .initializeVariable, .setVariable, .appendToArrayVariable, .appendToStringVariable, .incrementVariable,
            .decrementVariable:
            break  // VariableRules
        case .wait: checkWait()
        case .terminate: checkTerminate()
        case .if, .switch: break  // ConditionRules
        case .foreach: checkForeach()
        case .until: checkUntil()
        case .scope: checkScope()
        case .workflow: checkWorkflow()
        case .http: checkHTTP()
        case .httpWebhook: checkWebhook()
        case .response: checkResponse()
        case .openApiConnection, .openApiConnectionWebhook: checkOpenAPI()
        case .apiConnection, .apiConnectionWebhook: checkAPIConnection()
        }
    }

    // MARK: Properties

    private mutating func inputs(anyValue: Bool = false) -> SourceNode? {
        guard let inputs = action.inputs, anyValue || !inputs.isNull else {
            missing("inputs", at: action.location)
            return nil
        }
        guard !anyValue, !inputs.isMapping, !inputs.isTemplate else { return inputs }
        invalid("'inputs' must be a mapping, not \(inputs.kindPhrase)", at: inputs.location)
        return nil
    }

    private mutating func require(_ key: String, of node: SourceNode, as name: String? = nil) -> SourceNode? {
        if let value = node[key] { return value }
        if !node.isTemplate { missing(name ?? key, at: action.location) }
        return nil
    }

    private mutating func missing(_ property: String, at location: SourceLocation, hint: String? = nil) {
        report.error(
            .workflowRunActionInputsMissingProperty,
            "The 'inputs' of workflow run action '\(action.name)' of type '\(action.typeName)' is not valid. Property '\(property)' is missing.",
            at: location, path: action.path, hint: hint)
    }

    private mutating func invalid(_ what: String, at location: SourceLocation, hint: String? = nil) {
        report.error(
            .workflowRunActionInputsInvalidProperty,
            "The 'inputs' of workflow run action '\(action.name)' of type '\(action.typeName)' is not valid: \(what).",
            at: location, path: action.path, hint: hint)
    }

    private mutating func template(_ what: String, at location: SourceLocation, hint: String? = nil) {
        report.error(
            .invalidTemplate, "The action '\(action.name)' of type '\(action.typeName)' is not valid: \(what).",
            at: location, path: action.path, hint: hint)
    }

    /// A literal must be one of the words; an expression may give anything.
    private mutating func oneOf(_ words: [String], _ node: SourceNode, named name: String) {
        guard !node.isTemplate else { return }
        if let text = node.string, words.contains(where: { $0.lowercased() == text.lowercased() }) { return }
        let written = node.string ?? node.json.text
        invalid(
            "'\(written)' is no value of '\(name)'; there are \(words.joined(separator: ", "))", at: node.location,
            hint: Suggestion.hint(for: written, among: words))
    }

    // MARK: Data operations

    private mutating func checkParseJson() {
        guard let inputs = inputs() else { return }
        _ = require("content", of: inputs)
        guard let schema = require("schema", of: inputs), let member = inputs.member("schema") else { return }
        for problem in SchemaRules.problems(of: schema) {
            report.error(
                .actionSchemaInvalid, "The schema of action '\(action.name)' is not valid: \(problem.message).",
                at: problem.location ?? member.keyLocation, path: action.path, hint: problem.hint)
        }
        for keyword in SchemaRules.unsupportedKeywords(in: schema) {
            report.warning(
                .actionSchemaNotSupported,
                "The keyword '\(keyword.key)' in the schema of action '\(action.name)' is not supported; the action fails when it runs.",
                at: keyword.keyLocation, path: action.path, hint: "remove the keyword and check the value afterwards")
        }
    }

    private mutating func checkSource(then others: [String]) {
        guard let inputs = inputs() else { return }
        if let source = require("from", of: inputs) { checkArray(source, named: "from") }
        for key in others {
            guard let node = require(key, of: inputs), key == "where" else { continue }
            if !node.isTemplate, node.string != nil || node.isMapping || node.isSequence {
                template("'where' must be an expression that begins with '@'", at: node.location)
            }
        }
    }

    private mutating func checkArray(_ node: SourceNode, named name: String) {
        guard !node.isSequence, !node.isTemplate else { return }
        let hint = ExpressionText.looksLikeExpression(node.string ?? "") ? "begin the expression with '@'" : nil
        invalid(
            "'\(name)' must be a list or an expression that gives one, not \(node.kindPhrase)", at: node.location,
            hint: hint)
    }

    private mutating func checkJoin() {
        guard let inputs = inputs() else { return }
        if let source = require("from", of: inputs) { checkArray(source, named: "from") }
        guard let delimiter = require("joinWith", of: inputs), delimiter.string == nil else { return }
        invalid(
            "'joinWith' must be a text, not \(delimiter.kindPhrase)", at: delimiter.location, hint: "put it in quotes")
    }

    private mutating func checkTable() {
        guard let inputs = inputs() else { return }
        if let source = require("from", of: inputs) { checkArray(source, named: "from") }
        if let format = require("format", of: inputs) { oneOf(["CSV", "HTML"], format, named: "format") }
        guard let columns = inputs["columns"], !columns.isNull else { return }
        guard columns.isSequence else {
            if !columns.isTemplate {
                invalid(
                    "'columns' must be a list of mappings with 'header' and 'value', not \(columns.kindPhrase)",
                    at: columns.location)
            }
            return
        }
        for column in columns.elements where !column.isTemplate {
            if !column.isMapping || column["value"] == nil {
                invalid("a column must be a mapping with 'header' and 'value'", at: column.location)
            }
        }
    }

    private mutating func checkExpression() {
        guard let kind = action.kind?.lowercased() else { return }
        let needed: [String]
        switch kind {
        case "addtotime", "subtractfromtime": needed = ["baseTime", "interval", "timeUnit"]
        case "getfuturetime", "getpasttime": needed = ["interval", "timeUnit"]
        case "converttimezone": needed = ["baseTime", "sourceTimeZone", "destinationTimeZone"]
        case "indexof": needed = ["text", "searchText"]
        case "substring": needed = ["text"]
        case "formatnumber": needed = ["number"]
        default: return
        }
        guard let inputs = inputs() else { return }
        for key in needed { _ = require(key, of: inputs) }
        if let unit = inputs["timeUnit"], !unit.isTemplate {
            let written = unit.string ?? unit.json.text
            if !TimeValues.units.contains(where: { $0.lowercased() == written.lowercased() }) {
                report.error(
                    .invalidExpressionActionInputs,
                    "'\(written)' is no unit of time in action '\(action.name)'; there are \(TimeValues.units.joined(separator: ", ")).",
                    at: unit.location, path: action.path, hint: Suggestion.hint(for: written, among: TimeValues.units))
            }
        }
        if let interval = inputs["interval"], !interval.isTemplate, interval.wholeNumber == nil {
            report.error(
                .invalidExpressionActionInputs, "The 'interval' of action '\(action.name)' must be a whole number.",
                at: interval.location, path: action.path)
        }
        for key in ["sourceTimeZone", "destinationTimeZone"] {
            guard let zone = inputs[key], !zone.isTemplate, let name = zone.string else { continue }
            TimeValues.checkZone(
                name, .invalidExpressionActionInputs, unknownIs: .warning, at: zone.location, path: action.path,
                into: &report)
        }
    }

    // MARK: Control

    private mutating func checkWait() {
        guard let inputs = inputs(), inputs.isMapping else { return }
        guard inputs["interval"] != nil || inputs["until"] != nil else {
            missing("interval", at: action.location, hint: "add 'interval: {count, unit}' or 'until: {timestamp}'")
            return
        }
        if let interval = inputs["interval"], !interval.isTemplate {
            guard interval.isMapping else {
                invalid("'interval' must be a mapping with 'count' and 'unit'", at: interval.location)
                return
            }
            if let count = require("count", of: interval, as: "interval.count"), !count.isTemplate {
                if let number = count.wholeNumber {
                    if number < 0 { invalid("'interval.count' must not be negative", at: count.location) }
                } else {
                    invalid("'interval.count' must be a whole number, not \(count.kindPhrase)", at: count.location)
                }
            }
            if let unit = require("unit", of: interval, as: "interval.unit") {
                oneOf(["Second", "Minute", "Hour", "Day", "Week", "Month"], unit, named: "interval.unit")
            }
        }
        if let until = inputs["until"], !until.isTemplate {
            if let timestamp = require("timestamp", of: until, as: "until.timestamp"), !timestamp.isTemplate {
                if let text = timestamp.string, TimeValues.isTimestamp(text) { return }
                invalid("'until.timestamp' is no date and time", at: timestamp.location)
            }
        }
    }

    private mutating func checkTerminate() {
        guard let inputs = inputs(), let status = require("runStatus", of: inputs) else { return }
        oneOf(["Succeeded", "Cancelled", "Failed"], status, named: "runStatus")
        guard let text = status.string, ["succeeded", "cancelled"].contains(text.lowercased()),
            let error = inputs.member("runError")
        else { return }
        report.warning(
            .workflowRunActionInputsInvalidProperty,
            "The 'runError' of action '\(action.name)' counts only with the status Failed.", at: error.keyLocation,
            path: action.path)
    }

    private mutating func checkForeach() {
        guard let source = action.node["foreach"] else {
            template("the property 'foreach' is missing", at: action.location)
            return
        }
        guard !source.isSequence, !source.isTemplate else { return }
        let hint = ExpressionText.looksLikeExpression(source.string ?? "") ? "begin the expression with '@'" : nil
        template(
            "'foreach' must be a list or an expression that gives one, not \(source.kindPhrase)", at: source.location,
            hint: hint)
    }

    private mutating func checkUntil() {
        guard let limit = action.node["limit"] else {
            template(
                "the property 'limit' is required on action type 'Until'", at: action.location, hint: "add 'limit: {}'"
            )
            return
        }
        guard limit.isMapping || limit.isNull else {
            report.error(
                .workflowRunActionUntilLimitInvalid,
                "The 'limit' of Until '\(action.name)' must be a mapping with 'count' and 'timeout'.",
                at: limit.location, path: action.path)
            return
        }
        guard let count = limit["count"], !count.isTemplate else { return }
        if count.wholeNumber == nil {
            report.error(
                .workflowRunActionUntilLimitInvalid,
                "The 'limit.count' of Until '\(action.name)' must be a whole number, not \(count.kindPhrase).",
                at: count.location, path: action.path)
        }
    }

    private mutating func checkScope() {
        guard action.node["actions"] == nil else { return }
        report.warning(
            .invalidTemplate, "The Scope '\(action.name)' has no 'actions'.", at: action.location, path: action.path,
            hint: "add 'actions: {}', or remove the scope")
    }

    // MARK: Calls

    private mutating func checkWorkflow() {
        guard let inputs = inputs() else { return }
        guard let host = require("host", of: inputs), !host.isTemplate else { return }
        if host["workflowReferenceName"] == nil, host["workflow"]?["id"] == nil {
            missing("host.workflowReferenceName", at: action.location)
        } else if let name = host["workflowReferenceName"], name.string == nil {
            invalid("'host.workflowReferenceName' must be a text", at: name.location)
        }
        checkHeaders(inputs["headers"])
    }

    private mutating func checkHTTP() {
        guard let inputs = inputs() else { return }
        if let method = require("method", of: inputs), method.string?.isEmpty != true {
            oneOf(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"], method, named: "method")
        }
        if let uri = require("uri", of: inputs) { checkURI(uri) }
        checkHeaders(inputs["headers"])
        if let queries = inputs["queries"], !queries.isMapping, !queries.isTemplate, !queries.isNull {
            invalid("'queries' must be a mapping, not \(queries.kindPhrase)", at: queries.location)
        }
        checkAuthentication(inputs["authentication"])
    }

    private mutating func checkURI(_ uri: SourceNode) {
        guard let text = uri.string else {
            invalid("'uri' must be a text, not \(uri.kindPhrase)", at: uri.location)
            return
        }
        let scheme = text.lowercased()
        guard !text.hasPrefix("@"), !text.hasPrefix("["), !text.isEmpty, !scheme.hasPrefix("http://"),
            !scheme.hasPrefix("https://")
        else { return }
        report.warning(
            .workflowRunActionInputsInvalidProperty,
            "The 'uri' of action '\(action.name)' has no scheme, so the call fails.", at: uri.location,
            path: action.path, hint: "begin it with https://")
    }

    private mutating func checkHeaders(_ headers: SourceNode?) {
        guard let headers, !headers.isMapping, !headers.isTemplate, !headers.isNull else { return }
        invalid("'headers' must be a mapping, not \(headers.kindPhrase)", at: headers.location)
    }

    private mutating func checkAuthentication(_ authentication: SourceNode?) {
        guard let authentication, !authentication.isTemplate, !authentication.isNull else { return }
        guard authentication.isMapping else {
            invalid(
                "'authentication' must be a mapping with 'type', not \(authentication.kindPhrase)",
                at: authentication.location)
            return
        }
        guard let type = require("type", of: authentication, as: "authentication.type") else { return }
        oneOf(
            ["None", "Basic", "ClientCertificate", "ActiveDirectoryOAuth", "Raw", "ManagedServiceIdentity"], type,
            named: "authentication.type")
    }

    private mutating func checkWebhook() {
        guard let inputs = inputs(), let subscribe = require("subscribe", of: inputs) else { return }
        guard subscribe.isMapping else { return }
        if let uri = require("uri", of: subscribe, as: "subscribe.uri") { checkURI(uri) }
        _ = require("method", of: subscribe, as: "subscribe.method")
    }

    private mutating func checkResponse() {
        guard let inputs = inputs() else { return }
        guard let status = require("statusCode", of: inputs), !status.isTemplate else { return }
        guard let number = status.wholeNumber else {
            invalid("'statusCode' must be a number, not \(status.kindPhrase)", at: status.location)
            return
        }
        if !(200..<300).contains(number), !(400..<600).contains(number) {
            report.error(
                .workflowRunActionResponseStatusCodeNotSupported,
                "The Response '\(action.name)' has the status code \(number); only 2xx, 4xx and 5xx can be sent.",
                at: status.location, path: action.path)
        }
        checkHeaders(inputs["headers"])
        guard let schema = inputs["schema"], !schema.isNull else { return }
        for problem in SchemaRules.problems(of: schema) {
            report.error(
                .actionSchemaInvalid, "The schema of action '\(action.name)' is not valid: \(problem.message).",
                at: problem.location ?? schema.location, path: action.path, hint: problem.hint)
        }
    }

    private mutating func checkOpenAPI() {
        guard let inputs = inputs(), let host = require("host", of: inputs), !host.isTemplate else { return }
        if host["connectionName"] == nil, host["connectionReferenceName"] == nil, host["connection"] == nil {
            missing("host.connectionReferenceName", at: action.location)
        }
        _ = require("operationId", of: host, as: "host.operationId")
    }

    private mutating func checkAPIConnection() {
        guard let inputs = inputs(), let host = require("host", of: inputs), !host.isTemplate else { return }
        if host["connection"] == nil, host["connectionName"] == nil, host["connectionReferenceName"] == nil,
            host["api"] == nil
        {
            missing("host.connection", at: action.location)
        }
    }
}
