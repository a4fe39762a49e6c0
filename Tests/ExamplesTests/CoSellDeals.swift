import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime
import FlowSandbox
import FlowStorage
import FlowTesting
import Foundation
import Synchronization

@testable import FlowBenchmarks

/// Calls services, and lets a test do something just before one of our writes arrives.
final class DisturbedTransport: HTTPTransport {
    /// What becomes of a write.
    enum Fate: Sendable {
        case arrives, throttled, answerLost
    }

    typealias Disturbance = @Sendable (HTTPRequest) async -> Fate

    private struct State {
        var disturbance: Disturbance?
        var underWay = 0
    }

    private let services = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
    private let state = Mutex(State())

    /// Whether a request is under way.
    var isBusy: Bool { state.withLock { $0.underWay > 0 } }

    func disturb(_ disturbance: Disturbance?) { state.withLock { $0.disturbance = disturbance } }

    /// How the CRM calls what the sandbox calls otherwise: the sandbox's names and the others.
    private let names: [String: String]

    init(names: [String: String] = [:]) { self.names = names }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let disturbance = state.withLock { state in
            state.underWay += 1
            return request.method == "PATCH" ? state.disturbance : nil
        }
        defer { state.withLock { $0.underWay -= 1 } }
        switch await disturbance?(request) ?? .arrives {
        case .arrives: return try await renamed(request)
        case .throttled: return HTTPResponse(status: 429, headers: ["Retry-After": "1"])
        case .answerLost:
            _ = try await renamed(request)
            throw HTTPFailure(.connectionLost, "The connection ended before the answer came.", mayHaveBeenSent: true)
        }
    }
}

extension DisturbedTransport {
    /// Calls a service whose fields have other names than the sandbox's; it knows none of those.
    private func renamed(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        var request = request
        var body = String(decoding: request.body, as: UTF8.self)
        for (name, other) in names {
            guard !Self.names(name, request.url), !Self.names(name, body) else {
                return HTTPResponse(status: 400, body: Array("There is no '\(name)'.".utf8))
            }
            request.url = Self.renaming(other, to: name, in: request.url)
            body = Self.renaming(other, to: name, in: body)
        }
        if !names.isEmpty { request.body = Array(body.utf8) }
        var response = try await services.send(request)
        guard !names.isEmpty else { return response }
        var text = response.text
        for (name, other) in names { text = Self.renaming(name, to: other, in: text) }
        response.body = Array(text.utf8)
        return response
    }

    private static func names(_ name: String, _ text: String) -> Bool { renaming(name, to: "", in: text) != text }

    /// Replaces whole names, wherever they stand; the signs of an address may be percent-encoded.
    private static func renaming(_ name: String, to other: String, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let place = rest.firstRange(of: name) {
            let before = rest[..<place.lowerBound]
            let isEncoded = before.suffix(3).first == "%"
            let isWhole =
                (isEncoded || !(before.last.map(isNameSign) ?? false))
                && !(rest[place.upperBound...].first.map(isNameSign) ?? false)
            result += before + (isWhole ? other : name)
            rest = rest[place.upperBound...]
        }
        return result + rest
    }

    private static func isNameSign(_ sign: Character) -> Bool { sign.isLetter || sign.isNumber || sign == "_" }
}

extension FlowEnvironment {
    /// Installs one of the solutions and binds it to the sandbox's accounts; its flows are off.
    func install(_ crm: CoSellSide, fieldNames: [String: String] = [:]) async throws(FlowError) {
        let solution = BuiltBinary.checkout + "/flows/partner-center-\(crm.rawValue)"
        _ = try await perform(EnvironmentRequest(.installSolution, ["path": .string(solution)]))
        let accounts = [
            ("partnercenterref", "referrals.admin"), ("partnercenterevents", "referrals.admin"),
            ("commondataserviceforapps", "crm.admin"), ("salesforce", "crm.admin"),
        ]
        for (connector, account) in accounts {
            var arguments: JSONObject = [
                "connector": .string(connector), "account": .string(account + "@adatum.example"),
            ]
            if !fieldNames.isEmpty, connector == crm.service {
                let names = JSON.object(JSONObject(fieldNames.map { ($0, .string($1)) }))
                arguments["set"] = ["fieldNames": .string(names.text)]
            }
            _ = try await perform(EnvironmentRequest(.createConnection, arguments))
        }
        _ = try await perform(EnvironmentRequest(.bind, ["all": true]))
    }
}

/// What a process sends, until it dies.
private struct LineOfProcess: HTTPTransport {
    private let transport: DisturbedTransport
    private let store: FaultyStore

    init(_ transport: DisturbedTransport, _ store: FaultyStore) {
        self.transport = transport
        self.store = store
    }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if store.isDead {
            throw HTTPFailure(.cancelled, "The process has died, on purpose.", mayHaveBeenSent: false)
        }
        return try await transport.send(request)
    }
}

/// A sandbox and an environment with one of the solutions, both in this process; the environment's time is virtual.
actor CoSellDeals {
    private let crm: CoSellSide
    private let settings: EnvironmentSettings
    private let kept = InMemoryFlowStore()
    private let clock = VirtualClock(SystemClock().now)
    private let transport: DisturbedTransport
    private let control: ControlCalls
    private var environment: FlowEnvironment
    private var store: FaultyStore
    private var deals: [CoSellDeal] = []
    private var firstRequest: Int64 = 0
    private var numbers: SeededNumbers
    private var edits: [DealEdit] = []
    private var isEditing = false
    /// Referrals whose event is still to be delivered.
    private var events: [String] = []
    private var problems: [String] = []
    private var repeats = 0

    /// Runs a test with deals that both sides know.
    static func run(
        _ crm: CoSellSide, deals: Int, seed: UInt64 = 7, fieldNames: [String: String] = [:],
        _ test: @escaping @Sendable (CoSellDeals) async throws -> Void
    ) async throws {
        let scratch = try ScratchFolder()
        let folder = SandboxStateFolder(path: scratch.path + "/.flowrun/sandbox")
        try await SandboxServer.withRunning(folder: folder) { sandbox in
            let world = try await CoSellDeals(crm, sandbox, project: scratch.path, seed: seed, fieldNames)
            try await world.makeDeals(deals)
            do { try await test(world) } catch {
                await world.environment.shutdown()
                throw error
            }
            await world.environment.shutdown()
        }
    }

    private init(
        _ crm: CoSellSide, _ sandbox: SandboxDescription, project: String, seed: UInt64, _ fieldNames: [String: String]
    ) async throws {
        self.crm = crm
        transport = DisturbedTransport(names: fieldNames)
        control = ControlCalls(sandbox.controlURL, token: sandbox.controlToken)
        numbers = SeededNumbers(state: seed)
        settings = EnvironmentSettings(projectFolder: project, endpoints: .sandbox)
        try settings.makeStateFolder()
        store = FaultyStore(kept)
        environment = Self.environment(settings, store, transport, clock)
        try await environment.start()
        try await environment.install(crm, fieldNames: fieldNames)
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
    }

    private static func environment(
        _ settings: EnvironmentSettings, _ store: FaultyStore, _ transport: DisturbedTransport,
        _ clock: VirtualClock
    ) -> FlowEnvironment {
        FlowEnvironment(
            settings, store: store,
            connectors: ConnectorRegistry(StandardConnectors.make(transport: LineOfProcess(transport, store))),
            clock: clock, options: FlowEnvironment.Options(threads: 1, idleLimit: .zero))
    }

    private func makeDeals(_ count: Int) async throws {
        for number in 0..<count {
            let referral = try await ask(
                "POST", "/share",
                [
                    "name": .string("Deal \(number)"), "status": "Active", "substatus": "Accepted",
                    "details": ["dealValue": 500, "closingDateTime": "2026-12-24T00:00:00Z", "notes": "Shared."],
                ])
            events.append(referral["id"]?.stringValue ?? "")
        }
        try await settle()
        deals = (try await ask("GET", "/data/\(crm.service)/\(crm.kind)").arrayValue ?? []).compactMap { record in
            guard let referral = record[crm.referral]?.stringValue, let id = record[crm.id]?.stringValue else {
                return nil
            }
            return CoSellDeal(referral: referral, opportunity: id)
        }
        if deals.count != count { problems.append("\(deals.count) of \(count) deals came to the CRM") }
        firstRequest = try await ask("GET", "/requests?limit=1")[0]?["id"]?.integerValue ?? 0
    }

    // MARK: What a test does

    /// Edits a value of a deal, one edit after the other.
    @discardableResult
    func edit(_ field: DealField, inPartnerCenter: Bool, deal: Int = 0) async throws -> DealEdit {
        while isEditing { try await Task.sleep(for: .milliseconds(1)) }
        isEditing = true
        defer { isEditing = false }
        let edit = DealEdit(number: edits.count + 1, deal: deal, isInPartnerCenter: inPartnerCenter, field: field)
        let change = crm.change(edit, of: deals[deal])
        _ = try await ask("PATCH", change.path, change.values)
        edits.append(edit)
        if inPartnerCenter { events.append(deals[deal].referral) }
        return edit
    }

    /// Edits any value on any side, of any deal where none is named.
    func editAtRandom(_ deal: Int? = nil) async throws {
        let inPartnerCenter = Bool.random(using: &numbers)
        let fields = DealField.shared + [inPartnerCenter ? .program : .name]
        let field = fields[Int.random(in: 0..<fields.count, using: &numbers)]
        let place = deal ?? Int.random(in: 0..<deals.count, using: &numbers)
        try await edit(field, inPartnerCenter: inPartnerCenter, deal: place)
    }

    /// Does something once, just before the next write of a deal's record arrives.
    func beforeNextWrite(toPartnerCenter: Bool, _ body: @escaping @Sendable () async throws -> Void) {
        let record = toPartnerCenter ? "/referrals/" : crm == .salesforce ? "/sobjects/Opportunity/" : "/opportunities("
        let isDone = Mutex(false)
        transport.disturb { request in
            let isMine = isDone.withLock { isDone in
                guard !isDone, request.url.contains(record) else { return false }
                isDone = true
                return true
            }
            if isMine { await self.attempt(body) }
            return .arrives
        }
    }

    /// Disturbs the next writes: the deal is edited just before they arrive, or they are throttled, or the answer is lost.
    func disturb(writes count: Int) {
        let left = Mutex(count)
        transport.disturb { request in
            let isDisturbed = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return isDisturbed ? await self.fate(of: request) : .arrives
        }
    }

    func calm() { transport.disturb(nil) }

    private func attempt(_ body: () async throws -> Void) async {
        do { try await body() } catch { problems.append("\(error)") }
    }

    private func fate(of request: HTTPRequest) async -> DisturbedTransport.Fate {
        let deal = deals.firstIndex { request.url.contains($0.referral) || request.url.contains($0.opportunity) }
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0...4: await attempt { try await editAtRandom(deal) }
        case 5:
            repeats += 1
            return .answerLost
        case 6: return .throttled
        default: break
        }
        return .arrives
    }

    /// Delivers the events of what was edited in Partner Center, in any order, some of them twice.
    func fireEvents() async throws {
        let due = (events + events.filter { _ in Bool.random(using: &numbers) }).shuffled(using: &numbers)
        events = []
        for referral in due {
            _ = try await environment.perform(
                EnvironmentRequest(
                    .startRun,
                    [
                        "flow": .string(crm.receiver), "wait": false,
                        "input": [
                            "EventName": "referral-updated", "ResourceName": "referral",
                            "ResourceUri": .string(
                                "https://api.partnercenter.microsoft.com/engagements/v1/referrals/\(referral)"),
                            "ResourceChangeUtcDate": .string(clock.now.description),
                        ],
                    ]))
        }
    }

    /// The process dies with what it is doing, and another one takes over what it left.
    func restart() async throws {
        let dead = environment
        store.die()
        store = FaultyStore(kept)
        environment = Self.environment(settings, store, transport, clock)
        repeats += 1
        try await environment.start()
        await dead.shutdown()
    }

    /// Lets the CRM be asked for changes, and runs go on for a while.
    func pass() async throws {
        try await letTriggersAsk()
        try await letRunsGoOn(steps: 40)
    }

    /// Lets everything happen that is to happen.
    func settle() async throws {
        var before = -1
        while true {
            try await fireEvents()
            try await letRunsGoOn(steps: 20_000)
            let count = try await kept.runCount(RunFilter())
            if count == before, events.isEmpty { return }
            before = count
            try await letTriggersAsk()
        }
    }

    /// Lets a minute pass, in which each polling trigger asks: what it brings is committed with the time of its next question.
    private func letTriggersAsk() async throws {
        try await advance(seconds: 61)
        for _ in 0..<20_000 {
            let now = clock.now
            let isDue = try await kept.triggerStates().contains { state in state.nextDue.map { $0 <= now } ?? false }
            guard isDue else { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        problems.append("A trigger did not ask when it was due.")
    }

    /// Lets runs go on until all have ended or the steps are used up; where nothing moves a second passes.
    private func letRunsGoOn(steps: Int) async throws {
        var still = 0
        for _ in 0..<steps {
            let open = try await kept.runCount(RunFilter(isFinished: false))
            // An answer is committed before the runs that it is split into.
            if open == 0, try await kept.unfinishedSplits().isEmpty { return }
            try await Task.sleep(for: .milliseconds(2))
            still = transport.isBusy ? 0 : still + 1
            // A run in memory computes, however long that takes on a busy machine, or waits for a call to be let out.
            guard still >= (environment.counts.runsInMemory == 0 ? 5 : 200) else { continue }
            still = 0
            try await advance(seconds: 1)
        }
    }

    private func advance(seconds: Int) async throws {
        _ = try await ask("POST", "/clock/advance", ["duration": .string("PT\(seconds)S")])
        clock.advance(by: .seconds(seconds))
    }

    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await control.ask(method, path, body)
    }

    // MARK: What became of it

    /// How many of our writes were refused because the record had changed.
    func refusals() async throws -> Int {
        try await ask("GET", "/requests?method=PATCH&status=412&after=\(firstRequest)").arrayValue?.count ?? 0
    }

    /// What doctor says of fields that are not there.
    func missingFields() async throws -> [String] {
        let report = try await environment.perform(EnvironmentRequest(.doctor, [:]))
        return (report["findings"]?.arrayValue ?? []).filter { $0["code"] == "FieldMissing" }.map(\.text)
    }

    func audit(_ deal: Int) async throws -> String {
        try await ask("GET", "/data/\(crm.service)/\(crm.kind)/\(deals[deal].opportunity)")[crm.audit]?.stringValue
            ?? ""
    }

    /// What is not as it has to be.
    func findings() async throws -> [String] {
        var findings = problems
        for (place, deal) in deals.enumerated() {
            let referral = try await ask("GET", "/data/partnercenterref/referral/\(deal.referral)")
            let record = try await ask("GET", "/data/\(crm.service)/\(crm.kind)/\(deal.opportunity)")
            let (values, audit) = crm.values(ofOpportunity: record)
            findings +=
                DealOutcome(
                    place, edits.filter { $0.deal == place }, partnerCenter: CoSellSide.values(ofReferral: referral),
                    crm: values, audit: audit
                ).findings
        }
        for run in try await kept.runs(RunFilter(isFinished: false)) {
            findings.append("\(run.flowName) has not ended")
        }
        for run in try await kept.runs(RunFilter(statuses: ["Failed", "TimedOut", "Cancelled"])) {
            findings.append("\(run.flowName) ended \(run.status) (\(run.code ?? ""))")
        }
        for inPartnerCenter in [true, false] {
            let service = inPartnerCenter ? "partnercenterref" : crm.service
            let requests = try await ask("GET", "/requests?service=\(service)&method=PATCH&after=\(firstRequest)")
            let writes = (requests.arrayValue ?? []).filter { (200..<300).contains($0["status"]?.integerValue ?? 0) }
                .map { crm.values(ofRequest: $0["body"] ?? .null, inPartnerCenter: inPartnerCenter) }
            for (field, value) in writes.joined()
            where DealEdit.isFromPartnerCenter(value, field) == inPartnerCenter {
                findings.append("\(service) was written its own value '\(value)' of \(field.rawValue)")
            }
            let offered = edits.count { $0.isInPartnerCenter != inPartnerCenter && DealField.shared.contains($0.field) }
            let written = writes.count { !$0.isEmpty }
            if written > offered + repeats { findings.append("\(written) writes to \(service) for \(offered) edits") }
        }
        return findings
    }
}
