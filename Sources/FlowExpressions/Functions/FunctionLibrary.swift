/// All functions of the expression language.
public enum FunctionLibrary {
    /// The functions, family by family.
    public static let all: [FunctionDeclaration] =
        StringFunctions.all + CollectionFunctions.all + LogicalFunctions.all + ConversionFunctions.all
        + MathFunctions.all + DateTimeFunctions.all + WorkflowFunctions.all + URIFunctions.all
        + ManipulationFunctions.all

    private static let byName: [String: FunctionDeclaration] = {
        var table: [String: FunctionDeclaration] = [:]
        for function in all {
            let earlier = table.updateValue(function, forKey: function.name.lowercased())
            precondition(earlier == nil, "the function \(function.name) is declared twice")
        }
        return table
    }()

    /// The function of a name in any letter case, or nil.
    public static func declaration(named name: String) -> FunctionDeclaration? { byName[name.lowercased()] }
}
