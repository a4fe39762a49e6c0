import FlowCore

/// What the seeded environment holds: users, currencies, solutions, environment variables, accounts and contacts.
enum DataverseSeed {
    static let organization = UUIDText.named("organization", namespace: DirectorySeed.namespace)
    static let businessUnit = UUIDText.named("business unit", namespace: DirectorySeed.namespace)
    static let baseCurrency = "USD"

    private static let currencies: [(code: String, name: String, symbol: String, rate: Double)] = [
        ("USD", "US Dollar", "$", 1), ("EUR", "Euro", "€", 0.92), ("GBP", "Pound Sterling", "£", 0.79),
        ("CHF", "Swiss Franc", "CHF", 0.88), ("JPY", "Yen", "¥", 150), ("AUD", "Australian Dollar", "A$", 1.52),
        ("CAD", "Canadian Dollar", "C$", 1.36), ("SEK", "Swedish Krona", "kr", 10.4),
        ("BRL", "Brazilian Real", "R$", 5.1),
        ("INR", "Indian Rupee", "₹", 83),
    ]

    /// The environment variables of both co-sell solutions with their defaults.
    private static let variables: [(name: String, display: String, standard: String, isYesNo: Bool)] = [
        ("msft_activestagename", "Active stage name in Salesforce", "Active", false),
        ("msft_onholdstagename", "On-hold stage name in Salesforce", "On Hold", false),
        ("msft_customeraccountcountrycode", "Customer account country code field name", "address1_country", false),
        ("msft_dealvaluefield", "Deal value field name", "estimatedvalue", false),
        ("msft_dealcurrencycodefield", "Deal value currency code field name", "transactioncurrencyid", false),
        ("msft_displaycheckmarkinname", "Display check mark in opportunity name", "yes", true),
        ("msft_synccosellopportunitiesonly", "Sync co-sell opportunities only", "no", true),
        ("msft_autohealrunscheduler", "Auto-heal run scheduler", "24", false),
    ]

    /// The id of a currency's row.
    static func currencyID(_ code: String) -> String {
        UUIDText.named("currency " + code, namespace: DirectorySeed.namespace)
    }

    /// The id of a person's user row.
    static func userID(of upn: String) -> String { id(of: upn) }

    static func plant(in transaction: Transaction) throws {
        let people = SeededPerson.all.filter(\.isCRMUser) + [SeededPerson.joel]
        let administrator = userID(of: SalesforceSeed.apiUser)
        for person in people {
            try create(
                "systemuser", userID(of: person.upn),
                [
                    "firstname": .string(person.firstName), "lastname": .string(person.lastName),
                    "internalemailaddress": .string(person.upn), "domainname": .string(person.upn),
                    "title": .string(person.title), "address1_telephone1": .string(person.phone),
                    "azureactivedirectoryobjectid": .string(person.objectID),
                ], administrator, transaction)
        }
        try create(
            "systemuser", id(of: "application"),
            [
                "fullname": "# flowrun", "azureactivedirectoryobjectid": .string(Tenant.clientID),
                "applicationid": .string(Tenant.clientID),
            ], administrator, transaction)
        for currency in currencies {
            try create(
                "transactioncurrency", currencyID(currency.code),
                [
                    "currencyname": .string(currency.name), "isocurrencycode": .string(currency.code),
                    "currencysymbol": .string(currency.symbol), "exchangerate": .double(currency.rate),
                    "currencyprecision": 2,
                ], administrator, transaction)
        }
        for (name, category) in [("Stakeholder", 1_000), ("Sales Professional", 1_001)] as [(String, Int64)] {
            try create(
                "connectionrole", id(of: "role " + name),
                ["name": .string(name), "category": .integer(category)], administrator, transaction)
        }
        for solution in CoSellSolution.all {
            try create(
                "msft_microsoftsolutiondetail", id(of: solution.id),
                [
                    "msft_solutionidentifier": .string(solution.id), "msft_solutionname": .string(solution.name),
                    "msft_type": .string(solution.type), "msft_publishername": .string(solution.publisher),
                ], administrator, transaction)
        }
        for variable in variables {
            try create(
                "environmentvariabledefinition", id(of: variable.name),
                [
                    "schemaname": .string(variable.name), "displayname": .string(variable.display),
                    "defaultvalue": .string(variable.standard),
                    "type": variable.isYesNo ? 100_000_002 : 100_000_000,
                ], administrator, transaction)
        }
        try customers(userID(of: SeededPerson.joel.upn), transaction)
    }

    private static func customers(_ owner: String, _ transaction: Transaction) throws {
        let rows:
            [(
                account: String, number: String, city: String, code: String, country: String, first: String,
                last: String
            )] = [
                ("Contoso Manufacturing", "A-1001", "Hamburg", "20095", "DE", "Mia", "Vogel"),
                ("Litware Foods", "A-1002", "Dublin", "D02 X285", "IE", "Sean", "Byrne"),
                ("Woodgrove Bank", "A-1003", "Seattle", "98101", "US", "Grace", "Lopez"),
            ]
        for row in rows {
            let account = id(of: row.account)
            try create(
                "account", account,
                [
                    "name": .string(row.account), "accountnumber": .string(row.number),
                    "address1_city": .string(row.city), "address1_postalcode": .string(row.code),
                    "address1_country": .string(row.country),
                ], owner, transaction)
            let contact = id(of: row.first + row.last)
            try create(
                "contact", contact,
                [
                    "firstname": .string(row.first), "lastname": .string(row.last),
                    "emailaddress1": .string("\(row.first).\(row.last)@customer.example".lowercased()),
                    "telephone1": "+490000000000",
                    "parentcustomerid_account@odata.bind": .string("/accounts(\(account))"),
                ], owner, transaction)
        }
    }

    private static func id(of name: String) -> String {
        UUIDText.named("dataverse " + name, namespace: DirectorySeed.namespace)
    }

    private static func create(
        _ name: String, _ id: String, _ values: JSONObject, _ user: String, _ transaction: Transaction
    ) throws {
        guard let table = DataverseSchema.table(name) else {
            preconditionFailure("the seed names a table that the schema does not have: \(name)")
        }
        _ = try DataverseStore.create(table, values, id: id, by: user, in: transaction)
    }
}
