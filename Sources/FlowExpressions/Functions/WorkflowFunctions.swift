import FlowCore

/// Functions that read what the run knows.
enum WorkflowFunctions {
    static let all = [
        action, actionBody, actionOutputs, actions, body, formDataMultiValues, formDataValue, item, items,
        iterationIndexes, listCallbackUrl, multipartBody, outputs, parameters, result, trigger, triggerBody,
        triggerFormDataMultiValues, triggerFormDataValue, triggerMultipartBody, triggerOutputs, variables, workflow,
    ]

    private static let actionName = FunctionDeclaration.Parameter.required("action", .string)

    // MARK: Actions

    static let actions = FunctionDeclaration(
        "actions", .workflow, [actionName], returns: .object, usage: .one,
        summary: "Gives the record of an action: status, code, inputs, outputs and times.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let record = scope.actionRecord(name) else { throw unknownAction(name, arguments) }
            return record
        })

    static let outputs = FunctionDeclaration(
        "outputs", .workflow, [actionName], returns: .any, usage: .one, summary: "Gives the outputs of an action.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            return try outputs(of: name, scope, arguments)
        })

    static let actionOutputs = FunctionDeclaration(
        "actionOutputs", .workflow, [actionName], returns: .any, usage: .one,
        summary: "Gives the outputs of an action; the older name of outputs.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            return try outputs(of: name, scope, arguments)
        })

    static let body = FunctionDeclaration(
        "body", .workflow, [actionName], returns: .any, usage: .one,
        summary: "Gives the body of an action's outputs.",
        body: .reading { arguments, scope throws(FlowError) in try body(scope, arguments) })

    static let actionBody = FunctionDeclaration(
        "actionBody", .workflow, [actionName], returns: .any, usage: .one,
        summary: "Gives the body of an action's outputs; the older name of body.",
        body: .reading { arguments, scope throws(FlowError) in try body(scope, arguments) })

    static let action = FunctionDeclaration(
        "action", .workflow, [], returns: .object, usage: .none,
        summary: "Gives the record of the action whose tracked properties are evaluated.",
        body: .reading { arguments, scope throws(FlowError) in
            guard let record = scope.currentAction() else {
                throw FlowError(
                    .invalidTemplate,
                    "The template function '\(arguments.call.name)' is not expected at this location.")
            }
            return record
        })

    static let result = FunctionDeclaration(
        "result", .workflow, [.required("scope", .string)], returns: .array, usage: .one,
        summary: "Gives the records of the actions in a scope or loop.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let records = scope.result(name) else { throw unknownAction(name, arguments) }
            return records
        })

    private static func name(_ arguments: Arguments) throws(FlowError) -> String {
        guard case .string(let name) = arguments[0] else { throw arguments.call.notValid() }
        return name
    }

    private static func outputs(
        of name: String, _ scope: any EvaluationScope, _ arguments: Arguments
    ) throws(FlowError) -> JSON {
        if let outputs = scope.actionOutputs(name) { return outputs }
        guard scope.actionRecord(name) != nil else { throw unknownAction(name, arguments) }
        return .null
    }

    private static func body(_ scope: any EvaluationScope, _ arguments: Arguments) throws(FlowError) -> JSON {
        let name = try name(arguments)
        if let body = scope.actionBody(name) { return body }
        guard scope.actionRecord(name) != nil else { throw unknownAction(name, arguments) }
        return .null
    }

    private static func unknownAction(_ name: String, _ arguments: Arguments) -> FlowError {
        FlowError(
            .invalidTemplate,
            "The template language function '\(arguments.call.name)' cannot be evaluated because the action '\(name)' "
                + "does not exist or has not run.")
    }

    // MARK: Trigger

    static let trigger = FunctionDeclaration(
        "trigger", .workflow, [], returns: .object, usage: .none,
        summary: "Gives the record of the trigger: name, status, inputs, outputs and times.",
        body: .reading { arguments, scope throws(FlowError) in try part(scope.triggerRecord(), arguments) })

    static let triggerOutputs = FunctionDeclaration(
        "triggerOutputs", .workflow, [], returns: .any, usage: .none, summary: "Gives the outputs of the trigger.",
        body: .reading { arguments, scope throws(FlowError) in
            try part(scope.triggerOutputs(), arguments)
        })

    static let triggerBody = FunctionDeclaration(
        "triggerBody", .workflow, [], returns: .any, usage: .none, summary: "Gives the body of the trigger's outputs.",
        body: .reading { arguments, scope throws(FlowError) in
            try part(scope.triggerOutputs(), arguments)["body"] ?? .null
        })

    private static func part(_ part: JSON?, _ arguments: Arguments) throws(FlowError) -> JSON {
        guard let part else {
            throw FlowError(
                .invalidTemplate,
                "The template language function '\(arguments.call.name)' cannot be evaluated because there is no trigger."
            )
        }
        return part
    }

    // MARK: Forms

    private static let field = FunctionDeclaration.Parameter.required("field", .string)

    private static let formUsage = FunctionDeclaration.Usage.expects(
        "two parameters: the name of the action as the first parameter, the name of the form field as the second "
            + "parameter")

    static let formDataValue = FunctionDeclaration(
        "formDataValue", .workflow, [actionName, field], returns: .any, usage: formUsage,
        summary: "Gives the one value of a form field in an action's outputs.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try outputs(of: try name(arguments), scope, arguments)
            return try FormContent(outputs, arguments.call).value(of: try arguments.string(1))
        })

    static let formDataMultiValues = FunctionDeclaration(
        "formDataMultiValues", .workflow, [actionName, field], returns: .array, usage: formUsage,
        summary: "Gives all values of a form field in an action's outputs.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try outputs(of: try name(arguments), scope, arguments)
            return .array(try FormContent(outputs, arguments.call).values(of: try arguments.string(1)))
        })

    static let multipartBody = FunctionDeclaration(
        "multipartBody", .workflow, [actionName, .required("index", .integer)], returns: .any,
        usage: .expects(
            "two parameters: the name of the action as the first parameter, the index of the multipart content as the "
                + "second parameter"),
        summary: "Gives a part of a multipart message in an action's outputs.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try outputs(of: try name(arguments), scope, arguments)
            return try FormContent(outputs, arguments.call).part(at: try arguments.integer(1))
        })

    static let triggerFormDataValue = FunctionDeclaration(
        "triggerFormDataValue", .workflow, [field], returns: .any, usage: .one,
        summary: "Gives the one value of a form field that the trigger brought.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try part(scope.triggerOutputs(), arguments)
            return try FormContent(outputs, arguments.call).value(of: try arguments.string(0))
        })

    static let triggerFormDataMultiValues = FunctionDeclaration(
        "triggerFormDataMultiValues", .workflow, [field], returns: .array, usage: .one,
        summary: "Gives all values of a form field that the trigger brought.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try part(scope.triggerOutputs(), arguments)
            return .array(try FormContent(outputs, arguments.call).values(of: try arguments.string(0)))
        })

    static let triggerMultipartBody = FunctionDeclaration(
        "triggerMultipartBody", .workflow, [.required("index", .integer)], returns: .any, usage: .one,
        summary: "Gives a part of the multipart message that the trigger brought.",
        body: .reading { arguments, scope throws(FlowError) in
            let outputs = try part(scope.triggerOutputs(), arguments)
            return try FormContent(outputs, arguments.call).part(at: try arguments.integer(0))
        })

    // MARK: Loops

    static let item = FunctionDeclaration(
        "item", .workflow, [], returns: .any, usage: .none,
        summary: "Gives the current element of the nearest loop, Select or Filter array.",
        body: .reading { arguments, scope throws(FlowError) in
            guard let item = scope.item() else {
                throw FlowError(
                    .invalidTemplate,
                    "The template function '\(arguments.call.name)' is not expected at this location.")
            }
            return item
        })

    static let items = FunctionDeclaration(
        "items", .workflow, [.required("loop", .string)], returns: .any, usage: .one,
        summary: "Gives the current element of a named loop.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let item = scope.items(name) else { throw unknownLoop(name, arguments) }
            return item
        })

    static let iterationIndexes = FunctionDeclaration(
        "iterationIndexes", .workflow, [.required("loop", .string)], returns: .integer, usage: .one,
        summary: "Gives the number of the current iteration of a named Until, from 0.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let index = scope.iterationIndex(name) else { throw unknownLoop(name, arguments) }
            return .integer(Int64(index))
        })

    private static func unknownLoop(_ name: String, _ arguments: Arguments) -> FlowError {
        FlowError(
            .invalidTemplate,
            "The template language function '\(arguments.call.name)' cannot be evaluated because the loop '\(name)' does "
                + "not exist or does not enclose the action.")
    }

    // MARK: Values of the flow

    static let parameters = FunctionDeclaration(
        "parameters", .workflow, [.required("parameter", .string)], returns: .any, usage: .one,
        summary: "Gives the value of a parameter of the flow.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let value = scope.parameter(name) else {
                throw FlowError(.invalidTemplate, "The workflow parameter '\(name)' is not found.")
            }
            return value
        })

    static let variables = FunctionDeclaration(
        "variables", .workflow, [.required("variable", .string)], returns: .any, usage: .one,
        summary: "Gives the value of a variable.",
        body: .reading { arguments, scope throws(FlowError) in
            let name = try name(arguments)
            guard let value = scope.variable(name) else {
                throw FlowError(
                    .invalidTemplate, "The variable '\(name)' must be initialized before it can be used.")
            }
            return value
        })

    static let workflow = FunctionDeclaration(
        "workflow", .workflow, [], returns: .object, usage: .none,
        summary: "Gives what is known of the flow and the run.",
        body: .reading { _, scope throws(FlowError) in scope.workflow() })

    static let listCallbackUrl = FunctionDeclaration(
        "listCallbackUrl", .workflow, [], returns: .string, usage: .none,
        summary: "Gives the address at which a webhook or trigger is called.",
        body: .reading { arguments, scope throws(FlowError) in
            guard let url = scope.callbackURL() else {
                throw FlowError(
                    .invalidTemplate,
                    "The template function '\(arguments.call.name)' is not expected at this location.")
            }
            return .string(url)
        })
}
