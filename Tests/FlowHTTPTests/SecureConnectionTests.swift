import FlowCore
import FlowHTTP
import Foundation
import Testing

private let openssl = "/usr/bin/openssl"

/// A web server with a certificate of its own making: `openssl s_server`.
private final class SecureServer {
    let certificate: String
    private(set) var port = 0
    private var process: pid_t = 0
    private let output: UnsafeMutablePointer<FILE>?
    private let directory: String

    init() {
        directory = "/tmp/flowhttp-\(UUIDText.random())"
        certificate = directory + "/c.pem"
        let script = """
            mkdir \(directory) && cd \(directory) && \(openssl) req -x509 -newkey ec \
              -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
              -addext subjectAltName=DNS:localhost -out c.pem -keyout k.pem 2>/dev/null && echo PID $$ && \
              exec \(openssl) s_server -accept 0 -cert c.pem -key k.pem -www -4 2>/dev/null </dev/null
            """
        output = popen(script, "r")
        var line = [CChar](repeating: 0, count: 200)
        while port == 0, let output, fgets(&line, 200, output) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            let last = text.split { " :\n".contains($0) }.last.flatMap { Int($0) } ?? 0
            if text.hasPrefix("PID") { process = pid_t(last) }
            if text.hasPrefix("ACCEPT") { port = last }
        }
    }

    deinit {
        if process > 0 { kill(process, SIGTERM) }
        if let output { pclose(output) }
        try? FileManager.default.removeItem(atPath: directory)
    }
}

@Suite struct SecureConnectionTests {
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
    func `certificates are verified: authority and name`() async throws {
        let server = SecureServer()
        try #require(server.port > 0)
        let stranger = CurlTransport(.init(addressPolicy: .local, proxies: ProxySettings(environment: [:])))
        let trusting = CurlTransport(
            .init(
                addressPolicy: .local, certificateAuthorityFile: server.certificate,
                proxies: ProxySettings(environment: [:])))
        func outcome(_ transport: CurlTransport, _ host: String) async -> Result<Int, HTTPFailure> {
            do {
                return .success(try await transport.send(HTTPRequest("GET", "https://\(host):\(server.port)/")).status)
            } catch { return .failure(error) }
        }
        #expect(await outcome(trusting, "localhost") == .success(200))
        for (transport, host) in [(stranger, "localhost"), (trusting, "127.0.0.1")] {
            guard case .failure(let failure) = await outcome(transport, host) else {
                Issue.record("an untrusted certificate was accepted")
                continue
            }
            #expect(failure.kind == .tls)
            #expect(failure.mayHaveBeenSent == false)
        }
    }
}
