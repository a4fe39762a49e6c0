public import FlowCore

/// The JSON Schemas (draft-07) of the files that people write, for completion and hover in editors.
///
/// A schema knows the shape of a file and the members of each type of action. It is a help while writing; whether a file
/// is right, `flowrun check` says.
public enum FileSchema: String, Sendable, CaseIterable {
    /// Of `*.flow.yaml`.
    case flow
    /// Of `solution.yaml`.
    case solution
    /// Of `flowrun.yaml`.
    case project

    /// The names of the files that it is for, as patterns.
    public var filePatterns: [String] {
        switch self {
        case .flow: ["*.flow.yaml", "*.flow.yml", "*.flow.json"]
        case .solution: ["solution.yaml"]
        case .project: ["flowrun.yaml"]
        }
    }

    /// The schema.
    public var json: JSON {
        let schema =
            switch self {
            case .flow: FlowFileSchema.schema
            case .solution: SolutionFileSchema.schema
            case .project: ProjectFileSchema.schema
            }
        var members: JSONObject = ["$schema": "http://json-schema.org/draft-07/schema#"]
        for (key, value) in schema.members { members[key] = value }
        return .object(members)
    }
}
