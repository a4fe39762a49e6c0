/// Writes JSON text, compact or indented.
///
/// Numbers are written so that reading gives the same value: a double without fraction keeps `.0`. Values that JSON
/// cannot hold (`NaN`, `Infinity`) are written as texts, as Json.NET does.
public struct JSONWriter {
    /// The bytes written so far.
    public private(set) var bytes: [UInt8] = []
    private let indented: Bool
    private var level = 0

    /// Makes a writer.
    /// - Parameter indented: whether members stand on lines of their own, two blanks a level.
    public init(indented: Bool = false) { self.indented = indented }

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
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func write(_ elements: [JSON]) {
        if elements.isEmpty { return write(word: "[]") }
        bytes.append(UInt8(ascii: "["))
        level += 1
        for (place, element) in elements.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            startLine()
            write(element)
        }
        level -= 1
        startLine()
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ object: JSONObject) {
        if object.isEmpty { return write(word: "{}") }
        bytes.append(UInt8(ascii: "{"))
        level += 1
        var first = true
        for (key, value) in object {
            if !first { bytes.append(UInt8(ascii: ",")) }
            first = false
            startLine()
            write(string: key)
            bytes.append(UInt8(ascii: ":"))
            if indented { bytes.append(0x20) }
            write(value)
        }
        level -= 1
        startLine()
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func startLine() {
        guard indented else { return }
        bytes.append(0x0A)
        for _ in 0..<level * 2 { bytes.append(0x20) }
    }

    private mutating func write(integer value: Int64) {
        if value >= 0, value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// A decimal that an integer could hold gets a fraction digit, so that reading it does not give an integer.
    private mutating func write(decimal digits: String) {
        bytes.append(contentsOf: digits.utf8)
        if Int64(digits) != nil { bytes.append(contentsOf: ".0".utf8) }
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
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(string: String) {
        bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { utf8 in
            var start = 0
            for place in 0..<utf8.count {
                let byte = utf8[place]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: utf8[start..<place])
                start = place + 1
                bytes.append(UInt8(ascii: "\\"))
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
                case 0x08: bytes.append(UInt8(ascii: "b"))
                case 0x09: bytes.append(UInt8(ascii: "t"))
                case 0x0A: bytes.append(UInt8(ascii: "n"))
                case 0x0C: bytes.append(UInt8(ascii: "f"))
                case 0x0D: bytes.append(UInt8(ascii: "r"))
                default:
                    let digits = Array("0123456789abcdef".utf8)
                    bytes.append(contentsOf: Array("u00".utf8))
                    bytes.append(digits[Int(byte >> 4)])
                    bytes.append(digits[Int(byte & 15)])
                }
            }
            bytes.append(contentsOf: utf8[start..<utf8.count])
        }
        bytes.append(UInt8(ascii: "\""))
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
