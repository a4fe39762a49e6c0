internal import Glibc

/// Writes JSON text, compact or indented.
///
/// Numbers are written so that reading gives the same value: a double without fraction keeps `.0`. Values that JSON
/// cannot hold (`NaN`, `Infinity`) are written as texts, as Json.NET does.
public struct JSONWriter: ~Copyable {
    /// How many bytes have been written so far.
    public private(set) var count = 0
    // Room of its own: appending to an array byte by byte takes longer than all the rest.
    private var room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 1)
    private let indented: Bool
    private let limit: Int
    private var level = 0

    /// Makes a writer.
    /// - Parameters:
    ///   - indented: whether members stand on lines of their own, two blanks a level.
    ///   - limit: after how many bytes no further element or member is begun; the text is then longer and not complete.
    public init(indented: Bool = false, limit: Int = .max) {
        self.indented = indented
        self.limit = limit
    }

    deinit { room.deallocate() }

    /// The bytes written so far.
    public var bytes: [UInt8] { [UInt8](room[..<count]) }

    /// Takes the bytes after a place back.
    public mutating func removeAll(after place: Int) {
        precondition(place <= count, "what was not written cannot be taken back")
        count = place
    }

    /// Whether a word stands in the bytes after a place.
    public func contains(_ word: StaticString, after place: Int) -> Bool {
        guard let start = room.baseAddress else { return false }
        let (end, length) = (start + count, word.utf8CodeUnitCount)
        var rest = start + place
        while end - rest >= length, let found = memchr(rest, Int32(word.utf8Start.pointee), end - rest) {
            if end - found >= length, memcmp(found, word.utf8Start, length) == 0 { return true }
            rest = found + 1
        }
        return false
    }

    // MARK: Room

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > room.count { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count + more, room.count * 2), alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[..<count]))
        room.deallocate()
        room = larger
    }

    /// Appends a byte as it stands: what joins values that are written one by one.
    @inline(__always)
    public mutating func write(byte: UInt8) {
        reserve(1)
        room[count] = byte
        count += 1
    }

    private mutating func write(bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        reserve(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    private mutating func write(ascii text: String) {
        var text = text
        text.withUTF8 { write(bytes: UnsafeRawBufferPointer($0)) }
    }

    // MARK: Values

    /// Appends a value.
    public mutating func write(_ value: JSON) {
        switch value {
        case .null: write(word: "null")
        case .bool(let value): write(word: value ? "true" : "false")
        case .integer(let value): write(integer: value)
        case .double(let value): write(double: value)
        case .decimal(let digits): write(decimal: digits)
        case .string(let value): write(string: value)
        case .array(let elements): write(elements)
        case .object(let object): write(object)
        }
    }

    private mutating func write(word: StaticString) {
        write(bytes: UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func write(_ elements: [JSON]) {
        if elements.isEmpty { return write(word: "[]") }
        write(byte: UInt8(ascii: "["))
        level += 1
        for (place, element) in elements.enumerated() {
            if count > limit { return }
            if place > 0 { write(byte: UInt8(ascii: ",")) }
            startLine()
            write(element)
        }
        level -= 1
        startLine()
        write(byte: UInt8(ascii: "]"))
    }

    private mutating func write(_ object: JSONObject) {
        if object.isEmpty { return write(word: "{}") }
        write(byte: UInt8(ascii: "{"))
        level += 1
        let (keys, values) = (object.keys, object.values)
        for place in keys.indices {
            if count > limit { return }
            if place > 0 { write(byte: UInt8(ascii: ",")) }
            startLine()
            write(string: keys[place])
            write(byte: UInt8(ascii: ":"))
            if indented { write(byte: 0x20) }
            write(values[place])
        }
        level -= 1
        startLine()
        write(byte: UInt8(ascii: "}"))
    }

    private mutating func startLine() {
        guard indented else { return }
        write(byte: 0x0A)
        for _ in 0..<level * 2 { write(byte: 0x20) }
    }

    /// Appends the key of a member and its colon; the key stands for itself, without escapes.
    public mutating func write(key: StaticString) {
        let length = key.utf8CodeUnitCount
        reserve(length + 3)
        room[count] = UInt8(ascii: "\"")
        UnsafeMutableRawBufferPointer(rebasing: room[(count + 1)...]).copyMemory(
            from: UnsafeRawBufferPointer(start: key.utf8Start, count: length))
        room[count + length + 1] = UInt8(ascii: "\"")
        room[count + length + 2] = UInt8(ascii: ":")
        count += length + 3
    }

    /// Appends an integer.
    public mutating func write(integer value: Int64) {
        // The longest one has 19 digits and a sign.
        reserve(20)
        if value < 0 { write(byte: UInt8(ascii: "-")) }
        var rest = value.magnitude
        var length = 1
        var power: UInt64 = 10
        while length < 19, rest >= power {
            length += 1
            power *= 10
        }
        for place in stride(from: count + length - 1, through: count, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        count += length
    }

    /// A decimal that an integer could hold gets a fraction digit, so that reading it does not give an integer.
    private mutating func write(decimal digits: String) {
        write(ascii: digits)
        if Int64(digits) != nil { write(word: ".0") }
    }

    private mutating func write(double value: Double) {
        guard value.isFinite else {
            return write(string: value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
        var text = "\(value)"
        if let mark = text.firstIndex(of: "e") {
            // Swift writes `1e-05` and `1e+16`; both are JSON already. Json.NET writes a capital E.
            text.replaceSubrange(mark...mark, with: "E")
        }
        write(ascii: text)
    }

    /// Appends a text.
    public mutating func write(string: String) {
        var string = string
        string.withUTF8 { utf8 in
            let text = UnsafeRawBufferPointer(utf8)
            write(byte: UInt8(ascii: "\""))
            var place = copyPlain(text, from: 0)
            while place < text.count {
                write(escape: text[place])
                place = copyPlain(text, from: place + 1)
            }
            write(byte: UInt8(ascii: "\""))
        }
    }

    /// Copies the bytes that stand for themselves, eight in one step.
    /// - Returns: where they end.
    private mutating func copyPlain(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        reserve(text.count - start)
        var (place, target) = (start, count)
        while place + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            guard !Self.hasSpecial(word) else { break }
            room.storeBytes(of: word, toByteOffset: target, as: UInt64.self)
            place += 8
            target += 8
        }
        while place < text.count, !Self.isSpecial(text[place]) {
            room[target] = text[place]
            place += 1
            target += 1
        }
        count = target
        return place
    }

    private mutating func write(escape byte: UInt8) {
        write(byte: UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): write(byte: byte)
        case 0x08: write(byte: UInt8(ascii: "b"))
        case 0x09: write(byte: UInt8(ascii: "t"))
        case 0x0A: write(byte: UInt8(ascii: "n"))
        case 0x0C: write(byte: UInt8(ascii: "f"))
        case 0x0D: write(byte: UInt8(ascii: "r"))
        default:
            write(word: "u00")
            for digit in [byte >> 4, byte & 15] {
                write(byte: digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            }
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether one of eight bytes is special: a byte borrows from its highest bit where it is smaller than what is
    /// subtracted from it.
    private static func hasSpecial(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let control = (word &- ones &* 0x20) & ~word
        return (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & (ones &* 0x80) != 0
    }
}

extension JSON {
    /// The compact JSON text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The compact JSON text as UTF-8.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The JSON text with members on lines of their own.
    public var indentedText: String {
        var writer = JSONWriter(indented: true)
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
