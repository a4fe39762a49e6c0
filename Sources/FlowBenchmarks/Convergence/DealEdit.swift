import FlowCore

/// A value that is edited.
enum DealField: String, CaseIterable {
    case dealValue = "DealValue"
    case notes = "Notes"
    case closingDate = "ClosingDate"
    /// Stands in Partner Center too, but only sellers change it, and it stays in the CRM.
    case name = "Name"
    /// Goes from Partner Center to the CRM only.
    case program = "ReferralProgram"

    /// Those that either side changes, and both have to agree on.
    static let shared: [DealField] = [.dealValue, .notes, .closingDate]
}

/// One edit of one side.
///
/// Its value tells its number and its side, so that it is known wherever it is met.
struct DealEdit {
    let number: Int
    let deal: Int
    let isInPartnerCenter: Bool
    let field: DealField
    /// When the service had taken it, since the start.
    var at = Duration.zero

    private static let firstDay = Timestamp(year: 2_027, month: 1, day: 1)

    /// The value as it is compared.
    var value: String {
        let code = number * 2 + (isInPartnerCenter ? 0 : 1)
        switch field {
        case .dealValue: return String(1_000 + code)
        case .notes: return (isInPartnerCenter ? "partner center " : "seller ") + String(number)
        case .name: return "Renamed \(number)"
        case .program: return "Program \(number)"
        case .closingDate: return String((Self.firstDay + .seconds(code * 86_400)).description.prefix(10))
        }
    }

    /// Whether a value was edited in Partner Center; nil for a value that no edit gave.
    static func isFromPartnerCenter(_ value: String, _ field: DealField) -> Bool? {
        switch field {
        case .dealValue:
            guard let number = Double(value), number > 1_001, number < 42_000 else { return nil }
            return Int(number) % 2 == 0
        case .notes:
            return value.hasPrefix("partner center ") ? true : value.hasPrefix("seller ") ? false : nil
        case .name, .program: return nil
        case .closingDate:
            guard let day = Timestamp(iso8601: value + "T00:00:00Z"), day > firstDay + .seconds(86_400) else {
                return nil
            }
            return Int(((day - firstDay) / .seconds(86_400)).rounded()) % 2 == 0
        }
    }
}

/// What became of a deal's edits.
struct DealOutcome {
    /// What is not as it has to be.
    var findings: [String] = []
    /// How many values stand by the rule for conflicts.
    var settled = 0

    /// Looks at both sides of a deal after its edits.
    init(
        _ deal: Int, _ edits: [DealEdit], partnerCenter: [DealField: String], crm: [DealField: String], audit: String
    ) {
        for field in [DealField.name, .program] {
            guard let last = edits.last(where: { $0.field == field }), crm[field] != last.value else { continue }
            findings.append(
                "deal \(deal), \(field.rawValue): the last edit was '\(last.value)' (#\(last.number)), the CRM says "
                    + "'\(crm[field] ?? "")'")
        }
        for field in DealField.shared {
            let name = "deal \(deal), \(field.rawValue)"
            guard partnerCenter[field] == crm[field] else {
                findings.append(
                    "\(name): '\(partnerCenter[field] ?? "")' in Partner Center, '\(crm[field] ?? "")' in the CRM")
                continue
            }
            let own = edits.filter { $0.field == field }
            guard let last = own.last, let value = crm[field], value != last.value else { continue }
            // The seller's last edit gave way to Partner Center's, which was not known to both yet; the audit says so.
            guard !last.isInPartnerCenter, let other = own.last(where: \.isInPartnerCenter), value == other.value,
                audit.contains("Both sides had changed \(field.rawValue) (here: \(last.value)")
            else {
                findings.append(
                    "\(name): the last edit was '\(last.value)' (#\(last.number)), both sides say '\(value)', and the "
                        + "audit does not say why")
                continue
            }
            settled += 1
        }
    }
}
