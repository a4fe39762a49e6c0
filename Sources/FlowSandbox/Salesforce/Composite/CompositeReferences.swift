import FlowCore

/// What earlier calls of a composite request gave, and the places `@{reference.field}` that use it.
struct CompositeReferences {
    private var bodies: [String: JSON] = [:]

    /// Whether a text may name a call.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// Keeps what a call gave.
    mutating func add(_ reference: String, _ body: JSON) { bodies[reference] = body }

    /// The value with all references in its texts replaced; a text that is one reference becomes what that names.
    func resolve(_ value: JSON) throws -> JSON {
        switch value {
        case .string(let text):
            if text.hasPrefix("@{"), text.firstIndex(of: "}") == text.indices.last {
                return try look(up: text.dropFirst(2).dropLast())
            }
            return .string(try resolve(text))
        case .array(let values): return .array(try values.map(resolve))
        case .object(let members):
            var resolved = JSONObject()
            for (name, member) in members { resolved[name] = try resolve(member) }
            return .object(resolved)
        default: return value
        }
    }

    /// The text with all references replaced.
    func resolve(_ text: String) throws -> String {
        var resolved = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "@{") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            resolved += rest[..<start.lowerBound]
            let value = try look(up: rest[start.upperBound..<end])
            resolved += value.stringValue ?? value.text
            rest = rest[rest.index(after: end)...]
        }
        return resolved + rest
    }

    /// `account.id`, `found.records[0].Id`, `many[1].id`.
    private func look(up path: some StringProtocol) throws -> JSON {
        let name = path.prefix { $0 != "." && $0 != "[" }
        var value = bodies[String(name)]
        for part in path.dropFirst(name.count).split(whereSeparator: { ".[]".contains($0) }) {
            value = Int(part).map { value?[$0] } ?? value?[String(part)]
        }
        guard let value, !value.isNull else {
            throw SalesforceFailure.make(
                400, "PROCESSING_HALTED", "Invalid reference specified. No value for \(path) found in \(name)")
        }
        return value
    }
}
