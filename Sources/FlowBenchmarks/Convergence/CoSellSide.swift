import FlowCore

/// The CRM that Partner Center is kept in step with.
enum CoSellSide: String {
    case salesforce
    case dynamics365

    /// The sandbox's name of it.
    var service: String { self == .salesforce ? "salesforce" : "commondataserviceforapps" }
    /// What its opportunities are called.
    var kind: String { self == .salesforce ? "Opportunity" : "opportunity" }
    /// The member with an opportunity's id.
    var id: String { self == .salesforce ? "Id" : "opportunityid" }
    /// The member with the referral's id.
    var referral: String { self == .salesforce ? "Referral_Identifier__c" : "msft_referralidentifier" }
    /// The member with the audit lines.
    var audit: String { self == .salesforce ? "Audit__c" : "msft_audit" }
    private var title: String { self == .salesforce ? "Salesforce" : "Dynamics 365" }
    /// The flow that the webhooks start.
    var receiver: String { "Partner Center to \(title) (Insider Preview)" }
    /// The flow that the CRM's changes start.
    var watcher: String { "\(title) Opportunity to Partner Center (Insider Preview)" }
    /// The flow that compares an opportunity with its referral.
    var comparer: String { "\(title) to Partner Center (Insider Preview)" }

    /// The member that holds a value.
    func name(of field: DealField) -> String {
        switch (self, field) {
        case (.salesforce, .dealValue): "Amount"
        case (.salesforce, .notes): "Description"
        case (.salesforce, .closingDate): "CloseDate"
        case (.salesforce, .name): "Name"
        case (.salesforce, .program): "Referral_Program__c"
        case (.dynamics365, .dealValue): "estimatedvalue"
        case (.dynamics365, .notes): "description"
        case (.dynamics365, .closingDate): "estimatedclosedate"
        case (.dynamics365, .name): "name"
        case (.dynamics365, .program): "msft_referralprogram"
        }
    }

    /// The record that an edit changes, as the sandbox's control API names it, and the change.
    func change(_ edit: DealEdit, of deal: CoSellDeal) -> (path: String, values: JSON) {
        guard edit.isInPartnerCenter else {
            let value: JSON = edit.field == .dealValue ? .integer(Int64(edit.value) ?? 0) : .string(edit.value)
            return ("/data/\(service)/\(kind)/\(deal.opportunity)", .object([name(of: edit.field): value]))
        }
        let values: JSON =
            switch edit.field {
            case .dealValue: ["details": ["dealValue": .integer(Int64(edit.value) ?? 0)]]
            case .notes: ["details": ["notes": .string(edit.value)]]
            case .closingDate: ["details": ["closingDateTime": .string(edit.value + "T00:00:00Z")]]
            case .name: ["name": .string(edit.value)]
            case .program: ["referralProgram": .string(edit.value)]
            }
        return ("/data/partnercenterref/referral/\(deal.referral)", values)
    }

    /// The values of a referral.
    static func values(ofReferral referral: JSON) -> [DealField: String] {
        let details = referral["details"] ?? .null
        return [
            .dealValue: number(details["dealValue"]), .notes: details["notes"]?.stringValue ?? "",
            .closingDate: String((details["closingDateTime"]?.stringValue ?? "").prefix(10)),
        ]
    }

    /// The values of an opportunity, and its audit lines.
    func values(ofOpportunity record: JSON) -> (values: [DealField: String], audit: String) {
        func text(_ field: DealField) -> String { record[name(of: field)]?.stringValue ?? "" }
        let values: [DealField: String] = [
            .dealValue: Self.number(record[name(of: .dealValue)]), .notes: text(.notes),
            .closingDate: String(text(.closingDate).prefix(10)),
            .name: text(.name).replacing("✔ ", with: "").replacing("✘ ", with: ""), .program: text(.program),
        ]
        return (values, record[audit]?.stringValue ?? "")
    }

    /// The shared values that a request of the ledger carries.
    func values(ofRequest body: JSON, inPartnerCenter: Bool) -> [(DealField, String)] {
        guard inPartnerCenter else {
            return DealField.shared.compactMap { field in
                guard let value = body[name(of: field)] else { return nil }
                return (
                    field, field == .dealValue ? Self.number(value) : String((value.stringValue ?? "").prefix(200))
                )
            }
        }
        return (body.arrayValue ?? []).compactMap { operation in
            switch operation["path"]?.stringValue {
            case "/details/dealValue": (.dealValue, Self.number(operation["value"]))
            case "/details/notes": (.notes, operation["value"]?.stringValue ?? "")
            case "/details/closingDateTime":
                (.closingDate, String((operation["value"]?.stringValue ?? "").prefix(10)))
            default: nil
            }
        }
    }

    private static func number(_ value: JSON?) -> String {
        (value?.doubleValue ?? value?.stringValue.flatMap(Double.init)).map { String(Int($0)) } ?? ""
    }
}

/// A deal of both sides.
struct CoSellDeal {
    let referral: String
    let opportunity: String
}

/// A write of the flows, with those of the edited values that it carries.
struct CoSellWrite {
    let isInPartnerCenter: Bool
    let values: [(DealField, String)]
}
