import FlowCore
import FlowTesting
import Testing

@Suite struct VirtualClockTests {
    @Test func `sleepers wake when the clock is moved, or when they are cancelled`() async {
        let clock = VirtualClock()
        let start = clock.now
        await clock.sleep(until: start)
        let sleeper = Task { await clock.sleep(until: start + .seconds(5)) }
        let other = Task { await clock.sleep(until: start + .seconds(50)) }
        while clock.sleeping.count < 2 { await Task.yield() }
        clock.advance(by: .seconds(4))
        #expect(clock.sleeping.count == 2)
        clock.advance(by: .seconds(1))
        await sleeper.value
        #expect(clock.sleeping == [start + .seconds(50)])
        other.cancel()
        await other.value
        #expect(clock.sleeping == [])
        clock.advance(to: start)
        #expect(clock.now == start + .seconds(5))
    }
}
