/// Flows of one action, for tests of what happens around them.
enum SmallFlows {
    /// Greets a person; its one input is required.
    static let hello = """
        name: Hello
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Name } }, required: [text] } }
        actions:
          Greet:
            type: Compose
            inputs: "@concat('Hello, ', triggerBody()['text'])"
        """

    /// Waits for two seconds.
    static let slow = """
        name: Slow
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: {} } }
        actions:
          Wait_a_little:
            type: Wait
            inputs: { interval: { count: 2, unit: Second } }
        """

    /// Calls one operation, once.
    static func calling(_ operation: String, of connector: String, _ parameters: String, name: String) -> String {
        """
        name: \(name)
        connectionReferences:
          ref: { connector: \(connector), connectionReferenceLogicalName: \(connector)_ref, runtimeSource: embedded }
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: {} } }
        actions:
          Call:
            type: OpenApiConnection
            inputs:
              host:
                apiId: /providers/Microsoft.PowerApps/apis/shared_\(connector)
                connectionName: ref
                operationId: \(operation)
              parameters: \(parameters)
              authentication: "@parameters('$authentication')"
              retryPolicy: { type: none }
        """
    }

    /// Lists referrals of Partner Center.
    static let referrals = calling(
        "GetAllReferrals", of: "partnercenterref", "{ $top: 1 }", name: "Referrals")

    /// Lists accounts of Salesforce.
    static let accounts = calling("GetItems", of: "salesforce", "{ table: Account, $top: 1 }", name: "Accounts")
}
