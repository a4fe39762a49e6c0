import FlowCore
import FlowStorage
import FlowStoreSQLite
import Foundation

/// `flowrun-bench converge [--edits N] [--kills N] [--deals N] [--pace MS] [--seed N] [--crm salesforce|dynamics365]
/// [--unguarded] [--solutions DIR] [--flowrun FILE]`: edits both sides of deals at random while webhooks come twice and out of order,
/// services throttle, tokens expire and the server is killed, and looks at what becomes of every edit.
enum Convergence {
    struct Options {
        var edits = 1_000
        var kills = 20
        var deals = 40
        /// Milliseconds between two edits, in the mean.
        var pace = 120
        var seed = UInt64.random(in: 1...999_999)
        var crm = CoSellSide.salesforce
        var isGuarded = true
        var solutions = "flows"
        var flowrun =
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("flowrun").path

        init(_ arguments: [String]) throws(FlowError) {
            var rest = arguments[...]
            while let option = rest.popFirst() {
                if option == "--unguarded" {
                    isGuarded = false
                    continue
                }
                let value = rest.popFirst() ?? ""
                switch option {
                case "--edits": edits = Int(value) ?? edits
                case "--kills": kills = Int(value) ?? kills
                case "--deals": deals = Int(value) ?? deals
                case "--pace": pace = Int(value) ?? pace
                case "--seed": seed = UInt64(value) ?? seed
                case "--crm" where CoSellSide(rawValue: value) != nil: crm = CoSellSide(rawValue: value) ?? crm
                case "--solutions": solutions = value
                case "--flowrun": flowrun = value
                default:
                    throw FlowError(
                        .invalidArgument, "converge does not know '\(option) \(value)'.",
                        hint:
                            "give some of --edits N, --kills N, --deals N, --pace MS, --seed N, --crm salesforce|dynamics365, "
                            + "--unguarded, --solutions DIR, --flowrun FILE")
                }
            }
        }
    }

    /// - Returns: whether everything was as it has to be.
    static func run(_ arguments: [String]) async throws -> Bool {
        let options = try Options(arguments)
        Soak.say(
            "converge: \(options.crm.rawValue), \(options.edits) edits of \(options.deals) deals, \(options.kills) kills, "
                + "seed \(options.seed)\(options.isGuarded ? "" : ", without the echo guard")")
        let world = try await CoSellWorld(options)
        let round = ConvergenceRound(world, options)
        do {
            try await round.editBothSides()
            let findings = try await round.findings()
            for finding in findings.prefix(40) { Soak.say("  WRONG: \(finding)") }
            await world.end(keeping: !findings.isEmpty)
            return findings.isEmpty
        } catch {
            await world.end(keeping: true)
            throw error
        }
    }
}

/// Edits, disturbances, kills; and what became of it.
final class ConvergenceRound {
    private let world: CoSellWorld
    private let options: Convergence.Options
    private var numbers: SeededNumbers
    private var edits: [DealEdit] = []
    private let start = ContinuousClock.now
    private var kills = 0

    init(_ world: CoSellWorld, _ options: Convergence.Options) {
        self.world = world
        self.options = options
        numbers = SeededNumbers(state: options.seed)
    }

    func editBothSides() async throws {
        try await world.disturb(["service": "partnercenterevents", "duplicateWebhooks": true, "reorderWebhooks": true])
        let distance = max(1, options.edits / max(1, options.kills))
        var restartsAt: Int?
        for number in 1...options.edits {
            let deal = Int.random(in: 0..<world.deals.count, using: &numbers)
            let isInPartnerCenter = Bool.random(using: &numbers)
            let fields = DealField.shared + [isInPartnerCenter ? .program : .name]
            var edit = DealEdit(
                number: number, deal: deal, isInPartnerCenter: isInPartnerCenter,
                field: fields[Int.random(in: 0..<fields.count, using: &numbers)])
            try await world.apply(edit)
            edit.at = ContinuousClock.now - start
            edits.append(edit)
            try await disturb()
            if number % distance == distance / 2, kills < options.kills {
                world.kill()
                kills += 1
                restartsAt = number + Int.random(in: 1...8, using: &numbers)
            }
            if let due = restartsAt, number >= due {
                try world.serve()
                restartsAt = nil
            }
            try await Task.sleep(for: .milliseconds(Int64.random(in: 0...Int64(2 * options.pace), using: &numbers)))
            if number % 100 == 0 { try await keepPace(number) }
        }
        if restartsAt != nil { try world.serve() }
        try await world.calm()
    }

    /// Lets what is queued go down, so that no event is given up for want of a place.
    private func keepPace(_ number: Int) async throws {
        while try await world.pendingDeliveries() > 60 { try await Task.sleep(for: .milliseconds(200)) }
        Soak.say("  \(number) edits, \(kills) kills, \((ContinuousClock.now - start) / .seconds(1)) s")
    }

    private func disturb() async throws {
        guard Int.random(in: 0..<12, using: &numbers) == 0 else { return }
        let services = ["partnercenterref", options.crm.service, "identity"]
        let service = services[Int.random(in: 0..<3, using: &numbers)]
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: try await world.disturb(["service": .string(service), "expireTokens": true])
        case 1:
            try await world.disturb(
                ["service": .string(service), "status": 429, "retryAfter": 1, "rate": 0.2, "for": "2s"])
        default: try await world.disturb(["service": .string(service), "status": 503, "rate": 0.1, "for": "1s"])
        }
    }

    // MARK: What became of it

    func findings() async throws -> [String] {
        var findings = try await world.waitUntilQuiet()
        var settled = 0
        var conflicts = 0
        for (place, deal) in world.deals.enumerated() {
            let partnerCenter = try await world.partnerCenterValues(deal)
            let (crm, audit) = try await world.crmValues(deal)
            conflicts += audit.components(separatedBy: "Both sides had changed").count - 1
            let outcome = DealOutcome(
                place, edits.filter { $0.deal == place }, partnerCenter: partnerCenter, crm: crm, audit: audit)
            findings += outcome.findings
            settled += outcome.settled
        }
        Soak.say(
            "  \(world.deals.count * DealField.shared.count) values are equal on both sides but for what is said below; "
                + "\(settled) of them by the rule for conflicts")
        findings += try await causes()
        return findings + (try await counts(conflicts))
    }

    /// Writes that carry a value to the side that it came from: those are caused by our own writes.
    private func causes() async throws -> [String] {
        var findings: [String] = []
        for write in try await world.writes() {
            for (field, value) in write.values {
                guard let isFromPartnerCenter = DealEdit.isFromPartnerCenter(value, field),
                    isFromPartnerCenter == write.isInPartnerCenter
                else { continue }
                findings.append(
                    "\(write.isInPartnerCenter ? "Partner Center" : "the CRM") was written its own value "
                        + "'\(value)' of \(field.rawValue)")
            }
        }
        return findings
    }

    private func counts(_ conflicts: Int) async throws -> [String] {
        let store = try world.store()
        let flows = try await store.flows()
        func count(_ name: String) async throws -> Int {
            try await store.runCount(RunFilter(flowIDs: flows.filter { $0.name == name }.map(\.id)))
        }
        let failed = try await store.runs(RunFilter(statuses: ["Failed", "TimedOut", "Cancelled"], limit: 10_000))
        var doubtful = RunFilter()
        doubtful.code = "InDoubt"
        let inDoubt = try await store.runCount(doubtful)
        let skipped = try await store.triggerHistory(TriggerHistoryFilter(status: "Skipped", limit: 100_000))
        let suppressed = skipped.filter { $0.code == "EchoSuppressed" }.count
        let watching = try await count(options.crm.watcher)
        let received = try await count(options.crm.receiver)
        let compared = try await count(options.crm.comparer)
        await store.close()
        let writes = try await world.writes()
        let inPartnerCenter = edits.count { $0.isInPartnerCenter }
        let ofOneSide = edits.count { !DealField.shared.contains($0.field) }
        let brought = edits.count { $0.isInPartnerCenter && DealField.shared.contains($0.field) }
        let sent = writes.count { $0.isInPartnerCenter && !$0.values.isEmpty }
        let taken = writes.count { !$0.isInPartnerCenter && !$0.values.isEmpty }
        Soak.say(
            "  edits \(edits.count), \(ofOneSide) of them of names and programs: \(inPartnerCenter) in Partner Center brought \(taken) writes of values to the CRM, "
                + "\(edits.count - inPartnerCenter) in the CRM \(sent) to Partner Center")
        Soak.say(
            "  runs: \(received) by webhooks, \(watching) by the CRM's trigger, \(compared) comparisons; echoes suppressed "
                + "\(suppressed), conflicts told \(conflicts), failed \(failed.count), in doubt \(inDoubt), kills \(kills), "
                + "took \((ContinuousClock.now - start) / .seconds(1)) s")
        var findings: [String] = []
        // A call that was in flight at a kill may be sent again.
        if taken > brought + kills { findings.append("\(taken) writes of values to the CRM for \(brought) edits") }
        let sellers = edits.count - inPartnerCenter
        let offered = edits.count - ofOneSide - brought
        if sent > offered + kills { findings.append("\(sent) writes to Partner Center for \(offered) edits") }
        if inDoubt > 0 { findings.append("\(inDoubt) runs are in doubt") }
        for run in failed.prefix(5) {
            findings.append("\(run.flowName) \(run.name) ended \(run.status) (\(run.code ?? ""))")
        }
        let idle = max(0, watching - sellers)
        if options.isGuarded, idle > kills + options.deals {
            findings.append("\(watching) runs of the CRM's trigger for \(sellers) edits: echoes start runs")
        }
        if !options.isGuarded {
            Soak.say("  the storm: \(idle) runs of the CRM's trigger were started by our own writes")
            if idle < taken / 2 { findings.append("without the guard there were only \(idle) runs by our own writes") }
        }
        return findings
    }
}
