package import FlowCore
import FlowEngine

/// The bytes of a journal row, for drivers that keep rows.
///
/// A row is a JSON array of events. Where it is large, or an event has sealed members, it is *marked*: a large value
/// stands in it as `{"$flowrun.value": HASH}`, a sealed member as `{"$flowrun.sealed": BOX}`, and an object that looks
/// like either as `{"$flowrun.object": OBJECT}`. Rows that are not marked are taken as they stand, which is nearly all.
package enum JournalCoding {
    /// The version of this form.
    package static let format: Int64 = 1
    /// From how many bytes of JSON text on a value is kept apart, by its content.
    package static let largeValueSize = 8_192

    private static let valueMark = "$flowrun.value"
    private static let sealedMark = "$flowrun.sealed"
    private static let objectMark = "$flowrun.object"
    private static let markPrefix: StaticString = "$flowrun."
    private static let markStart = markPrefix.description

    /// A row as it is kept.
    package struct Row: Sendable {
        /// The JSON text.
        package var bytes: [UInt8]
        /// Whether it holds marks.
        package var isMarked: Bool
        /// The values that are kept apart.
        package var values: [LargeValue]

        /// Makes a row.
        package init(bytes: [UInt8], isMarked: Bool, values: [LargeValue] = []) {
            self.bytes = bytes
            self.isMarked = isMarked
            self.values = values
        }
    }

    /// A value that is kept apart.
    package struct LargeValue: Sendable {
        /// The content hash of its JSON text.
        package var hash: String
        /// The JSON text.
        package var bytes: [UInt8]
    }

    /// Encodes the events of a batch.
    /// - Parameters:
    ///   - batch: the batch.
    ///   - vault: encrypts sealed members.
    /// - Returns: the row.
    /// - Throws: what the vault throws.
    package static func encode(_ batch: JournalBatch, vault: Vault) throws(FlowError) -> Row {
        var lines = JournalLines()
        var values: [LargeValue] = []
        var isMarked = false
        var number = batch.first
        lines.writer.write(byte: UInt8(ascii: "["))
        for event in batch.events {
            if number > batch.first { lines.writer.write(byte: UInt8(ascii: ",")) }
            let start = lines.writer.count
            if case .emitted(let emitted) = event.content, lines.write(whole: emitted),
                standsForItself(lines.writer, after: start)
            {
                number += 1
                continue
            }
            lines.writer.removeAll(after: start)
            let form = event.form
            if case .object(let object) = form.json, !form.sealed.isEmpty {
                lines.writer.write(byte: UInt8(ascii: "{"))
                for (place, name) in object.keys.enumerated() {
                    if place > 0 { lines.writer.write(byte: UInt8(ascii: ",")) }
                    lines.writer.write(string: name)
                    lines.writer.write(byte: UInt8(ascii: ":"))
                    let member = object.values[place]
                    if form.sealed.contains(name) {
                        let box = try vault.seal(member.bytes, for: context(batch.run, number, name))
                        lines.writer.write([sealedMark: .string(Base64.encode(box))])
                        isMarked = true
                    } else {
                        write(member, to: &lines.writer, &values, &isMarked)
                    }
                }
                lines.writer.write(byte: UInt8(ascii: "}"))
            } else {
                write(form.json, to: &lines.writer, &values, &isMarked)
            }
            number += 1
        }
        lines.writer.write(byte: UInt8(ascii: "]"))
        return Row(bytes: lines.writer.bytes, isMarked: isMarked, values: values)
    }

    /// Whether what was written after a place is kept as it stands: it is not large and looks like no mark.
    private static func standsForItself(_ writer: borrowing JSONWriter, after start: Int) -> Bool {
        writer.count - start < largeValueSize && !writer.contains(markPrefix, after: start)
    }

    /// Writes a value as it stands in a row: few are large or look like marks.
    private static func write(
        _ json: JSON, to writer: inout JSONWriter, _ values: inout [LargeValue], _ isMarked: inout Bool
    ) {
        let start = writer.count
        writer.write(json)
        if standsForItself(writer, after: start) { return }
        writer.removeAll(after: start)
        writer.write(marking(json, &values, &isMarked))
    }

    /// The hashes of the values that a marked row names.
    package static func valueHashes(in events: [JSON]) -> Set<String> {
        var hashes: Set<String> = []
        for event in events { collect(event, &hashes) }
        return hashes
    }

    /// Puts the values and sealed members back into the events of a marked row.
    /// - Parameters:
    ///   - events: the events as they are kept.
    ///   - run: the run's name.
    ///   - first: the number of the first event.
    ///   - values: the values that were kept apart, by hash.
    ///   - vault: opens sealed members; nil leaves them out.
    /// - Returns: the events as they were appended.
    /// - Throws: `StoreCorrupt` where a value is missing, or what the vault throws.
    package static func restore(
        _ events: [JSON], run: String, first: Int64, values: [String: JSON], vault: Vault?
    ) throws(FlowError) -> [JSON] {
        var restored: [JSON] = []
        restored.reserveCapacity(events.count)
        var number = first
        for event in events {
            guard case .object(let object) = event, object.keys.first?.hasPrefix(markStart) != true else {
                restored.append(try restoring(event, values))
                number += 1
                continue
            }
            var members = JSONObject()
            for (name, member) in object {
                guard let box = sealed(member) else {
                    members.append(name, try restoring(member, values))
                    continue
                }
                guard let vault else { continue }
                let bytes = try vault.open(box, for: context(run, number, name))
                members.append(name, try parse(bytes))
            }
            restored.append(.object(members))
            number += 1
        }
        return restored
    }

    /// Reads JSON text that the store wrote.
    package static func parse(_ bytes: [UInt8]) throws(FlowError) -> JSON {
        do {
            // An event holds values of the run some levels down.
            return try JSONReader.read(bytes, nestingLimit: JSON.nestingLimit + 64)
        } catch {
            throw StoreRefusal.corrupt("A value in the store is not readable: \(error.message).")
        }
    }

    private static func context(_ run: String, _ number: Int64, _ member: String) -> String {
        "journal/\(run)/\(number)/\(member)"
    }

    private static func sealed(_ json: JSON) -> [UInt8]? {
        guard case .object(let object) = json, object.count == 1, let text = object[sealedMark]?.stringValue else {
            return nil
        }
        return Base64.decode(text)
    }

    /// Takes large values out of a tree and protects objects that look like marks.
    private static func marking(_ json: JSON, _ values: inout [LargeValue], _ isMarked: inout Bool) -> JSON {
        if roughSize(json) >= largeValueSize {
            isMarked = true
            return takingOut(json, &values, &isMarked)
        }
        return protecting(json, &isMarked)
    }

    /// The members of an object are looked at one by one, so that the body of an answer is one value whether it stands
    /// in the outputs of one action or in the inputs of the next; anything else is taken out as a whole.
    private static func takingOut(_ json: JSON, _ values: inout [LargeValue], _ isMarked: inout Bool) -> JSON {
        if case .object(let object) = json {
            let large = object.values.map { roughSize($0) >= largeValueSize }
            if large.contains(true) {
                var members = JSONObject()
                for (place, name) in object.keys.enumerated() {
                    let member = object.values[place]
                    members.append(
                        name,
                        large[place] ? takingOut(member, &values, &isMarked) : protecting(member, &isMarked))
                }
                return protectingItself(members, &isMarked)
            }
        }
        let bytes = json.bytes
        let hash = ContentHash.of(bytes)
        values.append(LargeValue(hash: hash, bytes: bytes))
        return [valueMark: .string(hash)]
    }

    private static func protecting(_ json: JSON, _ isMarked: inout Bool) -> JSON {
        switch json {
        case .array(let elements):
            guard elements.contains(where: { if case .array = $0 { true } else { $0.objectValue != nil } }) else {
                return json
            }
            var copy: [JSON] = []
            copy.reserveCapacity(elements.count)
            for element in elements { copy.append(protecting(element, &isMarked)) }
            return .array(copy)
        case .object(let object):
            var members = object
            for (place, member) in object.values.enumerated() {
                switch member {
                case .array, .object: members.setValue(at: place, protecting(member, &isMarked))
                default: break
                }
            }
            return protectingItself(members, &isMarked)
        default: return json
        }
    }

    private static func protectingItself(_ object: JSONObject, _ isMarked: inout Bool) -> JSON {
        guard object.count == 1, object.keys[0].hasPrefix(markStart) else { return .object(object) }
        isMarked = true
        return [objectMark: .object(object)]
    }

    private static func restoring(_ json: JSON, _ values: [String: JSON]) throws(FlowError) -> JSON {
        switch json {
        case .array(let elements):
            var copy: [JSON] = []
            copy.reserveCapacity(elements.count)
            for element in elements { copy.append(try restoring(element, values)) }
            return .array(copy)
        case .object(let object):
            if object.count == 1, object.keys[0].hasPrefix(markStart) {
                if object.keys[0] == valueMark, let hash = object.values[0].stringValue {
                    guard let value = values[hash] else {
                        throw StoreRefusal.corrupt("The store has lost the value \(hash).")
                    }
                    return value
                }
                if object.keys[0] == objectMark, case .object(let inner) = object.values[0] {
                    return .object(try restoringMembers(inner, values))
                }
            }
            return .object(try restoringMembers(object, values))
        default: return json
        }
    }

    private static func restoringMembers(
        _ object: JSONObject, _ values: [String: JSON]
    ) throws(FlowError) -> JSONObject {
        var members = object
        for (place, member) in object.values.enumerated() {
            switch member {
            case .array, .object: members.setValue(at: place, try restoring(member, values))
            default: break
            }
        }
        return members
    }

    private static func collect(_ json: JSON, _ hashes: inout Set<String>) {
        switch json {
        case .array(let elements): for element in elements { collect(element, &hashes) }
        case .object(let object):
            if object.count == 1, object.keys[0] == valueMark, let hash = object.values[0].stringValue {
                hashes.insert(hash)
            } else {
                for member in object.values { collect(member, &hashes) }
            }
        default: break
        }
    }

    /// About how many bytes the JSON text has; never looks further than to the size of a large value.
    private static func roughSize(_ json: JSON) -> Int {
        var size = 0
        measure(json, &size)
        return size
    }

    private static func measure(_ json: JSON, _ size: inout Int) {
        guard size < largeValueSize else { return }
        switch json {
        case .null, .bool: size += 5
        case .integer, .double: size += 8
        case .decimal(let digits): size += digits.utf8.count + 1
        case .string(let text): size += text.utf8.count + 3
        case .array(let elements):
            size += 2
            for element in elements where size < largeValueSize { measure(element, &size) }
        case .object(let object):
            size += 2
            for (place, member) in object.values.enumerated() where size < largeValueSize {
                size += object.keys[place].utf8.count + 4
                measure(member, &size)
            }
        }
    }
}
