import FlowCore
import Testing

@testable import FlowBenchmarks

/// The mapping tables of both co-sell solutions, row by row: what two deals have on both sides after each step of their way.
@Suite struct MappingTests {
    /// Where a value stands with each CRM, and what it is there; a text that begins with … is part of the value.
    struct Row: Sendable, CustomTestStringConvertible {
        let step: String
        let salesforce: String?
        let dynamics365: String?
        let expected: JSON
        let inDynamics365: JSON

        init(_ step: String, _ salesforce: String?, _ dynamics365: String?, _ expected: JSON, _ other: JSON? = nil) {
            self.step = step
            self.salesforce = salesforce
            self.dynamics365 = dynamics365
            self.expected = expected
            inDynamics365 = other ?? expected
        }

        /// A value of the referral, the same with both.
        init(_ step: String, referral path: String, _ expected: JSON) {
            self.init(step, "referral/" + path, "referral/" + path, expected)
        }

        var testDescription: String { "\(step): \(salesforce ?? dynamics365 ?? "")" }
    }

    static let rows: [Row] = [
        // 6.1, Partner Center to the CRM, at creation
        Row("arrived", "opportunity/Referral_Identifier__c", "opportunity/msft_referralidentifier", .string(id)),
        Row(
            "arrived", "opportunity/Referral_Link__c", "opportunity/msft_referrallink",
            .string("https://partner.microsoft.com/referrals/v2/inbox?id=" + id)),
        Row("arrived", "isLinked", "isLinked", true),
        Row("arrived", "opportunity/Name", "opportunity/name", "✔ Wide mapping"),
        Row("arrived", "opportunity/Amount", "opportunity/estimatedvalue", 12_345.5),
        Row("arrived", "opportunity/CurrencyIsoCode", "currency", "EUR", "Euro"),
        Row("arrived", "opportunity/CloseDate", "opportunity/estimatedclosedate", "2027-03-31"),
        Row("arrived", "opportunity/Description", "opportunity/description", "First notes."),
        Row("arrived", "opportunity/StageName", "opportunity/statecode", "On Hold", 0),
        Row("arrived", nil, "opportunity/statuscode", 2),
        Row(
            "arrived", "opportunity/Referral_Visible_to_Microsoft_Sellers__c", "opportunity/msft_referralvisibility",
            true),
        Row(
            "arrived", "opportunity/How_can_Microsoft_help__c", "opportunity/msft_howcanmicrosofthelp",
            "Quotes or Licensing", 861_980_003),
        Row("arrived", "opportunity/Products__c", "opportunity/msft_products", "SOL-70001-ADT;SOL-70009-XYZ"),
        Row("arrived", "opportunity/Microsoft_CRM_Identifier__c", "opportunity/msft_microsoftcrmidentifier", "7-11"),
        Row("arrived", "opportunity/Referral_Program__c", "opportunity/msft_referralprogram", "Program 1"),
        Row("arrived", "opportunity/Sync_with_Partner_Center__c", "opportunity/msft_syncwithpartnercenter", true),
        Row(
            "arrived", "opportunity/Audit__c", "opportunity/msft_audit",
            "… - Partner Center Referral to CRM sync success."),
        Row("arrived", "solutions/0/Solution_Identifier__c", "solutions/0/msft_solutionidentifier", "SOL-70001-ADT"),
        Row("arrived", "solutions/0/Solution_Name__c", "solutions/0/msft_solutionname", "Adatum Insight"),
        Row("arrived", "solutions/0/Type__c", "solutions/0/msft_type", "3P"),
        Row("arrived", "solutions/0/Publisher_Name__c", "solutions/0/msft_publishername", "Adatum"),
        Row("arrived", "solutions/1/Solution_Identifier__c", "solutions/1/msft_solutionidentifier", "SOL-70009-XYZ"),
        Row("arrived", "account/Name", "account/name", "Tailwind Fjord"),
        Row("arrived", "account/BillingStreet", "account/address1_line1", "1 Long Road\nFloor 2", "1 Long Road"),
        Row("arrived", nil, "account/address1_line2", "Floor 2"),
        Row("arrived", "account/BillingCity", "account/address1_city", "Aarhus"),
        Row("arrived", "account/BillingState", "account/address1_stateorprovince", "Midt"),
        Row("arrived", "account/BillingPostalCode", "account/address1_postalcode", "8000"),
        Row("arrived", "account/BillingCountry", "account/address1_country", "DK"),
        Row("arrived", "contact/FirstName", "contact/firstname", "Lars"),
        Row("arrived", "contact/LastName", "contact/lastname", "Holm"),
        Row("arrived", "contact/Email", "contact/emailaddress1", "lars.holm@tailwind.example"),
        Row("arrived", "contact/Phone", "contact/telephone1", "+4511111"),
        Row("arrived", "roles/0/IsPrimary", nil, true),
        Row("arrived", "owner/Email", "owner/internalemailaddress", "joel.kim@adatum.example"),
        Row("arrived", "team/0/TeamMemberRole", nil, "Sales Rep"),
        Row("arrived", "team/1", "connections/2", .null),
        Row("arrived", nil, "role of the contact", "Stakeholder"),
        Row("arrived", nil, "role of the owner", "Sales Professional"),
        // 6.2, on hold
        Row("held", referral: "details/notes", "First notes."),
        Row("held", referral: "status", "New"),
        Row("accepted", referral: "status", "Active"),
        Row("accepted", referral: "substatus", "Accepted"),
        Row("accepted", referral: "details/notes", "Edited on hold."),
        Row(
            "accepted", "opportunity/Audit__c", "opportunity/msft_audit",
            "… - CRM to Partner Center Referral sync success."),
        Row("accepted", "opportunity/StageName", "opportunity/statuscode", "Negotiation/Review", 1),
        // 6.1, the CRM to Partner Center
        Row("changed here", referral: "details/dealValue", 777.25),
        Row("changed here", referral: "details/currency", "GBP"),
        Row("changed here", referral: "details/closingDateTime", "2027-08-15T00:00:00Z"),
        Row("changed here", referral: "details/notes", "Notes of the seller."),
        Row("changed here", referral: "name", "Renamed by the seller"),
        Row("changed here", referral: "customerProfile/team/0/email", "lars.holm@tailwind.example"),
        Row("changed here", referral: "customerProfile/team/1/firstName", "Nora"),
        Row("changed here", referral: "customerProfile/team/1/lastName", "Berg"),
        Row("changed here", referral: "customerProfile/team/1/email", "nora.berg@tailwind.example"),
        Row("changed here", referral: "customerProfile/team/1/phoneNumber", "+4512345"),
        Row("changed here", referral: "team/0/email", "joel.kim@adatum.example"),
        Row("changed here", referral: "team/1/email", "no.user@adatum.example"),
        Row("changed here", referral: "team/2/email", "crm.admin@adatum.example"),
        Row("changed here", referral: "details/requirements/solutions/2/id", "SOL-70002-ADT"),
        Row("changed here", referral: "details/requirements/solutions/2/name", "Adatum Line Monitor"),
        Row("changed here", referral: "details/requirements/solutions/2/type", "Name"),
        Row("changed here", referral: "details/requirements/solutions/2/solutionType", "3P"),
        // 6.1, Partner Center to the CRM, later
        Row("changed there", "opportunity/Amount", "opportunity/estimatedvalue", 990),
        Row("changed there", "opportunity/CurrencyIsoCode", "currency", "USD", "US Dollar"),
        Row("changed there", "opportunity/CloseDate", "opportunity/estimatedclosedate", "2027-09-01"),
        Row("changed there", "opportunity/Description", "opportunity/description", "Notes of Microsoft."),
        Row("changed there", "opportunity/Name", "opportunity/name", "✔ Renamed by the seller"),
        Row("changed there", "opportunity/Referral_Program__c", "opportunity/msft_referralprogram", "Program 2"),
        Row(
            "changed there", "opportunity/Microsoft_CRM_Identifier__c", "opportunity/msft_microsoftcrmidentifier",
            "7-22"),
        Row("compared", referral: "name", "Renamed there"),
        Row("declined", "opportunity/StageName", "opportunity/statecode", "Closed Lost", 2),
        Row("declined", nil, "opportunity/statuscode", 4),
        Row(
            "declined", "opportunity/Audit__c", "opportunity/msft_audit",
            "… The referral is closed: Declined, No budget."),
        Row("declined", "opportunity/NextStep", nil, "No budget"),
        // A failure
        Row("refused", "opportunity/Name", "opportunity/name", "✘ Contoso predictive maintenance"),
        Row(
            "refused", "opportunity/Audit__c", "opportunity/msft_audit",
            "… - CRM to Partner Center referral creation failed: Customer account country code is missing."),
        // 6.4 and 5: a partner-led deal of our own, for which help is asked later
        Row("shared", "isLinked", "isLinked", true),
        Row("shared", referral: "type", "Independent"),
        Row("shared", referral: "qualification", "SalesQualified"),
        Row("shared", referral: "status", "Active"),
        Row("shared", referral: "name", "Contoso predictive maintenance"),
        Row("shared", referral: "consent/consentToShareReferralWithMicrosoftSellers", true),
        Row("shared", referral: "consent/consentToToShareInfoWithOthers", true),
        Row("shared", referral: "consent/consentToContact", true),
        Row("shared", referral: "inviteContext/assistanceRequestCode", "Unknown"),
        Row("shared", referral: "inviteContext/notes", "Sensors on two production lines."),
        Row("shared", referral: "target", []),
        Row("shared", referral: "details/dealValue", 65_000),
        Row("shared", referral: "details/currency", "EUR"),
        Row("shared", referral: "details/notes", "Sensors on two production lines."),
        Row("shared", referral: "details/requirements/solutions/0/id", "SOL-70001-ADT"),
        Row("shared", referral: "details/requirements/solutions/0/type", "Name"),
        Row("shared", referral: "details/requirements/solutions/0/publisherName", "Adatum Partner Ltd"),
        Row("shared", referral: "customerProfile/name", "Contoso Manufacturing"),
        Row("shared", referral: "customerProfile/address/addressLine1", "8 Mill Lane"),
        Row("shared", referral: "customerProfile/address/addressLine2", "Door 3, Second yard"),
        Row("shared", referral: "customerProfile/address/city", "Hamburg"),
        Row("shared", referral: "customerProfile/address/state", "HH"),
        Row("shared", referral: "customerProfile/address/postalCode", "20095"),
        Row("shared", referral: "customerProfile/address/country", "DE"),
        Row("shared", referral: "customerProfile/team/0/lastName", "Vogel"),
        Row("shared", referral: "team/0/email", "joel.kim@adatum.example"),
        Row("shared", "opportunity/Name", "opportunity/name", "✔ Contoso predictive maintenance"),
        Row(
            "shared", "opportunity/Audit__c", "opportunity/msft_audit",
            "… - CRM to Partner Center referral creation success."),
        Row("helped", referral: "type", "Shared"),
        Row("helped", referral: "inviteContext/assistanceRequestCode", "CustomerTechnicalArchitecture"),
        Row("helped", referral: "target/0/type", "SolutionProfile"),
        Row("helped", referral: "target/0/id", "SOL-70001-ADT"),
        Row(
            "helped", "opportunity/Referral_Visible_to_Microsoft_Sellers__c", "opportunity/msft_referralvisibility",
            true),
        Row("of Microsoft", "0/target/0/id", "0/target/0/id", "msft"),
        Row("of Microsoft", "0/target/0/type", "0/target/0/type", "BusinessProfileLocation"),
        Row(
            "of Microsoft", "0/inviteContext/assistanceRequestCode", "0/inviteContext/assistanceRequestCode",
            "CustomerTechnicalArchitecture"),
        Row("of Microsoft", "0/customerProfile/address/country", "0/customerProfile/address/country", "DE"),
        Row("of Microsoft", "1", "1", .null),
        Row("answered", "opportunity/Microsoft_CRM_Identifier__c", "opportunity/msft_microsoftcrmidentifier", "…7-0"),
        Row(
            "answered", "opportunity/Audit__c", "opportunity/msft_audit",
            "… - Co-sell referral of Microsoft is Active (Accepted)."),
        Row("lost", referral: "status", "Closed"),
        Row("lost", referral: "substatus", "Lost"),
        Row("lost", "referral/statusReason", nil, "Too expensive"),
        // 6.1 and 6.2, leads
        Row("lead", "isLinked", "isLinked", true),
        Row("lead", "lead/LastName", "lead/lastname", "Holm"),
        Row("lead", "lead/FirstName", "lead/firstname", "Lars"),
        Row("lead", "lead/Company", "lead/companyname", "Tailwind Fjord"),
        Row("lead", "lead/Phone", "lead/telephone1", "+4511111"),
        Row("lead", "lead/Email", "lead/emailaddress1", "lars.holm@tailwind.example"),
        Row("lead", "lead/Status", nil, "Open - Not Contacted"),
        Row("lead", nil, "lead/subject", "Wide mapping"),
        Row("lead", nil, "lead/address1_line2", "Floor 2"),
        Row("lead", nil, "lead/address1_stateorprovince", "Midt"),
        Row("lead", nil, "lead/address1_country", "DK"),
        Row("lead", nil, "lead/estimatedamount", 12_345.5),
        Row("lead", nil, "lead/estimatedclosedate", "2027-03-31"),
        Row("lead", nil, "lead/msft_referralidentifier", "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b503"),
        Row("foreign", "opportunities", "opportunities", []),
        // The variables
        Row("by variables", "opportunity/StageName", "opportunity/statuscode", "Prospecting", 1),
        Row("by variables", "account/ShippingCountry", "account/websiteurl", "NO"),
        Row("by variables", "account/BillingCountry", "account/address1_country", .null),
        Row("by variables", "opportunity/Probability", "opportunity/budgetamount", 25),
        Row("by variables", "opportunity/Amount", "opportunity/estimatedvalue", .null),
        Row("by variables", "opportunity/NextStep", "opportunity/stepname", "EUR"),
        Row("by variables", "opportunity/Name", "opportunity/name", "Private mapping"),
        Row("by variables", "team/0/TeamMemberRole", nil, "Channel Manager"),
        Row("by variables", nil, "role of the contact", "Sales Professional"),
        Row("by variables", nil, "role of the owner", "Stakeholder"),
        Row("held by variables", referral: "details/currency", "EUR"),
        Row("accepted by variables", referral: "substatus", "Accepted"),
        Row("accepted by variables", referral: "details/currency", "CHF"),
        Row("accepted by variables", nil, "referral/details/dealValue", 35),
        Row("accepted by variables", referral: "name", "Private mapping"),
        Row("out of reach", "opportunity/Audit__c", "opportunity/msft_audit", "…A customer contact with first name"),
        Row("out of reach", "opportunity/Referral_Identifier__c", "opportunity/msft_referralidentifier", .null),
        Row("incomplete", referral: "name", "Contoso predictive maintenance"),
        Row("incomplete", referral: "details/dealValue", 4_321),
        Row("incomplete", "opportunity/Audit__c", "opportunity/msft_audit", "…did not take the new name: The country"),
        Row("lost by variables", "opportunity/StageName", "opportunity/statuscode", "Closed Won", 5),
        Row("lost by variables", "opportunity/LeadSource", nil, "Too late"),
    ]

    private static let id = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b501"

    @Test(arguments: rows) func `a row of the mapping tables`(_ row: Row) async throws {
        for (crm, seen) in try await MappedDeals.all() {
            let isSalesforce = crm == .salesforce
            guard let path = isSalesforce ? row.salesforce : row.dynamics365 else { continue }
            let expected = isSalesforce ? row.expected : row.inDynamics365
            let found = path.split(separator: "/").reduce(seen[row.step] ?? .null) { value, part in
                Int(part).map { value[$0] ?? .null } ?? value[String(part)] ?? .null
            }
            if let part = expected.stringValue, part.hasPrefix("…") {
                #expect(found.stringValue?.contains(part.dropFirst()) == true, "\(crm) \(path): \(found)")
            } else {
                #expect(
                    found == expected || found.doubleValue.map { $0 == expected.doubleValue } == true,
                    "\(crm) \(path): \(found)")
            }
        }
    }

    @Test func `without a closing date a deal closes in as many days as the variable says`() async throws {
        for (crm, seen) in try await MappedDeals.all() {
            let deal = seen["by variables"]?["opportunity"] ?? .null
            let (made, closes) = crm == .salesforce ? ("CreatedDate", "CloseDate") : ("createdon", "estimatedclosedate")
            let first = Timestamp(iso8601: deal[made]?.stringValue ?? "")
            let last = Timestamp(iso8601: (deal[closes]?.stringValue ?? "") + "T00:00:00Z")
            let days = try #require(last) - (try #require(first))
            #expect((8...10).contains(days.components.seconds / 86_400), "\(crm): \(days)")
        }
    }

    @Test func `flows go by every spelling of Microsoft's documents`() async throws {
        for (crm, seen) in try await MappedDeals.all() {
            for spelling in MappedDeals.spellings(crm) {
                #expect(seen["flow '\(spelling.other)'"] == .string(spelling.name), "\(spelling.other)")
            }
        }
    }

    @Test func `the next healing follows its variable`() async throws {
        let seen = try #require(try await MappedDeals.all()[.dynamics365])
        #expect(seen["minutes to the next healing, at 2 hours"] == 120)
        #expect(seen["minutes to the next healing, at 6 hours"] == 360)
    }

    @Test func `doctor signs in once for each connection, though it asks several questions`() async throws {
        for (crm, seen) in try await MappedDeals.all() {
            let connections: JSON = crm == .salesforce ? 4 : 3
            #expect(seen["sign-ins of the first examination"] == connections)
            #expect(seen["sign-ins of the second examination"] == connections)
        }
    }
}
