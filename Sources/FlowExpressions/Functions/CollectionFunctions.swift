import FlowCore

/// Functions of arrays and objects.
enum CollectionFunctions {
    static let all = [
        chunk, contains, empty, first, intersection, join, last, reverse, skip, sort, take, union,
    ]

    static let chunk = FunctionDeclaration(
        "chunk", .collection, [.required("collection", [.string, .array]), .required("size", .integer)],
        returns: .array,
        usage: .expects(
            "two parameters: the string or array to chunk as the first parameter, the chunk length as the second "
                + "parameter"),
        summary: "Cuts a text or an array into pieces of a size.",
        examples: ["chunk('abcdefg', 3)": ["abc", "def", "g"], "chunk(createArray(1, 2, 3), 2)": [[1, 2], [3]]],
        body: .pure { arguments throws(FlowError) in
            guard case .integer(let size) = arguments[1], size > 0 else {
                throw arguments.call.failure("expects chunk size to be a positive integer.")
            }
            let step = Int(clamping: size)
            switch arguments[0] {
            case .string(let text):
                let count = TextUnits.count(text)
                return .array(
                    stride(from: 0, to: count, by: step).map { start in
                        .string(TextUnits.slice(text, start, start + min(step, count - start)))
                    })
            case .array(let elements):
                return .array(
                    stride(from: 0, to: elements.count, by: step).map { start in
                        .array(Array(elements[start..<(start + min(step, elements.count - start))]))
                    })
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    static let contains = FunctionDeclaration(
        "contains", .collection, [.required("collection", [.string, .array, .object]), .required("value", .any)],
        returns: .boolean,
        usage: .expects(
            "two parameters: the collection of items to search within and the object to find within the collection"),
        summary: "Tells whether a text has a part, an array an element or an object a key.",
        examples: [
            "contains('hello world', 'world')": true, "contains(createArray(1, 2), 3)": false,
            "contains(json('{\"key\": null}'), 'KEY')": true,
        ],
        body: .pure { arguments throws(FlowError) in
            let value = arguments[1]
            switch arguments[0] {
            case .string(let text):
                let part = Array(try arguments.string(1).utf8)
                return .bool(part.isEmpty || TextSearch(part).first(in: Array(text.utf8)) != nil)
            case .array(let elements): return .bool(elements.contains { ValueComparison.areEqual($0, value) })
            case .object(let object):
                return .bool(PropertySelection.place(of: try arguments.string(1), in: object) != nil)
            default:
                throw arguments.call.mismatch(0, arguments[0], expected: "an object, an array or a string")
            }
        })

    static let empty = FunctionDeclaration(
        "empty", .collection, [.required("value", [.null, .string, .array, .object])], returns: .boolean,
        usage: .expects("one parameter: the object, array or string to test for emptiness"),
        summary: "Tells whether a text, an array or an object has nothing in it; null is empty.",
        examples: ["empty('')": true, "empty(createArray(1))": false, "empty(null)": true],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .null: return true
            case .string(let text): return .bool(text.isEmpty)
            case .array(let elements): return .bool(elements.isEmpty)
            case .object(let object): return .bool(object.isEmpty)
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an object, an array or a string")
            }
        })

    static let first = FunctionDeclaration(
        "first", .collection, [.required("collection", [.string, .array])], returns: .any,
        usage: .expects("one parameter: the array or string of which the first element will be returned"),
        summary: "Gives the first character of a text or the first element of an array; null if there is none.",
        examples: ["first('hello')": "h", "first(createArray(0, 1))": 0],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .string(let text): return .string(text.isEmpty ? "" : TextUnits.slice(text, 0, 1))
            case .array(let elements): return elements.first ?? .null
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    static let last = FunctionDeclaration(
        "last", .collection, [.required("collection", [.string, .array])], returns: .any,
        usage: .expects("one parameter: the array or string of which the last element will be returned"),
        summary: "Gives the last character of a text or the last element of an array; null if there is none.",
        examples: ["last('abcd')": "d", "last(createArray(0, 1))": 1],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .string(let text):
                let count = TextUnits.count(text)
                return .string(count == 0 ? "" : TextUnits.slice(text, count - 1, count))
            case .array(let elements): return elements.last ?? .null
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    private static let several = FunctionDeclaration.Usage.expects(
        "either a comma separated list of arrays or a comma separated list of objects as its parameters")

    static let intersection = FunctionDeclaration(
        "intersection", .collection,
        [.required("collection", [.array, .object]), .repeated("others", [.array, .object])],
        returns: [.array, .object], usage: several,
        summary: "Gives the elements or members that all collections have.",
        examples: ["intersection(createArray(1, 2, 3), createArray(101, 2, 1, 10))": [1, 2]],
        body: .pure { arguments throws(FlowError) in
            let values = arguments.values
            switch values[0] {
            case .array(let elements):
                var sets: [Set<ValueKey>] = []
                for value in values.dropFirst() {
                    guard case .array(let others) = value else { throw Self.mixed(arguments) }
                    sets.append(Set(others.map(ValueKey.init)))
                }
                var seen: Set<ValueKey> = []
                return .array(
                    elements.filter { element in
                        let key = ValueKey(value: element)
                        return sets.allSatisfy { $0.contains(key) } && seen.insert(key).inserted
                    })
            case .object(let object):
                var result = JSONObject()
                var others: [JSONObject] = []
                for value in values.dropFirst() {
                    guard case .object(let other) = value else { throw Self.mixed(arguments) }
                    others.append(other)
                }
                for (key, value) in object
                where others.allSatisfy({ $0[key].map { ValueComparison.areEqual($0, value) } ?? false }) {
                    result.append(key, value)
                }
                return .object(result)
            default: throw Self.mixed(arguments)
            }
        })

    static let union = FunctionDeclaration(
        "union", .collection, [.required("collection", [.array, .object]), .repeated("others", [.array, .object])],
        returns: [.array, .object], usage: several,
        summary: "Gives all elements of several arrays, each once, or all members of several objects.",
        examples: ["union(createArray(1, 2, 3), createArray(1, 2, 10, 101))": [1, 2, 3, 10, 101]],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .array:
                var seen: Set<ValueKey> = []
                var result: [JSON] = []
                for value in arguments.values {
                    guard case .array(let elements) = value else { throw Self.mixed(arguments) }
                    for element in elements where seen.insert(ValueKey(value: element)).inserted {
                        result.append(element)
                    }
                }
                return .array(result)
            case .object:
                var result = JSONObject()
                for value in arguments.values {
                    guard case .object(let object) = value else { throw Self.mixed(arguments) }
                    for (key, value) in object { result[key] = value }
                }
                return .object(result)
            default: throw Self.mixed(arguments)
            }
        })

    private static func mixed(_ arguments: Arguments) -> FlowError {
        let types = arguments.values.map(\.typeName).joined(separator: ", ")
        return arguments.call.failure(
            "expects parameters of same type, either array or object. Found parameter types: '\(types)'.")
    }

    static let join = FunctionDeclaration(
        "join", .collection, [.required("array", .array), .required("separator", .string)], returns: .string,
        usage: .expects(
            "two parameters: the array of elements to join as the first parameter, and the element separator as the "
                + "second parameter"),
        summary: "Joins the elements of an array as text with a separator between them.",
        examples: ["join(createArray('a', 'b', 1), '.')": "a.b.1"],
        body: .pure { arguments throws(FlowError) in
            let elements = try arguments.array(0)
            let separator = try arguments.string(1)
            var text = ""
            for (place, element) in elements.enumerated() {
                if place > 0 { text += separator }
                text += try arguments.call.text(of: element)
                if text.utf8.count > arguments.call.textLimit { throw arguments.call.tooLong() }
            }
            return .string(text)
        })

    static let reverse = FunctionDeclaration(
        "reverse", .collection, [.required("array", .array)], returns: .array,
        usage: .expects("an array as the first parameter"),
        summary: "Gives the elements of an array in the opposite order.",
        examples: ["reverse(createArray(0, 1, 2))": [2, 1, 0]],
        body: .pure { arguments throws(FlowError) in .array(try arguments.array(0).reversed()) })

    static let skip = FunctionDeclaration(
        "skip", .collection, [.required("collection", [.string, .array]), .required("count", .integer)],
        returns: [.string, .array],
        usage: .expects(
            "two parameters: the collection to skip the objects from as the first parameter and the count of objects "
                + "to skip as the second parameter"),
        summary: "Removes so many elements from the front.",
        examples: ["skip(createArray(0, 1, 2, 3), 1)": [1, 2, 3]],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .string(let text):
                let count = TextUnits.count(text)
                return .string(TextUnits.slice(text, min(count, try Self.count(arguments)), count))
            case .array(let elements): return .array(Array(elements.dropFirst(try Self.count(arguments))))
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    static let take = FunctionDeclaration(
        "take", .collection, [.required("collection", [.string, .array]), .required("count", .integer)],
        returns: [.string, .array],
        usage: .expects(
            "two parameters: the collection to take the objects from as the first parameter and the count of objects "
                + "to take as the second parameter"),
        summary: "Gives so many elements from the front.",
        examples: ["take('abcde', 3)": "abc", "take(createArray(0, 1, 2), 2)": [0, 1]],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .string(let text):
                return .string(TextUnits.slice(text, 0, min(TextUnits.count(text), try Self.count(arguments))))
            case .array(let elements): return .array(Array(elements.prefix(try Self.count(arguments))))
            default: throw arguments.call.mismatch(0, arguments[0], expected: "an array or a string")
            }
        })

    private static func count(_ arguments: Arguments) throws(FlowError) -> Int {
        let count = try arguments.integer(1)
        guard count >= 0 else {
            throw arguments.call.failure(
                "parameter is not valid: the count '\(count)' must be a positive integer.")
        }
        return Int(clamping: count)
    }

    static let sort = FunctionDeclaration(
        "sort", .collection, [.required("array", .array), .optional("key", .string)], returns: .array,
        usage: .expects("an array as the first parameter and an optional object key as the second parameter"),
        summary: "Orders an array of numbers or texts, or of objects by a key.",
        examples: ["sort(createArray(2, 1, 0, 3))": [0, 1, 2, 3]],
        body: .pure { arguments throws(FlowError) in
            let elements = try arguments.array(0)
            var key: String?
            if arguments.has(1) { key = try arguments.string(1, expected: "of type string") }
            let keyed = elements.enumerated().map { place, element in (place, sortKey(of: element, key), element) }
            var isComparable = true
            let sorted = keyed.sorted { left, right in
                guard let order = order(left.1, right.1) else {
                    isComparable = false
                    return left.0 < right.0
                }
                return order == 0 ? left.0 < right.0 : order < 0
            }
            guard isComparable else {
                throw arguments.call.failure("expects the elements to be sorted to be of types that can be compared.")
            }
            return .array(sorted.map { $0.2 })
        })

    private static func sortKey(of element: JSON, _ key: String?) -> JSON {
        guard let key else { return element }
        guard case .object(let object) = element, let place = PropertySelection.place(of: key, in: object) else {
            return .null
        }
        return object.values[place]
    }

    private static func order(_ left: JSON, _ right: JSON) -> Int? {
        switch (left, right) {
        case (.null, .null): 0
        case (.null, _): -1
        case (_, .null): 1
        case (.string(let left), .string(let right)): ValueComparison.order(ofTexts: left, right)
        case (.bool(let left), .bool(let right)): left == right ? 0 : right ? -1 : 1
        default:
            ValueComparison.isNumber(left) && ValueComparison.isNumber(right)
                ? ValueComparison.order(ofNumbers: left, right) : nil
        }
    }
}
