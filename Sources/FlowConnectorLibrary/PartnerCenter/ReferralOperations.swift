import FlowCore
import FlowDefinitions

/// The operations of Partner Center Referrals, as the platform's connector declares them.
enum ReferralOperations {
    private static let correlation = OperationParameter(
        "MS-CorrelationId", .string, summary: "An id that ties calls together in the service's logs.")
    private static let id = OperationParameter("id", .string, required: true, summary: "The referral's id.")

    static let all: [ConnectorOperation] = [
        ConnectorOperation(
            id: "GetAllReferrals", summary: "Lists referrals.",
            parameters: [
                OperationParameter("$expand", .string), OperationParameter("$filter", .string),
                OperationParameter("$select", .string), OperationParameter("$orderby", .string),
                OperationParameter("$top", .integer), OperationParameter("$skip", .integer),
                OperationParameter("$count", .boolean), correlation,
            ], replay: .read,
            outputSchema: [
                "type": "object",
                "properties": [
                    "@odata.context": ["type": "string"], "@odata.count": ["type": "integer"],
                    "value": ["type": "array", "items": referral],
                ],
            ]),
        ConnectorOperation(
            id: "CreateReferral", summary: "Creates a referral.",
            parameters: [
                OperationParameter("Referral", .object, required: true, summary: "The referral."), correlation,
            ], replay: .lookup, outputSchema: referral),
        ConnectorOperation(
            id: "GetReferralById", summary: "Gets a referral.", parameters: [id, correlation], replay: .read,
            outputSchema: referral),
        ConnectorOperation(
            id: "UpdateReferralById", summary: "Replaces a referral.",
            parameters: [
                id, OperationParameter("if-match", .string, required: true, summary: "The eTag of the referral."),
                OperationParameter("odataReferral", .object, required: true, summary: "The referral."), correlation,
            ], replay: .lookup, outputSchema: referral, replacedBy: "PatchReferralById"),
        ConnectorOperation(
            id: "PatchReferralById", summary: "Changes parts of a referral.",
            parameters: [
                id,
                OperationParameter(
                    "Referral", .array, required: true, summary: "Operations of op, path and value (JSON Patch)."),
                OperationParameter(
                    "if-match", .string,
                    summary:
                        "The eTag that the referral must still have, else status 412; the platform's connector has no "
                        + "such parameter."), correlation,
            ], replay: .lookup, outputSchema: referral),
        ConnectorOperation(
            id: "CreateDealRegistrationByReferralId", summary: "Registers a deal of a referral.",
            parameters: [id, OperationParameter("Referral", .array, required: true), correlation], replay: .lookup,
            outputSchema: referral),
        ConnectorOperation(
            id: "PatchDealRegistrationByReferralId", summary: "Changes the registration of a deal.",
            parameters: [id, OperationParameter("Referral", .array, required: true), correlation], replay: .lookup,
            outputSchema: referral),
    ]

    private static func text(_ names: String...) -> JSONObject {
        JSONObject(names.map { ($0, ["type": "string"]) })
    }

    private static func object(_ properties: JSONObject, _ more: JSONObject = [:]) -> JSON {
        var all = properties
        for (key, value) in more { all[key] = value }
        return ["type": "object", "properties": .object(all)]
    }

    private static func list(_ items: JSON) -> JSON { ["type": "array", "items": items] }

    private static let member = object(text("firstName", "lastName", "phoneNumber", "email", "title"))

    /// The schema of a referral.
    static let referral: JSON = object(
        text(
            "id", "engagementId", "name", "organizationId", "organizationName", "externalReferenceId",
            "createdDateTime", "updatedDateTime", "expirationDateTime", "acceptedDateTime", "closedDateTime", "status",
            "substatus", "statusReason", "qualification", "type", "eTag", "campaignId", "salesStage",
            "referralProgram", "mpnId", "direction", "quality", "registrationStatus", "referralSource",
            "callToAction"),
        [
            "favorite": ["type": "boolean"], "isSpam": ["type": "boolean"], "target": list(object(text("type", "id"))),
            "customerProfile": object(
                text("name", "size"),
                [
                    "isMatchingComplete": ["type": "boolean"],
                    "address": object(
                        text(
                            "addressLine1", "addressLine2", "city", "state", "postalCode", "country", "region")),
                    "team": list(member), "ids": list(object(text("profileType", "id"))),
                ]),
            "consent": object([
                "consentToToShareInfoWithOthers": ["type": "boolean"], "consentToContact": ["type": "boolean"],
                "consentToShareReferralWithMicrosoftSellers": ["type": "boolean"],
            ]),
            "details": object(
                text("notes", "currency", "closingDateTime", "customerAction", "incentiveLevel"),
                [
                    "dealValue": ["type": "number"], "customerRequestedContact": ["type": "boolean"],
                    "requirements": object([
                        "industries": list(object(text("id"))), "products": list(object(text("id"))),
                        "services": list(object(text("id"))),
                        "solutions": list(
                            object(
                                text("id", "name", "type", "currency", "publisherName", "solutionType"),
                                ["price": ["type": "number"], "quantity": ["type": "number"]])),
                    ]),
                ]),
            "team": list(member),
            "inviteContext": object(
                text("notes", "assistanceRequestCode", "invitedMpnId"),
                ["invitedBy": object(text("organizationId", "organizationName"))]),
            "trackingInfo": object(text("microsoftMsxId")), "registrations": list(["type": "object"]),
            "links": ["type": "object"],
        ])
}
