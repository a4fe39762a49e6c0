import FlowCore
import FlowRuntime
import FlowTesting
import Testing

@Suite struct ProjectTests {
    private func project(_ text: String) throws -> Project {
        let folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        try StateFiles.makeFolder(folder + "/below/deeper")
        try StateFiles.write(folder + "/flowrun.yaml", Array(text.utf8))
        return try Project.find(from: folder + "/below/deeper")
    }

    @Test func `a project is found from below and reads as it is written`() throws {
        let project = try project(
            """
            environments:
              default:
                durability: process
                coSellPlan: trial
                endpoints: { salesforce: "http://127.0.0.1:7800/" }
                allowedHosts: [intranet.example]
                server: { listen: 127.0.0.1:0, publicUrl: https://flows.example/ }
              test: { endpoints: sandbox }
            solutions: [flows/one, ../two]
            """)
        let settings = try project.environment("default")
        #expect(settings.durability == .process)
        #expect(settings.coSellPlan == .trial)
        #expect(settings.performanceProfile == .medium)
        #expect(try settings.addresses() == ["salesforce": "http://127.0.0.1:7800"])
        #expect(settings.server.publicURL == "https://flows.example")
        #expect(project.solutions.first == project.folder + "/flows/one")
        #expect(try project.environment("test").endpoints == .sandbox)
        #expect(throws: FlowError.self) { try project.environment("test").addresses() }
        let key = try settings.key(variable: nil)
        #expect(key.count == 32)
        #expect(try settings.key(variable: nil) == key)
    }

    @Test(arguments: [
        ("environments: { default: { durabilty: full } }", 1, 28, "did you mean `durability`?"),
        ("environments: { default: { durability: ful } }", 1, 40, "did you mean `durability: full`?"),
        ("environments:\n  sandbox: {}\n", 2, 3, nil),
        ("environments: { default: { server: { listen: here } } }", 1, 46, nil),
        (
            "environments: { default: { server: { limits: { bodySise: 1 } } } }", 1, 48, "did you mean `bodySize`?"
        ),
        (
            "environments: { default: { server: { limits: { bodySize: 0 } } } }", 1, 58,
            "write bytes, or as in `8 MiB`"
        ),
        (
            "environments: { default: { server: { limits: { bodyTime: soon } } } }", 1, 58,
            "write as in `30s` or `5m`"
        ),
        ("environments: { default: { server: { limits: { connections: lots } } } }", 1, 61, "write a whole number"),
        ("environments: { default: { alerts: { every: 1h } } }", 1, 36, nil),
        (
            "environments: { default: { alerts: { webhook: 'ftp://x' } } }", 1, 47,
            "write `webhook: env:NAME` where the address is a secret"
        ),
        (
            "environments: { default: { alerts: { webhook: 'https://x', on: [failedRun] } } }", 1, 64,
            "did you mean `failedRuns`?"
        ),
        ("environment: {}", 1, 1, "did you mean `environments`?"),
    ]) func `what is wrong is named with its place`(_ text: String, _ line: Int, _ column: Int, _ hint: String?) throws
    {
        do {
            _ = try project(text)
            Issue.record("nothing was found")
        } catch let error as FlowError {
            #expect(error.code == .invalidProject)
            #expect(error.location?.line == line)
            #expect(error.location?.column == column)
            if let hint { #expect(error.hint == hint) }
        }
    }

    @Test func `who is told what can be set`() throws {
        let rules = try project(
            """
            environments:
              default:
                alerts: { command: [notify, -x], every: 30m, on: [failedRuns], silentTriggers: { Hello: 2h, "*": 1d } }
            """
        ).environment("default").alerts
        #expect(
            rules
                == AlertRules(
                    command: ["notify", "-x"], interval: .seconds(1_800), kinds: [.failedRuns],
                    silence: ["Hello": .seconds(7_200), "*": .seconds(86_400)]))
    }

    @Test func `what the server takes from its clients can be set`() throws {
        let limits = try project(
            """
            environments:
              default:
                server:
                  limits: { bodySize: 2 MiB, headerSize: 32KiB, messageSize: 5000000, idleTime: 2m, connections: 64, failedSignIns: 5 }
            """
        ).environment("default").server.limits
        #expect(limits.bodySize == 2_097_152 && limits.headerListSize == 32_768 && limits.messageSize == 5_000_000)
        #expect(limits.silence == .seconds(120) && limits.connections == 64 && limits.failures == 5)
        #expect(limits.requestsPerSecond == ServerLimits().requestsPerSecond)
    }

    @Test func `an unknown environment and a missing project say what to do`() throws {
        let project = try project("solutions: []")
        do {
            _ = try project.environment("defualt")
        } catch {
            #expect(error.code == .environmentNotFound)
            #expect(error.hint?.contains("default") == true)
        }
        do {
            _ = try Project.find(from: "/")
        } catch {
            #expect(error.code == .projectNotFound)
        }
    }

    @Test func `one process at a time owns an environment`() throws {
        let project = try project("solutions: []")
        let settings = try project.environment("default")
        #expect(OwnerLock.holder(of: settings) == nil)
        var lock = try OwnerLock.take(settings, purpose: "test", now: VirtualClock().now)
        #expect(lock != nil)
        #expect(try OwnerLock.take(settings, purpose: "other", now: VirtualClock().now) == nil)
        #expect(OwnerLock.holder(of: settings)?.purpose == "test")
        #expect(OwnerLock.inUse(settings).message.contains("test"))
        lock = nil
        #expect(OwnerLock.holder(of: settings) == nil)
    }

    @Test func `a listen address needs host and port`() {
        #expect(ListenAddress("127.0.0.1:7070") == ListenAddress(host: "127.0.0.1", port: 7070))
        #expect(ListenAddress("[::1]:0") == ListenAddress(host: "::1", port: 0))
        #expect(ListenAddress("7070") == nil)
        #expect(ListenAddress("::1:80") == nil)
        #expect(ListenAddress("host:70000") == nil)
    }

    @Test func `a reply and its error survive the socket`() throws {
        let error = FlowError(
            .flowNotFound, "No flow.", location: SourceLocation(file: "/a:b.yaml", line: 3, column: 4),
            path: ActionPath(text: "actions/A"), hint: "See.", cause: FlowError.Cause(origin: "x", message: "y: z"),
            details: [FlowError(.missingInput, "Word", path: ActionPath(text: "text"))])
        #expect(EnvironmentReply(json: EnvironmentReply.error(error).json) == .error(error))
        #expect(EnvironmentReply(json: EnvironmentReply.result(nil).json) == .result(nil))
        let request = EnvironmentRequest(.showFlow, ["flow": "a"], as: "ana@adatum.example")
        #expect(try EnvironmentRequest(operation: "flow.show", json: request.json) == request)
    }
}
