import FlowCore
import FlowHTTP
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import Foundation
import Synchronization

/// A sandbox, one of the solutions, a server that is killed and started again, and deals of both sides.
final class CoSellWorld {
    private let folder: BenchFolder
    private let options: Convergence.Options
    private let port: Int
    private let settings: EnvironmentSettings
    private let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
    private let control: ControlCalls
    private var server: ServeProcess?
    /// The deals, as the flows brought them into the CRM.
    private(set) var deals: [CoSellDeal] = []
    /// The ledger's requests from here on were made after the deals were there.
    private var firstRequest: Int64 = 0

    init(_ options: Convergence.Options) async throws {
        self.options = options
        folder = try BenchFolder()
        port = try LoopbackSocket.freePort()
        let path = folder.path
        func command(_ arguments: String...) throws -> String {
            try FlowrunCommand.output(options.flowrun, arguments, in: path)
        }
        let sandbox = try JSONReader.read(try command("sandbox", "start", "--port", "0", "--detach", "--json"))
        _ = try command("init", "--sandbox")
        settings = try Project.find(from: path).environment("default")
        control = ControlCalls(
            sandbox["controlUrl"]?.stringValue ?? "", token: sandbox["controlToken"]?.stringValue ?? "")
        let solution = path + "/solution"
        try FileManager.default.copyItem(
            atPath: URL(fileURLWithPath: options.solutions).appendingPathComponent(
                "partner-center-\(options.crm.rawValue)"
            ).path, toPath: solution)
        if !options.isGuarded { try Self.removeGuard(solution + "/solution.yaml") }
        _ = try command("solution", "install", "solution")
        for connector in ["partnercenterref", "partnercenterevents"] {
            _ = try command("connection", "create", connector, "--account", "referrals.admin@adatum.example")
        }
        for connector in Set(["commondataserviceforapps", options.crm.service]).sorted() {
            _ = try command("connection", "create", connector, "--account", "crm.admin@adatum.example")
        }
        _ = try command("bind-connection", "--all")
        _ = try command("activate", "--all")
        try serve()
        try await until("the server is ready") { await self.isReady() }
        let registration: JSON = [
            "Http Trigger Endpoint": .string(try command("flow", "url", options.crm.receiver)),
            "Events to Register": [
                "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
            ],
            "Overwrite existing trigger endpoints if present?": "Yes",
        ]
        _ = try command("run", "Partner Center Webhook Registration", "--input", registration.text)
        try await makeDeals()
    }

    private static func removeGuard(_ file: String) throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var isInside = false
        let kept = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if let first = line.first, first != " ", first != "#" { isInside = line.hasPrefix("echoGuard:") }
            return !isInside
        }
        try kept.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }

    private func makeDeals() async throws {
        for number in 0..<options.deals {
            _ = try await ask(
                "POST", "/share",
                [
                    "name": .string("Deal \(number)"), "status": "Active", "substatus": "Accepted",
                    "details": ["dealValue": 500, "closingDateTime": "2026-12-24T00:00:00Z", "notes": "Shared."],
                ])
        }
        try await until("the deals are in the CRM") {
            let records = try await self.ask("GET", "/data/\(self.options.crm.service)/\(self.options.crm.kind)")
            self.deals = (records.arrayValue ?? []).compactMap { record in
                guard let referral = record[self.options.crm.referral]?.stringValue,
                    let id = record[self.options.crm.id]?.stringValue,
                    record[self.options.crm.audit]?.stringValue?.isEmpty == false
                else { return nil }
                return CoSellDeal(referral: referral, opportunity: id)
            }
            return self.deals.count == self.options.deals
        }
        _ = try await waitUntilQuiet()
        let last = try await ask("GET", "/requests?limit=1")
        firstRequest = last[0]?["id"]?.integerValue ?? 0
    }

    // MARK: The server

    func serve() throws {
        server = try ServeProcess(
            options.flowrun, in: folder.path,
            ["serve", "--listen", "127.0.0.1:\(port)", "--poll-interval", "0.3s"])
    }

    func kill() {
        server?.kill()
        server = nil
    }

    private func isReady() async -> Bool {
        let request = HTTPRequest("GET", "http://127.0.0.1:\(port)/readyz", timeout: .seconds(1))
        return (try? await transport.send(request))?.status == 200
    }

    /// The store as the disk holds it.
    func store() throws -> SQLiteFlowStore {
        try SQLiteFlowStore(reading: settings.databaseFile, key: try settings.key(variable: nil))
    }

    /// Ends server and sandbox; what they left is kept where someone has to look at it.
    func end(keeping: Bool) async {
        kill()
        _ = try? FlowrunCommand.output(options.flowrun, ["sandbox", "stop"], in: folder.path)
        guard keeping else { return }
        let kept = FileManager.default.temporaryDirectory.path + "/flowrun-converge-\(options.crm.rawValue)"
        try? FileManager.default.removeItem(atPath: kept)
        try? FileManager.default.moveItem(atPath: folder.path, toPath: kept)
        Soak.say("  project, store and log are kept in \(kept)")
    }

    // MARK: The sandbox

    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await control.ask(method, path, body)
    }

    func disturb(_ fault: JSON) async throws { _ = try await ask("POST", "/faults", fault) }

    /// Ends all faults.
    func calm() async throws { _ = try await ask("DELETE", "/faults") }

    func apply(_ edit: DealEdit) async throws {
        let change = options.crm.change(edit, of: deals[edit.deal])
        _ = try await ask("PATCH", change.path, change.values)
    }

    func pendingDeliveries() async throws -> Int64 {
        let counts = try await ask("GET", "/status")["deliveries"]
        return (counts?["pending"]?.integerValue ?? 0) + (counts?["sending"]?.integerValue ?? 0)
    }

    func partnerCenterValues(_ deal: CoSellDeal) async throws -> [DealField: String] {
        CoSellSide.values(ofReferral: try await ask("GET", "/data/partnercenterref/referral/\(deal.referral)"))
    }

    func crmValues(_ deal: CoSellDeal) async throws -> (values: [DealField: String], audit: String) {
        options.crm.values(
            ofOpportunity: try await ask("GET", "/data/\(options.crm.service)/\(options.crm.kind)/\(deal.opportunity)"))
    }

    /// What the flows wrote since the deals are there, as the services saw it.
    func writes() async throws -> [CoSellWrite] {
        var writes: [CoSellWrite] = []
        for service in ["partnercenterref", options.crm.service] {
            let requests = try await ask(
                "GET", "/requests?service=\(service)&method=PATCH&after=\(firstRequest)&limit=50000")
            for request in requests.arrayValue ?? [] {
                guard let status = request["status"]?.integerValue, status > 0, status < 300,
                    let body = request["body"]
                else { continue }
                writes.append(
                    CoSellWrite(
                        isInPartnerCenter: service == "partnercenterref",
                        values: options.crm.values(
                            ofRequest: body, inPartnerCenter: service == "partnercenterref")))
            }
        }
        return writes
    }

    // MARK: Waiting

    private static let patience = 240

    /// Waits until every event was delivered, no run is under way and nothing is written any more.
    /// - Returns: what was not so in the end.
    func waitUntilQuiet() async throws -> [String] {
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        var quietSince = ContinuousClock.now
        var last: JSON = .null
        while ContinuousClock.now - quietSince < .seconds(3) {
            try await Task.sleep(for: .milliseconds(200))
            let pending = try await pendingDeliveries()
            let store = try store()
            let open = try await store.runCount(RunFilter(isFinished: false))
            var what: [String: Int] = [:]
            if ContinuousClock.now > deadline {
                for run in try await store.runs(RunFilter(isFinished: false, limit: 1_000)) {
                    what[
                        "\(run.flowName): \(run.wait.map { "\($0.kind) \($0.subject ?? "")" } ?? "under way")",
                        default: 0] += 1
                }
            }
            await store.close()
            let writes = try await ask("GET", "/requests?method=PATCH&limit=1")
            if pending > 0 || open > 0 || writes != last { quietSince = ContinuousClock.now }
            last = writes
            if ContinuousClock.now > deadline {
                return ["after \(Self.patience) s \(open) runs are open and \(pending) events wait"]
                    + what.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }
            }
        }
        let parked = try await ask("GET", "/status")["deliveries"]?["parked"]?.integerValue ?? 0
        return parked > 0 ? ["\(parked) events were given up by Partner Center"] : []
    }

    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try await !holds() {
            guard ContinuousClock.now < deadline else {
                throw FlowError(.invalidArgument, "Waited two minutes in vain: \(what).")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
