import FlowCore

/// Names of new runs in the platform's form: 29 digits, `CU`, two digits; younger runs have smaller names.
enum RunName {
    /// A name for a run that begins now.
    static func new(at now: Timestamp) -> String {
        name(at: now, Int.random(in: 0..<1_000_000_000), Int.random(in: 10..<100))
    }

    /// The name of the run that comes of a part of a trigger's event: the same each time it is asked for.
    static func part(_ index: Int, of history: String, at instant: Timestamp) -> String {
        let digest = Digest.sha256(Array("\(history)/\(index)".utf8))
        let number = digest.prefix(7).reduce(0) { ($0 << 8 | Int($1)) }
        return name(at: instant, number % 1_000_000_000, 10 + Int(digest[8]) % 90)
    }

    private static func name(at now: Timestamp, _ number: Int, _ suffix: Int) -> String {
        // The digits count down from the largest number of .NET's ticks, which begin in the year 1.
        let ticks = now.ticks &+ 621_355_968_000_000_000
        let rest = String(Int64.max - ticks)
        let random = String(number)
        return String(repeating: "0", count: 20 - rest.count) + rest + String(repeating: "0", count: 9 - random.count)
            + random + "CU" + String(suffix)
    }
}
