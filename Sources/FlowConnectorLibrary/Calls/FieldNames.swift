import FlowCore
import FlowDefinitions
import FlowHTTP

/// How an organization calls the fields, tables and relations that flows name otherwise.
///
/// The parameter `fieldNames` of a connection is a JSON object such as `{"Audit__c": "Acme_Log__c"}`: the flows' name, then the
/// organization's. Requests leave with the organization's names and answers come in with the flows', so that flows, echo guard,
/// audit and doctor know one name. Only whole names are replaced, in addresses, queries and the keys of records; never a value
/// of a record or a text in quotes. With a field go the names that follow from it: `X__r` of Salesforce's `X__c`, and
/// Dataverse's `_x_value`.
struct FieldNames: Sendable {
    static let parameter = ConnectionParameter(
        "fieldNames",
        summary: "How the organization calls fields and tables that flows name otherwise: JSON, {\"OURS\": \"THEIRS\"}."
    )

    /// The organization's names by the flows', and the other way; both by small letters.
    private var theirs: [String: String] = [:]
    private var ours: [String: String] = [:]

    /// Reads a connection's parameter; nil where it has none.
    /// - Throws: `InvalidArgument` where it is no JSON object of names, or two names become one.
    init?(_ connection: Connection) throws(FlowError) {
        guard let text = connection.parameters[Self.parameter.name], !text.isEmpty else { return nil }
        guard let pairs = (try? JSONReader.read(text))?.objectValue else {
            throw Self.refusal("is no JSON object")
        }
        for (our, value) in pairs {
            guard let their = value.stringValue, Self.isName(our), Self.isName(their) else {
                throw Self.refusal("has '\(our)': \(value.text), which are not two names")
            }
            guard ours[their.lowercased()] == nil, theirs[our.lowercased()] == nil else {
                throw Self.refusal("has a name twice: '\(our)': '\(their)'")
            }
            add(our, their)
            if our.hasSuffix("__c"), their.hasSuffix("__c") { add(our.dropLast() + "r", their.dropLast() + "r") }
            add("_\(our)_value", "_\(their)_value")
        }
    }

    private mutating func add(_ our: String, _ their: String) {
        theirs[our.lowercased()] = their
        ours[their.lowercased()] = our
    }

    private static func refusal(_ what: String) -> FlowError {
        FlowError(
            .invalidArgument, "The connection's parameter '\(parameter.name)' \(what).",
            hint: "write it as --set '\(parameter.name)={\"Audit__c\": \"Acme_Log__c\"}'")
    }

    /// Whether a text is letters, digits and underscores, as names of fields and tables are.
    static func isName(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isNameByte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
    }

    // MARK: Requests and answers

    /// A request with the organization's names.
    func outgoing(_ request: ServiceRequest) -> ServiceRequest {
        var request = request
        request.url = Self.replacing(theirs, in: request.url, alsoInQuotes: Self.describesNames(request))
        if let body = MessageBody.decode(request.body, contentType: request.headers["Content-Type"]),
            body.objectValue != nil || body.arrayValue != nil
        {
            request.body = Self.replacing(theirs, in: body).bytes
        }
        return request
    }

    /// An answer with the flows' names.
    func incoming(_ response: HTTPResponse, to request: ServiceRequest) -> HTTPResponse {
        guard let body = response.value, body.objectValue != nil || body.arrayValue != nil else { return response }
        var response = response
        response.body = Self.replacing(ours, in: body, alsoValues: Self.describesNames(request)).bytes
        return response
    }

    /// Whether a request is about names, which are then values too.
    private static func describesNames(_ request: ServiceRequest) -> Bool {
        let path = request.url.prefix { $0 != "?" }
        return path.hasSuffix("/describe") || path.hasSuffix("/sobjects") || path.contains("/EntityDefinitions")
    }

    // MARK: Replacing

    /// Replaces the names among the keys of objects; names of tables are values beside some of them.
    private static func replacing(
        _ names: [String: String], in value: JSON, alsoValues: Bool = false
    ) -> JSON {
        switch value {
        case .object(let object):
            var result = JSONObject()
            for (key, member) in object {
                let isAddress = key.hasSuffix("@odata.bind") || key.hasSuffix("@odata.type")
                let new =
                    if isAddress, let text = member.stringValue {
                        JSON.string(replacing(names, in: text))
                    } else {
                        // Each record of Salesforce names its object.
                        replacing(names, in: member, alsoValues: alsoValues || key == "attributes")
                    }
                result.append(replacing(names, in: key), new)
            }
            return .object(result)
        case .array(let values): return .array(values.map { replacing(names, in: $0, alsoValues: alsoValues) })
        case .string(let text): return alsoValues ? .string(names[text.lowercased()] ?? text) : value
        default: return value
        }
    }

    /// Replaces whole names in an address or a key, but for what stands in single quotes; a sign may be percent-encoded.
    private static func replacing(
        _ names: [String: String], in text: String, alsoInQuotes: Bool = false
    ) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 64)
        var place = 0
        var isQuoted = false
        /// Copies one sign and gives it decoded.
        func copySign() -> UInt8? {
            guard place < bytes.count else { return nil }
            var sign = bytes[place]
            var width = 1
            if sign == UInt8(ascii: "%"), place + 2 < bytes.count,
                let decoded = UInt8(String(decoding: bytes[place + 1...place + 2], as: UTF8.self), radix: 16)
            {
                (sign, width) = (decoded, 3)
            }
            result += bytes[place..<place + width]
            place += width
            return sign
        }
        while place < bytes.count {
            if isNameByte(bytes[place]) {
                let end = bytes[place...].firstIndex { !isNameByte($0) } ?? bytes.count
                let word = String(decoding: bytes[place..<end], as: UTF8.self)
                let new = isQuoted && !alsoInQuotes ? nil : names[word.lowercased()]
                result += (new ?? word).utf8
                place = end
            } else if let sign = copySign() {
                if sign == UInt8(ascii: "'") { isQuoted.toggle() }
                if isQuoted, sign == UInt8(ascii: "\\") { _ = copySign() }
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
