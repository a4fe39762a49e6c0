import FlowCore
import FlowText

/// JSON and YAML text: what is read, written and read again is the same; formatting changes no value and no comment.
enum TextProperties {
    static func checkJSON(_ bytes: [UInt8]) throws(BrokenProperty) {
        let lenient = try? JSONReader.read(bytes, .jsonNET)
        if let lenient, isFinite(lenient) { try requireRoundTrip(lenient) }
        let flowText = FlowTextReader.read(bytes, file: "x.json")
        guard let strict = try? JSONReader.read(bytes) else { return }
        try requireRoundTrip(strict)
        try require(lenient == strict, "lenient reading gives \(lenient?.text ?? "nothing"), strict \(strict.text)")
        let isCollection = strict.arrayValue != nil || strict.objectValue != nil
        if isCollection, let root = flowText.root, !flowText.findings.contains(where: { $0.severity == .error }) {
            try require(root.json == strict, "FlowText reads \(root.json.text), JSONReader \(strict.text)")
        }
    }

    private static func requireRoundTrip(_ value: JSON) throws(BrokenProperty) {
        var indented = JSONWriter(indented: true)
        indented.write(value)
        for text in [value.bytes, indented.bytes] {
            do {
                let read = try JSONReader.read(text)
                try require(read == value, "\(value.text) is read back as \(read.text)")
            } catch let error as BrokenProperty {
                throw error
            } catch {
                throw BrokenProperty("\(value.text) cannot be read back: \(error)")
            }
        }
    }

    /// Whether a value has neither `NaN` nor an infinity, which JSON cannot hold.
    private static func isFinite(_ value: JSON) -> Bool {
        switch value {
        case .double(let number): number.isFinite
        case .array(let elements): elements.allSatisfy(isFinite)
        case .object(let object): object.values.allSatisfy(isFinite)
        default: true
        }
    }

    static func checkYAML(_ bytes: [UInt8]) throws(BrokenProperty) {
        let source = FlowTextReader.read(bytes, file: "x.yaml")
        try require(source.root != nil || !source.findings.isEmpty, "nothing is read and nothing is said")
        for finding in source.findings {
            try require(finding.location.line >= 1 && finding.location.column >= 1, "\(finding.location)")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard case .formatted(let once) = try? FlowTextFormatter.format(bytes, file: "x.yaml") else { return }
        let comments = FlowTextFormatter.comments(of: String(text.drop { $0 == "\u{FEFF}" }))
        try require(FlowTextReader.read(once, file: "x.yaml").root?.json == source.root?.json, "values change: \(once)")
        try require(FlowTextFormatter.comments(of: once) == comments, "comments change: \(once)")
        do {
            let twice = try FlowTextFormatter.format(once, file: "x.yaml")
            try require(twice == .formatted(once), "formatting again changes: \(once)")
        } catch let error as BrokenProperty {
            throw error
        } catch {
            throw BrokenProperty("what was formatted cannot be formatted: \(once): \(error)")
        }
    }
}
