/// Which flows call which, and an order in which every child comes before its parents.
public struct DependencyGraph: Sendable {
    /// The flows.
    public let flows: [FlowDefinition]
    /// For each flow the places of the flows that it calls, each once, in the order of the calls.
    public let children: [[Int]]

    /// Makes the graph of a set; calls of flows outside it, and ambiguous ones, are no edges.
    public init(_ set: FlowSet) {
        flows = set.flows
        var places: [String: Int] = [:]
        for (place, flow) in set.flows.enumerated() { places["\(flow.file)\n\(flow.name)"] = place }
        children = set.flows.map { flow in
            var found: [Int] = []
            for call in ChildFlowRules.calls(in: flow) {
                guard case .found(let child) = set.resolve(call.reference),
                    let place = places["\(child.file)\n\(child.name)"], !found.contains(place)
                else { continue }
                found.append(place)
            }
            return found
        }
    }

    /// The flows with every child before its parents, in the given order where that leaves a choice.
    ///
    /// Flows of a ring, and what calls them, come last in the given order.
    public var order: [Int] {
        var order: [Int] = []
        var done = [Bool](repeating: false, count: flows.count)
        while order.count < flows.count {
            let ready = flows.indices.first { place in
                !done[place] && children[place].allSatisfy { $0 == place || done[$0] }
            }
            guard let next = ready ?? done.firstIndex(of: false) else { break }
            done[next] = true
            order.append(next)
        }
        return order
    }

    /// The flows that are needed for some of them: themselves and whatever they call, however deep.
    public func closure(of places: [Int]) -> Set<Int> {
        var needed: Set<Int> = []
        var open = places
        while let place = open.popLast() {
            guard needed.insert(place).inserted else { continue }
            open += children[place]
        }
        return needed
    }

    /// A ring through a flow, as the places of its flows beginning with that one; nil where there is none.
    ///
    /// A flow that calls itself is a ring of one.
    public func ring(through start: Int) -> [Int]? {
        var path: [Int] = []
        var dead: Set<Int> = []
        func walk(_ place: Int) -> Bool {
            path.append(place)
            for child in children[place] {
                if child == start { return true }
                guard !dead.contains(child), !path.contains(child) else { continue }
                if walk(child) { return true }
            }
            dead.insert(place)
            path.removeLast()
            return false
        }
        return walk(start) ? path : nil
    }
}
