import FlowCore

/// Form fields and parts of a multipart message, read from the outputs of an action or trigger.
struct FormContent {
    private let call: FunctionCall
    private let contentType: String?
    private let body: JSON

    /// Makes a reader of outputs.
    init(_ outputs: JSON, _ call: FunctionCall) {
        self.call = call
        body = outputs["body"] ?? .null
        if case .object(let headers) = outputs["headers"] {
            contentType = headers.value(ignoringCase: "content-type")?.stringValue
        } else {
            contentType = nil
        }
    }

    private var mediaType: String { contentType.map { MediaType($0).essence } ?? "" }

    /// All values of a field.
    func values(of field: String) throws(FlowError) -> [JSON] {
        if mediaType == "application/x-www-form-urlencoded" { return formValues(of: field) }
        guard mediaType == "multipart/form-data" else {
            throw unsupported(
                "The supported form content types are 'application/x-www-form-urlencoded' and 'multipart/form-data'")
        }
        return parts.filter { fieldName(of: $0) == field }.map { $0["body"] ?? .null }
    }

    /// The only value of a field; null where there is none.
    func value(of field: String) throws(FlowError) -> JSON {
        let values = try values(of: field)
        guard values.count <= 1 else {
            throw call.failure("found more than one items matching the field name '\(field)'.")
        }
        return values.first ?? .null
    }

    /// The body of the part with a number.
    func part(at index: Int64) throws(FlowError) -> JSON {
        guard mediaType.hasPrefix("multipart/") else {
            throw unsupported("The supported multipart content type is 'multipart/*'")
        }
        let parts = parts
        guard let place = Int(exactly: index), parts.indices.contains(place) else {
            throw call.failure(
                "was invoked with the multipart index '\(index)' that is outside the bounds of '\(parts.count)' parts.")
        }
        return parts[place]["body"] ?? .null
    }

    private func formValues(of field: String) -> [JSON] {
        if case .array(let pairs) = body["$formdata"] {
            return pairs.filter { $0["key"]?.stringValue == field }.map { $0["value"] ?? .null }
        }
        let text = ValueText.text(of: body)
        return PercentEncoding.pairs(ofForm: text).filter { $0.name == field }.map { .string($0.value) }
    }

    private var parts: [JSON] { body["$multipart"]?.arrayValue ?? [] }

    private func fieldName(of part: JSON) -> String? {
        guard case .object(let headers) = part["headers"],
            let disposition = headers.value(ignoringCase: "content-disposition")?.stringValue
        else { return nil }
        return MediaType(disposition).parameters["name"]
    }

    private func unsupported(_ supported: String) -> FlowError {
        call.failure(
            "is not supported for this content. \(supported); the provided content type is "
                + "'\(contentType ?? "<null>")'.")
    }
}
