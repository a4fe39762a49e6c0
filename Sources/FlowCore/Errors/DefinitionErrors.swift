extension FlowError.Code {
    // MARK: The form of a text

    /// The text is no YAML.
    public static let invalidYAML = FlowError.Code("InvalidYAML")
    /// A file is no JSON text.
    public static let invalidJSONText = FlowError.Code("InvalidJSONText")
    /// A text file is not UTF-8.
    public static let invalidEncoding = FlowError.Code("InvalidEncoding")
    /// A text file is larger than flowrun reads.
    public static let textTooLarge = FlowError.Code("TextTooLarge")
    /// Values are nested too deeply.
    public static let nestingTooDeep = FlowError.Code("NestingTooDeep")
    /// The aliases of a YAML text expand to too much.
    public static let tooManyAliases = FlowError.Code("TooManyAliases")
    /// An alias has no anchor before it.
    public static let unknownAlias = FlowError.Code("UnknownAlias")
    /// A file holds nothing.
    public static let emptyText = FlowError.Code("EmptyText")
    /// A file holds more than one YAML document.
    public static let severalDocuments = FlowError.Code("SeveralDocuments")
    /// A text cannot be formatted without changing what it says.
    public static let formattingRefused = FlowError.Code("FormattingRefused")
    /// A key stands twice in one mapping.
    public static let duplicateKey = FlowError.Code("DuplicateKey")
    /// An unquoted text that other YAML readers take for another type.
    public static let unquotedText = FlowError.Code("UnquotedText")
    /// A key without a value.
    public static let emptyValue = FlowError.Code("EmptyValue")

    // MARK: Shape

    /// A member that does not belong where it stands.
    public static let invalidRequestContent = FlowError.Code("InvalidRequestContent")
    /// A solution.yaml that does not fit.
    public static let invalidSolution = FlowError.Code("InvalidSolution")
    /// A connection reference that is not declared or not complete.
    public static let connectionReferenceInvalid = FlowError.Code("ConnectionReferenceInvalid")
    /// Two actions of one name.
    public static let duplicateActionName = FlowError.Code("DuplicateActionName")
    /// A parameter that is not declared rightly.
    public static let invalidTemplateParameter = FlowError.Code("InvalidTemplateParameter")
    // MARK: Names and limits

    /// An action name that is empty or too long.
    public static let invalidWorkflowRunActionName = FlowError.Code("InvalidWorkflowRunActionName")
    /// A trigger name that is empty or too long.
    public static let invalidWorkflowTriggerName = FlowError.Code("InvalidWorkflowTriggerName")
    /// The description of an action is too long.
    public static let actionDescriptionTooLong = FlowError.Code("ActionDescriptionTooLong")
    /// The description of a trigger is too long.
    public static let triggerDescriptionTooLong = FlowError.Code("TriggerDescriptionTooLong")
    /// A Switch has too many cases.
    public static let allowedSwitchCaseLimitExceeded = FlowError.Code("AllowedSwitchCaseLimitExceeded")
    // MARK: Types

    /// An action type that does not exist.
    public static let workflowRunActionTypeUnsupported = FlowError.Code("WorkflowRunActionTypeUnsupported")
    /// A type of the platform that flowrun does not run.
    public static let actionTypeNotSupported = FlowError.Code("ActionTypeNotSupported")
    /// A trigger type that does not exist.
    public static let workflowTriggerTypeUnsupported = FlowError.Code("WorkflowTriggerTypeUnsupported")
    /// An Expression action of an unknown kind.
    public static let invalidExpressionActionKind = FlowError.Code("InvalidExpressionActionKind")
    /// Inputs of an Expression action that cannot work.
    public static let invalidExpressionActionInputs = FlowError.Code("InvalidExpressionActionInputs")
    // MARK: Inputs and settings

    /// An action lacks an input that it needs.
    public static let workflowRunActionInputsMissingProperty = FlowError.Code("WorkflowRunActionInputsMissingProperty")
    /// An action has an input or setting that cannot be.
    public static let workflowRunActionInputsInvalidProperty = FlowError.Code("WorkflowRunActionInputsInvalidProperty")
    /// A Response with a status code that cannot be sent.
    public static let workflowRunActionResponseStatusCodeNotSupported = FlowError.Code(
        "WorkflowRunActionResponseStatusCodeNotSupported")
    /// The limit of an Until cannot be.
    public static let workflowRunActionUntilLimitInvalid = FlowError.Code("WorkflowRunActionUntilLimitInvalid")
    /// A time limit that is no duration.
    public static let workflowRunActionTimeoutLimitInvalid = FlowError.Code("WorkflowRunActionTimeoutLimitInvalid")
    /// A retry policy that cannot be.
    public static let invalidRetryPolicy = FlowError.Code("InvalidRetryPolicy")
    /// A concurrency outside its bounds.
    public static let invalidConcurrencyConfiguration = FlowError.Code("InvalidConcurrencyConfiguration")
    /// A paging threshold outside its bounds.
    public static let invalidPaginationPolicy = FlowError.Code("InvalidPaginationPolicy")
    /// A transfer mode that does not exist.
    public static let invalidContentTransferConfiguration = FlowError.Code("InvalidContentTransferConfiguration")
    /// A static result that is not defined.
    public static let invalidStaticResultName = FlowError.Code("InvalidStaticResultName")
    /// An action where it must not be.
    public static let invalidWorkflowRunAction = FlowError.Code("InvalidWorkflowRunAction")
    /// A Response in a flow that recurs.
    public static let workflowUnsupportedRecurrenceTriggerForResponseAction = FlowError.Code(
        "WorkflowUnsupportedRecurrenceTriggerForResponseAction")
    /// A Response in a flow with a Batch trigger.
    public static let workflowUnsupportedBatchTriggerForResponseAction = FlowError.Code(
        "WorkflowUnsupportedBatchTriggerForResponseAction")
    /// A schema of an action that is no JSON schema.
    public static let actionSchemaInvalid = FlowError.Code("ActionSchemaInvalid")
    /// A schema keyword that fails when run.
    public static let actionSchemaNotSupported = FlowError.Code("ActionSchemaNotSupported")
    // MARK: Variables

    /// A variable that is not declared rightly.
    public static let invalidVariableInitialization = FlowError.Code("InvalidVariableInitialization")
    /// A variable that is changed in a way its type does not allow.
    public static let invalidVariableOperation = FlowError.Code("InvalidVariableOperation")
    // MARK: Triggers

    /// A flow with more than one trigger.
    public static let severalTriggers = FlowError.Code("SeveralTriggers")
    /// Inputs of a trigger that cannot be.
    public static let invalidWorkflowTriggerInputs = FlowError.Code("InvalidWorkflowTriggerInputs")
    /// A schema of a trigger that is no JSON schema.
    public static let triggerInputSchemaInvalid = FlowError.Code("TriggerInputSchemaInvalid")
    /// A body that does not fit the trigger's schema.
    public static let triggerInputSchemaMismatch = FlowError.Code("TriggerInputSchemaMismatch")
    /// A recurrence that cannot be.
    public static let invalidWorkflowTriggerRecurrence = FlowError.Code("InvalidWorkflowTriggerRecurrence")
    /// A schedule that cannot be.
    public static let invalidWorkflowTriggerRecurrenceSchedule = FlowError.Code(
        "InvalidWorkflowTriggerRecurrenceSchedule")
    // MARK: Connectors

    /// An operation that its connector does not have.
    public static let workflowOperationInputsApiOperationNotFound = FlowError.Code(
        "WorkflowOperationInputsApiOperationNotFound")
    /// An operation lacks a parameter that it needs.
    public static let workflowOperationParametersMissingRequiredParameter = FlowError.Code(
        "WorkflowOperationParametersMissingRequiredParameter")
    /// An operation is given a parameter it does not have.
    public static let workflowOperationParametersExtraParameter = FlowError.Code(
        "WorkflowOperationParametersExtraParameter")
    /// A parameter of an operation with a value of another type.
    public static let workflowOperationParametersIncorrectParameterType = FlowError.Code(
        "WorkflowOperationParametersIncorrectParameterType")
    /// A parameter of an operation with a value that is not allowed.
    public static let workflowOperationParametersIncorrectEnum = FlowError.Code(
        "WorkflowOperationParametersIncorrectEnum")
    /// A connector that flowrun does not know.
    public static let unknownConnector = FlowError.Code("UnknownConnector")
    /// A deprecated operation.
    public static let operationDeprecated = FlowError.Code("OperationDeprecated")
    /// A run-only connection in a flow that no user runs.
    public static let invokerConnectionWithoutUser = FlowError.Code("InvokerConnectionWithoutUser")
    // MARK: Good practice

    /// A text that looks like an expression and is none.
    public static let expressionNotEvaluated = FlowError.Code("ExpressionNotEvaluated")
    /// An output that does not exist is read.
    public static let noOutput = FlowError.Code("NoOutput")
    /// A property that the schema does not have.
    public static let unknownProperty = FlowError.Code("UnknownProperty")
    /// A time zone by its IANA name.
    public static let timeZoneNotPortable = FlowError.Code("TimeZoneNotPortable")
    /// A secret in plain text.
    public static let secretInText = FlowError.Code("SecretInText")
    /// A flow that starts itself again.
    public static let selfTrigger = FlowError.Code("SelfTrigger")
    /// An action that can never run.
    public static let unreachableAction = FlowError.Code("UnreachableAction")
    /// A loop condition that never changes.
    public static let constantCondition = FlowError.Code("ConstantCondition")
}

extension ErrorPage {
    package static let definitionPages: [ErrorPage] =
        textPages + childFlowPages + shapePages + limitPages + typePages + inputPages + variablePages + triggerPages
        + connectorPages + practicePages

    private static let textPages: [ErrorPage] = [
        ErrorPage(
            .invalidYAML, happened: "The file cannot be read as YAML.",
            why:
                "Indentation, a quote, a bracket or an unquoted text that begins with a special character breaks its form.",
            remedy: "Look at the line and the one before it, and put texts that begin with @, `, *, & or { in quotes."),
        ErrorPage(
            .invalidJSONText, happened: "The file begins like JSON and cannot be read as JSON.",
            why: "A bracket, quote, comma or colon is missing, or a text has no quotes.",
            remedy: "Look at the place that is named; comments and trailing commas are allowed."),
        ErrorPage(
            .invalidEncoding, happened: "The file holds bytes that are no UTF-8.",
            why: "It was saved in another encoding.", remedy: "Save it as UTF-8, with or without a byte order mark."),
        ErrorPage(
            .textTooLarge, happened: "The file is larger than 8 MiB.",
            why: "flowrun reads no larger flow files, so that a mistaken path cannot fill the memory.",
            remedy: "Move large texts out of the flow, or split it into child flows."),
        ErrorPage(
            .nestingTooDeep, happened: "Mappings and lists are nested deeper than 100 levels.",
            why: "flowrun reads no deeper texts; a flow nests its actions at most eight levels.",
            remedy: "Check the brackets and the indentation."),
        ErrorPage(
            .tooManyAliases, happened: "The aliases of the file expand to more than flowrun reads.",
            why: "Aliases of values that hold aliases multiply.",
            remedy: "Use fewer aliases inside anchored values."),
        ErrorPage(
            .unknownAlias, happened: "An alias (*name) has no anchor (&name) before it.",
            why: "YAML reads from top to bottom, and a text that begins with * is an alias.",
            remedy: "Correct the name, move the anchor up, or quote the text."),
        ErrorPage(
            .emptyText, happened: "The file holds nothing but comments or blanks.", why: "A flow needs content.",
            remedy: "Write the flow, or remove the file."),
        ErrorPage(
            .formattingRefused, happened: "`flowrun fmt` left a file as it is.",
            why: "The file is written in a rare form, and its formatted text would not read as the same values.",
            remedy: "Write keys without `?`, and indent with blanks only; then format the file again."),
        ErrorPage(
            .severalDocuments, happened: "The file holds more than one YAML document.",
            why: "A line with --- begins a new document, and a file holds one flow.",
            remedy: "Put every document into a file of its own."),
        ErrorPage(
            .duplicateKey, happened: "A key stands twice in one mapping.",
            why: "Only one of the two values would count.", remedy: "Rename or remove one of them."),
        ErrorPage(
            .unquotedText, happened: "A word without quotes is a text here and something else to other readers.",
            why: "YAML 1.1 takes yes, no, on, off and unusual spellings of numbers for other types.",
            remedy: "Put it in quotes, or write true, false, null or a plain number where that is meant."),
        ErrorPage(
            .emptyValue, happened: "A key has no value and reads as null.",
            why: "Nothing stands after the colon, or the braces hold a word without a colon.",
            remedy: "Write null, '', {} or [] as meant; quote a text in braces."),
    ]

    private static let shapePages: [ErrorPage] = [
        ErrorPage(
            .invalidRequestContent, happened: "A flow file, action or trigger has a member that does not belong there.",
            why: "Flow files are checked strictly, so that a misspelt member is not lost in silence.",
            remedy: "Correct the name, or move the member where it belongs; the hint says where."),
        ErrorPage(
            .invalidSolution, happened: "The file solution.yaml does not have the shape of a solution.",
            why: "A member is missing, misspelt or of another type, or a flow file is not there.",
            remedy: "Correct the place that is named."),
        ErrorPage(
            .connectionReferenceInvalid,
            happened:
                "An action names a connection reference that the flow does not declare, or the declaration is not complete.",
            why: "Every connector action names a key of connectionReferences, and every reference names its connector.",
            remedy: "Declare the reference with its connector, or correct the name."),
        ErrorPage(
            .duplicateActionName, happened: "Two actions of the flow have the same name.",
            why: "Names are unique in the whole flow, whatever the nesting and the letter case.",
            remedy: "Give one of them another name, and correct what refers to it."),
        ErrorPage(
            .invalidTemplateParameter, happened: "A parameter has an unknown type, or a default that does not fit.",
            why: "The default must have the parameter's type and be one of its allowed values.",
            remedy: "Correct the type or the default."),
    ]

    private static let limitPages: [ErrorPage] = [
        ErrorPage(
            .invalidWorkflowRunActionName, happened: "An action has a name that the platform refuses.",
            why: "Names of actions have 1 to 80 characters.",
            remedy: "Give the action a shorter name."),
        ErrorPage(
            .invalidWorkflowTriggerName, happened: "A trigger has a name that the platform refuses.",
            why: "Names of triggers have 1 to 80 characters.",
            remedy: "Give the trigger a shorter name."),
        ErrorPage(
            .actionDescriptionTooLong, happened: "The description of an action has more than 256 characters.",
            why: "The platform allows no longer ones.",
            remedy: "Shorten it; a YAML comment may be as long as you like."),
        ErrorPage(
            .triggerDescriptionTooLong, happened: "The description of a trigger has more than 256 characters.",
            why: "The platform allows no longer ones.",
            remedy: "Shorten it; a YAML comment may be as long as you like."),
        ErrorPage(
            .allowedSwitchCaseLimitExceeded, happened: "A Switch has more than 25 cases.",
            why: "The platform allows no more; the default does not count.",
            remedy: "Split the Switch, or look the value up in a list."),
    ]

    private static let typePages: [ErrorPage] = [
        ErrorPage(
            .workflowRunActionTypeUnsupported, happened: "An action has a type that the platform does not know.",
            why: "The type is misspelt, or is the designer's label instead of the type.",
            remedy: "Take the type that the hint names."),
        ErrorPage(
            .actionTypeNotSupported, happened: "An action or trigger has a type that flowrun does not run.",
            why: "The platform has types that need services flowrun does not imitate.",
            remedy:
                "Replace the action, for instance by an Http call or a child flow; 'check' only notes it, activation and run refuse it."
        ),
        ErrorPage(
            .workflowTriggerTypeUnsupported, happened: "A trigger has a type that the platform does not know.",
            why: "The type is misspelt.",
            remedy: "Take the type that the hint names."),
        ErrorPage(
            .invalidExpressionActionKind, happened: "An action of type Expression has an unknown kind.",
            why: "The kind says what the action computes.",
            remedy: "Take one of the kinds that the message lists."),
        ErrorPage(
            .invalidExpressionActionInputs, happened: "An action of type Expression has inputs that cannot work.",
            why: "A unit of time is written in the singular, an interval is a whole number.",
            remedy: "Correct the value that is named."),
    ]

    private static let inputPages: [ErrorPage] = [
        ErrorPage(
            .workflowRunActionInputsMissingProperty, happened: "An action lacks an input that its type needs.",
            why: "The platform refuses to save such an action.",
            remedy: "Add the property that the message names."),
        ErrorPage(
            .workflowRunActionInputsInvalidProperty,
            happened: "An action has an input or setting with a value that cannot be.",
            why: "The value has the wrong type or is no word that the platform knows.",
            remedy: "Correct the value that is named."),
        ErrorPage(
            .workflowRunActionResponseStatusCodeNotSupported,
            happened: "A Response has a status code other than 2xx, 4xx or 5xx.",
            why: "The platform sends no other ones.",
            remedy: "Take a status code such as 200, 400 or 500."),
        ErrorPage(
            .workflowRunActionUntilLimitInvalid,
            happened: "The limit of an Until is no mapping, or its count is no number.",
            why: "An Until ends at its count or its timeout at the latest.",
            remedy: "Write limit: {count: 60, timeout: PT1H}."),
        ErrorPage(
            .workflowRunActionTimeoutLimitInvalid, happened: "The limit.timeout of an action is no duration.",
            why: "Durations are written as ISO 8601 has them.",
            remedy: "Write PT30S, PT15M, PT1H or P1D."),
        ErrorPage(
            .invalidRetryPolicy, happened: "A retry policy has an unknown type or a value outside its bounds.",
            why: "The count is 1 to 90, intervals lie between five seconds and a day.",
            remedy: "Correct the value, or write retryPolicy: {type: none}."),
        ErrorPage(
            .invalidConcurrencyConfiguration, happened: "A concurrency lies outside its bounds.",
            why: "A Foreach runs 1 to 50 items at a time, a trigger 1 to 100 runs.",
            remedy: "Correct the number."),
        ErrorPage(
            .invalidPaginationPolicy, happened: "A paginationPolicy lies outside its bounds.",
            why: "The threshold is 1 to 100,000 items.",
            remedy: "Correct the number."),
        ErrorPage(
            .invalidContentTransferConfiguration, happened: "A contentTransfer has an unknown mode.",
            why: "The only mode is Chunked.",
            remedy: "Write transferMode: Chunked, or remove the setting."),
        ErrorPage(
            .invalidStaticResultName, happened: "An action uses a static result that the flow does not define.",
            why: "Static results stand under staticResults of the flow.",
            remedy: "Define it, or set staticResultOptions: Disabled."),
        ErrorPage(
            .invalidWorkflowRunAction, happened: "A Response or Terminate stands where it must not be.",
            why: "Neither may stand in a loop, and a Response must fit the kind of the trigger.",
            remedy: "Set a variable in the loop and act on it afterwards; take the kind that fits the trigger."),
        ErrorPage(
            .workflowUnsupportedRecurrenceTriggerForResponseAction,
            happened: "A flow whose trigger recurs has a Response.",
            why: "Nobody waits for the answer of a scheduled or polling flow.",
            remedy: "Remove the Response, or give the flow a Request trigger."),
        ErrorPage(
            .workflowUnsupportedBatchTriggerForResponseAction, happened: "A flow with a Batch trigger has a Response.",
            why: "Nobody waits for the answer of a batch.",
            remedy: "Remove the Response, or give the flow a Request trigger."),
        ErrorPage(
            .actionSchemaInvalid, happened: "The schema of an action is no JSON schema.",
            why: "A type word or the shape of a keyword is wrong.",
            remedy: "Correct the place that is named."),
        ErrorPage(
            .actionSchemaNotSupported, happened: "A schema uses pattern or patternProperties.",
            why: "The platform saves such a schema, and the action fails when it runs.",
            remedy: "Remove the keyword and check the value in a condition."),
    ]

    private static let variablePages: [ErrorPage] = [
        ErrorPage(
            .invalidVariableInitialization,
            happened:
                "A variable is initialized inside a container, with an unknown type or with a value of another type.",
            why: "Variables are initialized at the top level, with one of six types.",
            remedy: "Move the action to the top, or correct type or value."),
        ErrorPage(
            .invalidVariableOperation, happened: "A variable is changed in a way that its type does not allow.",
            why: "Numbers are incremented, arrays and texts appended to, and a variable keeps its type.",
            remedy: "Take the action that fits the type, or convert the value."),
    ]

    private static let triggerPages: [ErrorPage] = [
        ErrorPage(
            .severalTriggers, happened: "A flow has more than one trigger.",
            why: "A cloud flow starts by one trigger only.",
            remedy: "Keep one, and make a flow of its own for each of the others."),
        ErrorPage(
            .invalidWorkflowTriggerInputs, happened: "A trigger lacks an input, or has one that cannot be.",
            why: "The platform refuses to save such a trigger.",
            remedy: "Correct the property that is named."),
        ErrorPage(
            .triggerInputSchemaInvalid, happened: "The schema of a trigger is no JSON schema.",
            why: "A type word or the shape of a keyword is wrong.",
            remedy: "Correct the place that is named."),
        ErrorPage(
            .triggerInputSchemaMismatch, happened: "What is handed to a trigger does not fit its schema.",
            why: "A required input is missing, or one has another type.",
            remedy: "Hand over what 'flowrun flow show' lists."),
        ErrorPage(
            .invalidWorkflowTriggerRecurrence,
            happened: "A recurrence has an unknown frequency, interval, zone or start.",
            why: "A recurrence needs frequency and interval, and lies within 500 days.",
            remedy: "Write recurrence: {frequency: Day, interval: 1, timeZone: W. Europe Standard Time}."),
        ErrorPage(
            .invalidWorkflowTriggerRecurrenceSchedule,
            happened: "A schedule has values that cannot be, or goes with another frequency.",
            why: "Hours are 0 to 23, minutes 0 to 59; weekDays go with Week, monthDays with Month.",
            remedy: "Correct the value that is named."),
    ]

    private static let connectorPages: [ErrorPage] = [
        ErrorPage(
            .workflowOperationInputsApiOperationNotFound, happened: "A connector has no operation of that name.",
            why: "The name is misspelt, of another connector, or of another version.",
            remedy: "'flowrun connectors NAME' lists the operations."),
        ErrorPage(
            .workflowOperationParametersMissingRequiredParameter,
            happened: "An operation lacks a parameter that it needs.",
            why: "The platform refuses to save such an action.",
            remedy: "Add the parameter that the message names."),
        ErrorPage(
            .workflowOperationParametersExtraParameter,
            happened: "An operation is given a parameter that it does not have.",
            why: "The name is misspelt, or the parameter belongs to another operation.",
            remedy: "Take the name that the hint gives; 'flowrun connectors NAME' lists them."),
        ErrorPage(
            .workflowOperationParametersIncorrectParameterType,
            happened: "A parameter of an operation has a value of another type.",
            why: "Each parameter has a type.",
            remedy: "Correct the value, or write an expression that gives the right type."),
        ErrorPage(
            .workflowOperationParametersIncorrectEnum,
            happened: "A parameter of an operation has a value that is not among the allowed ones.",
            why: "The operation takes certain values only.",
            remedy: "Take one that the message lists."),
        ErrorPage(
            .unknownConnector, happened: "A flow uses a connector that flowrun does not know.",
            why: "Only the operations of known connectors can be checked and carried out.",
            remedy: "'flowrun connectors' lists those it knows."),
        ErrorPage(
            .operationDeprecated, happened: "A flow uses an operation that is deprecated.",
            why: "The service has a newer one.",
            remedy: "Change to the newer operation when there is time."),
        ErrorPage(
            .invokerConnectionWithoutUser,
            happened: "A connection reference is provided by the run-only user in a flow that no user runs.",
            why: "A flow that starts by itself has only its owner's connections.",
            remedy: "Set runtimeSource: embedded."),
    ]

    private static let practicePages: [ErrorPage] = [
        ErrorPage(
            .expressionNotEvaluated, happened: "A text reads like an expression, and is taken as it is.",
            why: "Expressions begin with @, or stand as @{...} inside a text.",
            remedy: "Add the @, or write the text so that it cannot be mistaken."),
        ErrorPage(
            .noOutput, happened: "An expression reads an output that does not exist.",
            why: "Scopes, conditions, loops and delays have no outputs; a Recurrence brings no body.",
            remedy: "Read the action inside, or result('name')."),
        ErrorPage(
            .unknownProperty,
            happened:
                "An expression reads a property that its schema does not have, or reads an optional one without '?'.",
            why: "The value is null, or the action fails, when the property is missing.",
            remedy: "Correct the name, or write ?['name']."),
        ErrorPage(
            .timeZoneNotPortable, happened: "A time zone is given by its IANA name.",
            why: "flowrun reads such names; the platform documents the Windows names only.",
            remedy: "Take the Windows name."),
        ErrorPage(
            .secretInText, happened: "A secret stands in the flow file in plain text.",
            why: "Whoever can read the file can read the secret, and so can its history.",
            remedy: "Put it into a SecureString parameter or an environment variable, and change the secret."),
        ErrorPage(
            .selfTrigger, happened: "A flow writes what its own trigger watches.",
            why: "Each run then starts the next.",
            remedy: "Add a trigger condition, or watch only columns that the flow does not write."),
        ErrorPage(
            .unreachableAction, happened: "An action can never run.",
            why: "What it waits for cannot happen, or its branch is never taken.",
            remedy: "Correct the runAfter conditions or the condition of the branch."),
        ErrorPage(
            .constantCondition, happened: "The condition of a loop never changes.",
            why: "It reads nothing that the loop changes.",
            remedy: "Read a variable or an output of the loop."),
    ]
}
