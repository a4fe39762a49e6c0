public import FlowCore

/// How values become text: in `@{…}`, `concat`, `string` and `join`.
///
/// Null is the empty text, Booleans are `True` and `False`, numbers are written as .NET writes them, arrays and objects
/// as compact JSON, binary and XML content as its text.
public enum ValueText {
    /// The text of a value.
    public static func text(of value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .null: ""
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .double(let value): text(of: value)
        case .decimal(let digits): digits
        case .array: value.text
        case .object(let object): ContentEnvelope(object)?.text ?? value.text
        }
    }

    /// The text of a value; nil where it has more bytes than that, which is noticed before it is complete.
    static func text(of value: JSON, upTo limit: Int) -> String? {
        let text: String
        switch value {
        case .array: text = written(value, upTo: limit)
        case .object(let object): text = ContentEnvelope(object)?.text ?? written(value, upTo: limit)
        default: text = self.text(of: value)
        }
        return text.utf8.count > limit ? nil : text
    }

    private static func written(_ value: JSON, upTo limit: Int) -> String {
        var writer = JSONWriter(limit: limit)
        writer.write(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The text of a float: the shortest digits that give it back, an exponent below 1e-4 and from 1e17 on.
    public static func text(of value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity" }
        if value.magnitude < 1e15, value == value.rounded() { return String(Int64(value)) }
        let digits = NumberDigits(shortest: value)
        let exponent = digits.exponent - 1
        let sign = digits.isNegative ? "-" : ""
        if exponent < -4 || exponent >= 17 {
            var mantissa = String(digits.text.prefix(1))
            if digits.text.count > 1 { mantissa += "." + digits.text.dropFirst() }
            let size = String(exponent.magnitude)
            return sign + mantissa + (exponent < 0 ? "E-" : "E+") + (size.count < 2 ? "0" : "") + size
        }
        return sign + digits.plainText
    }
}
