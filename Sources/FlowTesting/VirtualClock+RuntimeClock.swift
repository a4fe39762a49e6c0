import FlowCore
public import FlowRuntime

extension VirtualClock: RuntimeClock {}
