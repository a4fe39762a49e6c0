import FlowCore
import FlowStorage

extension SQLiteWriter {
    /// Writes one change; each concept's own file says how.
    func apply(_ change: PreparedChange) throws(Failure) {
        switch change {
        case .append(let batch): try append(batch)
        case .send(let message, let content): try send(message, content)
        case .history(let entry, let content): try put(entry, content)
        case .definition(let definition, let content): try put(definition, content)
        case .plain(let change): try apply(change)
        }
    }

    private func apply(_ change: StoreChange) throws(Failure) {
        switch change {
        case .startRun(let run): try start(run)
        case .updateRun(let run): try update(run)
        case .deleteRuns(let names): try deleteRuns(names)
        case .lease(let lease): try put(lease)
        case .take(let run, let messages): try take(messages, from: run)
        case .setTimer(let timer): try put(timer)
        case .clearTimer(let run, let timer): try clearTimer(timer, of: run)
        case .effect(let entry): try put(entry)
        case .echo(let entry): try put(entry)
        case .useQuota(let use): try count(use)
        case .trigger(let state): try put(state)
        case .forgetTriggers(let flow): try forgetTriggers(of: flow)
        case .seen(let key): try remember(key)
        case .forgetKeys(let flow, let before): try forgetKeys(of: flow, before: before)
        case .deleteHistory(let ids):
            for id in ids { try run("DELETE FROM trigger_history WHERE name = ?", .text(id)) }
        case .solution(let solution): try put(solution)
        case .removeSolution(let name): try run("DELETE FROM solutions WHERE name = ?", .text(name))
        case .flow(let flow): try put(flow)
        case .removeFlow(let id): try removeFlow(id)
        case .variable(let variable): try put(variable)
        case .removeVariable(let name): try run("DELETE FROM variables WHERE name = ?", .text(name))
        case .user(let user): try put(user)
        case .removeUser(let upn): try removeUser(upn)
        case .share(let share): try put(share)
        case .removeShare(let share): try remove(share)
        case .token(let token): try put(token)
        case .removeToken(let name): try run("DELETE FROM tokens WHERE name = ?", .text(name))
        case .connection(let connection): try put(connection)
        case .removeConnection(let name): try run("DELETE FROM connections WHERE name = ?", .text(name))
        case .binding(let binding): try put(binding)
        case .removeBinding(let name): try run("DELETE FROM bindings WHERE logical_name = ?", .text(name))
        case .runOnly(let setting): try put(setting)
        case .metadata(let name, let value): try putMetadata(name, value)
        case .append, .send, .history, .definition: preconditionFailure("this change is prepared before it is written")
        }
    }

    /// Encrypts with the environment's key.
    func seal(_ bytes: [UInt8], for place: String) throws(Failure) -> [UInt8] {
        do {
            return try vault.seal(bytes, for: place)
        } catch {
            throw .refused(error)
        }
    }
}
