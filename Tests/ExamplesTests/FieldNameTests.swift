import FlowCore
import Testing

@testable import FlowBenchmarks

/// An organization whose fields are called otherwise than the solutions': the connection's `fieldNames` is all that differs.
@Suite struct FieldNameTests {
    private static let names: [CoSellSide: [String: String]] = [
        .salesforce: [
            "Audit__c": "Acme_Log__c", "Referral_Identifier__c": "Acme_Id__c",
            "Partner_Center_Values__c": "Acme_Agreed__c",
            "Sync_with_Partner_Center__c": "Acme_Sync__c", "Microsoft_Solution__c": "Acme_Offer__c",
            "Solution_Identifier__c": "Acme_Offer_Id__c",
        ],
        .dynamics365: [
            "msft_audit": "acme_log", "msft_referralidentifier": "acme_id", "msft_partnercentervalues": "acme_agreed",
            "msft_syncwithpartnercenter": "acme_sync", "msft_microsoftsolutions": "acme_offers",
            "msft_solutionidentifier": "acme_offerid",
        ],
    ]

    @Test(arguments: [CoSellSide.salesforce, .dynamics365])
    func `deals are kept in step, and doctor misses nothing`(crm: CoSellSide) async throws {
        let names = try #require(Self.names[crm])
        try await CoSellDeals.run(crm, deals: 1, fieldNames: names) { world in
            try await world.edit(.dealValue, inPartnerCenter: true)
            try await world.settle()
            try await world.edit(.notes, inPartnerCenter: false)
            try await world.settle()
            let findings = try await world.findings()
            #expect(findings == [], "\(findings)")
            #expect(try await world.missingFields() == [])
        }
    }
}
