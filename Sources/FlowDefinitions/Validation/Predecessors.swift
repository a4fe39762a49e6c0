/// What runs before an action among its siblings, at first or any remove; names are in lower case.
///
/// Each action's predecessors are a row of bits, so that a chain of hundreds of actions costs words, not sets of names.
struct Predecessors {
    private var numbers: [String: Int] = [:]
    private var names: [String] = []
    private var rows: [[UInt64]?] = []

    init(of places: [FlowFacts.Place]) {
        var direct: [[Int]] = []
        func number(_ name: String) -> Int {
            if let known = numbers[name] { return known }
            let number = names.count
            numbers[name] = number
            names.append(name)
            direct.append([])
            return number
        }
        for place in places {
            let own = number(place.action.name.lowercased())
            for condition in place.action.runAfter {
                let before = number(condition.action.lowercased())
                direct[own].append(before)
            }
        }
        rows = Array(repeating: nil, count: names.count)
        for start in names.indices {
            var row = [UInt64](repeating: 0, count: (names.count + 63) / 64)
            var open = direct[start]
            while let next = open.popLast() {
                guard next != start, row[next / 64] & (1 << UInt64(next % 64)) == 0 else { continue }
                row[next / 64] |= 1 << UInt64(next % 64)
                if let known = rows[next] {
                    for word in row.indices { row[word] |= known[word] }
                } else {
                    open += direct[next]
                }
            }
            rows[start] = row
        }
    }

    /// Whether an action runs before another one.
    func contains(_ earlier: String, before name: String) -> Bool {
        guard let earlier = numbers[earlier], let number = numbers[name], let row = rows[number] else { return false }
        return row[earlier / 64] & (1 << UInt64(earlier % 64)) != 0
    }

    /// The names of all that run before an action.
    func names(before name: String) -> Set<String> {
        guard let number = numbers[name], let row = rows[number] else { return [] }
        return Set(names.indices.filter { row[$0 / 64] & (1 << UInt64($0 % 64)) != 0 }.map { names[$0] })
    }
}
