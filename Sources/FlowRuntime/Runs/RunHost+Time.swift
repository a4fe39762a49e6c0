import FlowCore
import FlowEngine
import FlowStorage
import Synchronization

/// What the host does at an instant: timers of runs, ends of runs that last too long, the daily deletion.
extension RunHost {
    /// How long a run stays in the history after its end; the platform's own span.
    static let retention = Duration.seconds(30 * 86_400)

    /// Deletes what ended longer ago than the retention, now and each day after.
    ///
    /// Where the clock was set forward meanwhile nothing is deleted this time: a wrong clock must not cost the history, and
    /// people get a day to set it right.
    func pruneDaily() async {
        if !clockWasSetForward() {
            do throws(FlowError) { _ = try await store.prune(before: clock.now - Self.retention) } catch {
                options.report(error)
            }
            search.committed()
        }
        schedulePrune(after: .seconds(86_400))
    }

    /// Says when what is old is deleted next.
    func schedulePrune(after pause: Duration) {
        pruneMark.withLock { $0 = (clock.now, clock.elapsed) }
        timers.set(.prune, at: clock.now + pause)
    }

    private func clockWasSetForward() -> Bool {
        guard let mark = pruneMark.withLock({ $0 }) else { return false }
        return (clock.now - mark.now) - (clock.elapsed - mark.elapsed) > .seconds(3_600)
    }

    private static let scanWindow = Duration.seconds(600)
    private static let scanLimit = 10_000

    /// Reads the timers of the next minutes from the store.
    func scanTimers() async {
        let now = clock.now
        var horizon = now + Self.scanWindow
        guard let due = try? await store.timers(dueBy: horizon, limit: Self.scanLimit) else {
            return timers.set(.scan, at: now + .seconds(5))
        }
        if due.count == Self.scanLimit, let last = due.last { horizon = last.due }
        scannedUntil.withLock { $0 = horizon }
        for timer in due {
            if let id = TimerID(timer.id) {
                timers.set(.run(timer.run, id), at: timer.due)
            } else if timer.id == RunExpiry.timer {
                timers.set(.expire(timer.run), at: timer.due)
            } else {
                timers.set(.subscription(timer.run), at: timer.due)
            }
        }
        timers.set(.scan, at: max(horizon - .seconds(30), now + .seconds(1)))
    }

    func due(_ keys: [TimerKey]) {
        for key in keys {
            switch key {
            case .run(let run, let id): deliver(.stimulus(.timerDue(id)), to: run)
            case .expire(let run): deliver(.stimulus(.expire), to: run)
            case .subscription(let run): takeUp(run)
            case .letGo(let run):
                letGo(run)
            case .scan:
                // Reading the store is asynchronous.
                Task { await scanTimers() }
            case .prune:
                // So is deleting in it.
                Task { await pruneDaily() }
            case .pace: releasePace()
            }
        }
    }
}
