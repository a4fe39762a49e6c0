import ArgumentParser
import FlowCore

/// `flowrun sandbox certificate`.
struct SandboxCertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Registers a certificate for Salesforce's JWT bearer flow, or shows it.",
        discussion: """
            The connected app then accepts assertions signed (RS256) with the certificate's private key: iss is its consumer key, sub a user \
            name, aud https://login.salesforce.com, exp within five minutes. It holds until the next reset. Make a key and its certificate with:

              openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=app -keyout app.key -out app.crt
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A certificate or public key in PEM, or - for stdin; without it, the registered one is shown.")
    var file: String?

    func run() async throws {
        let pem = try file.map { file throws(FlowError) in try Input.text(file == "-" ? file : "@" + file) }
        let control = try SandboxControl(options)
        let app =
            if let pem {
                try await control.call("PUT", "/certificate", ["pem": .string(pem)])
            } else {
                try await control.call("GET", "/certificate")
            }
        options.present(app) {
            guard let digest = app["sha256"]?.stringValue else {
                return "no certificate; register one with: flowrun sandbox certificate FILE"
            }
            return "key \(digest)\nconsumer key (iss) \(app.text("clientId"))\ntokens at \(app.text("tokenUrl"))"
        }
    }
}
