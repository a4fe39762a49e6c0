import ArgumentParser
import FlowCore

/// `flowrun sandbox share`.
struct SandboxShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Microsoft shares a referral with us.",
        discussion: "Without FILE it is a seeded new co-sell referral, another one at each call.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A file with (parts of) a referral as JSON, or - for stdin.")
    var file: String?

    func run() async throws {
        let given = try file.map { file throws(FlowError) in try Input.json(file: file) }
        let referral = try await SandboxControl(options).call("POST", "/share", given)
        options.present(referral) { ReferralText.line("shared", referral) }
    }
}

/// `flowrun sandbox fill`.
struct SandboxFillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill", abstract: "Adds many deals that are in step on all sides.",
        discussion: """
            Each is an accepted co-sell referral with its opportunity in Salesforce and in Dataverse. No webhook tells of them; flows \
            that ask a CRM for what changed see them as any other change.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "How many.")
    var deals = 1_000

    @Option(help: "Of how many the CRMs have an older deal value.")
    var behind = 0

    func validate() throws {
        guard (1...1_000_000).contains(deals) else { throw ValidationError("--deals must be from 1 to 1000000.") }
        guard (0...deals).contains(behind) else {
            throw ValidationError("--behind must be from 0 to the number of deals.")
        }
    }

    func run() async throws {
        let control = try SandboxControl(options)
        var (rest, late) = (deals, behind)
        while rest > 0 {
            // The sandbox answers nobody else while it adds: so not all at once.
            let part = min(rest, 500)
            _ = try await control.call(
                "POST", "/deals",
                ["count": .integer(Int64(part)), "behind": .integer(Int64(min(part, late)))])
            rest -= part
            late -= min(part, late)
        }
        options.present(["deals": .integer(Int64(deals)), "behind": .integer(Int64(behind))]) {
            "added \(deals) deals, \(behind) of them behind in the CRMs"
        }
    }
}

/// `flowrun sandbox accept`.
struct SandboxAcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Accepts a referral that waits for an answer.",
        discussion: """
            Microsoft accepts a referral that was connected for it (ID is that referral's, or our own one's); the partner \
            accepts one that Microsoft has shared.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The referral's id.")
    var id: String

    func run() async throws {
        let referral = try await SandboxControl(options).call("POST", "/referrals/\(id)/accept")
        options.present(referral) { ReferralText.line("accepted", referral) }
    }
}

/// `flowrun sandbox decline`.
struct SandboxDeclineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decline", abstract: "Declines a referral that waits for an answer.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The referral's id, as for accept.")
    var id: String

    func run() async throws {
        let referral = try await SandboxControl(options).call("POST", "/referrals/\(id)/decline")
        options.present(referral) { ReferralText.line("declined", referral) }
    }
}

/// A referral in one line.
private enum ReferralText {
    static func line(_ verb: String, _ referral: JSON) -> String {
        "\(verb) \(referral.text("id")) '\(referral.text("name"))': \(referral.text("status"))/\(referral.text("substatus"))"
    }
}

/// `flowrun sandbox fault`.
struct SandboxFaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Makes a service fail, or lists and clears the faults.",
        discussion: "Without SERVICE it lists the faults. A new fault of a service replaces its earlier one.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "identity, partnercenterref, partnercenterevents, salesforce or commondataserviceforapps.")
    var service: String?

    @Option(help: "The status that is answered, such as 429, 500 or 503.")
    var status: Int?

    @Option(help: "Seconds in its Retry-After header.")
    var retryAfter: Int?

    @Option(help: "Milliseconds that every request waits.")
    var latency: Int?

    @Flag(help: "Closes the connection without an answer.")
    var drop = false

    @Flag(help: "Answers 200 with a body that is no JSON.")
    var garbage = false

    @Flag(help: "Ends all tokens of the service now (of identity: all refresh tokens).")
    var expireTokens = false

    @Flag(help: "Delivers every webhook twice.")
    var duplicateWebhooks = false

    @Flag(help: "Delivers webhooks newest first.")
    var reorderWebhooks = false

    @Option(name: .customLong("for"), help: "How long, on the sandbox clock: 30s, 5m, 2h.")
    var duration: String?

    @Option(help: "Which share of the requests it meets: up to 1, or per cent above that.")
    var rate: Double?

    @Flag(help: "Switches the faults (of SERVICE, or all) off.")
    var clear = false

    func run() async throws {
        let control = try SandboxControl(options)
        if clear {
            _ = try await control.call("DELETE", "/faults" + (service.map { "?service=\($0)" } ?? ""))
            options.present(["cleared": service.map { .string($0) } ?? "all"]) { "cleared \(service ?? "all faults")" }
            return
        }
        guard let service else {
            let faults = try await control.call("GET", "/faults")
            options.present(faults) { faults == [] ? "no faults" : Outline.text(of: faults) }
            return
        }
        var fault: JSONObject = ["service": .string(service)]
        for (name, value) in [("status", status), ("retryAfter", retryAfter), ("latency", latency)] {
            if let value { fault[name] = .integer(Int64(value)) }
        }
        let flags = [
            ("drop", drop), ("garbage", garbage), ("expireTokens", expireTokens),
            ("duplicateWebhooks", duplicateWebhooks),
            ("reorderWebhooks", reorderWebhooks),
        ]
        for (name, isOn) in flags where isOn { fault[name] = true }
        if let duration { fault["for"] = .string(duration) }
        if let rate { fault["rate"] = .double(rate) }
        let made = try await control.call("POST", "/faults", .object(fault))
        options.present(made) { Outline.text(of: made) }
    }
}

/// `flowrun sandbox clock`.
struct SandboxClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Shows and advances the sandbox's time.",
        subcommands: [Show.self, Advance.self], defaultSubcommand: Show.self)

    /// `sandbox clock show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows the sandbox's time.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let clock = try await SandboxControl(options).call("GET", "/clock")
            options.present(clock) { clock.text("now") }
        }
    }

    /// `sandbox clock advance`.
    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "advance",
            abstract: "Moves the sandbox's time forward; what falls due happens at once.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "How far: 30s, 5m, 2h, 14d or ISO 8601.")
        var duration: String

        func run() async throws {
            let clock = try await SandboxControl(options).call(
                "POST", "/clock/advance", ["duration": .string(duration)])
            options.present(clock) { clock.text("now") }
        }
    }
}
