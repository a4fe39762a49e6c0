import FlowCore

/// The co-sell referrals that Microsoft shares with the seeded organization, one customer after another.
enum SampleReferral {
    private struct Customer {
        var name, project, size, street, city, postalCode, country: String
        var firstName, lastName, email, phone, locale, industry: String
        var value: Int64
        var currency: String
    }

    private static let customers = [
        Customer(
            name: "Northwind Traders", project: "data platform", size: "251to1000employees", street: "1 Harbour Road",
            city: "Lisbon", postalCode: "1100-001", country: "PT", firstName: "Ana", lastName: "Reis",
            email: "ana.reis@northwind.example", phone: "+351210000000", locale: "pt-pt", industry: "Manufacturing",
            value: 42_000, currency: "EUR"),
        Customer(
            name: "Fabrikam Retail", project: "store analytics", size: "1001to5000employees",
            street: "22 Market Street",
            city: "Leeds", postalCode: "LS1 4AP", country: "GB", firstName: "Owen", lastName: "Clarke",
            email: "owen.clarke@fabrikam.example", phone: "+441130000000", locale: "en-gb",
            industry: "Retail & Consumer Goods", value: 88_500, currency: "GBP"),
        Customer(
            name: "Wide World Importers", project: "supply chain control", size: "51to250employees",
            street: "400 Lake Avenue", city: "Chicago", postalCode: "60601", country: "US", firstName: "Dana",
            lastName: "Morris", email: "dana.morris@wideworld.example", phone: "+13120000000", locale: "en-us",
            industry: "Wholesale & Distribution", value: 130_000, currency: "USD"),
        Customer(
            name: "Alpine Ski House", project: "booking assistant", size: "10to50employees", street: "Dorfstrasse 7",
            city: "Innsbruck", postalCode: "6020", country: "AT", firstName: "Lukas", lastName: "Gruber",
            email: "lukas.gruber@alpineski.example", phone: "+435120000000", locale: "de-at", industry: "Hospitality",
            value: 19_900, currency: "EUR"),
    ]

    /// The members of the n-th referral (from 1) that differ from the template.
    static func body(_ number: Int, at instant: Timestamp) -> JSONObject {
        let customer = customers[(number - 1) % customers.count]
        let round = (number - 1) / customers.count
        let name = "\(customer.name.split(separator: " ")[0]) \(customer.project)" + (round > 0 ? " \(round + 1)" : "")
        let closing = (instant + .seconds(120 * 86_400)).description.prefix(10) + "T00:00:00Z"
        return [
            "name": .string(name), "status": "New", "substatus": "Pending", "qualification": "SalesQualified",
            "type": "Shared", "direction": "Incoming",
            "target": [["type": "SolutionProfile", "id": "SOL-70001-ADT"]],
            "customerProfile": [
                "name": .string(customer.name), "size": .string(customer.size), "isMatchingComplete": false,
                "address": [
                    "addressLine1": .string(customer.street), "addressLine2": .null, "city": .string(customer.city),
                    "state": .null, "postalCode": .string(customer.postalCode), "country": .string(customer.country),
                    "region": .null,
                ],
                "team": [
                    [
                        "firstName": .string(customer.firstName), "lastName": .string(customer.lastName),
                        "phoneNumber": .string(customer.phone), "email": .string(customer.email), "title": .null,
                        "contactPreference": ["locale": .string(customer.locale), "disableNotifications": true],
                    ]
                ],
                "ids": [["profileType": "External", "id": .string("1-SBX\(number)")]],
            ],
            "consent": [
                "consentToToShareInfoWithOthers": true, "consentToContact": true,
                "consentToShareReferralWithMicrosoftSellers": true,
            ],
            "details": [
                "notes": "Wants a pilot in the next quarter.", "dealValue": .integer(customer.value),
                "currency": .string(customer.currency), "closingDateTime": .string(String(closing)),
                "requirements": [
                    "industries": [["id": .string(customer.industry)]], "products": [["id": "Azure"]],
                    "solutions": [
                        [
                            "id": "SOL-70001-ADT", "name": "Adatum Insight", "type": "Name", "price": .null,
                            "quantity": .null, "currency": .null, "publisherName": "Adatum Partner Ltd",
                            "solutionType": "3P", "closingDateTime": .null,
                        ]
                    ],
                ],
            ],
            "team": [
                [
                    "firstName": "Joel", "lastName": "Kim", "phoneNumber": "+442000000000",
                    "email": "joel.kim@adatum.example", "title": .null,
                    "contactPreference": ["locale": .null, "disableNotifications": .null],
                ]
            ],
            "inviteContext": [
                "notes": "Please contact the customer this week.", "assistanceRequestCode": "Unknown",
                "invitedMpnId": "7000001",
                "invitedBy": ["organizationId": "msft", "organizationName": "Microsoft"],
            ],
        ]
    }
}
