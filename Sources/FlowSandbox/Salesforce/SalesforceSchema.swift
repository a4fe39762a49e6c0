import FlowCore

/// The objects of the seeded organization: a multi-currency one with the package of the co-sell connector installed.
///
/// Beyond the standard fields, Opportunity has `Sync_with_Partner_Center__c`, `Referral_Identifier__c` (external id,
/// unique), `Referral_Link__c`, `How_can_Microsoft_help__c`, `Referral_Visible_to_Microsoft_Sellers__c`,
/// `Microsoft_CRM_Identifier__c`, `Referral_Program__c`, `Products__c`, `Audit__c` and
/// `Partner_Center_Values__c`; leads have the first three and `Audit__c`. `Microsoft_Solution__c` holds the solutions of an opportunity.
package enum SalesforceSchema {
    /// A stage of opportunities.
    package struct Stage: Sendable {
        /// Its name.
        package let name: String
        /// The chance in per cent.
        package let probability: Int64
        /// The forecast category.
        package let forecast: String
        /// Whether the deal is over.
        package var isClosed: Bool { probability == 100 || forecast == "Omitted" }
        /// Whether it was won.
        package var isWon: Bool { probability == 100 }
    }

    /// The stages: the standard ones, and `On Hold` and `Active`, which the environment variables of the co-sell solution
    /// name (`msft_onholdstagename`, `msft_activestagename`).
    package static let stages = [
        Stage(name: "On Hold", probability: 5, forecast: "Pipeline"),
        Stage(name: "Active", probability: 10, forecast: "Pipeline"),
        Stage(name: "Prospecting", probability: 10, forecast: "Pipeline"),
        Stage(name: "Qualification", probability: 10, forecast: "Pipeline"),
        Stage(name: "Needs Analysis", probability: 20, forecast: "Pipeline"),
        Stage(name: "Value Proposition", probability: 50, forecast: "Pipeline"),
        Stage(name: "Id. Decision Makers", probability: 60, forecast: "Pipeline"),
        Stage(name: "Perception Analysis", probability: 70, forecast: "Pipeline"),
        Stage(name: "Proposal/Price Quote", probability: 75, forecast: "BestCase"),
        Stage(name: "Negotiation/Review", probability: 90, forecast: "BestCase"),
        Stage(name: "Closed Won", probability: 100, forecast: "Closed"),
        Stage(name: "Closed Lost", probability: 0, forecast: "Omitted"),
    ]

    /// The active currencies; the first is the corporate one.
    package static let currencies = ["USD", "EUR", "GBP", "CHF", "JPY", "AUD", "CAD", "SEK", "BRL", "INR"]

    /// The labels of "How can Microsoft help?".
    package static let helpChoices = [
        "Workload Specific Value Proposition", "Customer Technical Architecture", "Proof Of Concept or Demo",
        "Quotes or Licensing", "Post Sales Customer Success", "General or Other",
    ]

    private static let industries = [
        "Agriculture", "Banking", "Communications", "Education", "Electronics", "Energy", "Finance", "Government",
        "Healthcare", "Hospitality", "Manufacturing", "Retail", "Technology", "Transportation", "Other",
    ]
    private static let sources = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"]

    /// All objects.
    package static let objects = [
        account, contact, opportunity, contactRole, teamMember, lead, user, microsoftSolution,
    ]

    private static let byName = Dictionary(
        objects.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

    /// An object by name; letter case does not count.
    package static func object(_ name: String) -> SalesforceObject? { byName[name.lowercased()] }

    private static var currency: SalesforceField {
        .list("CurrencyIsoCode", "Currency ISO Code", currencies, restricted: true).with(
            default: .string(currencies[0]))
    }

    private static var owner: SalesforceField { .lookup("OwnerId", "Owner ID", to: "User", as: "Owner") }

    private static func address(_ prefix: String, _ label: String) -> [SalesforceField] {
        [
            SalesforceField("\(prefix)Street", "\(label) Street", .textarea, 255),
            SalesforceField("\(prefix)City", "\(label) City", .string, 40),
            SalesforceField("\(prefix)State", "\(label) State/Province", .string, 80),
            SalesforceField("\(prefix)PostalCode", "\(label) Zip/Postal Code", .string, 20),
            SalesforceField("\(prefix)Country", "\(label) Country", .string, 80),
        ]
    }

    private static let account = SalesforceObject(
        "Account", "Account", "Accounts", prefix: "001",
        [
            SalesforceField("Name", "Account Name", .string, 255).required(),
            SalesforceField("AccountNumber", "Account Number", .string, 40),
            .list("Type", "Account Type", ["Prospect", "Customer - Direct", "Customer - Channel", "Other"]),
            .list("Industry", "Industry", industries),
            .lookup("ParentId", "Parent Account ID", to: "Account", as: "Parent"),
        ] + address("Billing", "Billing") + address("Shipping", "Shipping") + [
            SalesforceField("Phone", "Account Phone", .phone), SalesforceField("Website", "Website", .url),
            SalesforceField("NumberOfEmployees", "Employees", .int),
            SalesforceField("AnnualRevenue", "Annual Revenue", .currency),
            SalesforceField("Description", "Account Description", .textarea, 32_000), currency, owner,
        ],
        children: [
            .init(relationship: "Contacts", object: "Contact", field: "AccountId", isOwned: true),
            .init(relationship: "Opportunities", object: "Opportunity", field: "AccountId", isOwned: true),
            .init(relationship: "ChildAccounts", object: "Account", field: "ParentId", isOwned: false),
        ])

    private static let contact = SalesforceObject(
        "Contact", "Contact", "Contacts", prefix: "003",
        [
            .lookup("AccountId", "Account ID", to: "Account", as: "Account"),
            SalesforceField("LastName", "Last Name", .string, 80).required(),
            SalesforceField("FirstName", "First Name", .string, 40),
            SalesforceField("Name", "Full Name", .string, 121).readOnly(),
            SalesforceField("Salutation", "Salutation", .string, 40), SalesforceField("Title", "Title", .string, 128),
            SalesforceField("Email", "Email", .email), SalesforceField("Phone", "Business Phone", .phone),
            SalesforceField("MobilePhone", "Mobile Phone", .phone),
        ] + address("Mailing", "Mailing") + [
            SalesforceField("Description", "Contact Description", .textarea, 32_000), currency, owner,
        ],
        children: [
            .init(
                relationship: "OpportunityContactRoles", object: "OpportunityContactRole", field: "ContactId",
                isOwned: true)
        ])

    private static let opportunity = SalesforceObject(
        "Opportunity", "Opportunity", "Opportunities", prefix: "006",
        [
            .lookup("AccountId", "Account ID", to: "Account", as: "Account"),
            SalesforceField("Name", "Name", .string, 120).required(),
            SalesforceField("Description", "Description", .textarea, 32_000),
            SalesforceField.list("StageName", "Stage", stages.map(\.name)).required(),
            SalesforceField("Amount", "Amount", .currency), SalesforceField("Probability", "Probability (%)", .percent),
            SalesforceField("ExpectedRevenue", "Expected Amount", .currency).readOnly(),
            SalesforceField("CloseDate", "Close Date", .date).required(),
            .list("Type", "Opportunity Type", ["Existing Business", "New Business"]),
            SalesforceField("NextStep", "Next Step", .string, 255), .list("LeadSource", "Lead Source", sources),
            SalesforceField("IsClosed", "Closed", .boolean).readOnly(),
            SalesforceField("IsWon", "Won", .boolean).readOnly(),
            SalesforceField("ForecastCategory", "Forecast Category", .string, 40).readOnly(),
            SalesforceField("IsPrivate", "Private", .boolean), currency, owner,
            SalesforceField("Sync_with_Partner_Center__c", "Sync with Partner Center", .boolean),
            .externalID("Referral_Identifier__c", "Referral Identifier", 100),
            SalesforceField("Referral_Link__c", "Referral Link", .url),
            .list("How_can_Microsoft_help__c", "How can Microsoft help?", helpChoices, restricted: true),
            SalesforceField(
                "Referral_Visible_to_Microsoft_Sellers__c", "Referral visible to Microsoft sellers?", .boolean),
            SalesforceField("Microsoft_CRM_Identifier__c", "Microsoft CRM Identifier", .string, 255),
            SalesforceField("Referral_Program__c", "Referral Program", .string, 255),
            SalesforceField("Products__c", "Products", .string, 255),
            SalesforceField("Audit__c", "Audit", .textarea, 100_000),
            SalesforceField("Partner_Center_Values__c", "Partner Center Values", .textarea, 100_000),
        ],
        children: [
            .init(
                relationship: "OpportunityContactRoles", object: "OpportunityContactRole", field: "OpportunityId",
                isOwned: true),
            .init(
                relationship: "OpportunityTeamMembers", object: "OpportunityTeamMember", field: "OpportunityId",
                isOwned: true),
            .init(
                relationship: "Microsoft_Solutions__r", object: "Microsoft_Solution__c", field: "Opportunity__c",
                isOwned: false),
        ])

    private static let contactRole = SalesforceObject(
        "OpportunityContactRole", "Opportunity Contact Role", "Opportunity Contact Role", prefix: "00K",
        [
            SalesforceField.lookup("OpportunityId", "Opportunity ID", to: "Opportunity", as: "Opportunity").required()
                .createOnly(),
            SalesforceField.lookup("ContactId", "Contact ID", to: "Contact", as: "Contact").required(),
            .list(
                "Role", "Role",
                [
                    "Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Influencer", "Technical Buyer",
                    "Other",
                ]),
            SalesforceField("IsPrimary", "Primary", .boolean), currency,
        ])

    private static let teamMember = SalesforceObject(
        "OpportunityTeamMember", "Opportunity Team Member", "Opportunity Team Members", prefix: "00q",
        [
            SalesforceField.lookup("OpportunityId", "Opportunity ID", to: "Opportunity", as: "Opportunity").required()
                .createOnly(),
            SalesforceField.lookup("UserId", "User ID", to: "User", as: "User").required().createOnly(),
            SalesforceField("Name", "Name", .string, 361).readOnly(),
            SalesforceField.list(
                "TeamMemberRole", "Member Role",
                [
                    "Account Manager", "Channel Manager", "Executive Sponsor", "Lead Qualifier", "Sales Manager",
                    "Sales Rep",
                ]
            ).required(),
            .list("OpportunityAccessLevel", "Opportunity Access", ["Read", "Edit"]).with(default: "Read"), currency,
        ])

    private static let lead = SalesforceObject(
        "Lead", "Lead", "Leads", prefix: "00Q",
        [
            SalesforceField("LastName", "Last Name", .string, 80).required(),
            SalesforceField("FirstName", "First Name", .string, 40),
            SalesforceField("Name", "Full Name", .string, 121).readOnly(),
            SalesforceField("Title", "Title", .string, 128),
            SalesforceField("Company", "Company", .string, 255).required(),
            SalesforceField("Street", "Street", .textarea, 255), SalesforceField("City", "City", .string, 40),
            SalesforceField("State", "State/Province", .string, 80),
            SalesforceField("PostalCode", "Zip/Postal Code", .string, 20),
            SalesforceField("Country", "Country", .string, 80), SalesforceField("Phone", "Phone", .phone),
            SalesforceField("Email", "Email", .email), SalesforceField("Website", "Website", .url),
            SalesforceField("Description", "Description", .textarea, 32_000),
            .list("LeadSource", "Lead Source", sources),
            SalesforceField.list(
                "Status", "Status",
                ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
                restricted: true
            ).with(default: "Open - Not Contacted"),
            .list("Industry", "Industry", industries), SalesforceField("AnnualRevenue", "Annual Revenue", .currency),
            SalesforceField("IsConverted", "Converted", .boolean).readOnly(),
            SalesforceField("ConvertedDate", "Converted Date", .date).readOnly(),
            SalesforceField.lookup("ConvertedAccountId", "Converted Account ID", to: "Account", as: "ConvertedAccount")
                .readOnly(),
            SalesforceField.lookup("ConvertedContactId", "Converted Contact ID", to: "Contact", as: "ConvertedContact")
                .readOnly(),
            SalesforceField.lookup(
                "ConvertedOpportunityId", "Converted Opportunity ID", to: "Opportunity", as: "ConvertedOpportunity"
            ).readOnly(),
            currency, owner,
            SalesforceField("Sync_with_Partner_Center__c", "Sync with Partner Center", .boolean),
            .externalID("Referral_Identifier__c", "Referral Identifier", 100),
            SalesforceField("Referral_Link__c", "Referral Link", .url),
            SalesforceField("Audit__c", "Audit", .textarea, 100_000),
        ])

    private static let user = SalesforceObject(
        "User", "User", "Users", prefix: "005",
        [
            SalesforceField("Username", "Username", .string, 80).required().unique(),
            SalesforceField("LastName", "Last Name", .string, 80).required(),
            SalesforceField("FirstName", "First Name", .string, 40),
            SalesforceField("Name", "Full Name", .string, 121).readOnly(),
            SalesforceField("Email", "Email", .email).required(), SalesforceField("Title", "Title", .string, 80),
            SalesforceField("Phone", "Phone", .phone),
            SalesforceField("IsActive", "Active", .boolean).with(default: true),
            SalesforceField("Alias", "Alias", .string, 8), SalesforceField("CompanyName", "Company Name", .string, 80),
            currency,
        ])

    private static let microsoftSolution = SalesforceObject(
        "Microsoft_Solution__c", "Microsoft Solution", "Microsoft Solutions", prefix: "a0x",
        [
            SalesforceField("Name", "Microsoft Solution Name", .string, 80),
            SalesforceField.lookup("Opportunity__c", "Opportunity", to: "Opportunity", as: "Opportunity__r"),
            SalesforceField("Solution_Identifier__c", "Solution Identifier", .string, 100).required(),
            SalesforceField("Solution_Name__c", "Solution Name", .string, 255),
            .list("Type__c", "Type", ["1P", "3P"]),
            SalesforceField("Publisher_Name__c", "Publisher Name", .string, 255),
            currency, owner,
        ])
}
