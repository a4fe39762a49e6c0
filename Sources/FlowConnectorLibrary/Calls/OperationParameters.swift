import FlowCore
import FlowDefinitions

/// The evaluated parameters of a call, read by the names that the connector declares.
///
/// Flows write members of an object flattened: `item/Name`, `body/customer/city`. Keys are looked up exactly, then
/// without regard to letter case. Null and an absent parameter are the same.
struct OperationParameters: Sendable {
    let operationID: String
    private let values: JSONObject

    init(_ call: OperationCall) {
        operationID = call.operationID
        values = call.parameters
    }

    init(_ operationID: String, _ values: JSONObject) {
        self.operationID = operationID
        self.values = values
    }

    /// The value of a parameter, or nil where it is absent or null.
    func value(_ name: String) -> JSON? {
        guard let value = values.value(ignoringCase: name), !value.isNull else { return nil }
        return value
    }

    /// The text of a parameter; numbers and Booleans are written out; nil where it is absent or empty.
    func text(_ name: String) -> String? {
        guard let value = value(name) else { return nil }
        let text = MessageBody.plainText(value)
        return text.isEmpty ? nil : text
    }

    /// The text of a parameter that must be there.
    func required(_ name: String) throws(FlowError) -> String {
        guard let text = text(name) else { throw missing(name) }
        return text
    }

    /// The whole number of a parameter, or nil.
    func integer(_ name: String) throws(FlowError) -> Int? {
        guard let value = value(name) else { return nil }
        if let number = value.integerValue { return Int(number) }
        if let text = value.stringValue {
            if text.isEmpty { return nil }
            if let number = Int(text) { return number }
        }
        throw FlowError(
            .operationParameterInvalid,
            "The parameter '\(name)' of the operation '\(operationID)' must be a whole number.")
    }

    /// An object: the parameter itself with its flattened members merged in; nil where there is none of both.
    func object(_ name: String) throws(FlowError) -> JSONObject? {
        var object: JSONObject?
        if let whole = value(name) {
            guard let members = whole.objectValue else {
                throw FlowError(
                    .operationParameterInvalid,
                    "The parameter '\(name)' of the operation '\(operationID)' must be an object.")
            }
            object = members
        }
        let prefix = name.lowercased() + "/"
        for (key, value) in values where key.lowercased().hasPrefix(prefix) {
            let path = key.dropFirst(prefix.count).split(separator: "/").map(String.init)
            guard !path.isEmpty else { continue }
            object = Self.merge(value, at: path[...], into: object ?? [:])
        }
        return object
    }

    /// An object that must be there.
    func requiredObject(_ name: String) throws(FlowError) -> JSONObject {
        guard let object = try object(name) else { throw missing(name) }
        return object
    }

    /// An array that must be there.
    func requiredArray(_ name: String) throws(FlowError) -> [JSON] {
        guard let value = value(name) else { throw missing(name) }
        guard let array = value.arrayValue else {
            throw FlowError(
                .operationParameterInvalid,
                "The parameter '\(name)' of the operation '\(operationID)' must be an array.")
        }
        return array
    }

    private func missing(_ name: String) -> FlowError {
        FlowError(
            .operationParameterMissing,
            "The API operation '\(operationID)' requires the property '\(name)' to be set; it is absent or null.",
            hint: "give the parameter '\(name)' a value")
    }

    private static func merge(_ value: JSON, at path: ArraySlice<String>, into object: JSONObject) -> JSONObject {
        guard let first = path.first else { return object }
        var object = object
        let rest = path.dropFirst()
        object[first] =
            rest.isEmpty ? value : .object(merge(value, at: rest, into: object[first]?.objectValue ?? [:]))
        return object
    }
}
