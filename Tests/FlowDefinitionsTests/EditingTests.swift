import FlowCore
import FlowDefinitions
import Testing

/// Completion, hover and definitions over a text in which `▮` is the cursor.
@Suite struct EditingTests {
    // MARK: The flow around the cursor

    /// A flow whose loop holds the given text as its last action, indented by six blanks.
    private static func flow(_ text: String, connection: String = "") -> String {
        let inner = text.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }
        return """
            name: main
            connectionReferences:
              sf: {connector: salesforce, connectionReferenceLogicalName: msft_sf}
            parameters:
              Deal value field (msft_deal): {type: String, defaultValue: Amount}
            triggers:
              manual:
                type: Request
                kind: Button
                inputs:
                  schema:
                    type: object
                    properties:
                      text: {title: Referral, type: string}
                      orders:
                        type: array
                        items: {type: object, properties: {id: {type: integer}, city: {type: string}}}
                    required: [text]
            actions:
              Init:
                type: InitializeVariable
                inputs: {variables: [{name: total, type: integer, value: 0}]}
              Read:
                type: ParseJson
                runAfter: {Init: [Succeeded]}
                inputs: {content: "@triggerBody()['text']", schema: {type: object, properties: {email: {type: string}}}}
              It's_known:
                type: Compose
                runAfter: {Read: [Succeeded]}
                inputs: {name: Ann, size: 3}
              Try:
                type: Scope
                runAfter: {"It's_known": [Succeeded]}
                actions:
                  Inside: {type: Compose, inputs: 1}
              Apart: {type: Compose, inputs: 1}
              Each:
                type: Foreach
                runAfter: {Try: [Succeeded, Failed]}
                foreach: "@triggerBody()?['orders']"
                actions:
                  First: {type: Compose, inputs: 1}

            """ + inner.map { $0.isEmpty ? "" : "      " + $0.dropFirst(6) }.joined(separator: "\n") + """

                  Later:
                    type: Compose
                    runAfter: {Each: [Succeeded]}
                    inputs: 1
                """
    }

    private static let child = """
        name: price of an item
        triggers:
          manual: {type: Request, kind: Button, inputs: {schema: {type: object, properties: {}}}}
        actions:
          Answer: {type: Response, kind: PowerApp, inputs: {statusCode: 200, body: {price: 3}}}
        """

    /// A workspace with a marked text, and the place of the mark.
    private func workspace(_ marked: String, name: String = "main.flow.yaml") throws -> (FlowWorkspace, TextPosition) {
        let parts = marked.split(separator: "▮", omittingEmptySubsequences: false).map(String.init)
        try #require(parts.count == 2, "one mark")
        var workspace = FlowWorkspace(catalog: SmallCatalog())
        workspace.set("price.flow.yaml", text: Self.child)
        workspace.set(name, text: parts[0] + parts[1])
        let document = try #require(workspace.document(name))
        return (workspace, document.position(of: parts[0].utf8.count))
    }

    /// The text after accepting a completion.
    private func accept(_ label: String, in marked: String, name: String = "main.flow.yaml") throws -> String {
        var (workspace, position) = try workspace(marked, name: name)
        let found = workspace.completions(in: name, at: position)
        let completion = try #require(found.first { $0.label == label }, "no completion \(label)")
        var document = try #require(workspace.document(name))
        document.replace(completion.range, with: completion.text)
        return document.text
    }

    // MARK: Completion

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let offered: [String]
        let absent: [String]

        init(_ text: String, _ offered: [String], not absent: [String] = []) {
            self.text = text
            self.offered = offered
            self.absent = absent
        }

        var testDescription: String { text }
    }

    static let inActions: [Case] = [
        // Functions, finished or not.
        Case("Here:\n  type: Compose\n  inputs: \"@▮\"", ["concat", "triggerBody", "utcNow"]),
        Case("Here:\n  type: Compose\n  inputs: \"@toUp▮", ["toUpper"]),
        Case("Here:\n  type: Compose\n  inputs: \"a @{con▮", ["concat"]),
        Case("Here:\n  type: Compose\n  inputs: \"a @{concat('x', ▮)}\"", ["concat", "true"], not: ["'total'"]),
        Case("Here:\n  type: Compose\n  inputs: plain ▮", [], not: ["concat"]),
        Case("Here:\n  type: Compose\n  inputs: \"@@▮\"", [], not: ["concat"]),
        // Actions within reach.
        Case(
            "Here:\n  type: Compose\n  runAfter: {First: [Succeeded]}\n  inputs: \"@outputs('▮')\"",
            ["First", "It's_known", "Read", "Inside"], not: ["Apart", "Later", "Here", "Try", "Each", "Init"]),
        Case(
            "Here:\n  type: Compose\n  inputs: \"@outputs('▮", ["It's_known", "Read", "Inside"],
            not: ["First", "Apart", "Later"]),
        Case("Here:\n  type: Compose\n  inputs: \"@body(▮", ["Read", "concat"], not: ["Apart"]),
        Case("Here:\n  type: Compose\n  inputs: \"@actions('▮')\"", ["Try", "Inside"], not: ["Each", "Apart"]),
        Case("Here:\n  type: Compose\n  inputs: \"@result('▮')\"", ["Try"], not: ["Inside", "Each"]),
        Case("Here:\n  type: Compose\n  inputs:\n    - a: \"@concat('b', items('▮", ["Each"], not: ["First"]),
        Case("Here:\n  type: Compose\n  inputs: '@variables(''▮'')'", ["total"]),
        Case("Here:\n  type: Compose\n  inputs: \"@parameters('▮')\"", ["Deal value field (msft_deal)"]),
        Case("Here:\n  type: Compose\n  inputs: >\n    @{variables('▮", ["total"]),
        // Properties.
        Case("Here:\n  type: Compose\n  inputs: \"@triggerBody()?['▮']\"", ["text", "orders"]),
        Case("Here:\n  type: Compose\n  inputs: \"@triggerBody()[▮", ["text", "orders"]),
        Case("Here:\n  type: Compose\n  inputs: \"@triggerBody()?.te▮", ["text", "orders"]),
        Case("Here:\n  type: Compose\n  inputs: \"@triggerOutputs()?['▮']\"", ["body", "headers"]),
        Case("Here:\n  type: Compose\n  inputs: \"@concat(items('Each')?['▮'], 'x')\"", ["id", "city"]),
        Case("Here:\n  type: Compose\n  inputs: \"@item()?['▮']\"", ["id", "city"]),
        Case("Here:\n  type: Compose\n  inputs: \"@first(triggerBody()?['orders'])?['▮", ["id", "city"]),
        Case("Here:\n  type: Compose\n  inputs: \"@body('Read')?['▮']\"", ["email"]),
        Case("Here:\n  type: Compose\n  inputs: \"@outputs('Read')?['body']?['▮']\"", ["email"]),
        Case("Here:\n  type: Compose\n  inputs: \"@outputs('It''s_known')?['▮']\"", ["name", "size"]),
        Case("Here:\n  type: Compose\n  inputs: \"@actions('Try')?['▮']\"", ["status", "error", "startTime"]),
        Case("Here:\n  type: Compose\n  inputs: \"@actions('Try')?['error']?['▮']\"", ["code", "message"]),
        Case("Here:\n  type: Compose\n  inputs: \"@workflow()?['run']?['▮']\"", ["name", "id"]),
        Case(
            "Here:\n  type: Select\n  inputs:\n    from: \"@triggerBody()?['orders']\"\n    select: \"@item()?['▮']\"",
            ["id", "city"]),
        Case(
            "Here:\n  type: Workflow\n  inputs: {host: {workflowReferenceName: price}}\nThen:\n  type: Compose\n  runAfter: {Here: [Succeeded]}\n  inputs: \"@body('Here')?['▮']\"",
            ["price"]),
        // Keys.
        Case("Here:\n  ▮", ["type", "runAfter", "inputs", "limit"]),
        Case("Here:\n  type: Foreach\n  ▮", ["foreach", "actions", "runAfter"], not: ["type", "inputs"]),
        Case("Here:\n  type: Compose\n  run▮\n  inputs: 1", ["runAfter"], not: ["inputs", "type"]),
        Case("Here:\n  type: Http\n  inputs:\n    ▮", ["method", "uri", "headers", "retryPolicy"]),
        Case("Here:\n  type: Http\n  inputs:\n    method: GET\n    u▮", ["uri"], not: ["method"]),
        Case("Here: {type: Http, inputs: {method: GET, ▮", ["uri", "body"], not: ["method"]),
        Case("Here:\n  type: Http\n  inputs:\n    retryPolicy:\n      ▮", ["type", "count", "interval"]),
        Case("Here:\n  type: If\n  expression:\n    and:\n      - ▮", ["equals", "greater", "not"]),
        Case("Here:\n  type: Switch\n  cases:\n    One:\n      ▮", ["case", "actions"]),
        Case(
            "Here:\n  type: InitializeVariable\n  inputs:\n    variables:\n      - name: x\n        ▮",
            ["type", "value"]),
        // runAfter.
        Case("Here:\n  type: Compose\n  runAfter:\n    ▮", ["First"], not: ["Here", "Read", "Later"]),
        Case("Here:\n  type: Compose\n  runAfter: {▮}", ["First"], not: ["Here"]),
        Case("Here:\n  type: Compose\n  runAfter: {First: [▮]}", ["Succeeded", "Failed", "Skipped", "TimedOut"]),
        Case("Here:\n  type: Compose\n  runAfter:\n    First:\n      - ▮", ["Succeeded", "TimedOut"]),
        // Words.
        Case("Here:\n  type: ▮", ["Compose", "Foreach", "OpenApiConnection", "Workflow"]),
        Case("Here: {type: Com▮", ["Compose"]),
        Case("Here:\n  type: Terminate\n  inputs: {runStatus: ▮", ["Succeeded", "Failed", "Cancelled"]),
        Case("Here:\n  type: Expression\n  kind: ▮", ["AddToTime", "ConvertTimeZone"]),
        Case("Here:\n  type: SetVariable\n  inputs:\n    name: ▮", ["total"]),
        Case(
            "Here:\n  type: InitializeVariable\n  inputs:\n    variables:\n      - name: x\n        type: ▮",
            ["string", "array"]),
        Case("Here:\n  type: Compose\n  inputs: \"@addToTime(utcNow(), 1, '▮", ["Day", "Month"]),
        // Connectors.
        Case("Here:\n  type: OpenApiConnection\n  inputs:\n    host:\n      connectionName: ▮", ["sf"]),
        Case(
            "Here:\n  type: OpenApiConnection\n  inputs:\n    host:\n      connectionName: sf\n      operationId: ▮",
            ["GetItems", "PatchItem_V3"], not: ["ListRecords", "GetOnNewItems"]),
        Case(
            "Here:\n  type: OpenApiConnection\n  inputs:\n    host: {connectionName: sf, operationId: GetItem_V2}\n    parameters:\n      table: x\n      ▮",
            ["id", "$select"], not: ["table", "item"]),
        // Child flows.
        Case(
            "Here:\n  type: Workflow\n  inputs:\n    host:\n      workflowReferenceName: ▮", ["price of an item"],
            not: ["main"]),
        // Nothing in comments and behind complete values.
        Case("Here:\n  # ▮", [], not: ["type"]),
        Case("Here:\n  type: Compose\n  inputs: \"@concat('a')▮\"", [], not: ["concat"]),
    ]

    @Test(arguments: inActions) func `an action is completed with what is legal at its place`(_ example: Case) throws {
        var (workspace, position) = try workspace(Self.flow(example.text))
        let labels = workspace.completions(in: "main.flow.yaml", at: position).map(\.label)
        for label in example.offered { #expect(labels.contains(label), "misses \(label) among \(labels)") }
        for label in example.absent { #expect(!labels.contains(label), "must not offer \(label)") }
        if example.offered.isEmpty { #expect(labels.isEmpty) }
    }

    static let inFiles: [Case] = [
        Case("▮", ["name", "triggers", "actions"]),
        Case("name: x\n▮", ["triggers", "actions", "connectionReferences"], not: ["name"]),
        Case("triggers:\n  T:\n    ▮\nactions: {}", ["type", "recurrence", "inputs"]),
        Case("triggers:\n  T:\n    type: ▮\nactions: {}", ["Request", "Recurrence"], not: ["Compose"]),
        Case("triggers:\n  T:\n    type: Request\n    kind: ▮\nactions: {}", ["Button", "Http"]),
        Case("triggers:\n  T:\n    type: Recurrence\n    recurrence:\n      ▮", ["frequency", "interval"]),
        Case("triggers:\n  T:\n    type: Recurrence\n    recurrence: {frequency: ▮", ["Day", "Hour"]),
        Case("connectionReferences:\n  a:\n    ▮", ["connector", "runtimeSource"]),
        Case("connectionReferences:\n  a:\n    runtimeSource: ▮", ["embedded", "invoker"]),
        Case("parameters:\n  a:\n    type: ▮", ["String", "SecureString"]),
        Case(
            "connectionReferences: {s: {connector: salesforce}}\ntriggers:\n  T:\n    type: OpenApiConnection\n    inputs:\n      host:\n        connectionName: s\n        operationId: ▮",
            ["GetOnNewItems"], not: ["GetItems"]),
    ]

    @Test(arguments: inFiles) func `a file is completed part by part`(_ example: Case) throws {
        var (workspace, position) = try workspace(example.text)
        let labels = workspace.completions(in: "main.flow.yaml", at: position).map(\.label)
        for label in example.offered { #expect(labels.contains(label), "misses \(label) among \(labels)") }
        for label in example.absent { #expect(!labels.contains(label), "must not offer \(label)") }
    }

    @Test func `JSON flows are completed as well`() throws {
        func flow(_ action: String) -> String {
            """
            {"properties": {"displayName": "x", "definition": {
              "triggers": {"manual": {"type": "Request", "kind": "Http", "inputs": {"schema":
                {"type": "object", "properties": {"city": {"type": "string"}}}}}},
              "actions": {
                "First": {"type": "Compose", "inputs": 1},
                "Second": {"type": "Compose", "runAfter": {"First": ["Succeeded"]},
                  \(action)
                }
              }}}}
            """
        }
        let cases = [
            ("\"inputs\": \"@triggerBody()?['▮']\"", "city"), ("\"inputs\": \"@outputs('▮", "First"),
            ("\"▮", "limit"), ("\"inputs\": {\"a\": \"@toUp▮\"}", "toUpper"),
        ]
        for (text, label) in cases {
            var (workspace, position) = try workspace(flow(text), name: "x.flow.json")
            let labels = workspace.completions(in: "x.flow.json", at: position).map(\.label)
            #expect(labels.contains(label), "misses \(label) at \(text) among \(labels)")
        }
    }

    @Test func `a broken text is completed from its last readable state`() throws {
        let marked = Self.flow("Here:\n  type: Compose\n  inputs: \"@body('▮')\"")
        var (workspace, position) = try workspace(marked)
        let before = workspace.completions(in: "main.flow.yaml", at: position)
        #expect(before.contains { $0.label == "Read" })
        // A bracket that is never closed, far from the cursor.
        workspace.replace(
            TextRange(TextPosition(line: 4, character: 0), TextPosition(line: 4, character: 0)), with: "  x: {a: [\n",
            in: "main.flow.yaml")
        let moved = TextPosition(line: position.line + 1, character: position.character)
        let findings = workspace.diagnostics(of: "main.flow.yaml")
        let after = workspace.completions(in: "main.flow.yaml", at: moved)
        #expect(findings.contains { $0.finding.severity == .error })
        #expect(after.contains { $0.label == "Read" })
    }

    @Test func `what is accepted is written with the quotes and escapes of its place`() throws {
        let inDouble = Self.flow("Here:\n  type: Compose\n  inputs: \"@outputs('▮')\"")
        #expect(try accept("It's_known", in: inDouble).contains("inputs: \"@outputs('It''s_known')\""))
        let inSingle = Self.flow("Here:\n  type: Compose\n  inputs: '@outputs(''▮'')'")
        #expect(try accept("It's_known", in: inSingle).contains("inputs: '@outputs(''It''''s_known'')'"))
        let half = Self.flow("Here:\n  type: Compose\n  inputs: \"@outputs('It''▮s_k')?['name']\"")
        #expect(try accept("It's_known", in: half).contains("inputs: \"@outputs('It''s_known')?['name']\""))
        let bracket = Self.flow("Here:\n  type: Compose\n  inputs: \"@triggerBody()?[▮]\"")
        #expect(try accept("orders", in: bracket).contains("inputs: \"@triggerBody()?['orders']\""))
        let name = Self.flow("Here:\n  type: Compose\n  inputs: \"@toL▮ow('A')\"")
        #expect(try accept("toLower", in: name).contains("inputs: \"@toLower('A')\""))
        let key = Self.flow("Here:\n  type: Compose\n  lim▮")
        #expect(try accept("limit", in: key).contains("limit: "))
        let old = Self.flow("Here:\n  type: Compose\n  lim▮it: {timeout: PT1H}")
        #expect(try accept("limit", in: old).contains("limit: {timeout: PT1H}"))
        let type = Self.flow("Here:\n  type: Com▮pos\n  inputs: 1")
        #expect(try accept("Compose", in: type).contains("type: Compose\n"))
        let top = "actions:\n  a,b: {type: Compose, inputs: 1}\n  c: {type: Compose, inputs: 1, runAfter: {▮}}"
        #expect(try accept("a,b", in: top).contains("runAfter: {'a,b': }"))
    }

    // MARK: Hover and definitions

    static let hovers: [(String, [String])] = [
        ("Here:\n  type: Compose\n  inputs: \"@to▮Upper('a')\"", ["toUpper(", "upper case"]),
        ("Here:\n  type: Compose\n  inputs: \"@body('Re▮ad')\"", ["**Read**", "ParseJson", "Runs after `Init`"]),
        ("Here:\n  type: Compose\n  inputs: \"@outputs('Inside▮')\"", ["**Inside**", "in `Try`"]),
        ("Here:\n  type: Compose\n  inputs: \"@variables('▮total')\"", ["**total**", "integer"]),
        ("Here:\n  type: Compose\n  inputs: \"@parameters('Deal ▮value field (msft_deal)')\"", ["String", "Amount"]),
        ("Here:\n  type: Compose\n  inputs: \"@triggerBody()?['te▮xt']\"", ["**text**: string, required", "Referral"]),
        ("Here:\n  type: Comp▮ose\n  inputs: 1", ["**Compose**", "value"]),
        ("Here:\n  type: Compose\n  run▮After: {First: [Succeeded]}\n  inputs: 1", ["**runAfter**"]),
        ("Here:\n  type: Compose\n  runAfter: {Fir▮st: [Succeeded]}\n  inputs: 1", ["**First**", "Compose"]),
        ("He▮re:\n  type: Compose\n  inputs: 1", ["**Here**"]),
        (
            "Here:\n  type: OpenApiConnection\n  inputs:\n    host: {connectionName: sf, operationId: Get▮Items}",
            ["**GetItems** of `salesforce`", "Gets records.", "`table` (string, required)"]
        ),
        (
            "Here:\n  type: OpenApiConnection\n  inputs:\n    host: {connectionName: s▮f, operationId: GetItems}",
            ["salesforce", "msft_sf"]
        ),
        (
            "Here:\n  type: OpenApiConnection\n  inputs:\n    host: {connectionName: sf, operationId: GetItems}\n    parameters: {ta▮ble: x}",
            ["`table` (string, required)"]
        ),
        (
            "Here:\n  type: Workflow\n  inputs: {host: {workflowReferenceName: price▮ of an item}}",
            ["**price of an item**", "price.flow.yaml"]
        ),
        ("Here:\n  type: Compose\n  inputs: \"@nofunc▮tion()\"", ["InvalidTemplate", "What to do"]),
    ]

    @Test(arguments: hovers) func `hovering says what a word stands for`(_ text: String, _ parts: [String]) throws {
        var (workspace, position) = try workspace(Self.flow(text))
        let found = workspace.hover(in: "main.flow.yaml", at: position)
        let hover = try #require(found, "nothing at \(text)")
        for part in parts { #expect(hover.text.contains(part), "\(hover.text)") }
    }

    /// The word under the cursor, and the line that its declaration begins with.
    static let definitions: [(String, String)] = [
        ("Here:\n  type: Compose\n  inputs: \"@body('Re▮ad')\"", "Read:"),
        ("Here:\n  type: Compose\n  inputs: \"@{outputs('It''s▮_known')}\"", "It's_known:"),
        ("Here:\n  type: Compose\n  runAfter: {Fir▮st: [Succeeded]}\n  inputs: 1", "First:"),
        ("Here:\n  type: Compose\n  inputs: \"@items('Ea▮ch')\"", "Each:"),
        ("Here:\n  type: Compose\n  inputs: \"@variables('to▮tal')\"", "total,"),
        ("Here:\n  type: SetVariable\n  inputs: {name: to▮tal, value: 1}", "total,"),
        ("Here:\n  type: Compose\n  inputs: \"@parameters('Deal▮ value field (msft_deal)')\"", "Deal value"),
        ("Here:\n  type: OpenApiConnection\n  inputs: {host: {connectionName: s▮f}}", "sf: {connector"),
    ]

    @Test(arguments: definitions) func `a name leads to its declaration`(_ text: String, _ line: String) throws {
        var (workspace, position) = try workspace(Self.flow(text))
        let places = workspace.definitions(in: "main.flow.yaml", at: position)
        let place = try #require(places.first, "nothing at \(text)")
        let document = try #require(workspace.document(place.file))
        let rest = String(decoding: document.bytes[document.offset(of: place.range.start)...], as: UTF8.self)
        #expect(rest.hasPrefix(line), "\(rest.prefix(40))")
    }

    @Test func `a child flow is found in its file, the one in the same folder first`() throws {
        let text = "actions:\n  C: {type: Workflow, inputs: {host: {workflowReferenceName: pri▮ce}}}"
        var (workspace, position) = try workspace(text, name: "a/main.flow.yaml")
        workspace.set("a/price.flow.yaml", text: Self.child)
        workspace.set("b/price.flow.yaml", text: Self.child)
        let places = workspace.definitions(in: "a/main.flow.yaml", at: position)
        #expect(places.map(\.file) == ["a/price.flow.yaml"])
        #expect(places.first?.range.start == TextPosition(line: 0, character: 6))
        let dependents = workspace.dependents(of: "a/price.flow.yaml")
        #expect(dependents == ["a/main.flow.yaml"])
    }

    // MARK: Texts and findings

    @Test func `positions count UTF-16 units and lines of any ending`() {
        var document = TextDocument(name: "x", text: "a😀é\r\nb\rc\n😀d")
        let places: [(Int, Int, Int)] = [
            (0, 0, 0), (0, 1, 1), (0, 3, 5), (0, 9, 7), (1, 1, 10), (2, 0, 11), (3, 3, 18),
        ]
        for (line, character, offset) in places {
            #expect(document.offset(of: TextPosition(line: line, character: character)) == offset)
        }
        #expect(document.position(of: 5) == TextPosition(line: 0, character: 3))
        #expect(document.position(of: 17) == TextPosition(line: 3, character: 2))
        document.replace(
            TextRange(TextPosition(line: 0, character: 1), TextPosition(line: 3, character: 2)), with: "–")
        #expect(document.text == "a–d")
    }

    @Test func `findings cover the word they are about, in UTF-16 units`() throws {
        var workspace = FlowWorkspace(catalog: SmallCatalog())
        workspace.set(
            "x.flow.yaml",
            text: """
                triggers: {manual: {type: Request, kind: Button, inputs: {}}}
                actions:
                  A: {type: Compose, inputs: "😀 @{nofunction()}"}
                """)
        let findings = workspace.diagnostics(of: "x.flow.yaml")
        let finding = try #require(findings.first)
        #expect(finding.finding.code == .invalidTemplate)
        #expect(finding.range.start == TextPosition(line: 2, character: 35))
        #expect(finding.range.end == TextPosition(line: 2, character: 45))
    }

    @Test func `findings of a text equal those of the checker`() {
        let text = Self.flow("Here:\n  type: Compose\n  inputs: \"@body('Rad')\"")
        var workspace = FlowWorkspace(catalog: SmallCatalog())
        workspace.set("x.flow.yaml", text: text)
        let expected = FlowChecker(catalog: SmallCatalog()).check(files: [(name: "x.flow.yaml", text: text)])
        let found = workspace.diagnostics(of: "x.flow.yaml").map(\.finding)
        #expect(found == expected)
        #expect(!expected.isEmpty)
    }

    @Test func `no prefix of a flow makes completion or hover fail`() throws {
        let text = Self.flow("Here:\n  type: Compose\n  inputs: '@concat(body(''Read'')?[''email''], \"x\")'")
        let bytes = Array(text.utf8)
        var workspace = FlowWorkspace(catalog: SmallCatalog())
        for end in stride(from: 0, through: bytes.count, by: 7) {
            workspace.set("x.flow.yaml", bytes: Array(bytes[..<end]))
            let document = try #require(workspace.document("x.flow.yaml"))
            let position = document.position(of: end)
            _ = workspace.completions(in: "x.flow.yaml", at: position)
            _ = workspace.hover(in: "x.flow.yaml", at: position)
            _ = workspace.definitions(in: "x.flow.yaml", at: position)
        }
    }

    @Test func `a flow of five hundred actions is answered quickly`() throws {
        var text = "name: big\ntriggers: {manual: {type: Request, kind: Button, inputs: {}}}\nactions:\n"
        for number in 1...500 {
            text += "  Action_\(number):\n    type: Compose\n"
            if number > 1 { text += "    runAfter: {Action_\(number - 1): [Succeeded]}\n" }
            text += "    inputs: \"@concat('a', string(\(number > 1 ? "outputs('Action_\(number - 1)')" : "1")))\"\n"
        }
        var workspace = FlowWorkspace(catalog: SmallCatalog())
        workspace.set("big.flow.yaml", text: text)
        let clock = ContinuousClock()
        let end = TextPosition(line: 2_003, character: 0)
        var findings: [FileDiagnostic] = []
        let check = clock.measure { findings = workspace.diagnostics(of: "big.flow.yaml") }
        #expect(findings.isEmpty)
        let completion = clock.measure { _ = workspace.completions(in: "big.flow.yaml", at: end) }
        workspace.replace(TextRange(end, end), with: "  Last:\n    inputs: \"@outputs('", in: "big.flow.yaml")
        let last = TextPosition(line: 2_004, character: 22)
        var labels: [String] = []
        let broken = clock.measure { labels = workspace.completions(in: "big.flow.yaml", at: last).map(\.label) }
        #expect(labels.count == 500 || labels.isEmpty == false)
        print("500 actions: check \(check), completion \(completion), completion in a broken text \(broken)")
    }
}
