import FlowCore
import FlowDefinitions

extension RunHost {
    /// Lets runs go on that were slowed down, or waits on where too much counts still.
    func releasePace() {
        let released = requests.pace.release(now: clock.now)
        if let until = released.until { timers.set(.pace, at: until) }
        for work in released.work { executor.add(work) }
    }

    /// What is reported where runs are slowed down.
    static func slowed(_ until: Timestamp) -> FlowError {
        FlowError(
            .tooManyRequests,
            "The flows use more in five minutes than the performance profile lets them; runs go on at \(until.secondsDescription).",
            hint: "see `flowrun limits`; `performanceProfile` of flowrun.yaml says how much there is")
    }
}
