public import FlowCore

/// Reads the installed solutions and flows.
public protocol FlowCatalog: Sendable {
    /// The installed solutions, by name.
    func solutions() async throws(FlowError) -> [InstalledSolution]

    /// The installed flows, in the order of solution and place within it.
    func flows() async throws(FlowError) -> [InstalledFlow]

    /// A flow by its id, or nil.
    func flow(_ id: String) async throws(FlowError) -> InstalledFlow?

    /// A definition by its hash, or nil.
    func definition(_ hash: String) async throws(FlowError) -> StoredDefinition?

    /// The versions that a flow has had, newest first.
    func versions(of flow: String) async throws(FlowError) -> [FlowVersion]
}

/// A solution in the environment.
public struct InstalledSolution: Sendable, Hashable {
    /// The unique name.
    public var name: String
    /// The name for people.
    public var displayName: String
    /// The version, four numbers.
    public var version: String
    /// The folder or archive it came from.
    public var source: String
    /// The text of `solution.yaml`, from which everything else about it is read.
    public var text: String
    /// When it was installed or last replaced.
    public var installedAt: Timestamp

    /// Makes a solution.
    public init(
        name: String, displayName: String, version: String, source: String, text: String, installedAt: Timestamp
    ) {
        self.name = name
        self.displayName = displayName
        self.version = version
        self.source = source
        self.text = text
        self.installedAt = installedAt
    }
}

/// Whether a flow is on.
public enum FlowState: String, Sendable, Hashable, CaseIterable {
    /// On.
    case started = "Started"
    /// Off.
    case stopped = "Stopped"
    /// Turned off by the runtime, not by a person.
    case suspended = "Suspended"
}

/// A flow in the environment.
public struct InstalledFlow: Sendable, Hashable {
    /// The id (GUID).
    public var id: String
    /// The name.
    public var name: String
    /// Other spellings of the name.
    public var aliases: [String]
    /// The solution, or nil.
    public var solution: String?
    /// The place in the solution's documented order.
    public var place: Int
    /// The hash of its present definition.
    public var definitionHash: String
    /// Whether it is on.
    public var state: FlowState
    /// Why the runtime suspended it.
    public var stateReason: String?
    /// When the state last changed.
    public var stateChangedAt: Timestamp
    /// When it was first turned on; nil where it never was.
    public var firstActivatedAt: Timestamp?
    /// The person (UPN) who turned it on last.
    public var activatedBy: String?
    /// The key with which the signature of its trigger URL is made; kept encrypted.
    public var triggerKey: [UInt8]
    /// When its definition was installed.
    public var installedAt: Timestamp

    /// Makes a flow.
    public init(
        id: String, name: String, aliases: [String] = [], solution: String? = nil, place: Int = 0,
        definitionHash: String, state: FlowState = .stopped, stateReason: String? = nil, stateChangedAt: Timestamp,
        firstActivatedAt: Timestamp? = nil, activatedBy: String? = nil, triggerKey: [UInt8], installedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.aliases = aliases
        self.solution = solution
        self.place = place
        self.definitionHash = definitionHash
        self.state = state
        self.stateReason = stateReason
        self.stateChangedAt = stateChangedAt
        self.firstActivatedAt = firstActivatedAt
        self.activatedBy = activatedBy
        self.triggerKey = triggerKey
        self.installedAt = installedAt
    }

    /// Whether it was ever turned on.
    public var everActivated: Bool { firstActivatedAt != nil }
}

/// The text of a flow's definition, kept by its content.
public struct StoredDefinition: Sendable, Hashable {
    /// The content hash of file name and text.
    public let hash: String
    /// The file's name, as messages show it.
    public let file: String
    /// The text, YAML or JSON.
    public let text: String

    /// Makes a definition and takes its hash.
    public init(file: String, text: String) {
        self.file = file
        self.text = text
        var bytes = Array(file.utf8)
        bytes.append(0)
        bytes.append(contentsOf: text.utf8)
        hash = ContentHash.of(bytes)
    }

    /// Makes a definition as it was kept.
    package init(hash: String, file: String, text: String) {
        self.hash = hash
        self.file = file
        self.text = text
    }
}

/// A version that a flow has had.
public struct FlowVersion: Sendable, Hashable {
    /// The flow's id.
    public var flow: String
    /// The definition's hash.
    public var definitionHash: String
    /// When it was installed.
    public var installedAt: Timestamp

    /// Makes a version.
    public init(flow: String, definitionHash: String, installedAt: Timestamp) {
        self.flow = flow
        self.definitionHash = definitionHash
        self.installedAt = installedAt
    }
}
