import FlowCore
import FlowDefinitions
import FlowHTTP

/// The Web API of one environment.
struct DataverseService: Sendable {
    let caller: ServiceCaller
    /// The address of the API with its version.
    let base: String

    func send(
        _ method: String, _ path: String, query: [(String, String?)] = [], headers: HTTPHeaders, json: JSON? = nil
    ) async throws(FlowError) -> HTTPResponse {
        try await caller.send(
            ServiceRequest(method, ServiceAddress.make(base, path, query: query), headers: headers, json: json))
    }

    /// The entity set of a call.
    func set(_ parameters: OperationParameters) throws(FlowError) -> String {
        let set = try parameters.required("entityName")
        guard FieldNames.isName(set) else {
            throw FlowError(
                .operationParameterInvalid, "The parameter 'entityName' is '\(set)', which is no name of a table.",
                hint: "use the entity set name, such as accounts")
        }
        return set
    }

    /// The path of a call's row: an id, or an alternate key as `key='value'`.
    func row(_ parameters: OperationParameters) throws(FlowError) -> String {
        let id = try parameters.required("recordId")
        return "/\(try set(parameters))(\(Self.key(id)))"
    }

    /// The path of a call's relation.
    func relation(_ parameters: OperationParameters) throws(FlowError) -> String {
        let name = try parameters.required("associationEntityRelationship")
        return try row(parameters) + "/" + PercentEncoding.encode(name)
    }

    /// A row's address in full: `accounts(id)`, `/accounts(id)` and the whole address are all accepted.
    func absolute(_ target: String) -> String {
        target.contains("://") ? target : base + "/" + Self.rowText(target)
    }

    /// The last part of a row's address, in small letters: `accounts(id)`.
    static func rowText(_ target: String) -> String {
        (target.split(separator: "/").last.map(String.init) ?? target).lowercased()
    }

    /// The id that a new row brings itself: a GUID under the name that the set suggests.
    static func givenID(_ item: JSON, set: String) -> String? {
        let set = set.lowercased()
        for (name, value) in item.objectValue ?? [:] {
            let name = name.lowercased()
            guard name.hasSuffix("id"), let id = value.stringValue, UUIDText.isValid(id) else { continue }
            let stem = String(name.dropLast(2))
            let plurals = [stem + "s", stem + "es", stem.hasSuffix("y") ? stem.dropLast() + "ies" : stem]
            if plurals.contains(set) { return id }
        }
        return nil
    }

    private static func key(_ id: String) -> String {
        if UUIDText.isValid(id) { return id }
        // An alternate key keeps its signs; what could leave the parentheses does not.
        return id.contains("=")
            ? PercentEncoding.encode(id).replacing("%3D", with: "=").replacing("%27", with: "'")
                .replacing("%2C", with: ",") : PercentEncoding.encode(id)
    }
}
