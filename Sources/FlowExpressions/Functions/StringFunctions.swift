import FlowCore

/// Functions of texts.
enum StringFunctions {
    static let all = [
        concat, endsWith, formatNumber, guid, indexOf, isFloat, isInt, lastIndexOf, length, nthIndexOf, replace, slice,
        split, startsWith, substring, toLower, toUpper, trim,
    ]

    static let concat = FunctionDeclaration(
        "concat", .string, [.repeated("values", .any)], returns: .string,
        usage: .expects("a comma separated list of string and integer parameters"),
        summary: "Joins values as text.",
        examples: ["concat('Deal ', 7)": "Deal 7", "concat('is ', true)": "is True"],
        body: .pure { arguments throws(FlowError) in
            var text = ""
            let limit = arguments.call.textLimit
            for place in 0..<arguments.count {
                if case .string(let piece) = arguments[place] {
                    text += piece
                } else {
                    text += try arguments.call.text(of: arguments[place])
                }
                if text.utf8.count > limit { throw arguments.call.tooLong() }
            }
            return .string(text)
        })

    static let startsWith = FunctionDeclaration(
        "startsWith", .string, [.required("text", .string), .required("start", .string)], returns: .boolean,
        usage: .expects(
            "two parameters: the string as the first parameter, the value to check as the second parameter"),
        summary: "Tells whether a text begins with another, letter case ignored.",
        examples: ["startsWith('Hello', 'he')": true],
        body: .pure { arguments throws(FlowError) in
            let text = CaseMapping.foldedUnits(try arguments.string(0))
            return .bool(text.starts(with: CaseMapping.foldedUnits(try arguments.string(1))))
        })

    static let endsWith = FunctionDeclaration(
        "endsWith", .string, [.required("text", .string), .required("end", .string)], returns: .boolean,
        usage: .expects(
            "two parameters: the string as the first parameter, the value to check as the second parameter"),
        summary: "Tells whether a text ends with another, letter case ignored.",
        examples: ["endsWith('Report.PDF', '.pdf')": true],
        body: .pure { arguments throws(FlowError) in
            let text = CaseMapping.foldedUnits(try arguments.string(0))
            return .bool(text.reversed().starts(with: CaseMapping.foldedUnits(try arguments.string(1)).reversed()))
        })

    static let formatNumber = FunctionDeclaration(
        "formatNumber", .string,
        [.required("number", .number), .required("format", .string), .optional("culture", .string)], returns: .string,
        usage: .expects(
            "two parameters, with an optional third parameter: the number to be formatted as the first parameter, a "
                + "numeric format string as the second parameter, and an optional locale string as the third parameter"),
        summary: "Writes a number by a .NET format, in en-US if no culture is named.",
        examples: [
            "formatNumber(1234.5, 'N2')": "1,234.50", "formatNumber(7, 'D4')": "0007",
            "formatNumber(1234567.891, '#,##0.0', 'de-DE')": "1.234.567,9",
        ],
        body: .pure { arguments throws(FlowError) in
            guard ValueComparison.isNumber(arguments[0]) else {
                throw arguments.call.mismatch(0, arguments[0], expected: ValueTypes.number.phrase)
            }
            let format = try arguments.string(1)
            let culture = try Self.culture(arguments, 2) ?? .english
            guard let text = NumberFormat.format(arguments[0], format, culture.numbers) else {
                throw arguments.call.failure("was invoked with the number format '\(format)' that is not valid.")
            }
            return .string(text)
        })

    /// The culture that an argument names, or nil where it is left out.
    static func culture(_ arguments: Arguments, _ place: Int) throws(FlowError) -> Culture? {
        guard let name = try arguments.optionalString(place) else { return nil }
        guard let culture = Culture.named(name) else {
            throw arguments.call.failure("was invoked with the locale '\(name)' that is not valid.")
        }
        return culture
    }

    static let guid = FunctionDeclaration(
        "guid", .string, [.optional("format", .string)], returns: .string,
        usage: .expects("no parameters or an optional format parameter"),
        summary: "Gives a new identifier; the format is D, N, B, P or X.",
        body: .reading { arguments, scope throws(FlowError) in
            let id = scope.newGUID()
            let format = try arguments.optionalString(0) ?? "D"
            let digits = id.filter { $0 != "-" }
            switch format.uppercased() {
            case "", "D": return .string(id)
            case "N": return .string(digits)
            case "B": return .string("{\(id)}")
            case "P": return .string("(\(id))")
            case "X":
                let parts = id.split(separator: "-").map(String.init)
                let bytes = Array(digits.dropFirst(16))
                let rest = stride(from: 0, to: bytes.count, by: 2).map { "0x" + String(bytes[$0...($0 + 1)]) }
                return .string(
                    "{" + parts.prefix(3).map { "0x" + $0 }.joined(separator: ",") + ",{"
                        + rest.joined(separator: ",") + "}}")
            default: throw arguments.call.failure("was invoked with the format '\(format)' that is not valid.")
            }
        })

    static let indexOf = FunctionDeclaration(
        "indexOf", .string, [.required("text", .string), .required("wanted", .string)], returns: .integer,
        usage: .expects(
            "two parameters: the string as the first parameter, the value to find the index of as the second parameter"),
        summary: "Gives the place of a text's first occurrence, from 0, letter case ignored, or -1.",
        examples: ["indexOf('hello world', 'World')": 6, "indexOf('hello', 'x')": -1],
        body: .pure { arguments throws(FlowError) in
            let place = TextUnits.firstIndex(of: try arguments.string(1), in: try arguments.string(0))
            return .integer(Int64(place ?? -1))
        })

    static let lastIndexOf = FunctionDeclaration(
        "lastIndexOf", .string, [.required("text", .string), .required("wanted", .string)], returns: .integer,
        usage: .expects(
            "two parameters: the string as the first parameter, the value to find the last index of as the second "
                + "parameter"),
        summary: "Gives the place of a text's last occurrence, from 0, letter case ignored, or -1.",
        examples: ["lastIndexOf('banana', 'AN')": 3],
        body: .pure { arguments throws(FlowError) in
            let (text, wanted) = (try arguments.string(0), try arguments.string(1))
            // .NET before version 5 found the empty text at the last character.
            if wanted.isEmpty { return .integer(Int64(max(0, TextUnits.count(text) - 1))) }
            return .integer(Int64(TextUnits.lastIndex(of: wanted, in: text) ?? -1))
        })

    static let nthIndexOf = FunctionDeclaration(
        "nthIndexOf", .string,
        [.required("text", .string), .required("wanted", .string), .required("occurrence", .integer)],
        returns: .integer,
        usage: .expects(
            "three parameters: the string as the first parameter, the value to find the index of as the second "
                + "parameter and the number of the occurrence as the third parameter"),
        summary: "Gives the place of a text's nth occurrence, from 0, letter case ignored, or -1; a negative n counts "
            + "from the end.",
        examples: ["nthIndexOf('123456789123465789', '12', 2)": 9],
        body: .pure { arguments throws(FlowError) in
            let places = TextUnits.indices(of: try arguments.string(1), in: try arguments.string(0))
            let number = try arguments.integer(2)
            guard number != 0, number.magnitude <= UInt64(places.count) else { return -1 }
            return .integer(Int64(number > 0 ? places[Int(number) - 1] : places[places.count + Int(number)]))
        })

    static let isFloat = FunctionDeclaration(
        "isFloat", .string, [.required("text", .string), .optional("culture", .string)], returns: .boolean,
        usage: .expects(
            "a string to parse as the first parameter, and an optional culture as the second parameter"),
        summary: "Tells whether a text is a number that float can convert.",
        examples: ["isFloat('10,000.00')": true, "isFloat('abc')": false],
        body: .pure { arguments throws(FlowError) in
            let culture = try Self.culture(arguments, 1) ?? .invariant
            return .bool(NumberText.readDouble(try arguments.string(0), culture.numbers) != nil)
        })

    static let isInt = FunctionDeclaration(
        "isInt", .string, [.required("text", .string)], returns: .boolean,
        usage: .expects("one parameter, a string which may contain an integer"),
        summary: "Tells whether a text is a whole number of 64 bits.",
        examples: ["isInt('-7')": true, "isInt('12.5')": false],
        body: .pure { arguments throws(FlowError) in
            .bool(NumberText.read(try arguments.string(0), [])?.integer != nil)
        })

    static let length = FunctionDeclaration(
        "length", .string, [.required("collection", [.string, .array])], returns: .integer,
        usage: .expects("one parameter: an array or a string the length of which is returned"),
        summary: "Gives the number of UTF-16 units of a text, or of elements of an array.",
        examples: ["length('abcd')": 4, "length(createArray(1, 2))": 2],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .string(let text): return .integer(Int64(TextUnits.count(text)))
            case .array(let elements): return .integer(Int64(elements.count))
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    static let replace = FunctionDeclaration(
        "replace", .string, [.required("text", .string), .required("old", .string), .required("new", .string)],
        returns: .string,
        usage: .expects(
            "three string parameters: the string to replace in as the first parameter, the string to be replaced as "
                + "the second parameter, and the new string as the third parameter"),
        summary: "Replaces every occurrence of a text; letter case counts.",
        examples: ["replace('the old string', 'old', 'new')": "the new string"],
        body: .pure { arguments throws(FlowError) in
            let (text, old, new) = (try arguments.string(0), try arguments.string(1), try arguments.string(2))
            guard !old.isEmpty else {
                throw arguments.call.failure("expects its second parameter to be a string that is not empty.")
            }
            // Byte by byte: a letter and its accent stay apart as in .NET.
            let bytes = Array(text.utf8)
            let places = TextSearch(Array(old.utf8)).apart(in: bytes)
            if places.isEmpty { return arguments[0] }
            let length = bytes.count + places.count * (new.utf8.count - old.utf8.count)
            guard length <= arguments.call.textLimit else { throw arguments.call.tooLong() }
            var result: [UInt8] = []
            result.reserveCapacity(length)
            var start = 0
            for place in places {
                result.append(contentsOf: bytes[start..<place])
                result.append(contentsOf: new.utf8)
                start = place + old.utf8.count
            }
            result.append(contentsOf: bytes[start...])
            return .string(String(decoding: result, as: UTF8.self))
        })

    static let slice = FunctionDeclaration(
        "slice", .string, [.required("text", .string), .required("start", .integer), .optional("end", .integer)],
        returns: .string,
        usage: .expects(
            "two parameters, with an optional third parameter: the source string as the first parameter, the start "
                + "index as the second parameter, and an optional end index as the third parameter"),
        summary: "Cuts a text from one place up to another; negative places count from the end.",
        examples: ["slice('Hello World', 2, 5)": "llo", "slice('Hello World', -2)": "ld"],
        body: .pure { arguments throws(FlowError) in
            let text = try arguments.string(0)
            let count = TextUnits.count(text)
            func place(_ index: Int64) -> Int {
                index >= 0 ? Int(min(index, Int64(count))) : max(0, count - Int(min(index.magnitude, UInt64(count))))
            }
            let start = place(try arguments.integer(1))
            let end = arguments.has(2) && !arguments[2].isNull ? place(try arguments.integer(2)) : count
            return .string(start < end ? TextUnits.slice(text, start, end) : "")
        })

    static let split = FunctionDeclaration(
        "split", .string, [.required("text", .string), .required("separator", .string)], returns: .array,
        usage: .expects(
            "two parameters: the string to split as the first parameter, the separator as the second parameter"),
        summary: "Cuts a text at every occurrence of a separator.",
        examples: ["split('a_b_c', '_')": ["a", "b", "c"], "split('abc', ',')": ["abc"]],
        body: .pure { arguments throws(FlowError) in
            let (text, separator) = (try arguments.string(0), try arguments.string(1))
            return .array(pieces(of: text, separator))
        })

    private static func pieces(of text: String, _ separator: String) -> [JSON] {
        guard !separator.isEmpty else { return [.string(text)] }
        let bytes = Array(text.utf8)
        var pieces: [JSON] = []
        var start = 0
        for place in TextSearch(Array(separator.utf8)).apart(in: bytes) {
            pieces.append(.string(String(decoding: bytes[start..<place], as: UTF8.self)))
            start = place + separator.utf8.count
        }
        pieces.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
        return pieces
    }

    static let substring = FunctionDeclaration(
        "substring", .string,
        [.required("text", .string), .required("start", .integer), .optional("length", .integer)],
        returns: .string,
        usage: .expects(
            "two parameters: the 'string' to take a section from as the first parameter, the 'start index' as the "
                + "second parameter"),
        summary: "Cuts a text from a place on, or a number of UTF-16 units from there.",
        examples: ["substring('hello world', 6, 5)": "world", "substring('The old string', 4)": "old string"],
        body: .pure { arguments throws(FlowError) in
            let text = try arguments.string(0)
            let count = Int64(TextUnits.count(text))
            let start = try arguments.integer(1)
            let length = arguments.has(2) && !arguments[2].isNull ? try arguments.integer(2) : nil
            guard let length else {
                guard start >= 0, start < count || start == 0 else {
                    throw arguments.call.failure(
                        "parameters are out of range: 'start index' must be non-negative integer and should be less "
                            + "than the length of the string.")
                }
                return .string(TextUnits.slice(text, Int(start), Int(count)))
            }
            guard start >= 0, length >= 0, start <= count, length <= count - start else {
                throw arguments.call.failure(
                    "parameters are out of range: 'start index' and 'length' must be non-negative integers and their "
                        + "sum must be no larger than the length of the string.")
            }
            return .string(TextUnits.slice(text, Int(start), Int(start + length)))
        })

    static let toLower = FunctionDeclaration(
        "toLower", .string, [.required("text", .string)], returns: .string,
        usage: .expects("one parameter: the string to convert to lower casing"),
        summary: "Gives a text in lower case.", examples: ["toLower('Hello')": "hello"],
        body: .pure { arguments throws(FlowError) in .string(CaseMapping.lowercased(try arguments.string(0))) })

    static let toUpper = FunctionDeclaration(
        "toUpper", .string, [.required("text", .string)], returns: .string,
        usage: .expects("one parameter: the string to convert to upper casing"),
        summary: "Gives a text in upper case.", examples: ["toUpper('flow')": "FLOW"],
        body: .pure { arguments throws(FlowError) in .string(CaseMapping.uppercased(try arguments.string(0))) })

    static let trim = FunctionDeclaration(
        "trim", .string, [.required("text", .string)], returns: .string, usage: .one,
        summary: "Removes white space at both ends of a text.", examples: ["trim('  a b ')": "a b"],
        body: .pure { arguments throws(FlowError) in
            guard case .string(let text) = arguments[0] else { throw arguments.call.notValid() }
            return .string(CaseMapping.trimmed(text))
        })
}
