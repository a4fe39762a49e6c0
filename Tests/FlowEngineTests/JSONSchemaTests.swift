import Testing

@testable import FlowCore
@testable import FlowEngine

@Suite struct JSONSchemaTests {
    struct Example: Sendable, CustomStringConvertible {
        let schema: JSON
        let value: JSON
        let message: String?
        var description: String { "\(value.text) against \(schema.text)" }
    }

    static let examples: [Example] = [
        Example(schema: ["type": "string"], value: 1, message: "Invalid type. Expected String but got Integer."),
        Example(schema: ["type": "integer"], value: 1.5, message: "Invalid type. Expected Integer but got Number."),
        Example(schema: ["type": "number"], value: 1, message: nil),
        Example(schema: ["type": ["string", "null"]], value: nil, message: nil),
        Example(schema: ["enum": ["a", 1]], value: "z", message: "Value \"z\" is not defined in enum."),
        Example(schema: ["enum": [1]], value: 1.0, message: nil),
        Example(
            schema: ["required": ["x", "y"]], value: ["y": 1],
            message: "Required properties are missing from object: x."),
        Example(
            schema: ["properties": ["a": [:]], "additionalProperties": false], value: ["b": 1],
            message: "Property 'b' has not been defined and the schema does not allow additional properties."),
        Example(
            schema: ["properties": ["a": ["items": ["type": "boolean"]]]], value: ["a": [true, 1]],
            message: "Invalid type. Expected Boolean but got Integer."),
        Example(schema: ["minimum": 5], value: 4, message: "Integer 4 is less than minimum value of 5."),
        Example(schema: ["maxLength": 2], value: "abc", message: "String 'abc' exceeds maximum length of 2."),
        Example(schema: ["minItems": 1], value: [], message: "Array item count 0 is less than minimum count of 1."),
        Example(
            schema: ["anyOf": [["type": "string"], ["type": "null"]]], value: 1,
            message: "JSON does not match any schemas from 'anyOf'."),
        Example(
            schema: ["$ref": "#/definitions/a", "definitions": ["a": ["type": "object"]]], value: [],
            message: "Invalid type. Expected Object but got Array."),
        Example(schema: "anything", value: 1, message: nil),
    ]

    @Test(arguments: examples) func `Values are checked with the platform's messages`(_ example: Example) {
        let findings = JSONSchema(example.schema).validate(example.value)
        #expect(findings.first?.message == example.message)
    }

    @Test func `Keywords that the platform does not support are found, properties of that name are not`() {
        #expect(JSONSchema.unsupportedKeyword(in: ["properties": ["a": ["pattern": "^x"]]]) == "pattern")
        #expect(JSONSchema.unsupportedKeyword(in: ["items": [["patternProperties": [:]]]]) == "patternProperties")
        #expect(JSONSchema.unsupportedKeyword(in: ["properties": ["pattern": ["type": "string"]]]) == nil)
    }
}
