extension FlowError {
    /// Reads an error from the shape that ``json`` gives; nil for another shape.
    public init?(json: JSON) {
        guard let body = json["error"]?.objectValue else { return nil }
        self.init(body: body)
    }

    private init?(body: JSONObject) {
        guard let code = body["code"]?.stringValue else { return nil }
        self.init(
            Code(code), body["message"]?.stringValue ?? "",
            location: body["target"]?.stringValue.flatMap(SourceLocation.init(description:)),
            path: body["path"]?.stringValue.map(ActionPath.init(text:)), hint: body["hint"]?.stringValue,
            cause: body["cause"]?.stringValue.flatMap(Cause.init(description:)),
            details: (body["details"]?.arrayValue ?? []).compactMap { $0.objectValue.flatMap(FlowError.init(body:)) })
    }
}

extension SourceLocation {
    /// Reads `file:line:column`; nil for another form.
    public init?(description text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let line = Int(parts[parts.count - 2]), let column = Int(parts[parts.count - 1]) else {
            return nil
        }
        self.init(file: parts.dropLast(2).joined(separator: ":"), line: line, column: column)
    }
}

extension FlowError.Cause {
    /// Reads `origin: message`; nil for another form.
    init?(description text: String) {
        guard let mark = text.firstRange(of: ": ") else { return nil }
        self.init(origin: String(text[..<mark.lowerBound]), message: String(text[mark.upperBound...]))
    }
}
