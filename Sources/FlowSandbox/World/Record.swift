package import FlowCore

/// Something a service keeps: a referral, an opportunity, a user.
package struct Record: Sendable {
    /// What it is, such as `referral` or `salesforce/Opportunity`.
    package let kind: String
    /// Its id, unique within the kind.
    package let id: String
    /// Its values.
    package var body: JSONObject
    /// When it was created, on the sandbox clock.
    package let created: Timestamp
    /// When it was last changed; later at every change.
    package var modified: Timestamp
    /// A number that grows with every change of any record: the source of ETags.
    package var version: Int64
    /// Whether it was deleted but is still kept, as Salesforce does.
    package var isDeleted: Bool
}
