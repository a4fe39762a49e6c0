import FlowCore

/// A refusal of the Web API: `{"error":{"code":"0x…","message"}}`.
enum DataverseFailure {
    /// Makes a refusal.
    static func make(_ status: Int, _ code: String, _ message: String) -> ServiceFailure {
        ServiceFailure(
            .json(
                status, ["error": ["code": .string(code), "message": .string(message)]],
                type: "application/json; odata.metadata=minimal", headers: [("OData-Version", "4.0")]))
    }

    /// 404 for a row that does not exist (400 where it is the target of a look-up).
    static func rowMissing(_ table: DataverseTable, _ id: String, status: Int = 404) -> ServiceFailure {
        make(status, "0x80040217", "\(table.name) With Id = \(id) Does Not Exist")
    }

    /// 404 for an alternate key that no row has.
    static func keyMissing(_ table: DataverseTable) -> ServiceFailure {
        make(404, "0x80060891", "A record with the specified key values does not exist in \(table.name) entity")
    }

    /// 404 for an unknown path segment.
    static func segmentUnknown(_ segment: String) -> ServiceFailure {
        make(404, "0x8006088a", "Resource not found for the segment '\(segment)'.")
    }

    /// 400 for an unknown property in a query.
    static func propertyUnknown(_ name: String, _ table: DataverseTable) -> ServiceFailure {
        make(400, "0x0", "Could not find a property named '\(name)' on type 'Microsoft.Dynamics.CRM.\(table.name)'.")
    }

    /// 400 for a body that does not fit the table.
    static func payload(_ table: DataverseTable, _ reason: String) -> ServiceFailure {
        make(
            400, "0x80048d19",
            "Error identified in Payload provided by the user for Entity :'\(table.set)', For more information on this error "
                + "please follow this help link. ----> InnerException : \(reason)")
    }

    /// 412 for a version that is no longer the row's.
    static let versionMismatch = make(
        412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided.")

    /// 412 for a row that exists where none may.
    static let duplicate = make(412, "0x80040237", "A record with matching key values already exists.")

    /// 400 for a query option that cannot be understood.
    static func query(_ message: String) -> ServiceFailure { make(400, "0x80060888", message) }
}
