package import FlowCore
import FlowStorage

/// Inputs and outputs of runs behind addresses of their own, as the platform gives them.
///
/// An address needs no token: it is signed with the flow's key for one value and lasts a few hours.
extension FlowEnvironment {
    private static let lifetime = Duration.seconds(4 * 3_600)

    /// The link to a value of a run.
    /// - Parameters:
    ///   - value: the value, which gives size and version.
    ///   - place: where it stands below the run, as in `actions/Compose/contents/ActionOutputs`.
    ///   - run: the run's name.
    ///   - flow: the flow's GUID.
    /// - Returns: the link, or nil where the flow is not there.
    package func contentLink(to value: JSON, at place: [String], run: String, flow: String) -> JSON? {
        guard let entry = host.catalog[flow] else { return nil }
        let workflow = entry.id.filter { $0 != "-" }
        let expires = (clock.now + Self.lifetime).secondsDescription
        let path = (["runs", run] + place).map(PercentEncoding.encode).joined(separator: "/")
        let permission = "/" + (["runs", run] + place + ["read"]).joined(separator: "/")
        let signature = Self.contentSignature(workflow, permission, expires, entry.installed.triggerKey)
        let bytes = value.bytes
        let digest = Digest.sha256(bytes)
        return [
            "uri": .string(
                "\(publicAddress)/workflows/\(workflow)/\(path)?api-version=\(TriggerURL.apiVersion)"
                    + "&se=\(PercentEncoding.encode(expires))&sp=\(PercentEncoding.encode(permission))"
                    + "&sv=\(TriggerURL.signatureVersion)&sig=\(signature)"),
            "contentVersion": .string(Base64.encodeURL(Array(digest.prefix(12)))),
            "contentSize": .integer(Int64(bytes.count)),
            "contentHash": ["algorithm": "sha256", "value": .string(Base64.encode(digest))],
        ]
    }

    private static func contentSignature(
        _ workflow: String, _ permission: String, _ expires: String, _ key: [UInt8]
    ) -> String {
        let text = "/workflows/\(workflow)\(permission)?se=\(expires)&sv=\(TriggerURL.signatureVersion)"
        return Base64.encodeURL(Digest.hmacSHA256(Array(text.utf8), key: key))
    }

    /// The value behind a link.
    /// - Parameters:
    ///   - place: where it stands below the run.
    ///   - run: the run's name.
    ///   - workflow: the flow as it stands in the path.
    ///   - expires: the link's `se`.
    ///   - signature: the link's `sig`.
    /// - Returns: the value.
    /// - Throws: `DirectApiInvalidAuthorizationSignature`, `WorkflowRunNotFound`, or an error of the store.
    package func content(
        at place: [String], run: String, workflow: String, expires: String, signature: String
    ) async throws(FlowError) -> JSON {
        let permission = "/" + (["runs", run] + place + ["read"]).joined(separator: "/")
        guard let flow = host.catalog.flow(ofURL: workflow), let end = Timestamp(iso8601: expires), end > clock.now,
            Digest.constantTimeEqual(
                Array(signature.utf8),
                Array(
                    Self.contentSignature(
                        flow.id.filter { $0 != "-" }, permission, expires, flow.installed.triggerKey
                    ).utf8))
        else {
            throw FlowError(
                .directApiInvalidAuthorizationSignature,
                "The provided authorization signature is not valid, or the link has expired.")
        }
        guard let summary = try await store.run(run), summary.flowID == flow.id else { throw Self.noRun(run) }
        let page = SecretMask.masking(try await page(of: run, isBrief: false))
        guard let value = Self.value(at: place[...], in: page) else { throw Self.noRun(run) }
        return value
    }

    private static func value(at place: ArraySlice<String>, in page: JSON) -> JSON? {
        let name = place.last ?? ""
        let rest = Array(place.dropLast(2))
        if rest.isEmpty {
            switch name {
            case "TriggerInputs": return page["trigger"]?["inputs"]
            case "TriggerOutputs": return page["trigger"]?["outputs"]
            default: return nil
            }
        }
        guard rest.count >= 2, rest[0] == "actions",
            var action = page["actions"]?.arrayValue?.first(where: { $0["name"]?.stringValue == rest[1] })
        else { return nil }
        if rest.count == 4 {
            let repetition = action["repetitions"]?.arrayValue?.first { repetitionName($0) == rest[3] }
            guard let repetition else { return nil }
            action = repetition
        }
        switch name {
        case "ActionInputs": return action["inputs"]
        case "ActionOutputs": return action["outputs"]
        default: return nil
        }
    }

    /// The name that the platform gives a repetition of a run's page: six digits for each loop, as in `000003-000000`.
    package static func repetitionName(_ repetition: JSON) -> String {
        (repetition["repetitionIndexes"]?.arrayValue ?? []).map { index in
            let digits = String(index["itemIndex"]?.integerValue ?? 0)
            return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        }.joined(separator: "-")
    }
}
