public import FlowCore

/// What `flowrun.yaml` says about one environment.
public struct EnvironmentSettings: Sendable, Hashable {
    /// Where the state lives.
    public enum Store: Sendable, Hashable {
        /// In an SQLite database in the state folder.
        case sqlite
        /// In a PostgreSQL database.
        case postgresql(url: String)
    }

    /// What a commit survives.
    public enum Durability: String, Sendable, Hashable, CaseIterable {
        /// Power loss.
        case full
        /// The death of the process.
        case process
    }

    /// The licence whose retries, quotas and limits hold.
    public enum PerformanceProfile: String, Sendable, Hashable, CaseIterable {
        /// Free and seeded plans.
        case low
        /// Premium.
        case medium
        /// Process.
        case high
        /// Unlimited extended.
        case unlimited
    }

    /// The plan of the co-sell connectors.
    public enum CoSellPlan: String, Sendable, Hashable, CaseIterable {
        /// For test and staging only.
        case trial
        /// For production.
        case paid
    }

    /// Which services are called.
    public enum Endpoints: Sendable, Hashable {
        /// The running sandbox of the project.
        case sandbox
        /// The base addresses by service; services that are missing are the real ones.
        case addresses([String: String])
    }

    /// Where `serve` listens and how it is reached.
    public struct Server: Sendable, Hashable {
        /// The address, `HOST:PORT`; port 0 takes any free one.
        public var listen: String
        /// The address in trigger URLs, or nil for the one listened on.
        public var publicURL: String?
        /// What the server takes from its clients before it refuses.
        public var limits: ServerLimits

        /// Makes settings of a server.
        public init(
            listen: String = "127.0.0.1:7070", publicURL: String? = nil, limits: ServerLimits = ServerLimits()
        ) {
            self.listen = listen
            self.publicURL = publicURL
            self.limits = limits
        }
    }

    /// The services that `endpoints` may name.
    public static let services = [
        "identity", "partnercenterref", "partnercenterevents", "salesforce", "salesforceLogin",
        "commondataserviceforapps",
    ]

    /// The name.
    public var name: String
    /// The project's folder.
    public var projectFolder: String
    /// Where the state lives.
    public var store: Store
    /// What a commit survives.
    public var durability: Durability
    /// The licence whose limits hold.
    public var performanceProfile: PerformanceProfile
    /// The plan of the co-sell connectors.
    public var coSellPlan: CoSellPlan
    /// Which services are called.
    public var endpoints: Endpoints
    /// Hosts, `HOST` or `HOST:PORT`, beyond public addresses that may be called.
    public var allowedHosts: [String]
    /// Where `serve` listens.
    public var server: Server
    /// Who is told what, where anyone is.
    public var alerts: AlertRules?

    /// Makes settings; what is not given is the default.
    public init(
        name: String = "default", projectFolder: String, store: Store = .sqlite, durability: Durability = .full,
        performanceProfile: PerformanceProfile = .medium, coSellPlan: CoSellPlan = .paid,
        endpoints: Endpoints = .addresses([:]), allowedHosts: [String] = [], server: Server = Server(),
        alerts: AlertRules? = nil
    ) {
        self.name = name
        self.projectFolder = projectFolder
        self.store = store
        self.durability = durability
        self.performanceProfile = performanceProfile
        self.coSellPlan = coSellPlan
        self.endpoints = endpoints
        self.allowedHosts = allowedHosts
        self.server = server
        self.alerts = alerts
    }

    /// The folder of the environment's state.
    public var stateFolder: String { "\(projectFolder)/.flowrun/\(name)" }

    /// The database of an SQLite store.
    public var databaseFile: String { stateFolder + "/store.sqlite" }

    /// The socket on which the owner listens.
    public var socketFile: String { stateFolder + "/flowrun.sock" }

    /// The file whose lock makes a process the owner.
    public var lockFile: String { stateFolder + "/owner.lock" }

    /// The file with the environment's key.
    public var keyFile: String { stateFolder + "/key" }

    /// Makes the state folder, readable to the owner alone.
    public func makeStateFolder() throws(FlowError) { try StateFiles.makeFolder(stateFolder) }

    /// The environment's key: from `FLOWRUN_KEY` as handed in, else from its file, which is made at the first call.
    /// - Parameter variable: the value of `FLOWRUN_KEY`, if set: 32 bytes in Base64 or hexadecimal digits.
    /// - Returns: 32 bytes.
    /// - Throws: `InvalidKey`.
    public func key(variable: String?) throws(FlowError) -> [UInt8] {
        if let variable, !variable.isEmpty { return try Self.key(of: variable, from: "FLOWRUN_KEY") }
        if StateFiles.exists(keyFile) {
            let text = String(decoding: try StateFiles.read(keyFile), as: UTF8.self)
            return try Self.key(of: text, from: keyFile)
        }
        // Another key would not open the store, and would stand where the right one belongs.
        if StateFiles.exists(databaseFile) {
            throw FlowError(
                .storeKeyWrong, "The environment's key is missing: there is a store, and no file \(keyFile).",
                hint: "put the key file back from a backup, or set FLOWRUN_KEY to the key")
        }
        let key = SecureRandom.bytes(SealedBox.keyLength)
        try makeStateFolder()
        try StateFiles.write(keyFile, Array((Base64.encode(key) + "\n").utf8))
        return key
    }

    /// The record of the project's running sandbox.
    /// - Throws: `SandboxNotRunning`.
    public func sandboxRecord() throws(FlowError) -> JSON {
        let file = "\(projectFolder)/.flowrun/sandbox/sandbox.json"
        guard StateFiles.exists(file), let record = try? JSON(parsing: StateFiles.read(file)) else {
            throw FlowError(
                .sandboxNotRunning, "The environment '\(name)' uses the sandbox, and no sandbox runs for this project.",
                hint: "start it: `flowrun sandbox start --detach`")
        }
        return record
    }

    /// The base addresses of services by name; a service that is missing is the real one.
    /// - Throws: `SandboxNotRunning`.
    public func addresses() throws(FlowError) -> [String: String] {
        switch endpoints {
        case .addresses(let addresses): return addresses
        case .sandbox:
            var addresses: [String: String] = [:]
            for (service, entry) in try sandboxRecord()["services"]?.objectValue ?? [:] {
                addresses[service] = entry["url"]?.stringValue
            }
            return addresses
        }
    }

    private static func key(of text: String, from source: String) throws(FlowError) -> [UInt8] {
        let trimmed = String(text.filter { !$0.isWhitespace })
        if trimmed.count == 64, trimmed.allSatisfy(\.isHexDigit) {
            var key: [UInt8] = []
            var digits = Substring(trimmed)
            while !digits.isEmpty {
                key.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
                digits = digits.dropFirst(2)
            }
            return key
        }
        if let key = Base64.decode(trimmed), key.count == SealedBox.keyLength { return key }
        throw FlowError(
            .invalidKey, "The environment's key from \(source) is not \(SealedBox.keyLength) bytes long.",
            hint:
                "give the key that the environment was made with; `openssl rand -base64 32` makes one for a new environment"
        )
    }
}
