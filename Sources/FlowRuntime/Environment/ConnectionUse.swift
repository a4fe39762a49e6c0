import FlowCore
import FlowDefinitions
import FlowText

/// Where a flow uses its connection references: its trigger and actions, in the order written.
struct ConnectionUse: Sequence {
    /// One trigger or action with the reference it names.
    struct Place: Sendable {
        let name: String
        let path: ActionPath
        let location: SourceLocation
        let referenceKey: String
    }

    private let places: [Place]

    init(of flow: FlowDefinition) {
        var places: [Place] = []
        for trigger in flow.triggers {
            guard let key = trigger.connectionReferenceKey else { continue }
            places.append(
                Place(name: trigger.name, path: trigger.path, location: trigger.location, referenceKey: key))
        }
        for action in flow.allActions {
            guard let key = action.connectionReferenceKey else { continue }
            places.append(Place(name: action.name, path: action.path, location: action.location, referenceKey: key))
        }
        self.places = places
    }

    func makeIterator() -> IndexingIterator<[Place]> { places.makeIterator() }
}

extension Trigger {
    /// The key of the connection reference that a connector trigger names, or nil.
    var connectionReferenceKey: String? {
        let host = inputs?["host"]
        return host?["connectionName"]?.string ?? host?["connectionReferenceName"]?.string
            ?? host?["connection"]?["referenceName"]?.string
    }

    /// The operation that a connector trigger names, or nil.
    var operationID: String? { inputs?["host"]?["operationId"]?.string }
}
