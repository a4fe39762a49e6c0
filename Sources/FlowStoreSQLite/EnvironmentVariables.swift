public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Sets the current value of an environment variable.
    func put(_ variable: VariableValue) throws(Failure) {
        var value = variable.value.bytes
        if variable.isSecret { value = try seal(value, for: variable.place) }
        try run(
            "INSERT OR REPLACE INTO variables (name, is_secret, value) VALUES (?, ?, ?)", .text(variable.schemaName),
            SQLValue(variable.isSecret), .blob(value))
    }
}

extension VariableValue {
    /// For what its value is encrypted.
    fileprivate var place: String { "variable/\(schemaName)" }
}

extension SQLiteFlowStore {
    /// The current values of environment variables; without the environment's key secret ones are null.
    public func variables() async throws(FlowError) -> [VariableValue] {
        let vault = vault
        return try await read { database in
            try Row.fetchAll(database, sql: "SELECT name, is_secret, value FROM variables ORDER BY name").map { row in
                var variable = VariableValue(schemaName: row[0], value: .null, isSecret: row[1])
                var bytes = row.bytes(2)
                if variable.isSecret {
                    guard vault.hasKey else { return variable }
                    bytes = try vault.open(bytes, for: variable.place)
                }
                variable.value = try JournalCoding.parse(bytes)
                return variable
            }
        }
    }
}
