/// One step of the database's format: what turns the format before it into this one.
///
/// `PRAGMA user_version` tells the format of a file, so that opening a current one costs a single read. Steps are
/// never changed once released; a new format is a new file in this folder.
package struct SchemaStep: Sendable {
    /// The format after the step.
    package let format: Int
    /// What is executed, in one transaction with the other steps that are missing.
    package let sql: String

    /// Makes a step.
    package init(format: Int, sql: String) {
        self.format = format
        self.sql = sql
    }

    /// All steps, in order.
    package static let all: [SchemaStep] = [.format1, .format2]
}
