import FlowCore

extension InMemoryState {
    /// Why a commit cannot be applied, or nil; what its own earlier changes would do is taken into account.
    func refusal(of commit: StoreCommit) -> FlowError? {
        var view = RunView(runs: runs)
        var keys: Set<Pair> = []
        for change in commit.changes {
            switch change {
            case .startRun(let run):
                guard !view.exists(run.name) else { return StoreRefusal.runExists(run.name) }
                view.last[run.name] = 0
                view.epoch[run.name] = 0
            case .updateRun(let run):
                guard view.exists(run.name) else { return StoreRefusal.noSuchRun(run.name) }
            case .append(let batch):
                guard view.exists(batch.run) else { return StoreRefusal.noSuchRun(batch.run) }
                guard view.epoch(of: batch.run) == batch.epoch else { return StoreRefusal.leaseLost(batch.run) }
                let last = view.last(of: batch.run)
                guard batch.first == last + 1 else { return StoreRefusal.journalConflict(batch, last: last) }
                view.last[batch.run] = batch.last
            case .lease(let lease):
                guard view.exists(lease.run) else { return StoreRefusal.noSuchRun(lease.run) }
                let epoch = view.epoch(of: lease.run)
                let isRenewal = epoch == lease.epoch && runs.leases[lease.run]?.holder == lease.holder
                guard isRenewal || epoch + 1 == lease.epoch else { return StoreRefusal.leaseLost(lease.run) }
                view.epoch[lease.run] = lease.epoch
            case .effect(let entry):
                guard view.exists(entry.run) else { return StoreRefusal.noSuchRun(entry.run) }
            case .seen(let key):
                if let earlier = triggers.keys[key.flow]?[key.key] {
                    return StoreRefusal.keySeen(key, run: earlier.run)
                }
                guard keys.insert(Pair(key.flow, key.key)).inserted else { return StoreRefusal.keySeen(key, run: nil) }
            default: break
            }
        }
        return nil
    }
}

/// The runs as the changes looked at so far would leave them.
private struct RunView {
    let runs: InMemoryRuns
    var last: [String: Int64] = [:]
    var epoch: [String: Int64] = [:]

    init(runs: InMemoryRuns) { self.runs = runs }

    func exists(_ run: String) -> Bool { last[run] != nil || runs.byName[run] != nil }

    func last(of run: String) -> Int64 { last[run] ?? runs.journals[run]?.last?.last ?? 0 }

    func epoch(of run: String) -> Int64 { epoch[run] ?? runs.leases[run]?.epoch ?? 0 }
}
