/// Finds a text in others, in time that grows with their lengths only and not with the product (Knuth, Morris, Pratt).
struct TextSearch<Unit: Equatable> {
    private let wanted: [Unit]
    /// For each place, how many units before it are also the beginning of what is wanted.
    private let overlaps: [Int]

    /// Prepares the search for a text that is not empty.
    init(_ wanted: [Unit]) {
        precondition(!wanted.isEmpty, "an empty text is everywhere")
        self.wanted = wanted
        var overlaps = [0]
        overlaps.reserveCapacity(wanted.count)
        var length = 0
        for unit in wanted.dropFirst() {
            while length > 0, wanted[length] != unit { length = overlaps[length - 1] }
            if wanted[length] == unit { length += 1 }
            overlaps.append(length)
        }
        self.overlaps = overlaps
    }

    /// The place of the first occurrence from a place on, or nil.
    func first(in units: [Unit], from start: Int = 0) -> Int? {
        var found: Int?
        scan(units, from: start) { place in
            found = place
            return false
        }
        return found
    }

    /// All places, also of occurrences that overlap.
    func all(in units: [Unit]) -> [Int] {
        var places: [Int] = []
        scan(units, from: 0) { place in
            places.append(place)
            return true
        }
        return places
    }

    /// The places of occurrences that do not overlap, from the left.
    func apart(in units: [Unit]) -> [Int] {
        var places: [Int] = []
        var end = 0
        scan(units, from: 0) { place in
            guard place >= end else { return true }
            places.append(place)
            end = place + wanted.count
            return true
        }
        return places
    }

    /// Calls for each occurrence until the answer is false.
    private func scan(_ units: [Unit], from start: Int, _ found: (Int) -> Bool) {
        guard start + wanted.count <= units.count else { return }
        units.withUnsafeBufferPointer { units in
            var length = 0
            for place in start..<units.count {
                let unit = units[place]
                while length > 0, wanted[length] != unit { length = overlaps[length - 1] }
                if wanted[length] == unit { length += 1 }
                guard length == wanted.count else { continue }
                guard found(place + 1 - length) else { return }
                length = overlaps[length - 1]
            }
        }
    }
}
