import FlowCore

/// A JSON Patch of a referral: `add` and `replace` on the paths that the service lets change.
enum ReferralPatch {
    private static let textPaths: Set<String> = [
        "/campaignId", "/externalReferenceId", "/referralProgram", "/salesStage", "/status", "/substatus",
        "/statusReason", "/details/notes",
    ]

    /// Applies operations in order and checks the outcome as a whole.
    /// - Parameters:
    ///   - patch: the request's body.
    ///   - referral: the referral; changed in place.
    ///   - now: when.
    /// - Throws: 400 `invalidRequest`.
    static func apply(_ patch: JSON, to referral: inout Referral, at now: Timestamp) throws {
        guard let operations = patch.arrayValue, !operations.isEmpty else {
            throw ReferralFailure.invalid("The body must be an array of JSON Patch operations.")
        }
        guard !referral.isClosed else { throw closed }
        var body = JSON.object(referral.record.body)
        var status: String?
        var substatus: String?
        for operation in operations {
            let name = operation["op"]?.stringValue ?? "replace"
            guard name == "replace" || name == "add" else {
                throw ReferralFailure.invalid("The operation '\(name)' is not supported.", target: "op")
            }
            guard let path = operation["path"]?.stringValue, let value = operation["value"] else {
                throw ReferralFailure.invalid("An operation needs 'path' and 'value'.", target: "path")
            }
            switch path {
            case "/status": status = value.stringValue ?? ""
            case "/substatus": substatus = value.stringValue ?? ""
            default: try set(path, name, value, in: &body)
            }
        }
        referral.record.body = body.objectValue ?? referral.record.body
        if status != nil || substatus != nil {
            try setStatus(of: &referral, status, substatus, at: now)
        }
    }

    /// 400 for any change of a closed referral.
    static let closed = ReferralFailure.invalid("A closed referral cannot be changed.", target: "status")

    /// Moves a referral to a new status, with the instants that belong to it.
    static func setStatus(
        of referral: inout Referral, _ status: String?, _ substatus: String?, at now: Timestamp
    ) throws {
        let old = (referral.status, referral.substatus)
        let new = try ReferralRules.transition(from: old, status: status, substatus: substatus)
        referral.record.body["status"] = .string(new.status)
        referral.record.body["substatus"] = .string(new.substatus)
        if new.status == "Active", referral.record.body["acceptedDateTime"]?.isNull ?? true {
            referral.record.body["acceptedDateTime"] = .string(now.description)
        }
        if new.status == "Closed" { referral.record.body["closedDateTime"] = .string(now.description) }
    }

    private static func set(_ path: String, _ operation: String, _ value: JSON, in body: inout JSON) throws {
        let value = try checked(path, value, body)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard replace(parts[...], value, isAdd: operation == "add", in: &body) else {
            throw ReferralFailure.invalid("The path '\(path)' does not exist in the referral.", target: path)
        }
    }

    /// The value as it is kept, or a refusal of path or value.
    private static func checked(_ path: String, _ value: JSON, _ body: JSON) throws -> JSON {
        if textPaths.contains(path) {
            guard value.isNull || value.stringValue != nil else {
                throw ReferralFailure.invalid("The value of '\(path)' must be a text.", target: path)
            }
            return value
        }
        switch path {
        case "/details/dealValue":
            guard let number = ReferralRules.number(value) else {
                throw ReferralFailure.invalid("The deal value must be a number.", target: path)
            }
            return number
        case "/details/closingDateTime":
            guard let date = ReferralRules.date(value) else {
                throw ReferralFailure.invalid("The closing date must be an ISO 8601 date.", target: path)
            }
            return date
        case "/details/currency":
            try ReferralRules.currency(value)
            return value
        case "/consent/consentToShareReferralWithMicrosoftSellers":
            guard let consent = value.boolValue else {
                throw ReferralFailure.invalid("The consent must be true or false.", target: path)
            }
            let present = body["consent"]?["consentToShareReferralWithMicrosoftSellers"]?.boolValue ?? false
            guard consent || !present else {
                throw ReferralFailure.invalid(
                    "A referral that is visible to Microsoft sellers stays visible.", target: path)
            }
            return value
        case "/customerProfile/team", "/team":
            try ReferralRules.members(value, path)
            return value.isNull ? [] : value
        case "/customerProfile/team/-", "/team/-":
            try ReferralRules.member(value, path)
            return value
        case "/details/requirements/solutions":
            try ReferralRules.solutions(value)
            return value
        case "/details/requirements/solutions/-":
            try ReferralRules.solution(value)
            return value
        case "/registrations/-":
            guard value["type"]?.stringValue != nil, value["solutionDetails"]?.arrayValue != nil else {
                throw ReferralFailure.invalid("A registration needs 'type' and 'solutionDetails'.", target: path)
            }
            var registration = value.objectValue ?? [:]
            registration["id"] = .string(UUIDText.random())
            registration["status"] = "ReviewPending"
            return .object(registration)
        default:
            guard path.hasPrefix("/registrations/") else {
                throw ReferralFailure.invalid("The path '\(path)' cannot be changed.", target: path)
            }
            return value
        }
    }

    private static func replace(_ path: ArraySlice<String>, _ value: JSON, isAdd: Bool, in target: inout JSON) -> Bool {
        guard let part = path.first else { return false }
        let rest = path.dropFirst()
        switch target {
        case .object(var object):
            if rest.isEmpty {
                object[part] = value
            } else {
                guard var below = object[part], replace(rest, value, isAdd: isAdd, in: &below) else { return false }
                object[part] = below
            }
            target = .object(object)
            return true
        case .array(var elements):
            if part == "-", rest.isEmpty {
                elements.append(value)
            } else {
                guard let place = Int(part), elements.indices.contains(place) else { return false }
                if rest.isEmpty {
                    if isAdd { elements.insert(value, at: place) } else { elements[place] = value }
                } else {
                    guard replace(rest, value, isAdd: isAdd, in: &elements[place]) else { return false }
                }
            }
            target = .array(elements)
            return true
        default: return false
        }
    }
}
