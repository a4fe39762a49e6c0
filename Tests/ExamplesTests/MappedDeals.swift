import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime
import FlowSandbox
import FlowStorage
import FlowTesting
import Synchronization

@testable import FlowBenchmarks

/// Calls services and counts the sign-ins.
final class SignInCounter: HTTPTransport {
    private let services = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
    private let urls = Mutex<[String]>([])

    /// How often somebody signed in since the last time that this was asked.
    func take() -> Int {
        urls.withLock { urls in
            defer { urls = [] }
            return urls.count
        }
    }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if request.url.contains("/oauth2/") { urls.withLock { $0.append(request.url) } }
        return try await services.send(request)
    }
}

/// Two deals that go through everything that the mapping tables say, in a sandbox and an environment of this process.
///
/// Nothing but the runs that are started here goes on: the flows that ask the CRM are off.
struct MappedDeals {
    private let crm: CoSellSide
    private let clock = VirtualClock(SystemClock().now)
    private let transport = SignInCounter()
    private let control: ControlCalls
    private let environment: FlowEnvironment
    private let store = InMemoryFlowStore()
    /// What was seen after each step.
    private var seen: JSONObject = [:]

    private static let salesforce = Task { try await MappedDeals.seen(.salesforce) }
    private static let dynamics365 = Task { try await MappedDeals.seen(.dynamics365) }

    /// What was seen after each step, with each CRM; the deals go their way once.
    static func all() async throws -> [CoSellSide: JSON] {
        [.salesforce: try await salesforce.value, .dynamics365: try await dynamics365.value]
    }

    private static func seen(_ crm: CoSellSide) async throws -> JSON {
        let scratch = try ScratchFolder()
        let folder = SandboxStateFolder(path: scratch.path + "/.flowrun/sandbox")
        return try await SandboxServer.withRunning(folder: folder) { sandbox in
            var deals = try await MappedDeals(crm, sandbox, project: scratch.path)
            do { try await deals.go() } catch {
                await deals.environment.shutdown()
                throw error
            }
            await deals.environment.shutdown()
            return .object(deals.seen)
        }
    }

    private init(_ crm: CoSellSide, _ sandbox: SandboxDescription, project: String) async throws {
        self.crm = crm
        control = ControlCalls(sandbox.controlURL, token: sandbox.controlToken)
        let settings = EnvironmentSettings(projectFolder: project, endpoints: .sandbox)
        try settings.makeStateFolder()
        environment = FlowEnvironment(
            settings, store: store,
            connectors: ConnectorRegistry(StandardConnectors.make(transport: transport)), clock: clock,
            options: FlowEnvironment.Options(threads: 1, idleLimit: .zero))
        try await environment.start()
        try await environment.install(crm)
        try await perform(.activate, ["flows": [.string(crm.receiver), .string(crm.comparer), .string(crm.creator)]])
    }

    // MARK: The way of the deals

    private static let referral = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b501"
    private static let later = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b502"
    private static let lead = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b503"
    private static let foreign = "3f1a90c4-5b7d-4a35-8a6c-1d20aa33b504"

    private mutating func go() async throws {
        try await shareAndHold()
        try await editHere()
        try await editThere()
        try await create()
        try await examine()
        try await useVariables()
    }

    /// A referral comes, is edited on hold, and is accepted by leaving the stage.
    private mutating func shareAndHold() async throws {
        _ = try await ask("POST", "/share", Self.shared)
        try await receive(Self.referral)
        let opportunity = try await look("arrived", Self.referral)
        try await change(opportunity, [crm.name(of: .notes): "Edited on hold."])
        try await compare(opportunity, Self.referral)
        try await look("held", Self.referral)
        let open: JSONObject = crm == .salesforce ? ["StageName": "Negotiation/Review"] : ["statuscode": 1]
        try await change(opportunity, open)
        try await compare(opportunity, Self.referral)
        try await look("accepted", Self.referral)
    }

    /// A seller changes everything that goes to Partner Center.
    private mutating func editHere() async throws {
        let opportunity = try await self.opportunity(of: Self.referral)
        let account = opportunity[crm == .salesforce ? "AccountId" : "_parentaccountid_value"]?.stringValue ?? ""
        let id = opportunity[crm.id]?.stringValue ?? ""
        var values: JSONObject = [
            crm.name(of: .dealValue): 777.25, crm.name(of: .notes): "Notes of the seller.",
            crm.name(of: .closingDate): "2027-08-15", crm.name(of: .name): "✔ Renamed by the seller",
        ]
        if crm == .salesforce {
            values["CurrencyIsoCode"] = "GBP"
            try await change(id, values)
            let contact = try await add(
                "Contact",
                [
                    "AccountId": .string(account), "FirstName": "Nora", "LastName": "Berg",
                    "Email": "Nora.Berg@tailwind.example", "Phone": "+4512345",
                ])
            try await add("OpportunityContactRole", ["OpportunityId": .string(id), "ContactId": .string(contact)])
            let user = try await rows("User", "Username=crm.admin@adatum.example")[0]?["Id"] ?? .null
            try await add(
                "OpportunityTeamMember",
                ["OpportunityId": .string(id), "UserId": user, "TeamMemberRole": "Sales Manager"])
            try await add(
                "Microsoft_Solution__c",
                [
                    "Opportunity__c": .string(id), "Solution_Identifier__c": "SOL-70002-ADT",
                    "Solution_Name__c": "Adatum Line Monitor", "Type__c": "3P", "Publisher_Name__c": "Adatum",
                ])
        } else {
            let pounds = try await rows("transactioncurrency", "isocurrencycode=GBP")[0]?["transactioncurrencyid"]
            values["transactioncurrencyid@odata.bind"] = .string(
                "/transactioncurrencies(\(pounds?.stringValue ?? ""))")
            try await change(id, values)
            let contact = try await add(
                "contact",
                [
                    "parentcustomerid_account@odata.bind": .string("/accounts(\(account))"), "firstname": "Nora",
                    "lastname": "Berg", "emailaddress1": "Nora.Berg@tailwind.example", "telephone1": "+4512345",
                ])
            let user = try await rows("systemuser", "domainname=crm.admin@adatum.example")[0]?["systemuserid"]
            for (name, row) in [
                ("contact", "/contacts(\(contact))"), ("systemuser", "/systemusers(\(user?.stringValue ?? ""))"),
            ] {
                try await add(
                    "connection",
                    [
                        "record1id_opportunity@odata.bind": .string("/opportunities(\(id))"),
                        "record2id_\(name)@odata.bind": .string(row),
                    ])
            }
            let detail = try await rows("msft_microsoftsolutiondetail", "msft_solutionidentifier=SOL-70002-ADT")
            try await add(
                "msft_microsoftsolution",
                [
                    "msft_opportunity@odata.bind": .string("/opportunities(\(id))"),
                    "msft_solutiondetail@odata.bind": .string(
                        "/msft_microsoftsolutiondetails(\(detail[0]?["msft_microsoftsolutiondetailid"]?.stringValue ?? ""))"
                    ),
                ])
        }
        try await compare(id, Self.referral)
        try await look("changed here", Self.referral)
    }

    /// Partner Center changes everything that comes from there, and then the deal is declined.
    private mutating func editThere() async throws {
        _ = try await ask(
            "PATCH", "/data/partnercenterref/referral/\(Self.referral)",
            [
                "details": [
                    "dealValue": 990, "currency": "USD", "closingDateTime": "2027-09-01T00:00:00Z",
                    "notes": "Notes of Microsoft.",
                ],
                "name": "Renamed there", "referralProgram": "Program 2", "trackingInfo": ["microsoftMsxId": "7-22"],
            ])
        try await receive(Self.referral)
        try await look("changed there", Self.referral)
        // An event of a change of no matter writes nothing, the name of the seller least of all.
        let opportunity = try await self.opportunity(of: Self.referral)[crm.id]?.stringValue ?? ""
        try await compare(opportunity, Self.referral)
        try await look("compared", Self.referral)
        if crm == .salesforce { try await set("flowrun_lossreasonfield", "NextStep") }
        _ = try await ask(
            "PATCH", "/data/partnercenterref/referral/\(Self.referral)",
            ["status": "Closed", "substatus": "Declined", "statusReason": "No budget"])
        try await receive(Self.referral)
        try await look("declined", Self.referral)
    }

    /// A partner-led deal of our own asks for help later, gets Microsoft's answer, and is lost.
    private mutating func create() async throws {
        let id = try await makeOpportunity()
        let account = crm == .salesforce ? "AccountId" : "_parentaccountid_value"
        let country = crm == .salesforce ? "BillingCountry" : "address1_country"
        let customer = try await record(crm.kind, id)[account]?.stringValue ?? ""
        let path = "/data/\(crm.service)/\(crm == .salesforce ? "Account" : "account")/\(customer)"
        _ = try await ask("PATCH", path, .object([country: "Germany"]))
        try await run(crm.creator, ["OpportunityId": .string(id)], status: "Failed")
        seen["refused"] = ["opportunity": try await record(crm.kind, id)]
        _ = try await ask("PATCH", path, .object([country: "de"]))
        try await askForHelpWithoutContact(id, customer)
        try await run(crm.creator, ["OpportunityId": .string(id)])
        let referral = try await record(crm.kind, id)[crm.referral]?.stringValue ?? ""
        try await look("shared", referral)
        try await change(
            id,
            crm == .salesforce
                ? ["How_can_Microsoft_help__c": "Customer Technical Architecture"]
                : ["msft_howcanmicrosofthelp": 861_980_001])
        try await compare(id, referral)
        try await look("helped", referral)
        let all = try await ask("GET", "/data/partnercenterref/referral").arrayValue ?? []
        let engagement = try await ask("GET", "/data/partnercenterref/referral/\(referral)")["engagementId"]
        let others = all.filter { $0["engagementId"] == engagement && $0["id"]?.stringValue != referral }
        seen["of Microsoft"] = .array(others)
        // Asking once more makes no third referral.
        try await change(id, [crm.name(of: .notes): "Once more."])
        try await compare(id, referral)
        let answered = try await ask("POST", "/referrals/\(referral)/accept")
        try await receive(answered["id"]?.stringValue ?? "", event: "related-referral-updated")
        try await look("answered", referral)
        try await renameWhatIsIncomplete(id, referral)
        var lost: JSONObject = crm == .salesforce ? ["StageName": "Closed Lost"] : ["statecode": 2]
        if crm == .salesforce { lost["NextStep"] = "Too expensive" }
        try await change(id, lost)
        try await compare(id, referral)
        try await look("lost", referral)
    }

    /// Microsoft cannot reach a customer of whom nobody has a telephone.
    private mutating func askForHelpWithoutContact(_ opportunity: String, _ customer: String) async throws {
        let (kind, phone, owner) =
            crm == .salesforce
            ? ("Contact", "Phone", "AccountId") : ("contact", "telephone1", "_parentcustomerid_value")
        let contacts = try await rows(kind, "\(owner)=\(customer)").arrayValue ?? []
        func call(_ number: JSON?, _ contact: JSON) async throws {
            let id = contact[crm == .salesforce ? "Id" : "contactid"]?.stringValue ?? ""
            _ = try await ask("PATCH", "/data/\(crm.service)/\(kind)/\(id)", .object([phone: number ?? .null]))
        }
        for contact in contacts { try await call(.null, contact) }
        try await change(
            opportunity,
            crm == .salesforce
                ? ["How_can_Microsoft_help__c": "Customer Technical Architecture"]
                : ["msft_howcanmicrosofthelp": 861_980_001])
        try await run(crm.creator, ["OpportunityId": .string(opportunity)], status: "Failed")
        seen["out of reach"] = ["opportunity": try await record(crm.kind, opportunity)]
        for contact in contacts { try await call(contact[phone], contact) }
        try await change(
            opportunity,
            crm == .salesforce ? ["How_can_Microsoft_help__c": .null] : ["msft_howcanmicrosofthelp": .null])
    }

    /// A referral that Partner Center would not take as it is keeps its name; its values go there all the same.
    private mutating func renameWhatIsIncomplete(_ opportunity: String, _ referral: String) async throws {
        let path = "/data/partnercenterref/referral/\(referral)"
        let profile = try await ask("GET", path)["customerProfile"] ?? .null
        var incomplete = profile.objectValue ?? [:]
        var address = incomplete["address"]?.objectValue ?? [:]
        address["country"] = "Germany"
        incomplete["address"] = .object(address)
        _ = try await ask("PATCH", path, ["customerProfile": .object(incomplete)])
        try await change(opportunity, [crm.name(of: .name): "A new name", crm.name(of: .dealValue): 4_321])
        try await compare(opportunity, referral)
        try await look("incomplete", referral)
        _ = try await ask("PATCH", path, ["customerProfile": profile])
    }

    private func makeOpportunity() async throws -> String {
        if crm == .salesforce {
            let made = try await rows("Opportunity", "Name=Contoso predictive maintenance")[0]?["Id"]?.stringValue ?? ""
            let account = try await record("Opportunity", made)["AccountId"]?.stringValue ?? ""
            _ = try await ask(
                "PATCH", "/data/salesforce/Account/\(account)",
                ["BillingStreet": "8 Mill Lane\r\nDoor 3\nSecond yard", "BillingState": "HH"])
            try await change(
                made, ["Sync_with_Partner_Center__c": true, "Referral_Visible_to_Microsoft_Sellers__c": true])
            return made
        }
        let account = try await rows("account", "name=Contoso Manufacturing")[0]?["accountid"]?.stringValue ?? ""
        _ = try await ask(
            "PATCH", "/data/commondataserviceforapps/account/\(account)",
            [
                "address1_line1": "8 Mill Lane", "address1_line2": "Door 3, Second yard",
                "address1_stateorprovince": "HH",
            ])
        let contact =
            try await rows("contact", "_parentcustomerid_value=\(account)")[0]?["contactid"]?.stringValue ?? ""
        let euro = try await rows("transactioncurrency", "isocurrencycode=EUR")[0]?["transactioncurrencyid"]
        let id = try await add(
            "opportunity",
            [
                "name": "Contoso predictive maintenance", "estimatedvalue": 65_000, "estimatedclosedate": "2027-05-01",
                "description": "Sensors on two production lines.", "msft_syncwithpartnercenter": true,
                "msft_referralvisibility": true,
                "parentaccountid@odata.bind": .string("/accounts(\(account))"),
                "parentcontactid@odata.bind": .string("/contacts(\(contact))"),
                "transactioncurrencyid@odata.bind": .string("/transactioncurrencies(\(euro?.stringValue ?? ""))"),
            ])
        try await add(
            "msft_microsoftsolution",
            [
                "msft_opportunity@odata.bind": .string("/opportunities(\(id))"),
                "msft_solutionidentifier": "SOL-70001-ADT", "msft_solutionname": "Adatum Insight", "msft_type": "3P",
                "msft_publishername": "Adatum Partner Ltd",
            ])
        return id
    }

    /// The flows that go by the spellings of Microsoft's documents; how often the doctor signs in.
    private mutating func examine() async throws {
        for spelling in Self.spellings(crm) {
            let flow = try await environment.perform(EnvironmentRequest(.showFlow, ["flow": .string(spelling.other)]))
            seen["flow '\(spelling.other)'"] = flow["name"] ?? .null
        }
        _ = transport.take()
        for round in ["first", "second"] {
            _ = try await environment.perform(EnvironmentRequest(.doctor))
            seen["sign-ins of the \(round) examination"] = .integer(Int64(transport.take()))
        }
    }

    /// Another deal where every variable has another value than its default.
    private mutating func useVariables() async throws {
        for (name, value) in crm.otherValues { try await set(name, value) }
        _ = try await ask("POST", "/share", Self.sharedLater)
        try await receive(Self.later)
        let id = try await look("by variables", Self.later)
        try await change(
            id, crm == .salesforce ? ["Probability": 35, "NextStep": "CHF"] : ["budgetamount": 35, "stepname": "CHF"])
        try await compare(id, Self.later)
        try await look("held by variables", Self.later)
        try await change(
            id,
            crm == .salesforce ? ["StageName": "Qualification", "Name": "Other"] : ["statuscode": 2, "name": "Other"])
        try await compare(id, Self.later)
        try await look("accepted by variables", Self.later)
        _ = try await ask(
            "PATCH", "/data/partnercenterref/referral/\(Self.later)",
            ["status": "Closed", "substatus": "Lost", "statusReason": "Too late"])
        try await receive(Self.later)
        try await look("lost by variables", Self.later)
        try await leads()
        guard crm == .dynamics365 else { return }
        // The next time of Auto-heal follows the variable.
        try await perform(.activate, ["flows": ["Auto-heal"]])
        for (hours, value) in [(2, nil), (6, "6")] as [(Int64, String?)] {
            if let value { try await set("msft_autohealrunscheduler", value) }
            var minutes: Int64?
            for _ in 0..<5_000 where minutes != hours * 60 {
                try await Task.sleep(for: .milliseconds(1))
                let states = try await store.triggerStates()
                minutes = states.compactMap(\.nextDue).first.map { ($0 - clock.now).components.seconds / 60 }
            }
            seen["minutes to the next healing, at \(hours) hours"] = .integer(minutes ?? 0)
        }
    }

    /// A lead that nobody accepted, and an accepted one whose CRM id is that of a lead of another system.
    private mutating func leads() async throws {
        var lead = Self.shared.objectValue ?? [:]
        lead["type"] = "Independent"
        lead["qualification"] = "Direct"
        lead["id"] = .string(Self.lead)
        _ = try await ask("POST", "/share", .object(lead))
        try await receive(Self.lead)
        let kind = crm == .salesforce ? "Lead" : "lead"
        let row = try await ask("GET", "/data/\(crm.service)/\(kind)")[0] ?? .null
        let referral = try await ask("GET", "/data/partnercenterref/referral/\(Self.lead)")
        seen["lead"] = [
            "lead": row,
            "isLinked": .bool(referral["externalReferenceId"] == row[crm == .salesforce ? "Id" : "leadid"]),
        ]
        lead["id"] = .string(Self.foreign)
        lead["status"] = "Active"
        lead["substatus"] = "Accepted"
        lead["externalReferenceId"] = .string(
            crm == .salesforce ? "00QAAAAAAAAAAAA" : "0a1b2c3d-0000-4000-8000-000000000001")
        _ = try await ask("POST", "/share", .object(lead))
        try await receive(Self.foreign)
        seen["foreign"] = ["opportunities": try await rows(crm.kind, "\(crm.referral)=\(Self.foreign)")]
    }

    // MARK: What is done

    private func perform(_ kind: EnvironmentRequest.Operation, _ arguments: JSONObject) async throws {
        _ = try await environment.perform(EnvironmentRequest(kind, arguments))
    }

    private func set(_ name: String, _ value: String) async throws {
        try await perform(.setVariable, ["name": .string(name), "value": .string(value)])
    }

    private func run(_ flow: String, _ input: JSON, status: JSON = "Succeeded") async throws {
        // What was changed less than two seconds before it is read is read again.
        _ = try await ask("POST", "/clock/advance", ["duration": "PT5S"])
        clock.advance(by: .seconds(5))
        let run = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": .string(flow), "wait": true, "input": input]))
        guard run["status"] == status else {
            throw FlowError(.invalidArgument, "\(flow): \(run.text.prefix(2_000))")
        }
    }

    private func receive(_ referral: String, event: String = "referral-updated") async throws {
        try await run(
            crm.receiver,
            [
                "EventName": .string(event), "ResourceName": "referral",
                "ResourceUri": .string("https://api.partnercenter.microsoft.com/engagements/v1/referrals/\(referral)"),
                "ResourceChangeUtcDate": .string(UUIDText.random()),
            ])
    }

    private func compare(_ opportunity: String, _ referral: String) async throws {
        try await run(crm.comparer, ["OpportunityId": .string(opportunity), "ReferralId": .string(referral)])
    }

    private func change(_ opportunity: String, _ values: JSONObject) async throws {
        _ = try await ask("PATCH", "/data/\(crm.service)/\(crm.kind)/\(opportunity)", .object(values))
    }

    @discardableResult
    private func add(_ kind: String, _ values: JSONObject) async throws -> String {
        let made = try await ask("POST", "/data/\(crm.service)/\(kind)", .object(values))
        return made[crm == .salesforce ? "Id" : kind + "id"]?.stringValue ?? ""
    }

    // MARK: What is seen

    private func record(_ kind: String, _ id: String) async throws -> JSON {
        try await ask("GET", "/data/\(crm.service)/\(kind)/\(id)")
    }

    private func rows(_ kind: String, _ condition: String) async throws -> JSON {
        let query = condition.split(separator: "=", maxSplits: 1).map { PercentEncoding.encode(String($0)) }
        return try await ask("GET", "/data/\(crm.service)/\(kind)?" + query.joined(separator: "="))
    }

    /// The solutions by their identifiers; they are added side by side.
    private func solutions(_ kind: String, _ condition: String, _ identifier: String) async throws -> JSON {
        let rows = try await rows(kind, condition).arrayValue ?? []
        return .array(rows.sorted { ($0[identifier]?.stringValue ?? "") < ($1[identifier]?.stringValue ?? "") })
    }

    private func opportunity(of referral: String) async throws -> JSON {
        try await rows(crm.kind, "\(crm.referral)=\(referral)")[0] ?? .null
    }

    /// Keeps what both sides have now; gives the opportunity's id.
    @discardableResult
    private mutating func look(_ step: String, _ referral: String) async throws -> String {
        let opportunity = try await opportunity(of: referral)
        let there = try await ask("GET", "/data/partnercenterref/referral/\(referral)")
        let id = opportunity[crm.id]?.stringValue ?? ""
        var seen: JSONObject = [
            "opportunity": opportunity, "referral": there,
            "isLinked": .bool(there["externalReferenceId"]?.stringValue == id && !id.isEmpty),
        ]
        if crm == .salesforce {
            seen["account"] = try await record("Account", opportunity["AccountId"]?.stringValue ?? "")
            seen["owner"] = try await record("User", opportunity["OwnerId"]?.stringValue ?? "")
            seen["roles"] = try await rows("OpportunityContactRole", "OpportunityId=\(id)")
            seen["contact"] = try await rows("Contact", "AccountId=\(opportunity["AccountId"]?.stringValue ?? "")")[0]
            seen["team"] = try await rows("OpportunityTeamMember", "OpportunityId=\(id)")
            seen["solutions"] = try await solutions(
                "Microsoft_Solution__c", "Opportunity__c=\(id)", "Solution_Identifier__c")
        } else {
            let account = opportunity["_parentaccountid_value"]?.stringValue ?? ""
            seen["account"] = try await record("account", account)
            seen["owner"] = try await record("systemuser", opportunity["_ownerid_value"]?.stringValue ?? "")
            seen["currency"] =
                opportunity["_transactioncurrencyid_value@OData.Community.Display.V1.FormattedValue"] ?? .null
            seen["contact"] = try await rows("contact", "_parentcustomerid_value=\(account)")[0]
            seen["connections"] = try await rows("connection", "_record1id_value=\(id)")
            for connection in seen["connections"]?.arrayValue ?? [] {
                let role = connection["_record2roleid_value@OData.Community.Display.V1.FormattedValue"] ?? .null
                switch connection["_record2id_value"] {
                case seen["contact"]?["contactid"]: seen["role of the contact"] = role
                case seen["owner"]?["systemuserid"]: seen["role of the owner"] = role
                default: break
                }
            }
            seen["solutions"] = try await solutions(
                "msft_microsoftsolution", "_msft_opportunity_value=\(id)", "msft_solutionidentifier")
        }
        self.seen[step] = .object(seen)
        return id
    }

    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await control.ask(method, path, body)
    }
}

extension CoSellSide {
    /// The flow that shares an opportunity.
    var creator: String {
        "Create Co-sell Referral - \(self == .salesforce ? "Salesforce" : "Dynamics 365") to Partner Center (Insider Preview)"
    }

    /// The flow that is meant to be edited.
    var customize: String {
        "[Customize] Create or Get Details from \(self == .salesforce ? "Salesforce" : "Dynamics 365")"
    }

    /// A value for each variable that is not its default.
    var otherValues: KeyValuePairs<String, String> {
        switch self {
        case .salesforce:
            [
                "msft_activestagename": "Needs Analysis", "msft_onholdstagename": "Prospecting",
                "msft_customeraccountcountrycode": "ShippingCountry", "msft_dealvaluefield": "Probability",
                "msft_dealcurrencycodefield": "NextStep", "msft_displaycheckmarkinname": "No",
                "msft_synccosellopportunitiesonly": "No", "flowrun_wonstagename": "Closed Lost",
                "flowrun_loststagename": "Closed Won", "flowrun_lossreasonfield": "LeadSource",
                "flowrun_daystoclose": "10", "flowrun_salesteamrole": "Channel Manager",
                "flowrun_sendnamechanges": "No", "flowrun_partnerledtype": "Shared",
            ]
        case .dynamics365:
            [
                "msft_customeraccountcountrycode": "websiteurl", "msft_dealvaluefield": "budgetamount",
                "msft_dealcurrencycodefield": "stepname", "msft_displaycheckmarkinname": "No",
                "msft_synccosellopportunitiesonly": "No", "msft_autohealrunscheduler": "2",
                "flowrun_onholdstatuscode": "1", "flowrun_activestatuscode": "2", "flowrun_wonstatuscode": "3",
                "flowrun_loststatuscode": "5", "flowrun_declinedstatuscode": "5", "flowrun_daystoclose": "10",
                "flowrun_contactrolecategory": "1001", "flowrun_teamrolecategory": "1000",
                "flowrun_sendnamechanges": "No", "flowrun_partnerledtype": "Shared",
            ]
        }
    }
}

extension MappedDeals {
    /// Spellings of flow names, and the flows.
    static func spellings(_ crm: CoSellSide) -> [(other: String, name: String)] {
        let updates = "Partner Center Microsoft Co-sell Referral Updates to "
        let end = " (Insider Preview)"
        guard crm == .salesforce else {
            return [
                ("Create Co-sell Referral-Dynamics 365 to Partner Center" + end, crm.creator),
                ("Create Cosell Referral - Dynamics 365 to Partner Center" + end, crm.creator),
                ("Partner Center to CRM - Helper" + end, "Partner Center to Dynamics 365 - Helper" + end),
                (updates + "CRM" + end, updates + "Dynamics 365" + end),
                ("Partner Center to CRM" + end, crm.receiver),
                (
                    "Dynamics 365 Microsoft Solution to Partner Center" + end,
                    "Dynamics 365 Microsoft Solutions to Partner Center" + end
                ),
                (
                    "Auto-heal of Microsoft Partner Center synchronization details",
                    "Auto-heal of Microsoft Partner Center sychronization details"
                ),
                ("[Customize] Create or Get Details from Dynamics 365", crm.customize),
                ("Customize", crm.customize),
                ("Partner Center Webhook Registration", "Partner Center Webhook Registration" + end),
            ]
        }
        return [
            ("Create Co-sell Referral - Salesforce to Partner Center", crm.creator),
            ("Create Co-sell Referral-Salesforce to Partner Center" + end, crm.creator),
            ("Create Cosell Referral - Salesforce to Partner Center" + end, crm.creator),
            ("Partner Center to Salesforce CRM" + end, crm.receiver),
            ("Partner Center to Sales Force" + end, crm.receiver),
            (updates + "CRM" + end, updates + "Salesforce" + end),
            (
                "Salesforce Microsoft Solution to Partner Center" + end,
                "Salesforce Microsoft Solutions to Partner Center" + end
            ),
            ("Create or Get Details from Salesforce", crm.customize), ("Customize", crm.customize),
        ]
    }

    private static let shared: JSON = [
        "id": .string(referral), "name": "Wide mapping", "type": "Shared", "qualification": "SalesQualified",
        "status": "New", "substatus": "Received", "referralProgram": "Program 1",
        "details": [
            "dealValue": 12_345.5, "currency": "EUR", "closingDateTime": "2027-03-31T00:00:00Z",
            "notes": "First notes.",
            "requirements": [
                "solutions": [
                    [
                        "id": "SOL-70001-ADT", "name": "Adatum Insight", "type": "Name", "publisherName": "Adatum",
                        "solutionType": "3P",
                    ],
                    [
                        "id": "SOL-70009-XYZ", "name": "Other", "type": "Name", "publisherName": "X",
                        "solutionType": "1P",
                    ],
                ]
            ],
        ],
        "consent": [
            "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": true,
        ],
        "inviteContext": ["assistanceRequestCode": "QuotesOrLicensing"], "trackingInfo": ["microsoftMsxId": "7-11"],
        "customerProfile": [
            "name": "Tailwind Fjord",
            "address": [
                "addressLine1": "1 Long Road", "addressLine2": "Floor 2", "city": "Aarhus", "state": "Midt",
                "postalCode": "8000", "country": "DK",
            ],
            "team": [
                [
                    "firstName": "Lars", "lastName": "Holm", "email": "lars.holm@tailwind.example",
                    "phoneNumber": "+4511111",
                ]
            ],
        ],
        "team": [
            ["firstName": "Joel", "lastName": "Kim", "email": "joel.kim@adatum.example", "phoneNumber": "+44"],
            ["firstName": "No", "lastName": "User", "email": "no.user@adatum.example", "phoneNumber": "+44"],
        ],
    ]

    /// A private deal without closing date, of the same people.
    private static var sharedLater: JSON {
        var body = shared.objectValue ?? [:]
        body["id"] = .string(later)
        body["type"] = "Independent"
        body["name"] = "Private mapping"
        body["direction"] = "Incoming"
        body["consent"] = ["consentToShareReferralWithMicrosoftSellers": false]
        body["inviteContext"] = ["invitedBy": ["organizationId": "another-partner", "organizationName": "Another"]]
        body["details"] = [
            "dealValue": 25, "currency": "EUR", "notes": "N.", "closingDateTime": .null,
            "requirements": shared["details"]?["requirements"] ?? .null,
        ]
        body["customerProfile"] = [
            "name": "Later Customer", "address": ["city": "Oslo", "postalCode": "0150", "country": "NO"],
            "team": shared["customerProfile"]?["team"] ?? .null,
        ]
        return .object(body)
    }
}
