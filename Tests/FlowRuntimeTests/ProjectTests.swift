import FlowCore
import FlowRuntime
import FlowTesting
import Testing

@Suite struct ProjectTests {
    @Test func `a listen address needs host and port`() {
        #expect(ListenAddress("127.0.0.1:7070") == ListenAddress(host: "127.0.0.1", port: 7070))
        #expect(ListenAddress("[::1]:0") == ListenAddress(host: "::1", port: 0))
        #expect(ListenAddress("7070") == nil)
        #expect(ListenAddress("::1:80") == nil)
        #expect(ListenAddress("host:70000") == nil)
    }
}
