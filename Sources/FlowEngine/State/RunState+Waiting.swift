import FlowCore
import FlowDefinitions

extension RunState {
    /// What the run waits for when it has nothing to do.
    var waitReason: RunWaitReason? {
        let until = timers.values.map(\.due).min()
        let awaited = effects.keys.sorted().compactMap { effects[$0] }.filter { $0.action >= 0 && isAwaited($0) }
        func reason(_ kind: RunWaitReason.Kind, _ action: Int, _ repetition: Int) -> RunWaitReason {
            RunWaitReason(kind: kind, action: path(actions[action], repetition), until: until)
        }
        if let effect = awaited.first(where: \.isInDoubt) {
            return reason(.settlement, effect.action, effect.repetition)
        }
        let own = awaited.first { effect in if case .child = effect.intent.kind { false } else { true } }
        if let effect = own { return reason(.effect, effect.action, effect.repetition) }
        if let effect = awaited.first { return reason(.child, effect.action, effect.repetition) }
        if let number = callbacks.values.min() {
            return reason(.callback, calls[number].action, calls[number].repetition)
        }
        if let id = timers.keys.min(), let timer = timers[id] { return reason(.timer, timer.action, timer.repetition) }
        return nil
    }

    /// Whether something of the run still depends on an effect: an action waits for it, or it ends a subscription.
    func isAwaited(_ effect: EffectState) -> Bool {
        guard effect.action >= 0 else { return true }
        let number = Int(states[place(actions[effect.action], effect.repetition)].work)
        return calls.indices.contains(number) && calls[number].inFlight == effect.intent.id
    }
}
