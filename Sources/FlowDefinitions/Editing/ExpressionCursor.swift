/// Where a cursor stands in an expression that may be unfinished.
struct ExpressionCursor {
    /// What is being written at the cursor.
    enum Place: Sendable, Hashable {
        /// The name of a function, or a literal; `start` is where it begins.
        case name(String, start: Int)
        /// A text in quotes that is an argument of a call.
        case text(String, start: Int)
        /// A property after `.`, or between brackets; `base` is the expression before.
        case property(String, base: Range<Int>, start: Int, form: Form)
        /// A value that is complete.
        case complete
    }

    /// How a property is written.
    enum Form: Sendable, Hashable {
        /// `.name`
        case dotted
        /// `['name']`, behind the quote.
        case quoted
        /// `[`, before any quote.
        case bracket
    }

    /// A call that is open at the cursor.
    struct OpenCall: Sendable, Hashable {
        /// The function's name.
        let name: String
        /// The number of the argument at the cursor, from 0.
        let argument: Int
    }

    /// What is being written.
    let place: Place
    /// The innermost open call.
    let call: OpenCall?

    private struct Frame {
        /// The function, or nil for brackets and for the whole.
        var name: String?
        /// What the brackets select from.
        var base: Range<Int>?
        var argument = 0
        /// Where the value that is being written begins.
        var operand: Int?
    }

    /// Reads the text of a value up to the cursor; nil where the cursor is in no expression.
    /// - Parameters:
    ///   - bytes: the text, escapes resolved.
    ///   - end: the cursor.
    init?(_ bytes: [UInt8], end: Int) {
        guard let start = Self.expressionStart(bytes, end) else { return nil }
        var frames = [Frame()]
        var place = start
        var result: Place?
        while place < end, result == nil {
            let byte = bytes[place]
            let top = frames.count - 1
            switch byte {
            case UInt8(ascii: "'"):
                let first = place + 1
                place = Self.endOfText(bytes, first, end)
                if place > end {
                    let text = Self.text(bytes, first..<end)
                    if let base = frames[top].base, frames[top].operand == nil {
                        result = .property(text, base: base, start: first, form: .quoted)
                    } else {
                        result = .text(text, start: first)
                    }
                } else if frames[top].operand == nil {
                    frames[top].operand = first - 1
                }
            case UInt8(ascii: "("):
                place += 1
                frames.append(Frame(name: frames[top].operand.map { Self.name(bytes, $0, place - 1) }))
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                place += 1
                if frames.count > 1 { frames.removeLast() }
            case UInt8(ascii: "["):
                let base = (frames[top].operand ?? place)..<Self.withoutMark(bytes, place)
                place += 1
                frames.append(Frame(base: base))
            case UInt8(ascii: ","):
                place += 1
                frames[top].argument += 1
                frames[top].operand = nil
            case UInt8(ascii: ".") where frames[top].operand != nil:
                let base = (frames[top].operand ?? place)..<Self.withoutMark(bytes, place)
                let first = place + 1
                place = first
                while place < end, Self.isNamePart(bytes[place]) { place += 1 }
                if place == end {
                    let text = String(decoding: bytes[first..<end], as: UTF8.self)
                    result = .property(text, base: base, start: first, form: .dotted)
                }
            case _ where Self.isNamePart(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "."):
                let first = place
                place += 1
                while place < end, Self.isNamePart(bytes[place]) || bytes[place] == UInt8(ascii: ".") { place += 1 }
                frames[top].operand = first
                let isNumber = byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-")
                if place == end, !isNumber {
                    result = .name(String(decoding: bytes[first..<end], as: UTF8.self), start: first)
                }
            default: place += 1
            }
        }
        let top = frames[frames.count - 1]
        if let result {
            self.place = result
        } else if top.operand != nil {
            self.place = .complete
        } else if let base = top.base {
            self.place = .property("", base: base, start: end, form: .bracket)
        } else {
            self.place = .name("", start: end)
        }
        let open = frames.last { $0.name != nil }
        call = open.flatMap { frame in frame.name.map { OpenCall(name: $0, argument: frame.argument) } }
    }

    /// Widens the cursor to the end of the name or text it stands in.
    /// - Returns: where that ends.
    func tokenEnd(_ bytes: [UInt8], from end: Int) -> Int {
        switch place {
        case .text, .property(_, _, _, .quoted):
            let close = Self.endOfText(bytes, end, bytes.count)
            return close > bytes.count ? end : close - 1
        case .name, .property(_, _, _, .dotted):
            var place = end
            while place < bytes.count, Self.isNamePart(bytes[place]) { place += 1 }
            return place
        case .property, .complete: return end
        }
    }

    // MARK: Parts

    /// Where the expression around the cursor begins, or nil.
    private static func expressionStart(_ bytes: [UInt8], _ end: Int) -> Int? {
        let at = UInt8(ascii: "@")
        let brace = UInt8(ascii: "{")
        guard end > 0 else { return nil }
        if bytes[0] == at, end == 1 || (bytes[1] != at && bytes[1] != brace) { return 1 }
        var place = 0
        while place < end {
            guard bytes[place] == at else {
                place += 1
                continue
            }
            if place + 2 < end, bytes[place + 1] == at, bytes[place + 2] == brace {
                place += 3
            } else if place + 1 < end, bytes[place + 1] == brace {
                let start = place + 2
                place = start
                var isQuoted = false
                while place < end, isQuoted || bytes[place] != UInt8(ascii: "}") {
                    if bytes[place] == UInt8(ascii: "'") { isQuoted.toggle() }
                    place += 1
                }
                if place >= end { return start }
            } else {
                place += 1
            }
        }
        return nil
    }

    /// The place behind the quote that closes a text; beyond the end where there is none.
    private static func endOfText(_ bytes: [UInt8], _ first: Int, _ end: Int) -> Int {
        var place = first
        while place < end {
            if bytes[place] == UInt8(ascii: "'") {
                guard place + 1 < end, bytes[place + 1] == UInt8(ascii: "'") else { return place + 1 }
                place += 1
            }
            place += 1
        }
        return end + 1
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self).replacing("''", with: "'")
    }

    private static func name(_ bytes: [UInt8], _ start: Int, _ end: Int) -> String {
        var name = bytes[start..<end]
        while name.last == UInt8(ascii: " ") { name.removeLast() }
        return String(decoding: name, as: UTF8.self)
    }

    /// The end of what stands before a selection, its `?` left out.
    private static func withoutMark(_ bytes: [UInt8], _ place: Int) -> Int {
        place > 0 && bytes[place - 1] == UInt8(ascii: "?") ? place - 1 : place
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "$")
    }
}
