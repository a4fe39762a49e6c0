import FlowCore
import FlowDefinitions

/// The JSON Patch of a referral, and how a later look at the referral tells that it was done.
enum ReferralPatch {
    /// The operations of a call; `op` is `replace` where none is given.
    static func operations(_ operationID: String, _ parameters: OperationParameters) throws(FlowError) -> [JSON] {
        let isRegistration = operationID == "CreateDealRegistrationByReferralId"
        return try parameters.requiredArray("Referral").map { operation in
            guard var object = operation.objectValue else { return operation }
            if object["op"]?.stringValue?.isEmpty ?? true { object["op"] = isRegistration ? "add" : "replace" }
            if isRegistration, object["path"] == nil { object["path"] = "/registrations/-" }
            return .object(object)
        }
    }

    /// Whether a referral already is as an operation would make it.
    static func isDone(_ operation: JSON, in referral: JSON) -> Bool {
        guard let path = operation["path"]?.stringValue, let value = operation["value"] else { return false }
        let parts = path.split(separator: "/").map { part in
            part.replacing("~1", with: "/").replacing("~0", with: "~")
        }
        var place = referral
        for part in parts.dropLast() {
            guard let next = Int(part).flatMap({ place[$0] }) ?? place[String(part)] else { return false }
            place = next
        }
        guard let last = parts.last else { return false }
        if last == "-" { return place.arrayValue?.contains { JSONMatch.holds(value, in: $0) } ?? false }
        if operation["op"]?.stringValue == "add", let index = Int(last), let array = place.arrayValue {
            return array.indices.contains(index) && JSONMatch.holds(value, in: array[index])
        }
        guard let found = Int(last).flatMap({ place[$0] }) ?? place[String(last)] else { return value.isNull }
        return JSONMatch.holds(value, in: found)
    }

    /// Whether a referral was made of a body: name, engagement, external reference, type, target and customer agree, as
    /// far as they are given.
    static func isMade(of body: JSONObject, _ referral: JSON) -> Bool {
        for key in ["name", "engagementId", "externalReferenceId", "type", "target"] {
            guard let value = body[key], !value.isNull else { continue }
            guard let found = referral[key], JSONMatch.holds(value, in: found) else { return false }
        }
        guard let customer = body["customerProfile"]?["name"], !customer.isNull else { return true }
        return referral["customerProfile"]?["name"].map { JSONMatch.holds(customer, in: $0) } ?? false
    }
}
