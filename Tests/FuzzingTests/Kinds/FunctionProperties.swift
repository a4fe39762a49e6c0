import FlowCore
import FlowExpressions

/// Families of functions whose arguments are hostile texts.
enum FunctionProperties {
    /// A call of the variables `a`, `b` and `c`, compiled once.
    private struct Call: Sendable {
        let text: String
        let template: CompiledTemplate

        /// Makes a call; the letters `$a`, `$b`, `$c` stand for the variables.
        init(_ text: String) {
            self.text = text
            var expression = "@" + text
            for name in ["a", "b", "c"] { expression = expression.replacing("$" + name, with: "variables('\(name)')") }
            guard let template = try? CompiledTemplate(expression) else { preconditionFailure("\(text) is no call") }
            self.template = template
        }

        /// The value, or nil where the call fails.
        func value(_ arguments: [JSON]) -> JSON? {
            var variables = JSONObject()
            for (name, value) in zip(["a", "b", "c"], arguments) { variables[name] = value }
            let scope = ContextScope(["variables": .object(variables)], now: Timestamp(year: 2026, month: 1, day: 15))
            return try? template.evaluate(in: scope)
        }
    }

    /// States that a call gives the same again when it is given its own result in place of the first argument.
    private static func requireStable(_ call: Call, _ arguments: [JSON]) throws(BrokenProperty) {
        guard let once = call.value(arguments) else { return }
        let twice = call.value([once] + arguments.dropFirst())
        try require(twice == once, "\(call.text) gives \(once.text), and of that \(twice?.text ?? "an error")")
    }

    /// The lines of the input; those that are missing are empty.
    private static func lines(_ bytes: [UInt8], _ count: Int) -> [String] {
        var lines = bytes.split(separator: 0x0A, maxSplits: count - 1, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        while lines.count < count { lines.append("") }
        return lines
    }

    // MARK: Dates

    private static let roundTrip = Call("formatDateTime($a)")
    private static let dates = [
        "formatDateTime($a, $b)", "formatDateTime($a, $b, $c)", "parseDateTime($a, $c)", "parseDateTime($a, $c, $b)",
        "addDays($a, 1, $b)", "addToTime($a, -1, 'Month')", "startOfMonth($a)", "dayOfYear($a)", "ticks($a)",
        "dateDifference($a, $b)", "convertTimeZone($a, $b, $c)", "convertFromUtc($a, $b)", "convertToUtc($a, $b)",
        "formatDateTime('2026-11-25T14:03:09.1234567Z', $a, $c)",
    ].map(Call.init)

    static func checkDate(_ bytes: [UInt8]) throws(BrokenProperty) {
        let arguments = lines(bytes, 3).map(JSON.string)
        for call in dates { _ = call.value(arguments) }
        try requireStable(roundTrip, arguments)
    }

    // MARK: Numbers

    private static let readers = ["int($a)", "float($a)", "decimal($a)", "float($a, $c)", "json($a)"].map(Call.init)
    private static let formats = [
        "formatNumber($a, $b)", "formatNumber($a, $b, $c)", "string($a)", "add($a, 1)", "sub($a, 0.5)", "mul($a, $a)",
        "div($a, 7)", "mod($a, 3)", "div($a, $a)", "max($a, 2)", "less($a, 9007199254740993)", "int($a)", "float($a)",
        "decimal($a)", "bool($a)", "equals($a, 1.0)", "union(createArray($a), createArray(1))",
    ].map(Call.init)
    private static let tests = ["isInt($a)", "isFloat($a)", "isFloat($a, $c)"].map(Call.init)
    private static let stableNumbers = ["int(string($a))", "decimal(string($a))"].map(Call.init)

    static func checkNumber(_ bytes: [UInt8]) throws(BrokenProperty) {
        let arguments = lines(bytes, 3).map(JSON.string)
        for call in tests { _ = call.value(arguments) }
        for reader in readers {
            guard let number = reader.value(arguments) else { continue }
            for call in formats { _ = call.value([number] + arguments.dropFirst()) }
        }
        for call in stableNumbers { try requireStable(call, arguments) }
    }

    // MARK: XML

    private static let xmlText = Call("string(xml($a))")
    private static let xmls = ["json(xml($a))", "xml(json(xml($a)))", "xpath(xml($a), $b)", "xml(json($a))"]
        .map(Call.init)

    static func checkXML(_ bytes: [UInt8]) throws(BrokenProperty) {
        let arguments = lines(bytes, 2).map(JSON.string)
        let swapped = [arguments[1], arguments[0]]
        for call in xmls { _ = call.value(swapped) }
        try requireStable(xmlText, swapped)
    }

    // MARK: Addresses and encodings

    private static let uris = [
        "dataUriToBinary($a)", "dataUriToString($a)", "decodeDataUri($a)", "base64ToBinary($a)", "base64ToString($a)",
        "uriComponentToBinary($a)", "uriHost($a)", "uriPathAndQuery($a)", "uriPort($a)", "uriScheme($a)",
        "decodeUriComponent($a)", "base64(base64ToBinary($a))",
    ].map(Call.init)
    private static let inverses = [
        "uriComponentToString(uriComponent($a))", "base64ToString(base64($a))", "decodeDataUri(dataUri($a))",
        "dataUriToString(dataUri($a))", "json(string(createArray($a)))[0]",
    ].map(Call.init)

    static func checkURI(_ bytes: [UInt8]) throws(BrokenProperty) {
        let arguments = [JSON.string(String(decoding: bytes, as: UTF8.self))]
        for call in uris { _ = call.value(arguments) }
        for call in inverses {
            let value = call.value(arguments)
            try require(value == arguments[0], "\(call.text) gives \(value?.text ?? "an error")")
        }
    }
}
