import FlowCore

/// What a referral must hold, and which changes of its status are possible.
enum ReferralRules {
    private static let types = ["Shared", "Independent"]
    private static let qualifications = ["None", "Direct", "MarketingQualified", "SalesQualified"]
    private static let targetTypes = ["None", "BusinessProfileLocation", "SolutionProfile"]
    private static let solutionTypes = ["None", "Category", "Name"]
    /// The ways in which Microsoft can be asked to help.
    static let helpCodes = [
        "Unknown", "GeneralOrOther", "CustomerTechnicalArchitecture", "ProofOfConceptOrDemo", "QuotesOrLicensing",
        "PostSalesCustomerSuccess", "WorkloadSpecificValueProposition",
    ]
    private static let substatuses = [
        "New": ["Pending", "Received"], "Active": ["Accepted"], "Closed": ["Won", "Lost", "Declined", "Expired"],
    ]

    /// Checks what a caller gave for a new or replaced referral.
    /// - Parameters:
    ///   - given: the caller's object.
    ///   - isConnected: whether it is the second referral of an engagement, which needs no sales team.
    /// - Throws: 400 `invalidRequest` with the property as target.
    static func check(_ given: JSONObject, isConnected: Bool) throws {
        for key in ["type", "customerProfile", "consent", "details"] {
            guard let value = given[key], !value.isNull else {
                throw ReferralFailure.invalid("The property '\(key)' is required.", target: key)
            }
        }
        try require(text(given["name"]), "name", "A deal name is required.")
        try oneOf(given["type"], types, "type")
        if let qualification = given["qualification"] { try oneOf(qualification, qualifications, "qualification") }
        let profile = given["customerProfile"]
        try require(text(profile?["name"]), "customerProfile/name", "The customer's name is required.")
        let country = text(profile?["address"]?["country"]) ?? ""
        guard country.utf8.count == 2, country.utf8.allSatisfy({ ($0 | 0x20) &- UInt8(ascii: "a") < 26 }) else {
            throw ReferralFailure.invalid(
                country.isEmpty
                    ? "Customer account country code is missing."
                    : "The country '\(country)' is not a two-letter ISO 3166 code.",
                target: "customerProfile/address/country")
        }
        try members(profile?["team"], "customerProfile/team")
        try members(given["team"], "team")
        if !isConnected, given["team"]?.arrayValue?.isEmpty ?? true {
            throw ReferralFailure.invalid("At least one member of the sales team is required.", target: "team")
        }
        try details(given["details"])
        for target in given["target"]?.arrayValue ?? [] {
            try oneOf(target["type"], targetTypes, "target/type")
            try require(text(target["id"]), "target/id", "A target needs an id.")
        }
        if let help = text(given["inviteContext"]?["assistanceRequestCode"]) {
            try oneOf(.string(help), helpCodes, "inviteContext/assistanceRequestCode")
            if help != "Unknown", profile?["team"]?.arrayValue?.isEmpty ?? true {
                throw ReferralFailure.invalid(
                    "A customer contact is required where Microsoft's help is requested.",
                    target: "customerProfile/team")
            }
        }
    }

    private static func details(_ details: JSON?) throws {
        guard number(details?["dealValue"]) != nil else {
            throw ReferralFailure.invalid("The deal value must be a number.", target: "details/dealValue")
        }
        try currency(details?["currency"])
        guard date(details?["closingDateTime"]) != nil else {
            throw ReferralFailure.invalid("A closing date is required.", target: "details/closingDateTime")
        }
        try solutions(details?["requirements"]?["solutions"])
    }

    /// Checks a list of solutions; at least one is required.
    static func solutions(_ value: JSON?) throws {
        guard let solutions = value?.arrayValue, !solutions.isEmpty else {
            throw ReferralFailure.invalid("Solution Id is required.", target: "details/requirements/solutions")
        }
        for solution in solutions { try self.solution(solution) }
    }

    /// Checks one solution.
    static func solution(_ solution: JSON) throws {
        try require(text(solution["id"]), "details/requirements/solutions/id", "Solution Id is required.")
        try oneOf(solution["type"] ?? "None", solutionTypes, "details/requirements/solutions/type")
    }

    /// Checks a currency code.
    static func currency(_ value: JSON?) throws {
        guard let code = text(value), code.utf8.count == 3,
            code.utf8.allSatisfy({ $0 &- UInt8(ascii: "A") < 26 })
        else { throw ReferralFailure.invalid("The currency must be an ISO 4217 code.", target: "details/currency") }
    }

    /// Checks the people of a team.
    static func members(_ value: JSON?, _ target: String) throws {
        guard let value, !value.isNull else { return }
        guard let members = value.arrayValue else {
            throw ReferralFailure.invalid("A team is an array of members.", target: target)
        }
        for member in members { try self.member(member, target) }
    }

    /// Checks one person of a team.
    static func member(_ member: JSON, _ target: String) throws {
        for key in ["firstName", "lastName", "email"] {
            try require(text(member[key]), "\(target)/\(key)", "A team member needs '\(key)'.")
        }
    }

    /// A number that may be written as a text, as the documented patch does.
    static func number(_ value: JSON?) -> JSON? {
        switch value {
        case .integer, .double, .decimal: return value
        case .string(let text):
            if let whole = Int64(text) { return .integer(whole) }
            return Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        default: return nil
        }
    }

    /// An instant as the service writes it: whole seconds, or with the fraction that was given.
    static func date(_ value: JSON?) -> JSON? {
        guard let text = text(value), let instant = Timestamp(iso8601: text) else { return nil }
        return .string(
            instant.ticks % Timestamp.ticksPerSecond == 0 ? instant.secondsDescription : instant.description)
    }

    /// Checks a change of status and gives the pair that results.
    /// - Parameters:
    ///   - old: the present pair.
    ///   - status: the new status, nil where it was not given.
    ///   - substatus: the new substatus, nil where it was not given.
    /// - Returns: the pair to keep.
    /// - Throws: 400 `invalidRequest`.
    static func transition(
        from old: (status: String, substatus: String), status: String?, substatus: String?
    ) throws -> (status: String, substatus: String) {
        let newStatus = status ?? old.status
        guard let allowed = substatuses[newStatus] else {
            throw ReferralFailure.invalid("The status '\(newStatus)' is not known.", target: "status")
        }
        // A status with one substatus only needs no second operation.
        let newSubstatus =
            substatus ?? (allowed.contains(old.substatus) ? old.substatus : allowed.count == 1 ? allowed[0] : "")
        guard allowed.contains(newSubstatus) else {
            let given = substatus.map { "The substatus '\($0)'" } ?? "A missing substatus"
            throw ReferralFailure.invalid(
                "\(given) does not go with the status '\(newStatus)': it takes \(allowed.joined(separator: ", ")).",
                target: "substatus")
        }
        let isPossible =
            switch (old.status, newStatus) {
            case ("New", _), ("Active", "Active"), ("Active", "Closed"): true
            default: false
            }
        guard isPossible else {
            throw ReferralFailure.invalid(
                "The status cannot change from \(old.status) to \(newStatus).", target: "status")
        }
        return (newStatus, newSubstatus)
    }

    /// A text that is not empty.
    static func text(_ value: JSON?) -> String? {
        guard let text = value?.stringValue, !text.trimmed.isEmpty else { return nil }
        return text
    }

    private static func require(_ text: String?, _ target: String, _ message: String) throws {
        guard text != nil else { throw ReferralFailure.invalid(message, target: target) }
    }

    private static func oneOf(_ value: JSON?, _ allowed: [String], _ target: String) throws {
        guard let text = value?.stringValue, allowed.contains(text) else {
            let given = value?.stringValue ?? value?.text ?? "nothing"
            throw ReferralFailure.invalid(
                "The value '\(given)' is not allowed: it must be one of \(allowed.joined(separator: ", ")).",
                target: target)
        }
    }
}
