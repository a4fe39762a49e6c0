import FlowCore

/// The tenant's one webhook registration: a URL and the events that it wants.
package struct WebhookRegistration: Sendable {
    private static let kind = "registration"

    /// Every event name that can be registered.
    package static let eventNames = [
        "test-created", "subscription-updated", "usagerecords-thresholdExceeded", "invoice-ready",
        "azure-fraud-event-detected", "dap-admin-relationship-approved", "dap-admin-relationship-terminated",
        "dap-admin-relationship-terminated-by-microsoft", "reseller-relationship-accepted-by-customer",
        "granular-admin-relationship-created", "granular-admin-relationship-updated",
        "granular-admin-relationship-approved", "granular-admin-relationship-activated",
        "granular-admin-relationship-terminated", "granular-admin-access-assignment-created",
        "granular-admin-access-assignment-updated", "granular-admin-access-assignment-activated",
        "granular-admin-access-assignment-deleted", "new-commerce-migration-completed",
        "new-commerce-migration-created", "new-commerce-migration-failed", "new-commerce-migration-schedule-failed",
        "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
    ]

    /// Where events are sent.
    package var url: String
    /// Which events.
    package var events: [String]
    /// Whether the signature goes to `x-ms-signature` rather than to `Authorization`.
    package var usesSignatureHeader: Bool
    /// The subscriber's id.
    package var subscriberID: String

    /// The registration, or nil where there is none.
    package static func current(in transaction: Transaction) throws -> WebhookRegistration? {
        guard let body = try transaction.record(kind, Tenant.id)?.body else { return nil }
        return WebhookRegistration(
            url: body["url"]?.stringValue ?? "", events: body["events"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            usesSignatureHeader: body["signatureHeader"]?.boolValue ?? false,
            subscriberID: body["subscriber"]?.stringValue ?? "")
    }

    /// Removes the registration.
    static func remove(in transaction: Transaction) throws { try transaction.delete(kind, Tenant.id) }

    /// Keeps the registration in place of any other.
    package func save(in transaction: Transaction) throws {
        let body: JSONObject = [
            "url": .string(url), "events": .array(events.map { .string($0) }),
            "signatureHeader": .bool(usesSignatureHeader), "subscriber": .string(subscriberID),
        ]
        if var record = try transaction.record(Self.kind, Tenant.id) {
            record.body = body
            try transaction.update(record)
        } else {
            try transaction.insert(Self.kind, Tenant.id, body)
        }
    }
}
