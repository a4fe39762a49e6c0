public import FlowCore
import Foundation
import Synchronization

/// The rules of a time zone: how far its clocks are from UTC, and when.
///
/// Zones are named as Windows names them, as the platform does; the names of the IANA data base are accepted too.
public struct ZoneRules: Sendable {
    private static let known = Mutex<[String: ZoneRules]>([:])

    private let zone: TimeZone

    /// The zone of a name in any letter case, or nil where there is none.
    public init?(named name: String) {
        let key = name.lowercased()
        if let rules = Self.known.withLock({ $0[key] }) {
            self = rules
            return
        }
        // Only names that are known are kept: unknown ones come from data and have no end.
        guard let rules = Self.make(key, name) else { return nil }
        Self.known.withLock { $0[key] = rules }
        self = rules
    }

    private init(zone: TimeZone) { self.zone = zone }

    private static func make(_ key: String, _ name: String) -> ZoneRules? {
        if let identifier = WindowsTimeZones.identifier(of: key) {
            return TimeZone(identifier: identifier).map(ZoneRules.init)
        }
        guard isIANAName(name), let identifier = ianaNames[key] else { return nil }
        return TimeZone(identifier: identifier).map(ZoneRules.init)
    }

    /// Whether a name is one of the IANA data base and not of Windows; the platform refuses those.
    public static func isIANAName(_ name: String) -> Bool {
        WindowsTimeZones.identifier(of: name.lowercased()) == nil && ianaNames[name.lowercased()] != nil
    }

    private static let ianaNames: [String: String] = {
        var names: [String: String] = ["etc/utc": "Etc/UTC", "etc/gmt": "Etc/GMT", "gmt": "GMT"]
        for identifier in TimeZone.knownTimeZoneIdentifiers { names[identifier.lowercased()] = identifier }
        return names
    }()

    /// How many seconds the zone's clocks are ahead of UTC at an instant.
    public func offset(at instant: Timestamp) -> Int {
        let seconds = Double(instant.ticks) / Double(Timestamp.ticksPerSecond)
        return zone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds.rounded(.down)))
    }

    /// What the zone's clocks show at an instant, as if it were UTC.
    public func local(of instant: Timestamp) -> Timestamp {
        Timestamp(ticks: instant.ticks + Int64(offset(at: instant)) * Timestamp.ticksPerSecond)
    }

    /// The instant at which the zone's clocks show a time.
    ///
    /// A time that comes twice is taken as standard time, the later one; one that is skipped gives nil.
    /// - Parameter local: what the clocks show, as if it were UTC.
    /// - Returns: the instant, or nil.
    public func instant(ofLocal local: Timestamp) -> Timestamp? {
        let day = 86_400 * Timestamp.ticksPerSecond
        let before = offset(at: Timestamp(ticks: local.ticks - day))
        let after = offset(at: Timestamp(ticks: local.ticks + day))
        let candidates = [min(before, after), max(before, after)].map { offset in
            (offset, Timestamp(ticks: local.ticks - Int64(offset) * Timestamp.ticksPerSecond))
        }
        return candidates.first { $0.0 == offset(at: $0.1) }?.1
    }
}
