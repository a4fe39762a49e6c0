import Testing

@testable import FlowBenchmarks

/// Both sides of co-sell deals are edited while the solutions' flows run, in this process and in virtual time.
///
/// `make converge` does a thousand edits of a served environment with twenty kills.
@Suite struct ConvergenceTests {
    @Test(arguments: [CoSellSide.salesforce, .dynamics365])
    func `what is edited in the moment of our write is merged, and nothing is lost by faults and a restart`(
        crm: CoSellSide
    ) async throws {
        try await CoSellDeals.run(crm, deals: 2) { world in
            // Partner Center changes the value, and a seller the notes, just before our write arrives.
            try await world.edit(.dealValue, inPartnerCenter: true)
            await world.beforeNextWrite(toPartnerCenter: false) { try await world.edit(.notes, inPartnerCenter: false) }
            try await world.settle()
            // Both change the same value: Partner Center's stands, and the audit tells what the seller wrote.
            try await world.edit(.dealValue, inPartnerCenter: true)
            await world.beforeNextWrite(toPartnerCenter: false) {
                try await world.edit(.dealValue, inPartnerCenter: false)
            }
            try await world.settle()
            // The other way: Partner Center changes the date just before the seller's notes arrive.
            try await world.edit(.notes, inPartnerCenter: false)
            await world.beforeNextWrite(toPartnerCenter: true) {
                try await world.edit(.closingDate, inPartnerCenter: true)
            }
            try await world.settle()
            #expect(try await world.refusals() == 3)
            try await expectNoFindings(world)
            #expect(try await world.audit(0).contains("Both sides had changed DealValue (here: 1009"))

            // Any edits, just before writes too, which are throttled, or whose answers are lost.
            await world.disturb(writes: 20)
            for number in 1...12 {
                try await world.editAtRandom()
                if number % 3 == 0 { try await world.fireEvents() }
                if number % 4 == 0 { try await world.pass() }
                if number == 9 { try await world.restart() }
            }
            try await world.settle()
            try await expectNoFindings(world)
        }
    }

    private func expectNoFindings(_ world: CoSellDeals) async throws {
        let findings = try await world.findings()
        #expect(findings == [], "\(findings)")
    }
}
