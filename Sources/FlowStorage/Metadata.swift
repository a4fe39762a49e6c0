public import FlowCore

/// Reads single values that belong to the whole environment, such as an activation that is under way.
public protocol MetadataStore: Sendable {
    /// The value under a name, or nil.
    func metadata(_ name: String) async throws(FlowError) -> JSON?
}
