import FlowCore
import FlowDefinitions
import FlowExpressions
import FlowText
import Foundation
import Testing

@testable import FlowBenchmarks

/// States, kinds of deals and help codes, as the shipped flows reckon them: their own expressions, without a run.
@Suite struct MappedStateTests {
    /// A flow, and what its actions have given so far.
    private struct Reckoning {
        private let flow: FlowDefinition
        private var actions: JSONObject = [:]
        private var parameters: JSONObject = [:]
        private let trigger: JSON

        init(
            _ crm: CoSellSide, _ file: String, _ bodies: JSONObject, parameters: JSONObject = [:], trigger: JSON = .null
        ) throws {
            self.trigger = ["body": trigger]
            let path = "\(BuiltBinary.checkout)/flows/partner-center-\(crm.rawValue)/\(file).flow.yaml"
            let decoded = FlowDecoder.decode(try String(contentsOfFile: path, encoding: .utf8), file: path)
            flow = try #require(decoded.flows.first)
            for (name, body) in bodies { actions[name] = ["status": "Succeeded", "outputs": ["body": body]] }
            for declaration in flow.parameters {
                // A variable is meant by its schema name.
                self.parameters[declaration.name] =
                    declaration.schemaName.flatMap { parameters[$0] } ?? declaration.defaultValue
            }
        }

        /// What stands in an action, evaluated.
        func value(_ action: String, _ members: String...) throws -> JSON {
            let written = try #require(flow.allActions.first { $0.name == action }?.inputs?.json)
            let part = try members.reduce(written) { try #require($0[$1]) }
            let scope = ContextScope(
                [
                    "parameters": .object(parameters), "actions": .object(actions), "trigger": trigger,
                ], now: Timestamp(ticks: 0))
            return try CompiledValue(part).evaluate(in: scope)
        }

        /// Lets Compose actions give their outputs.
        mutating func go(_ names: String...) throws {
            for name in names { actions[name] = ["status": "Succeeded", "outputs": try value(name)] }
        }
    }

    // MARK: 6.2, from Partner Center

    /// A referral's state, an opportunity's, and what the opportunity gets; a state is written as Salesforce and Dynamics have it.
    struct Arrival: Sendable {
        let status, substatus: String
        let stage: String
        let code: Int64
        let newStage: String?
        let newCode: Int64?
    }

    static let arrivals = [
        Arrival(status: "New", substatus: "Pending", stage: "On Hold", code: 2, newStage: nil, newCode: nil),
        Arrival(status: "New", substatus: "Received", stage: "On Hold", code: 2, newStage: nil, newCode: nil),
        Arrival(status: "New", substatus: "Pending", stage: "Qualification", code: 1, newStage: nil, newCode: nil),
        Arrival(status: "Active", substatus: "Accepted", stage: "On Hold", code: 2, newStage: "Active", newCode: 1),
        Arrival(status: "Active", substatus: "Accepted", stage: "Qualification", code: 1, newStage: nil, newCode: nil),
        Arrival(status: "Closed", substatus: "Won", stage: "Active", code: 1, newStage: "Closed Won", newCode: 3),
        Arrival(status: "Closed", substatus: "Won", stage: "On Hold", code: 2, newStage: "Closed Won", newCode: 3),
        Arrival(status: "Closed", substatus: "Lost", stage: "Active", code: 1, newStage: "Closed Lost", newCode: 4),
        Arrival(
            status: "Closed", substatus: "Declined", stage: "On Hold", code: 2, newStage: "Closed Lost", newCode: 4),
        Arrival(status: "Closed", substatus: "Expired", stage: "On Hold", code: 2, newStage: "Closed Lost", newCode: 4),
    ]

    @Test(arguments: arrivals) func `a referral's state becomes the opportunity's`(_ row: Arrival) throws {
        let referral: JSON = ["status": .string(row.status), "substatus": .string(row.substatus)]
        var salesforce = try Reckoning(
            .salesforce, "partner-center-to-salesforce",
            [
                "Get_referral": referral,
                "Opportunity_of_the_referral": [["StageName": .string(row.stage), "IsClosed": false, "IsWon": false]],
            ])
        try salesforce.go("State_in_the_CRM", "State_of_the_referral")
        #expect(
            try salesforce.value("Details_of_the_changed_opportunity", "StageName")
                == row.newStage.map { .string($0) } ?? .null)

        let helper = try Reckoning(
            .dynamics365, "helper",
            ["Get_referral": referral, "Get_existing_opportunity": ["statuscode": .integer(row.code)]])
        let closed = try helper.value("Details_of_the_changed_opportunity", "ClosedAs")
        let reason = try helper.value("Details_of_the_changed_opportunity", "StatusReason")
        #expect(closed == (row.status == "Closed" ? .string(row.substatus) : .null))
        guard !closed.isNull else {
            #expect(reason == row.newCode.map { .integer($0) } ?? .null)
            return
        }
        let customize = try Reckoning(.dynamics365, "customize", ["Parse_referral_body": ["ClosedAs": closed]])
        #expect(
            try customize.value("Close_the_opportunity", "parameters", "item/Status")
                == row.newCode.map { .integer($0) } ?? .null)
        #expect(
            try customize.value("Close_the_opportunity", "parameters", "actionName")
                == (row.newCode == 3 ? "WinOpportunity" : "LoseOpportunity"))
    }

    @Test(arguments: [("New", "On Hold", 2), ("Active", "Active", 1)] as [(String, String, Int64)])
    func `a new opportunity begins on hold, or active`(status: String, stage: String, code: Int64) throws {
        let referral: JSONObject = ["Get_referral": ["status": .string(status)]]
        let salesforce = try Reckoning(.salesforce, "partner-center-to-salesforce", referral)
        #expect(try salesforce.value("Details_of_the_new_opportunity", "StageName") == .string(stage))
        let helper = try Reckoning(.dynamics365, "helper", referral)
        #expect(try helper.value("Details_of_the_new_opportunity", "StatusReason") == .integer(code))
    }

    @Test func `states bear the names and numbers of the variables`() throws {
        let names: JSONObject = [
            "msft_onholdstagename": "Parked", "msft_activestagename": "Live", "flowrun_wonstagename": "Gained",
            "flowrun_loststagename": "Gone", "flowrun_onholdstatuscode": 11, "flowrun_activestatuscode": 22,
            "flowrun_wonstatuscode": 33, "flowrun_loststatuscode": 44, "flowrun_declinedstatuscode": 55,
        ]
        let rows: [(status: String, substatus: String, stage: String, code: Int64)] = [
            ("Active", "Accepted", "Live", 22), ("Closed", "Won", "Gained", 33), ("Closed", "Lost", "Gone", 44),
            ("Closed", "Declined", "Gone", 55), ("Closed", "Expired", "Gone", 55),
        ]
        for row in rows {
            let referral: JSON = ["status": .string(row.status), "substatus": .string(row.substatus)]
            var salesforce = try Reckoning(
                .salesforce, "partner-center-to-salesforce",
                [
                    "Get_referral": referral,
                    "Opportunity_of_the_referral": [["StageName": "Parked", "IsClosed": false, "IsWon": false]],
                ], parameters: names)
            try salesforce.go("State_in_the_CRM", "State_of_the_referral")
            #expect(
                try salesforce.value("Details_of_the_changed_opportunity", "StageName") == .string(row.stage))
            guard row.status == "Closed" else {
                let helper = try Reckoning(
                    .dynamics365, "helper",
                    ["Get_referral": referral, "Get_existing_opportunity": ["statuscode": 11]], parameters: names)
                #expect(try helper.value("Details_of_the_changed_opportunity", "StatusReason") == .integer(row.code))
                continue
            }
            let customize = try Reckoning(
                .dynamics365, "customize", ["Parse_referral_body": ["ClosedAs": .string(row.substatus)]],
                parameters: names)
            #expect(
                try customize.value("Close_the_opportunity", "parameters", "item/Status") == .integer(row.code))
        }
    }

    // MARK: 6.2, to Partner Center

    @Test(
        arguments: [
            ("Negotiation/Review", 0, "Active", "Accepted"), ("Closed Won", 1, "Closed", "Won"),
            ("Closed Lost", 2, "Closed", "Lost"),
        ] as [(String, Int64, String, String)])
    func `an opportunity's state becomes the referral's`(
        stage: String, state: Int64, status: String, substatus: String
    ) throws {
        let opportunities: [(CoSellSide, JSON)] = [
            (.salesforce, ["StageName": .string(stage), "IsClosed": .bool(state > 0), "IsWon": .bool(state == 1)]),
            (.dynamics365, ["statecode": .integer(state)]),
        ]
        for (crm, opportunity) in opportunities {
            let reckoning = try Reckoning(crm, "\(crm.rawValue)-to-partner-center", ["Get_opportunity": opportunity])
            let place = ["content", "CRM"]
            #expect(
                try reckoning.value("Existing_referrals_objects", place[0], place[1], "Status") == .string(status))
            #expect(
                try reckoning.value("Existing_referrals_objects", place[0], place[1], "Substatus") == .string(substatus)
            )
        }
    }

    // MARK: Kinds of referrals

    /// A referral, what it is, and whether it comes to the CRM: with the variable at Yes, and at No.
    struct Kind: Sendable {
        let referral: JSON
        let kind: String
        let comes: (Bool, Bool)
    }

    private static func referral(
        _ type: String, _ qualification: String, invitedBy: JSON = .null, consent: Bool = false, outgoing: Bool = false,
        target: String? = nil
    ) -> JSON {
        [
            "type": .string(type), "qualification": .string(qualification),
            "direction": outgoing ? "Outgoing" : "Incoming",
            "inviteContext": ["invitedBy": ["organizationId": invitedBy]],
            "consent": ["consentToShareReferralWithMicrosoftSellers": .bool(consent)],
            "target": target.map { [["id": .string($0)]] } ?? [],
        ]
    }

    static let kinds = [
        Kind(referral: referral("Independent", "Direct", invitedBy: "msft"), kind: "Lead", comes: (false, true)),
        Kind(referral: referral("Independent", "Direct"), kind: "Lead", comes: (false, true)),
        Kind(
            referral: referral("Independent", "MarketingQualified", invitedBy: "msft"), kind: "Lead",
            comes: (false, true)),
        Kind(
            referral: referral("Independent", "SalesQualified", invitedBy: "MSFT"), kind: "Lead", comes: (false, true)),
        Kind(
            referral: referral("Independent", "SalesQualified", invitedBy: "p"), kind: "Private", comes: (false, true)),
        Kind(
            referral: referral("Independent", "SalesQualified", invitedBy: "p", consent: true), kind: "CoSell",
            comes: (true, true)),
        Kind(referral: referral("Independent", "None", outgoing: true), kind: "Private", comes: (false, true)),
        Kind(referral: referral("Shared", "SalesQualified", invitedBy: "msft"), kind: "CoSell", comes: (true, true)),
        Kind(
            referral: referral("Shared", "SalesQualified", consent: true, target: "msft"), kind: "Microsoft",
            comes: (false, false)),
    ]

    @Test(arguments: kinds) func `what a referral is, and whether it comes to the CRM`(_ row: Kind) throws {
        for crm in [CoSellSide.salesforce, .dynamics365] {
            for (only, comes) in [(true, row.comes.0), (false, row.comes.1)] {
                var reckoning = try Reckoning(
                    crm, "partner-center-to-\(crm.rawValue)",
                    [
                        "Get_referral": row.referral,
                        "Targets_that_are_Microsoft": row.kind == "Microsoft" ? row.referral["target"] ?? [] : [],
                    ], parameters: ["msft_synccosellopportunitiesonly": .bool(only)])
                try reckoning.go("Kind_of_referral")
                #expect(try reckoning.value("Kind_of_referral") == .string(row.kind))
                #expect(try reckoning.value("Is_to_be_synchronised") == .bool(comes))
            }
        }
    }

    // MARK: 6.3 and 6.4

    static let helps: [(label: String?, choice: Int64?, code: String)] = [
        ("Workload Specific Value Proposition", 861_980_000, "WorkloadSpecificValueProposition"),
        ("Customer Technical Architecture", 861_980_001, "CustomerTechnicalArchitecture"),
        ("Proof Of Concept or Demo", 861_980_002, "ProofOfConceptOrDemo"),
        ("Quotes or Licensing", 861_980_003, "QuotesOrLicensing"),
        ("Post Sales Customer Success", 861_980_004, "PostSalesCustomerSuccess"),
        ("General or Other", 861_980_005, "GeneralOrOther"), (nil, nil, "Unknown"),
    ]

    @Test(arguments: helps)
    func `how Microsoft can help, in both directions, and what kind of deal that makes`(
        label: String?, choice: Int64?, code: String
    ) throws {
        let asksForHelp = label != nil
        for crm in [CoSellSide.salesforce, .dynamics365] {
            let here: JSON =
                crm == .salesforce ? label.map { .string($0) } ?? .null : choice.map { .integer($0) } ?? .null
            // From Partner Center, at creation.
            let receiver = crm == .salesforce ? "partner-center-to-salesforce" : "helper"
            var arriving = try Reckoning(
                crm, receiver, ["Get_referral": ["inviteContext": ["assistanceRequestCode": .string(code)]]])
            try arriving.go(crm == .salesforce ? "Microsoft_help_labels" : "Microsoft_help_choices")
            #expect(try arriving.value("Details_of_the_new_opportunity", "HowCanMicrosoftHelp") == here)

            let help = crm == .salesforce ? "How_can_Microsoft_help__c" : "msft_howcanmicrosofthelp"
            let visible =
                crm == .salesforce ? "Referral_Visible_to_Microsoft_Sellers__c" : "msft_referralvisibility"
            // To Partner Center, at creation: private, partner-led and co-sell deals.
            for isVisible in [false, true] {
                let opportunity: JSON = .object([help: here, visible: .bool(isVisible)])
                for type in ["Independent", "Shared"] {
                    var creating = try Reckoning(
                        crm, "create-co-sell-referral", ["Get_opportunity": opportunity],
                        parameters: ["flowrun_partnerledtype": .string(type)])
                    try creating.go("Microsoft_help_codes", "Extract_Microsoft_Help")
                    func given(_ member: String) throws -> JSON {
                        try creating.value("Create_Referral", "parameters", "Referral/" + member)
                    }
                    #expect(try given("inviteContext/assistanceRequestCode") == .string(code))
                    #expect(
                        try given("consent/consentToShareReferralWithMicrosoftSellers")
                            == .bool(asksForHelp || isVisible))
                    let expected = asksForHelp ? "Shared" : isVisible ? type : "Independent"
                    #expect(try given("type") == .string(expected))
                }
            }
            // To Partner Center, later: only a deal that is no co-sell yet.
            for type in ["Independent", "Shared"] {
                var comparing = try Reckoning(
                    crm, "\(crm.rawValue)-to-partner-center",
                    ["Get_opportunity": .object([help: here, "Name": "n"]), "Get_referral": ["type": .string(type)]])
                try comparing.go("Microsoft_help_codes")
                let wanted = type == "Independent" && asksForHelp ? code : ""
                #expect(try comparing.value("Changes_of_the_whole_referral", "help") == .string(wanted))
            }
        }
    }

    // MARK: A new name

    /// The name in the CRM, what both agreed on, that in Partner Center, and what is sent.
    @Test(
        arguments: [
            ("b", "a", "a", "b"), ("b", nil, "a", "b"), ("a", "a", "c", ""), ("b", "a", "b", ""), ("a", "a", "a", ""),
        ] as [(String, String?, String, String)])
    func `only a name that a seller changed is sent, and only where the variable says so`(
        here: String, agreed: String?, there: String, sent: String
    ) throws {
        for crm in [CoSellSide.salesforce, .dynamics365] {
            for isWanted in [true, false] {
                let values: JSONObject = agreed.map { ["Name": .string($0)] } ?? [:]
                let field = crm == .salesforce ? "Partner_Center_Values__c" : "msft_partnercentervalues"
                let name = crm == .salesforce ? "Name" : "name"
                var comparing = try Reckoning(
                    crm, "\(crm.rawValue)-to-partner-center",
                    [
                        "Get_opportunity": .object([
                            name: .string("✔ " + here), field: .string(JSON.object(values).text),
                        ]),
                        "Get_referral": ["name": .string(there), "type": "Shared"],
                    ], parameters: ["flowrun_sendnamechanges": .bool(isWanted)])
                try comparing.go(
                    "Opportunity_name", "Values_of_the_referral", "Agreed_values", "Microsoft_help_codes")
                #expect(
                    try comparing.value("Changes_of_the_whole_referral", "name") == .string(isWanted ? sent : ""))
            }
        }
    }

    // MARK: Leads and solutions

    @Test func `a converted lead hands its referral over, with the seller's values, and that accepts it`() throws {
        let id = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b505"
        let salesforce = try Reckoning(
            .salesforce, "salesforce-leads-to-partner-center",
            [
                "Get_opportunity": ["Id": "006X", "CloseDate": "2027-04-30", "CurrencyIsoCode": "GBP", "Amount": 150],
                "Referral_of_the_lead": [["id": .string(id)]],
            ])
        var dynamics = try Reckoning(
            .dynamics365, "dynamics365-leads-to-partner-center",
            [
                "Find_the_opportunity_of_the_lead": [
                    "value": [
                        [
                            "opportunityid": "006X", "estimatedclosedate": "2027-04-30", "estimatedvalue": 150,
                            "transactioncurrencyid": ["isocurrencycode": "GBP"],
                        ]
                    ]
                ]
            ], trigger: ["msft_referralidentifier": .string(id)])
        try dynamics.go("Opportunity")
        let expected: KeyValuePairs<String, JSON> = [
            "/externalReferenceId": "006X", "/details/closingDateTime": "2027-04-30T00:00:00Z",
            "/details/currency": "GBP", "/details/dealValue": 150, "/status": "Active", "/substatus": "Accepted",
        ]
        let sides = [
            (salesforce, "Referral_Identifier__c", "Referral_Link__c", "Sync_with_Partner_Center__c"),
            (dynamics, "msft_referralidentifier", "msft_referrallink", "msft_syncwithpartnercenter"),
        ]
        for (reckoning, identifier, link, sync) in sides {
            let action = "Hand_the_referral_over_to_the_opportunity"
            let patch = try reckoning.value(action, "parameters", "Referral").arrayValue ?? []
            #expect(try reckoning.value(action, "parameters", "id") == .string(id))
            #expect(patch.count == expected.count)
            for (path, value) in expected {
                #expect(patch.first { $0["path"] == .string(path) }?["value"] == value, "\(path)")
            }
            func written(_ field: String) throws -> JSON {
                try reckoning.value("Write_the_referral_into_the_opportunity", "parameters", "item/" + field)
            }
            #expect(try written(identifier) == .string(id) && written(sync) == true)
            #expect(
                try written(link) == .string("https://partner.microsoft.com/referrals/v2/inbox?id=" + id))
        }
    }

    @Test func `a new solution stands among the products, which starts the opportunity's flow`() throws {
        let salesforce = try Reckoning(
            .salesforce, "salesforce-microsoft-solutions-to-partner-center",
            ["Get_opportunity": ["Id": "006X", "Products__c": "SOL-1"]], trigger: ["Solution_Identifier__c": "SOL-2"])
        let write = "Write_into_the_opportunity_that_a_solution_is_there"
        #expect(try salesforce.value(write, "parameters", "item/Products__c") == "SOL-1;SOL-2")
        var dynamics = try Reckoning(
            .dynamics365, "dynamics365-microsoft-solutions-to-partner-center", ["Solution_ids": ["SOL-1", "SOL-2"]])
        try dynamics.go("Products")
        #expect(
            try dynamics.value("Write_the_products_into_the_opportunity", "parameters", "item/msft_products")
                == "SOL-1;SOL-2")
    }
}
