import ArgumentParser
import FlowCore
import FlowHTTP
import FlowSandbox
import Glibc

/// Where a folder's sandbox keeps its state, and how commands talk to it.
struct SandboxControl {
    /// The running sandbox.
    let sandbox: SandboxDescription
    private let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))

    /// The state folder: `.flowrun/sandbox` of the project, or else of the folder itself.
    static func folder(project: String?) -> SandboxStateFolder {
        let start = AbsolutePath.of(project ?? ".")
        var candidate = start.hasSuffix("/.") ? String(start.dropLast(2)) : start
        let fallback = candidate
        while !candidate.isEmpty {
            if access(candidate + "/flowrun.yaml", F_OK) == 0 {
                return SandboxStateFolder(path: candidate + "/.flowrun/sandbox")
            }
            guard let slash = candidate.lastIndex(of: "/") else { break }
            candidate = String(candidate[..<slash])
        }
        return SandboxStateFolder(path: fallback + "/.flowrun/sandbox")
    }

    /// Finds the running sandbox of the options' folder.
    /// - Throws: `SandboxNotRunning`.
    init(_ options: GlobalOptions) throws(FlowError) {
        let folder = Self.folder(project: options.project)
        guard let sandbox = folder.description() else { throw Self.notRunning(folder.path) }
        self.sandbox = sandbox
    }

    /// Calls the control API.
    /// - Throws: `SandboxNotRunning` where nobody answers; what the sandbox refuses under its own code.
    func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws(FlowError) -> JSON {
        var headers: HTTPHeaders = ["Authorization": "Bearer " + sandbox.controlToken]
        if body != nil { headers.append("Content-Type", "application/json") }
        let response: HTTPResponse
        do {
            response = try await transport.send(
                HTTPRequest(
                    method, sandbox.controlURL + path, headers: headers, body: body?.bytes ?? [], timeout: .seconds(30))
            )
        } catch {
            throw Self.notRunning(sandbox.controlURL, cause: FlowError.Cause(origin: "curl", message: error.message))
        }
        let json = (try? JSON(parsing: response.body)) ?? .null
        guard response.status < 400 else { throw Self.refusal(response.status, json) }
        return json
    }

    private static func refusal(_ status: Int, _ json: JSON) -> FlowError {
        // The sandbox's own refusals, those of Partner Center and Dataverse, and Salesforce's arrays.
        let error = json["error"] ?? json[0] ?? .null
        let code = error["code"]?.stringValue ?? error["errorCode"]?.stringValue ?? "InvalidSandboxRequest"
        let isOwn = code == FlowError.Code.invalidSandboxRequest.rawValue
        let message = error["message"]?.stringValue ?? "The sandbox answered \(status)."
        return FlowError(
            .invalidSandboxRequest, isOwn ? message : "\(code): \(message)", hint: error["hint"]?.stringValue)
    }

    private static func notRunning(_ place: String, cause: FlowError.Cause? = nil) -> FlowError {
        FlowError(
            .sandboxNotRunning, "No sandbox answers at \(place).",
            hint: "start it with: flowrun sandbox start --detach",
            cause: cause)
    }
}
