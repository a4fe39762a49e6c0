extension Trigger {
    /// How a trigger that nobody calls comes to fire.
    public enum Listening: Sendable, Hashable {
        /// At times of the clock.
        case times
        /// At the end of each stretch of time, missed ones too.
        case windows
        /// When a service that is asked has news.
        case polling
    }

    /// How it comes to fire by itself, or nil where it waits to be called.
    public var listening: Listening? {
        switch type.lowercased() {
        case "recurrence": .times
        case "slidingwindow": .windows
        case "http", "openapiconnection", "openapiconnectionwebhook", "openapiconnectionnotification": .polling
        default: nil
        }
    }

    /// Whether a service calls its URL, which a subscription told it.
    public var isSubscribed: Bool { type.lowercased() == "httpwebhook" }

    /// Whether it has a URL that starts the flow.
    public var hasURL: Bool { type.lowercased() == "request" || isSubscribed }
}
