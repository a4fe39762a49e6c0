import FlowCore
import FlowDefinitions
import FlowText
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct SchemaTests {
    private func findings(_ text: String, _ schema: FileSchema) -> [String] {
        guard let value = FlowTextReader.read(text, file: "f").root?.json else { return ["unreadable"] }
        return SchemaValidator(schema.json).check(value)
    }

    @Test func `Every flow and solution of the repository fits its schema`() {
        let files = SourceFolder.files(
            in: ["flows", "Examples"], endings: [".flow.yaml", "/solution.yaml", "/flowrun.yaml"])
        #expect(files.count > 15)
        for file in files {
            let schema: FileSchema =
                file.hasSuffix("/solution.yaml") ? .solution : file.hasSuffix("/flowrun.yaml") ? .project : .flow
            let found = findings(SourceFolder.text(file), schema)
            #expect(found.isEmpty, "\(file): \(found.joined(separator: "; "))")
        }
    }

    @Test(arguments: [
        (
            "triggers: {t: {type: Recurrence, recurrence: {frequency: Day, interval: 1, schedule: {hours: [6], weekDays: [Monday]}}}}",
            ""
        ),
        ("triggers: {t: {type: Reccurrence, recurrence: {frequency: Day, interval: 1}}}", "triggers.t.type"),
        ("triggers: {t: {type: Recurrence}}", "triggers.t"),
        ("triggers: {t: {type: Recurrence, recurrence: {frequency: Daily, interval: 1}}}", "triggers.t.recurrence"),
        ("triggers: {t: {type: Request, kind: Buton}}", "triggers.t.kind"),
        ("triggers: {t: {type: Request, kind: Button, input: {}}}", "triggers.t.input"),
        ("actions: {}", ""), ("tiggers: {t: {type: Request}}", "tiggers"), ("triggers: {}", "triggers"),
        (
            "connectionReferences: {c: {connector: salesforce, runtimeSource: inovker}}",
            "connectionReferences.c.runtimeSource"
        ),
        ("parameters: {p: {type: Text}}", "parameters.p.type"),
        ("parameters: {p: {type: String, default: x}}", "parameters.p.default"),
        ("kind: logicap", "kind"), ("id: 12", "id"),
        ("actions: {A: {type: Compose, inputs: 1, runAfter: {B: [Succeded]}}}", "actions.A.runAfter.B[0]"),
        ("actions: {A: {type: Compose, inputs: 1, runAfter: {B: []}}}", "actions.A.runAfter.B"),
        ("actions: {A: {type: Compose, input: 1}}", "actions.A.input"), ("actions: {A: {type: Compose}}", "actions.A"),
        ("actions: {A: {type: Composed, inputs: 1}}", "actions.A.type"), ("actions: {A: {inputs: 1}}", "actions.A"),
        (
            "actions: {A: {type: Http, inputs: {method: GET, uri: 'https://a.example', retryPolicy: {type: fixed, count: 3, interval: PT5S}}}}",
            ""
        ),
        ("actions: {A: {type: Http, inputs: {method: GTE, uri: 'https://a.example'}}}", "actions.A.inputs"),
        ("actions: {A: {type: Http, inputs: {method: GET}}}", "actions.A.inputs"),
        ("actions: {A: {type: Http, inputs: {method: GET, uri: u, retryPolicy: {type: fixd}}}}", "actions.A.inputs"),
        (
            "actions: {A: {type: Http, retryPolicy: {type: none}, inputs: {method: GET, uri: u}}}",
            "actions.A.retryPolicy"
        ),
        ("actions: {A: {type: Select, inputs: {from: '@body(''B'')'}}}", "actions.A.inputs"),
        ("actions: {A: {type: Select, inputs: '@body(''B'')'}}", ""),
        ("actions: {A: {type: Query, inputs: {from: [1], where: 'true'}}}", "actions.A.inputs"),
        ("actions: {A: {type: InitializeVariable, inputs: {variables: [{name: v, type: text}]}}}", "actions.A.inputs"),
        ("actions: {A: {type: Until, expression: '@true', actions: {}}}", "actions.A"),
        ("actions: {A: {type: Until, expression: '@true', limit: {count: 5, timeout: PT1H}, actions: {}}}", ""),
        (
            "actions: {A: {type: If, expression: {and: [{equals: [1, 1]}]}, actions: {}, else: {actions: {B: {type: Wait, inputs: {interval: {count: 1, unit: Secnd}}}}}}}",
            "actions.A.else.actions.B.inputs"
        ),
        ("actions: {A: {type: If, expression: [1], actions: {}}}", "actions.A.expression"),
        ("actions: {A: {type: If, expression: {equals: [1, 1], not: '@true'}, actions: {}}}", "actions.A.expression"),
        ("actions: {A: {type: Switch, expression: '@x', cases: {C: {actions: {}}}}}", "actions.A.cases.C"),
        ("actions: {A: {type: Foreach, actions: {}}}", "actions.A"),
        (
            "actions: {A: {type: Foreach, foreach: '@x', runtimeConfiguration: {concurrency: {repetitions: 51}}, actions: {}}}",
            "actions.A.runtimeConfiguration.concurrency.repetitions"
        ),
        (
            "actions: {A: {type: Scope, actions: {B: {type: Terminate, inputs: {runStatus: Failure}}}}}",
            "actions.A.actions.B.inputs"
        ),
        ("actions: {A: {type: Response, kind: Htp, inputs: {statusCode: 200}}}", "actions.A.kind"),
        ("actions: {A: {type: Compose, inputs: 1, operationOptions: Sequentiel}}", "actions.A.operationOptions"),
        (
            "actions: {A: {type: Compose, inputs: 1, runtimeConfiguration: {secureData: {properties: [input]}}}}",
            "actions.A.runtimeConfiguration.secureData.properties[0]"
        ),
        ("actions: {A: {type: Compose, inputs: 1, limit: {timeout: 1 hour}}}", "actions.A.limit.timeout"),
        ("actions: {A: {type: OpenApiConnection, inputs: {parameters: {}}}}", "actions.A.inputs"),
    ])
    func `A mistake in a flow file is found at its place`(text: String, place: String) {
        let start =
            text.hasPrefix("triggers") || text.hasPrefix("tiggers") ? "" : "triggers: {manual: {type: Request}}\n"
        let found = findings(start + text + "\n", .flow)
        if place.isEmpty {
            #expect(found.isEmpty, "\(found)")
        } else {
            #expect(found.contains { $0.hasPrefix("\(place):") }, "\(found)")
        }
    }

    @Test(arguments: [
        (
            FileSchema.solution,
            "uniqueName: X\nversion: '1.0'\nflows: [a.flow.yaml, {file: b.flow.yaml, aliases: [B]}]\n", ""
        ),
        (.solution, "displayName: X\n", ""), (.solution, "uniqueName: X\nversion: 1.0\n", "version"),
        (.solution, "uniqueName: X\nenvironmentVariables: {v: {type: Text}}\n", "environmentVariables.v.type"),
        (.solution, "uniqueName: X\nflows: [{files: a}]\n", "flows[0]"),
        (.solution, "uniqueName: X\nflow: []\n", "flow"),
        (.solution, "uniqueName: X\nconnectionReferences: {c: {displayName: C}}\n", "connectionReferences.c"),
        (.solution, "uniqueName: X\nechoGuard: [{trigger: T}]\n", "echoGuard[0]"),
        (
            .project,
            "environments:\n  default:\n    store: sqlite\n    durability: full\n    performanceProfile: medium\n"
                + "    coSellPlan: paid\n    endpoints: sandbox\n    allowedHosts: []\n"
                + "    server: {listen: 127.0.0.1:7070, publicUrl: http://127.0.0.1:7070}\nsolutions: [flows/a]\n", ""
        ), (.project, "environments: {default: {endpoints: {salesforce: https://a.example}}, test: null}\n", ""),
        (.project, "environments: {default: {endpoints: {salesforc: https://a.example}}}\n", "environments.default"),
        (.project, "environments: {default: {durability: ful}}\n", "environments.default"),
        (.project, "environments: {sandbox: {}}\n", "environments"), (.project, "solution: []\n", "solution"),
    ])
    func `A mistake in a solution or project is found`(schema: FileSchema, text: String, place: String) {
        let found = findings(text, schema)
        switch (place, text.hasPrefix("displayName")) {
        case ("", false): #expect(found.isEmpty, "\(found)")
        case (_, true): #expect(found == [": 'uniqueName' is missing"])
        default: #expect(found.contains { $0.hasPrefix("\(place):") }, "\(found)")
        }
    }

    @Test(arguments: FileSchema.allCases) func `Every part of a schema is named, described and there`(
        schema: FileSchema
    ) {
        let json = schema.json
        #expect(json["$schema"] == "http://json-schema.org/draft-07/schema#")
        #expect(json["title"] != nil)
        var problems: [String] = []
        func walk(_ node: JSON, _ path: String) {
            if let reference = node["$ref"]?.stringValue {
                let name = reference.split(separator: "/").last.map(String.init) ?? ""
                if json["definitions"]?[name] == nil { problems.append("\(path): \(reference) is nowhere") }
            }
            for (key, member) in node["properties"]?.objectValue ?? [:] where node["type"] == "object" {
                if member["description"] == nil, member["$ref"] == nil, member["const"] == nil, member["enum"] == nil {
                    problems.append("\(path).\(key) has no description")
                }
            }
            for (key, member) in node.objectValue ?? [:] where key != "default" && key != "examples" {
                walk(member, "\(path).\(key)")
            }
            for (place, element) in (node.arrayValue ?? []).enumerated() { walk(element, "\(path)[\(place)]") }
            if let names = node["enum"]?.arrayValue, let texts = node["enumDescriptions"]?.arrayValue,
                names.count != texts.count
            {
                problems.append("\(path): \(names.count) words and \(texts.count) descriptions")
            }
        }
        walk(json, "")
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    @Test func `Every action type and every member that the decoder knows is in the schema`() {
        let definitions = FileSchema.flow.json["definitions"]
        for type in ActionType.allCases {
            let schema = definitions?["action.\(type.rawValue)"]
            #expect(schema?["properties"]?["runAfter"] != nil, "\(type)")
            #expect(schema?["title"] != nil, "\(type)")
        }
        let text =
            "triggers: {t: {type: Request, splitOnConfiguration: {}, evaluatedRecurrence: {}, correlation: {}}}\n"
            + "export: {}\ntemplateName: x\nschemaVersion: x\nmetadata: {}\n"
        #expect(findings(text, .flow).isEmpty)
    }

    /// Valid flows of the check cases fit; of the broken ones those whose shape is wrong do not.
    @Test(.enabled(if: ConformanceTests.folder != nil)) func `The valid check cases fit the schema`() {
        let shapes: Set<String> = ["action-type", "missing-input", "structure", "unknown-member", "wrong-value"]
        var caught = 0
        var broken = 0
        for value in SourceFolder.lines("\(ConformanceTests.folder ?? "")/checks.jsonl") {
            guard let id = value["id"]?.stringValue, let text = value["text"]?.stringValue else { continue }
            let found = findings(text, .flow)
            if ["valid-reference-15", "valid-shape-18", "valid-trigger-05"].contains(id) {
                // The platform takes words in any letter case; editors are to offer one spelling.
                #expect(!found.isEmpty)
            } else if value["severity"] == "none" {
                #expect(found.isEmpty, "\(id): \(found.joined(separator: "; "))")
            } else if value["severity"] == "error", shapes.contains(value["kind"]?.stringValue ?? "") {
                broken += 1
                caught += found.isEmpty ? 0 : 1
                if found.isEmpty { print("  \(id) fits: \(value["about"]?.stringValue ?? "")") }
            }
        }
        print("schema: \(caught) of \(broken) broken shapes caught")
        #expect(Double(caught) > Double(broken) * 0.8)
    }
}

/// A validator of the part of draft-07 that the schemas use.
private struct SchemaValidator {
    let root: JSON

    init(_ root: JSON) { self.root = root }

    /// What does not fit: `place: why`.
    func check(_ value: JSON) -> [String] { check(value, root, "") }

    private func check(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        if case .bool(let allows) = schema { return allows ? [] : ["\(path): nothing may stand here"] }
        guard let schema = schema.objectValue else { return [] }
        if let reference = schema["$ref"]?.stringValue {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            return check(value, root["definitions"]?[name] ?? false, path)
        }
        var found: [String] = []
        for (keyword, argument) in schema { found += check(value, keyword, argument, schema, path) }
        return found
    }

    private func fits(_ value: JSON, _ schema: JSON) -> Bool { check(value, schema, "").isEmpty }

    private func check(
        _ value: JSON, _ keyword: String, _ argument: JSON, _ schema: JSONObject, _ path: String
    ) -> [String] {
        func fail(_ why: String) -> [String] { ["\(path): \(why)"] }
        switch keyword {
        case "type": return Self.has(value, argument.stringValue ?? "") ? [] : fail("it is no \(argument.text)")
        case "enum": return argument.arrayValue?.contains(value) == true ? [] : fail("\(value.text) is not allowed")
        case "const": return value == argument ? [] : fail("it is not \(argument.text)")
        case "allOf": return (argument.arrayValue ?? []).flatMap { check(value, $0, path) }
        case "anyOf":
            let parts = argument.arrayValue ?? []
            if parts.contains(where: { fits(value, $0) }) { return [] }
            return fail("it fits nothing of: \(parts.flatMap { check(value, $0, path) }.joined(separator: ", "))")
        case "not": return fits(value, argument) ? fail("it is what it must not be") : []
        case "if": return fits(value, argument) ? check(value, schema["then"] ?? true, path) : []
        case "pattern":
            guard let text = value.stringValue, let regex = try? Regex(argument.stringValue ?? "") else { return [] }
            return text.contains(regex) ? [] : fail("'\(text)' does not match \(argument.text)")
        case "minimum":
            return value.doubleValue.map { $0 >= argument.doubleValue ?? 0 } ?? true ? [] : fail("too small")
        case "maximum":
            return value.doubleValue.map { $0 <= argument.doubleValue ?? 0 } ?? true ? [] : fail("too large")
        case "maxLength":
            return value.stringValue.map { $0.count <= Int(argument.integerValue ?? 0) } ?? true ? [] : fail("too long")
        case "minItems":
            return value.arrayValue.map { $0.count >= Int(argument.integerValue ?? 0) } ?? true ? [] : fail("too short")
        case "maxItems":
            return value.arrayValue.map { $0.count <= Int(argument.integerValue ?? 0) } ?? true ? [] : fail("too long")
        case "minProperties":
            return value.objectValue.map { $0.count >= Int(argument.integerValue ?? 0) } ?? true
                ? [] : fail("too small")
        case "maxProperties":
            return value.objectValue.map { $0.count <= Int(argument.integerValue ?? 0) } ?? true
                ? [] : fail("too large")
        case "items":
            return (value.arrayValue ?? []).enumerated().flatMap { check($1, argument, "\(path)[\($0)]") }
        case "required":
            guard let object = value.objectValue else { return [] }
            return (argument.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }
                .flatMap { fail("'\($0)' is missing") }
        case "properties":
            return (argument.objectValue ?? [:]).flatMap { key, part in
                value[key].map { check($0, part, path.isEmpty ? key : "\(path).\(key)") } ?? []
            }
        case "additionalProperties":
            let known = schema["properties"]?.objectValue ?? [:]
            return (value.objectValue ?? [:]).filter { known[$0.0] == nil }.flatMap { key, member in
                check(member, argument, path.isEmpty ? key : "\(path).\(key)")
            }
        case "propertyNames":
            return (value.objectValue ?? [:]).flatMap { key, _ in check(.string(key), argument, path) }
        default: return []
        }
    }

    private static func has(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object): true
        case ("integer", .integer), ("number", .integer), ("number", .double), ("number", .decimal): true
        default: false
        }
    }
}

/// Files of the repository.
private enum SourceFolder {
    private static let root: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    static func files(in folders: [String], endings: [String]) -> [String] {
        folders.flatMap { find(in: "\(root)/\($0)") }.filter { file in endings.contains { file.hasSuffix($0) } }
    }

    static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

    static func lines(_ path: String) -> [JSON] {
        bytes(path).split(separator: 0x0A).compactMap { try? JSON(parsing: Array($0)) }
    }

    private static func find(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [folder] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted().flatMap { find(in: "\(folder)/\($0)") }
    }

    private static func bytes(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
