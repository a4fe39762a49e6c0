import FlowCore
import FlowText

/// Checks flows before any run: what the platform refuses to save is an error, what surely or possibly fails when run
/// is a warning.
///
/// All problems of all files are found at once, sorted by place, each with its path, a message and often a hint.
public struct FlowChecker: Sendable {
    private let catalog: any OperationCatalog

    /// Makes a checker.
    /// - Parameter catalog: what is known about connectors.
    public init(catalog: any OperationCatalog) { self.catalog = catalog }

    /// Reads and checks files together: flows, and `solution.yaml` beside them; child calls are resolved among all flows.
    /// - Parameter files: paths and texts.
    /// - Returns: everything that was found.
    public func check(files: [(name: String, text: String)]) -> [Diagnostic] {
        check(files: files.map { (name: $0.name, text: Array($0.text.utf8)) })
    }

    /// Reads and checks files together, given as bytes that should be UTF-8.
    /// - Parameter files: paths and contents.
    /// - Returns: everything that was found.
    public func check(files: [(name: String, text: [UInt8])]) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var flows: [FlowDefinition] = []
        var inSolutions: Set<String> = []
        for file in files where Self.isSolution(file.name) {
            let folder = file.name.dropLast(Self.solutionName.count)
            let text = String(decoding: file.text, as: UTF8.self)
            let decoded = SolutionDecoder.decode(text, file: file.name) { name in
                files.first { $0.name == folder + name }.flatMap { String(validating: $0.text, as: UTF8.self) }
            }
            diagnostics += decoded.diagnostics
            guard let solution = decoded.solution else { continue }
            diagnostics += SolutionRules.check(solution)
            flows += solution.flows.map(\.definition)
            inSolutions.formUnion(solution.flows.map(\.definition.file))
        }
        for file in files where !Self.isSolution(file.name) && !inSolutions.contains(file.name) {
            let decoded = FlowDecoder.decode(FlowTextReader.read(file.text, file: file.name), file: file.name)
            diagnostics += decoded.diagnostics
            flows += decoded.flows
        }
        let set = FlowSet(flows)
        return (diagnostics + set.flows.flatMap { check($0, in: set) }).sortedByPlace
    }

    private static let solutionName = "solution.yaml"

    private static func isSolution(_ name: String) -> Bool {
        name == solutionName || name.hasSuffix("/" + solutionName)
    }

    /// Checks flows that are decoded already: what decoding found is not repeated.
    /// - Parameter set: the flows.
    /// - Returns: everything that was found.
    public func check(_ set: FlowSet) -> [Diagnostic] { set.flows.flatMap { check($0, in: set) }.sortedByPlace }

    /// Checks one decoded flow among those it may call.
    /// - Parameters:
    ///   - flow: the flow.
    ///   - set: the flows at hand, itself included.
    /// - Returns: what the rules found, without what decoding found.
    public func check(_ flow: FlowDefinition, in set: FlowSet) -> [Diagnostic] {
        let facts = FlowFacts(flow, in: set, catalog: catalog)
        var report = checkOwn(facts)
        ChildFlowRules.check(facts, into: &report)
        return report.diagnostics.sortedByPlace
    }

    /// Checks what a flow says about itself, for activation: without the rules about the flows it calls, and with an
    /// error for each type that flowrun does not run.
    /// - Parameters:
    ///   - flow: the flow.
    ///   - set: the flows at hand, itself included.
    /// - Returns: what the rules found, without what decoding found.
    public func checkForRunning(_ flow: FlowDefinition, in set: FlowSet) -> [Diagnostic] {
        checkOwn(FlowFacts(flow, in: set, catalog: catalog)).diagnostics.map { finding in
            guard finding.code == .actionTypeNotSupported else { return finding }
            return Diagnostic(
                .error, finding.code, finding.message, at: finding.location, path: finding.path, hint: finding.hint)
        }.sortedByPlace
    }

    private func checkOwn(_ facts: FlowFacts) -> CheckReport {
        var report = CheckReport()
        NameRules.check(facts, into: &report)
        ActionTypeRules.check(facts, into: &report)
        ParameterRules.check(facts, into: &report)
        TriggerRules.check(facts, into: &report)
        RunAfterRules.check(facts, into: &report)
        InputRules.check(facts, into: &report)
        ConditionRules.check(facts, into: &report)
        VariableRules.check(facts, into: &report)
        SettingRules.check(facts, into: &report)
        ResponseRules.check(facts, into: &report)
        ConnectionRules.check(facts, into: &report)
        ExpressionRules.check(facts, into: &report)
        ReachabilityRules.check(facts, into: &report)
        SelfTriggerRules.check(facts, into: &report)
        SecretRules.check(facts, into: &report)
        return report
    }
}

extension [Diagnostic] {
    /// The findings by file and place, graver ones first, without repetitions.
    public var sortedByPlace: [Diagnostic] {
        var seen: Set<Diagnostic> = []
        return enumerated().sorted { left, right in
            if left.element.location != right.element.location { return left.element.location < right.element.location }
            if left.element.severity != right.element.severity { return left.element.severity > right.element.severity }
            return left.offset < right.offset
        }.map(\.element).filter { seen.insert($0).inserted }
    }
}

/// A catalog that knows no connector.
public struct EmptyCatalog: OperationCatalog {
    /// Makes a catalog.
    public init() {}

    /// Knows none.
    public func knows(connector: String) -> Bool { false }

    /// Finds none.
    public func operation(_ id: String, of connector: String) -> ConnectorOperation? { nil }

    /// Finds none.
    public func trigger(_ id: String, of connector: String) -> ConnectorTrigger? { nil }

    /// Lists none.
    public func operationIDs(of connector: String) -> [String] { [] }
}
