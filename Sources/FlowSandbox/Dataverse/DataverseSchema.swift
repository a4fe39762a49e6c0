import FlowCore

/// The tables of the seeded environment: those of sales, and those of the co-sell solution for Dynamics 365.
///
/// Opportunities and leads carry the solution's columns `msft_syncwithpartnercenter`, `msft_referralidentifier` (alternate
/// key), `msft_referrallink`, `msft_howcanmicrosofthelp`, `msft_referralvisibility`, `msft_microsoftcrmidentifier`,
/// `msft_referralprogram`, `msft_products`, `msft_audit` and `msft_partnercentervalues`. `msft_microsoftsolutiondetails` is the catalogue of co-sell-ready
/// solutions; `msft_microsoftsolutions` joins them to opportunities.
package enum DataverseSchema {
    /// A one-to-many relationship.
    struct Relationship: Sendable {
        var name, parent, child, column: String
    }

    /// The choice values of "How can Microsoft help?".
    package static let helpChoices: KeyValuePairs<Int64, String> = [
        861_980_000: "Workload Specific Value Proposition", 861_980_001: "Customer Technical Architecture",
        861_980_002: "Proof Of Concept or Demo", 861_980_003: "Quotes or Licensing",
        861_980_004: "Post Sales Customer Success", 861_980_005: "General or Other",
    ]

    /// All tables.
    package static let tables = [
        account, contact, opportunity, lead, systemUser, currency, connectionRole, connection, solutionDetail, solution,
        definition, value, callbackRegistration,
    ]

    /// Relationships that can be expanded from their parent.
    static let relationships = [
        Relationship(
            name: "opportunity_parent_account", parent: "account", child: "opportunity", column: "parentaccountid"),
        Relationship(
            name: "contact_customer_accounts", parent: "account", child: "contact", column: "parentcustomerid"),
        Relationship(
            name: "msft_opportunity_msft_microsoftsolution", parent: "opportunity", child: "msft_microsoftsolution",
            column: "msft_opportunity"),
        Relationship(
            name: "opportunity_connections1", parent: "opportunity", child: "connection", column: "record1id"),
        Relationship(
            name: "environmentvariabledefinition_environmentvariablevalue", parent: "environmentvariabledefinition",
            child: "environmentvariablevalue", column: "environmentvariabledefinitionid"),
    ]

    private static let byName = Dictionary(tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    private static let bySet = Dictionary(tables.map { ($0.set, $0) }, uniquingKeysWith: { first, _ in first })

    /// A table by its logical name.
    package static func table(_ name: String) -> DataverseTable? { byName[name] }

    /// A table by its entity set.
    package static func table(set: String) -> DataverseTable? { bySet[set] }

    private static func address(_ prefix: String) -> [DataverseColumn] {
        ["line1", "line2", "city", "stateorprovince", "postalcode", "country"].map {
            DataverseColumn("\(prefix)_\($0)", .text($0.hasPrefix("line") ? 250 : 80))
        }
    }

    private static let coSell = [
        DataverseColumn.yesNo("msft_syncwithpartnercenter"), DataverseColumn("msft_referralidentifier", .text(100)),
        DataverseColumn("msft_referrallink", .text(255)), .choice("msft_howcanmicrosofthelp", helpChoices),
        .yesNo("msft_referralvisibility"), DataverseColumn("msft_microsoftcrmidentifier", .text(100)),
        DataverseColumn("msft_referralprogram", .text(100)), DataverseColumn("msft_products", .text(255)),
        DataverseColumn("msft_audit", .text(100_000)), DataverseColumn("msft_partnercentervalues", .text(100_000)),
    ]

    private static let account = DataverseTable(
        "account", set: "accounts", primaryName: "name", alternateKeys: [["accountnumber"]],
        [
            DataverseColumn("name", .text(160)), DataverseColumn("accountnumber", .text(20)),
            DataverseColumn("telephone1", .text(50)), DataverseColumn("emailaddress1", .text(100)),
            DataverseColumn("websiteurl", .text(200)), DataverseColumn("description", .text(2_000)),
            DataverseColumn("numberofemployees", .integer), DataverseColumn("revenue", .money),
            .lookup("primarycontactid", "contact"), .lookup("parentaccountid", "account"),
            .lookup("transactioncurrencyid", "transactioncurrency"),
        ] + address("address1"))

    private static let contact = DataverseTable(
        "contact", set: "contacts", primaryName: "fullname",
        [
            DataverseColumn("firstname", .text(50)), DataverseColumn("lastname", .text(50)),
            DataverseColumn("fullname", .text(160)).readOnly(), DataverseColumn("emailaddress1", .text(100)),
            DataverseColumn("telephone1", .text(50)), DataverseColumn("mobilephone", .text(50)),
            DataverseColumn("jobtitle", .text(100)), DataverseColumn("description", .text(2_000)),
            .lookup("parentcustomerid", "account", "contact"), .lookup("transactioncurrencyid", "transactioncurrency"),
        ] + address("address1"))

    private static let opportunity = DataverseTable(
        "opportunity", set: "opportunities", primaryName: "name", alternateKeys: [["msft_referralidentifier"]],
        states: [
            DataverseColumn.choice("statecode", [0: "Open", 1: "Won", 2: "Lost"]).with(default: 0),
            DataverseColumn.choice(
                "statuscode", [1: "In Progress", 2: "On Hold", 3: "Won", 4: "Canceled", 5: "Out-Sold"]
            ).with(default: 1),
        ],
        [
            DataverseColumn("name", .text(300)), DataverseColumn("description", .text(2_000)),
            DataverseColumn("estimatedvalue", .money), DataverseColumn("estimatedclosedate", .date),
            DataverseColumn("actualvalue", .money), DataverseColumn("actualclosedate", .date),
            DataverseColumn("budgetamount", .money), DataverseColumn("customerneed", .text(2_000)),
            DataverseColumn("closeprobability", .integer), DataverseColumn("stepname", .text(200)),
            .lookup("parentaccountid", "account"), .lookup("parentcontactid", "contact"),
            .lookup("customerid", "account", "contact"), .lookup("transactioncurrencyid", "transactioncurrency"),
            .lookup("originatingleadid", "lead"),
        ] + coSell)

    private static let lead = DataverseTable(
        "lead", set: "leads", primaryName: "fullname",
        states: [
            DataverseColumn.choice("statecode", [0: "Open", 1: "Qualified", 2: "Disqualified"]).with(default: 0),
            DataverseColumn.choice(
                "statuscode",
                [
                    1: "New", 2: "Contacted", 3: "Qualified", 4: "Lost", 5: "Cannot Contact", 6: "No Longer Interested",
                    7: "Canceled",
                ]
            ).with(default: 1),
        ],
        [
            DataverseColumn("subject", .text(300)), DataverseColumn("firstname", .text(50)),
            DataverseColumn("lastname", .text(50)), DataverseColumn("fullname", .text(160)).readOnly(),
            DataverseColumn("companyname", .text(100)), DataverseColumn("emailaddress1", .text(100)),
            DataverseColumn("telephone1", .text(50)), DataverseColumn("description", .text(2_000)),
            DataverseColumn("budgetamount", .money), DataverseColumn("estimatedamount", .money),
            DataverseColumn("estimatedclosedate", .date), .lookup("parentaccountid", "account"),
            .lookup("transactioncurrencyid", "transactioncurrency"), .lookup("qualifyingopportunityid", "opportunity"),
        ] + address("address1") + coSell)

    /// What one record is to another, such as a stakeholder of an opportunity (category 1000) or one of its sales team (1001).
    private static let connectionRole = DataverseTable(
        "connectionrole", set: "connectionroles", primaryName: "name", isProtected: true, hasOwner: false,
        [
            DataverseColumn("name", .text(100)), DataverseColumn("description", .text(2_000)),
            .choice(
                "category",
                [
                    1: "Business", 2: "Family", 3: "Social", 4: "Sales", 5: "Other", 1_000: "Stakeholder",
                    1_001: "Sales Team", 1_002: "Service",
                ]
            ).with(default: 5),
        ])

    /// Two records that belong together: contacts and users of an opportunity.
    private static let connection = DataverseTable(
        "connection", set: "connections", primaryName: "name",
        [
            DataverseColumn("name", .text(500)), DataverseColumn("description", .text(2_000)),
            .lookup("record1id", "opportunity", "account", "contact", "lead", "systemuser"),
            .lookup("record2id", "contact", "systemuser", "account", "opportunity", "lead"),
            .lookup("record1roleid", "connectionrole"), .lookup("record2roleid", "connectionrole"),
        ])

    private static let systemUser = DataverseTable(
        "systemuser", set: "systemusers", primaryName: "fullname", alternateKeys: [["azureactivedirectoryobjectid"]],
        isProtected: true, hasOwner: false, states: [],
        [
            DataverseColumn("fullname", .text(200)), DataverseColumn("firstname", .text(64)),
            DataverseColumn("lastname", .text(64)), DataverseColumn("internalemailaddress", .text(100)),
            DataverseColumn("domainname", .text(1_024)), DataverseColumn("title", .text(128)),
            DataverseColumn("address1_telephone1", .text(64)),
            DataverseColumn("azureactivedirectoryobjectid", .text(36)),
            DataverseColumn("applicationid", .text(36)), .yesNo("isdisabled"),
        ])

    private static let currency = DataverseTable(
        "transactioncurrency", set: "transactioncurrencies", primaryName: "currencyname",
        alternateKeys: [["isocurrencycode"]], isProtected: true, hasOwner: false,
        [
            DataverseColumn("currencyname", .text(100)), DataverseColumn("isocurrencycode", .text(5)),
            DataverseColumn("currencysymbol", .text(13)), DataverseColumn("exchangerate", .decimal),
            DataverseColumn("currencyprecision", .integer),
        ])

    private static let solutionDetail = DataverseTable(
        "msft_microsoftsolutiondetail", set: "msft_microsoftsolutiondetails", primaryName: "msft_solutionname",
        alternateKeys: [["msft_solutionidentifier"]],
        [
            DataverseColumn("msft_solutionname", .text(255)), DataverseColumn("msft_solutionidentifier", .text(100)),
            DataverseColumn("msft_type", .text(20)), DataverseColumn("msft_publishername", .text(255)),
        ])

    private static let solution = DataverseTable(
        "msft_microsoftsolution", set: "msft_microsoftsolutions", primaryName: "msft_name",
        [
            DataverseColumn("msft_name", .text(100)), .lookup("msft_opportunity", "opportunity"),
            .lookup("msft_solutiondetail", "msft_microsoftsolutiondetail"),
            DataverseColumn("msft_solutionidentifier", .text(100)), DataverseColumn("msft_solutionname", .text(255)),
            DataverseColumn("msft_type", .text(20)), DataverseColumn("msft_publishername", .text(255)),
        ])

    private static let definition = DataverseTable(
        "environmentvariabledefinition", set: "environmentvariabledefinitions", primaryName: "schemaname",
        alternateKeys: [["schemaname"]], isProtected: true,
        [
            DataverseColumn("schemaname", .text(100)), DataverseColumn("displayname", .text(100)),
            DataverseColumn("description", .text(2_000)), DataverseColumn("defaultvalue", .text(2_000)),
            .choice(
                "type",
                [
                    100_000_000: "String", 100_000_001: "Number", 100_000_002: "Boolean", 100_000_003: "JSON",
                    100_000_004: "Data Source", 100_000_005: "Secret",
                ]
            ).with(default: 100_000_000),
        ])

    private static let value = DataverseTable(
        "environmentvariablevalue", set: "environmentvariablevalues", primaryName: "schemaname", isProtected: true,
        [
            DataverseColumn("schemaname", .text(100)), DataverseColumn("value", .text(2_000)),
            definitionLookup,
        ])

    /// Who is told of changed rows: see `ChangeCallbacks`.
    private static let callbackRegistration = DataverseTable(
        ChangeCallbacks.table, set: "callbackregistrations", primaryName: "name",
        [
            DataverseColumn("name", .text(256)), DataverseColumn("entityname", .text(255)),
            .choice(
                "message",
                [
                    1: "Added", 2: "Deleted", 3: "Modified", 4: "Added or Modified", 5: "Added or Deleted",
                    6: "Modified or Deleted", 7: "Added or Modified or Deleted",
                ]),
            .choice("scope", [1: "User", 2: "BusinessUnit", 3: "ParentChildBusinessUnit", 4: "Organization"]),
            .choice("runas", [1: "Modifying user", 2: "Row owner", 3: "Flow owner"]),
            .choice("version", [1: "V1", 2: "V2", 3: "V3"]), DataverseColumn("filteringattributes", .text(4_000)),
            DataverseColumn("filterexpression", .text(4_000)), DataverseColumn("postponeuntil", .text(256)),
            DataverseColumn("sdkmessagename", .text(100)), DataverseColumn("url", .text(2_000)).writeOnly(),
        ])

    /// This navigation property is spelled in mixed case by the service.
    private static var definitionLookup: DataverseColumn {
        var column = DataverseColumn("environmentvariabledefinitionid", .lookup)
        column.targets = [("environmentvariabledefinition", "EnvironmentVariableDefinitionId")]
        return column
    }
}
