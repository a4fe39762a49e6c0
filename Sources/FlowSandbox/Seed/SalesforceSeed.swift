import FlowCore

/// What the seeded organization holds: users, accounts with contacts, one open opportunity ready to be shared.
package enum SalesforceSeed {
    /// The user that connections use.
    package static let apiUser = "crm.admin@adatum.example"

    /// An account with its contact.
    private struct Customer {
        var name, industry, street, city, postalCode, country: String
        var firstName, lastName, email, phone: String
        var currency: String
    }

    private static let customers = [
        Customer(
            name: "Contoso Manufacturing", industry: "Manufacturing", street: "8 Mill Lane", city: "Hamburg",
            postalCode: "20095", country: "DE", firstName: "Mia", lastName: "Vogel", email: "mia.vogel@contoso.example",
            phone: "+494000000000", currency: "EUR"),
        Customer(
            name: "Litware Foods", industry: "Retail", street: "51 Orchard Street", city: "Dublin",
            postalCode: "D02 X285",
            country: "IE", firstName: "Sean", lastName: "Byrne", email: "sean.byrne@litware.example",
            phone: "+35310000000", currency: "EUR"),
        Customer(
            name: "Woodgrove Bank", industry: "Banking", street: "700 King Street", city: "Seattle",
            postalCode: "98101",
            country: "US", firstName: "Grace", lastName: "Lopez", email: "grace.lopez@woodgrove.example",
            phone: "+12060000000", currency: "USD"),
        Customer(
            name: "Tailspin Toys", industry: "Retail", street: "3 Dock Road", city: "Bristol", postalCode: "BS1 5TY",
            country: "GB", firstName: "Harry", lastName: "Webb", email: "harry.webb@tailspin.example",
            phone: "+441170000000", currency: "GBP"),
        Customer(
            name: "Proseware Health", industry: "Healthcare", street: "14 Elm Avenue", city: "Toronto",
            postalCode: "M5H 2N2", country: "", firstName: "Ella", lastName: "Roy", email: "ella.roy@proseware.example",
            phone: "+14160000000", currency: "CAD"),
    ]

    static func plant(in transaction: Transaction) throws {
        // The first user creates itself: its id is known before its record is.
        let first = SalesforceID.make(prefix: "005", number: 46_000_000 + 37)
        var ids: [String: String] = [:]
        let members = SeededPerson.all.filter(\.isCRMUser)
        let people =
            members.filter { $0.upn == apiUser } + members.filter { $0.upn != apiUser } + [SeededPerson.joel]
        for person in people {
            let record = try create(
                "User",
                [
                    "Username": .string(person.upn), "FirstName": .string(person.firstName),
                    "LastName": .string(person.lastName), "Email": .string(person.upn), "Title": .string(person.title),
                    "Phone": .string(person.phone), "Alias": .string(String(person.lastName.lowercased().prefix(8))),
                    "CompanyName": .string(Tenant.name),
                ], by: first, in: transaction)
            ids[person.upn] = record.id
        }
        let owner = ids[SeededPerson.joel.upn] ?? first
        var accounts: [(id: String, contact: String)] = []
        for customer in customers {
            let account = try create(
                "Account",
                [
                    "Name": .string(customer.name), "Industry": .string(customer.industry), "Type": "Prospect",
                    "BillingStreet": .string(customer.street), "BillingCity": .string(customer.city),
                    "BillingPostalCode": .string(customer.postalCode), "BillingCountry": .string(customer.country),
                    "Phone": .string(customer.phone), "CurrencyIsoCode": .string(customer.currency),
                    "OwnerId": .string(owner),
                ], by: owner, in: transaction)
            let contact = try create(
                "Contact",
                [
                    "AccountId": .string(account.id), "FirstName": .string(customer.firstName),
                    "LastName": .string(customer.lastName), "Email": .string(customer.email),
                    "Phone": .string(customer.phone), "OwnerId": .string(owner),
                ], by: owner, in: transaction)
            accounts.append((account.id, contact.id))
        }
        try opportunity(of: accounts[0], owner, in: transaction)
    }

    /// An opportunity that has all that sharing needs, but is not to be shared yet.
    private static func opportunity(
        of customer: (id: String, contact: String), _ owner: String, in transaction: Transaction
    ) throws {
        let closing = (transaction.now + .seconds(90 * 86_400)).description.prefix(10)
        let opportunity = try create(
            "Opportunity",
            [
                "Name": "Contoso predictive maintenance", "AccountId": .string(customer.id),
                "StageName": "Qualification",
                "Amount": 65_000, "CurrencyIsoCode": "EUR", "CloseDate": .string(String(closing)),
                "Description": "Sensors on two production lines.", "OwnerId": .string(owner),
            ], by: owner, in: transaction)
        _ = try create(
            "OpportunityContactRole",
            [
                "OpportunityId": .string(opportunity.id), "ContactId": .string(customer.contact),
                "Role": "Decision Maker", "IsPrimary": true,
            ], by: owner, in: transaction)
        _ = try create(
            "OpportunityTeamMember",
            ["OpportunityId": .string(opportunity.id), "UserId": .string(owner), "TeamMemberRole": "Account Manager"],
            by: owner, in: transaction)
        let solution = CoSellSolution.all[0]
        _ = try create(
            "Microsoft_Solution__c",
            [
                "Opportunity__c": .string(opportunity.id), "Solution_Identifier__c": .string(solution.id),
                "Solution_Name__c": .string(solution.name), "Type__c": .string(solution.type),
                "Publisher_Name__c": .string(solution.publisher),
            ], by: owner, in: transaction)
    }

    private static func create(
        _ name: String, _ values: JSONObject, by user: String, in transaction: Transaction
    ) throws -> Record {
        guard let object = SalesforceSchema.object(name) else {
            preconditionFailure("the seed names an object that the schema does not have: \(name)")
        }
        return try SalesforceStore.create(object, values, by: user, isSystem: true, in: transaction)
    }
}

/// A co-sell-ready solution of the seeded publisher, or one of Microsoft's.
struct CoSellSolution: Sendable {
    var id, name, type, publisher: String

    static let all = [
        CoSellSolution(id: "SOL-70001-ADT", name: "Adatum Insight", type: "3P", publisher: Tenant.name),
        CoSellSolution(id: "SOL-70002-ADT", name: "Adatum Line Monitor", type: "3P", publisher: Tenant.name),
        CoSellSolution(
            id: "b1f7a5c2-6d0e-4c93-9a0f-3e2d7c8b5a14", name: "Azure Data Platform", type: "1P", publisher: "Microsoft"),
    ]
}
