import ArgumentParser
import FlowCore

/// `flowrun sandbox requests`.
struct SandboxRequestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests", abstract: "Lists every request that the services received, oldest first.",
        discussion: "Secrets are masked. A dropped connection has status 0.")

    @OptionGroup var options: GlobalOptions

    @Option(help: "Only those of a service.")
    var service: String?

    @Option(help: "Only those with a method.")
    var method: String?

    @Option(help: "Only those whose path holds a text.")
    var path: String?

    @Option(help: "Only those with a status.")
    var status: Int?

    @Option(help: "Only those after the request with this id.")
    var after: Int?

    @Option(help: "How many of the newest at most.")
    var limit = 1_000

    @Flag(help: "Empties the list.")
    var clear = false

    func run() async throws {
        let control = try SandboxControl(options)
        if clear {
            _ = try await control.call("DELETE", "/requests")
            options.present(["cleared": true]) { "no requests" }
            return
        }
        var query = "limit=\(limit)"
        let texts = [("service", service), ("method", method), ("path", path)]
        for (name, value) in texts {
            if let value { query += "&\(name)=\(SandboxPath.encode(value))" }
        }
        for (name, value) in [("status", status), ("after", after)] {
            if let value { query += "&\(name)=\(value)" }
        }
        let requests = try await control.call("GET", "/requests?" + query)
        options.present(requests) {
            var table = Table("TIME", "SERVICE", "STATUS", "ACCOUNT", "REQUEST")
            for request in requests.arrayValue ?? [] {
                let query = request.text("query")
                table.add(
                    String(request.text("time").prefix(23)), request.text("service"),
                    request.text("status") + (request.text("fault").isEmpty ? "" : " (\(request.text("fault")))"),
                    request.text("account"),
                    request.text("method") + " " + request.text("path") + (query.isEmpty ? "" : "?" + query))
            }
            return table.text
        }
    }
}

/// `flowrun sandbox data`.
struct SandboxDataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Lists, shows, creates, edits and deletes records of the services.",
        discussion: """
            'data' counts all kinds, 'data salesforce Opportunity' lists, with an id it shows one. --set edits that record, \
            or creates one where no id is given: as a seller would in the CRM, as Microsoft's side would in Partner Center, \
            as an administrator would in the directory.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The service.")
    var service: String?

    @Argument(help: "The kind: user, referral, registration, delivery, an object, a table.")
    var kind: String?

    @Argument(help: "The record's id.")
    var id: String?

    @Option(name: .customLong("set"), help: "NAME=VALUE; the value is JSON, or else a text; may be repeated.")
    var settings: [String] = []

    @Option(name: .customLong("where"), help: "NAME=VALUE that a listed record must hold; may be repeated.")
    var conditions: [String] = []

    @Flag(help: "Deletes the record.")
    var delete = false

    func validate() throws {
        if !settings.isEmpty || delete || !conditions.isEmpty, kind == nil {
            throw ValidationError("Name a service and a kind.")
        }
        if delete, id == nil, kind != "registration" { throw ValidationError("Name the record to delete by its id.") }
    }

    func run() async throws {
        let control = try SandboxControl(options)
        var path = "/data"
        for part in [service, kind, id] {
            if let part { path += "/" + SandboxPath.encode(part) }
        }
        if delete {
            _ = try await control.call("DELETE", path)
            options.present(["deleted": .string(id ?? kind ?? "")]) { "deleted \(id ?? kind ?? "")" }
            return
        }
        if !settings.isEmpty {
            var body = JSONObject()
            for setting in settings {
                let (name, value) = try Input.pair(setting, option: "--set")
                body[name] = (try? JSON(parsing: value)) ?? .string(value)
            }
            let record = try await control.call(id == nil ? "POST" : "PATCH", path, .object(body))
            options.present(record) { Outline.text(of: record) }
            return
        }
        var query: [String] = []
        for condition in conditions {
            let (name, value) = try Input.pair(condition, option: "--where")
            query.append(SandboxPath.encode(name) + "=" + SandboxPath.encode(value))
        }
        let found = try await control.call("GET", path + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
        options.present(found) { text(of: found) }
    }

    private func text(of found: JSON) -> String {
        guard kind == nil else { return Outline.text(of: found) }
        var table = Table("SERVICE", "KIND", "COUNT")
        for row in found.arrayValue ?? [] { table.add(row.text("service"), row.text("kind"), row.text("count")) }
        return table.text
    }
}

/// Parts of control paths.
enum SandboxPath {
    /// Encodes everything but letters, digits and `-._~`.
    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 128, character.isLetter || character.isNumber || "-._~".contains(character) {
                return String(character)
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }
}
