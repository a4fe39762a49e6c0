import ArgumentParser
import FlowCore
import FlowSandbox
import Glibc

/// `flowrun sandbox`: the co-sell world offline.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Runs the whole co-sell world offline.",
        discussion: """
            Identity, Partner Center with its webhooks, Salesforce and Dataverse as real HTTP services on this machine. \
            State lies in .flowrun/sandbox of the project, or else of the working folder.
            """,
        subcommands: [
            SandboxStartCommand.self, Stop.self, Reset.self, Status.self, SandboxShareCommand.self,
            SandboxFillCommand.self, SandboxAcceptCommand.self, SandboxDeclineCommand.self, SandboxFaultCommand.self,
            SandboxClockCommand.self, SandboxCertificateCommand.self,
            SandboxRequestsCommand.self, SandboxDataCommand.self,
        ])

    /// `sandbox stop`.
    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop", abstract: "Ends the running sandbox; its state stays.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let control = try SandboxControl(options)
            let folder = SandboxControl.folder(project: options.project)
            let pid = control.sandbox.pid
            let answer = try? await control.call("POST", "/stop")
            // Where it lives but does not answer, a signal reaches it.
            if answer == nil {
                guard folder.isHeld else {
                    throw FlowError(
                        .sandboxNotRunning, "No sandbox runs in '\(folder.path)'.",
                        hint: "start it with: flowrun sandbox start --detach")
                }
                kill(pid, SIGTERM)
            }
            for _ in 0..<200 where folder.isHeld { try await Task.sleep(for: .milliseconds(50)) }
            guard !folder.isHeld else {
                throw FlowError(
                    .sandboxInUse, "The sandbox (pid \(pid)) did not end within ten seconds.", hint: "kill \(pid)")
            }
            options.present(["pid": .integer(Int64(pid)), "stopped": true]) { "stopped the sandbox (pid \(pid))" }
        }
    }

    /// `sandbox reset`.
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset",
            abstract: "Puts the running sandbox back to its seed; addresses and passwords stay.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            _ = try await SandboxControl(options).call("POST", "/reset")
            options.present(["reset": true]) { "the sandbox is as it was seeded" }
        }
    }

    /// `sandbox status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Shows clock, webhook registration, deliveries, faults and records.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let status = try await SandboxControl(options).call("GET", "/status")
            options.present(status) { Outline.text(of: status) }
        }
    }
}
