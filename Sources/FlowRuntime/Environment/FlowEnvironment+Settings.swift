/// What came of reading `flowrun.yaml` again.
package struct SettingsChange: Sendable, Hashable {
    /// The settings that hold from now on, as the file names them.
    package var applied: [String] = []
    /// The settings that hold from the next start on.
    package var waiting: [String] = []
}

extension FlowEnvironment {
    /// What the server takes from its clients before it refuses.
    package var serverLimits: ServerLimits { host.serverLimits }

    /// Takes over what of changed settings may change while runs go on; the rest stays as it was.
    /// - Parameter new: what `flowrun.yaml` says now.
    /// - Returns: what holds now, and what holds from the next start on.
    package func take(_ new: EnvironmentSettings) -> SettingsChange {
        let old = settings
        var taken = old
        var change = SettingsChange()
        func apply<Value: Equatable>(_ key: String, _ place: WritableKeyPath<EnvironmentSettings, Value>) {
            guard old[keyPath: place] != new[keyPath: place] else { return }
            taken[keyPath: place] = new[keyPath: place]
            change.applied.append(key)
        }
        func wait<Value: Equatable>(_ key: String, _ place: KeyPath<EnvironmentSettings, Value>) {
            if old[keyPath: place] != new[keyPath: place] { change.waiting.append(key) }
        }
        apply("performanceProfile", \.performanceProfile)
        apply("coSellPlan", \.coSellPlan)
        apply("server.limits", \.server.limits)
        // The store is open, the socket listens, and the HTTP client and the alerts were made of these.
        wait("store", \.store)
        wait("durability", \.durability)
        wait("endpoints", \.endpoints)
        wait("allowedHosts", \.allowedHosts)
        wait("server.listen", \.server.listen)
        wait("server.publicUrl", \.server.publicURL)
        wait("alerts", \.alerts)
        if !change.applied.isEmpty { host.use(taken) }
        return change
    }
}
