import FlowCore

/// Turns changes into webhook deliveries for the registered URL.
package enum WebhookEvents {
    /// Queues an event of a referral, if the registration wants it.
    static func publish(_ name: String, referral: Referral, in transaction: Transaction) throws {
        try publish(
            name, subject: referral.id,
            resource: "https://api.partnercenter.microsoft.com/engagements/v1/referrals/" + referral.id,
            resourceName: "referral", changed: referral.record.modified, in: transaction)
    }

    /// Queues an event.
    /// - Parameters:
    ///   - name: the event's name.
    ///   - subject: the id of what changed.
    ///   - resource: its URI, in the form that the webhook documentation gives.
    ///   - resourceName: what it is.
    ///   - changed: when.
    ///   - transaction: the transaction.
    /// - Returns: the id of the first delivery, nil where nobody wants the event.
    /// - Throws: `SandboxKeysFailed`; what the database raises.
    @discardableResult
    static func publish(
        _ name: String, subject: String, resource: String, resourceName: String, changed: Timestamp,
        in transaction: Transaction
    ) throws -> Int64? {
        // Events of a tenant that support has not enabled are not sent, however good its registration is.
        guard let registration = try WebhookRegistration.current(in: transaction), registration.events.contains(name),
            try transaction.limit("tenantsWithEvents", default: 1) > 0
        else { return nil }
        let time = changed.description.dropLast() + "+00:00"
        let body: JSON = [
            "EventName": .string(name), "ResourceUri": .string(resource), "ResourceName": .string(resourceName),
            "AuditUri": .null, "ResourceChangeUtcDate": .string(String(time)),
        ]
        let bytes = body.bytes
        let world = transaction.world
        let signature = "Signature " + Base64.encode(try world.certificates.sign(bytes))
        let headers: JSON = [
            "Content-Type": "application/json; charset=utf-8",
            registration.usesSignatureHeader ? "x-ms-signature" : "Authorization": .string(signature),
            "X-MS-Certificate-Url": .string(
                world.url(of: .partnercenterevents) + PartnerCenterEventsService.certificatePath),
            "X-MS-Signature-Algorithm": "rsa-sha256",
        ]
        let fault = world.faults.active(.partnercenterevents, at: transaction.now)
        let wait: Duration = fault?.reorderWebhooks ?? false ? WebhookDelivery.reorderWait : .zero
        let delivery = WebhookDelivery(
            event: name, subject: subject, url: registration.url, headers: headers, body: bytes)
        let id = try delivery.enqueue(after: wait, in: transaction)
        if fault?.duplicateWebhooks ?? false { try delivery.enqueue(after: wait, in: transaction) }
        return id
    }
}
