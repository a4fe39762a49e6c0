/// Hides the secrets that stand in texts which are shown, listed, logged or indexed.
///
/// The `sig` of a trigger's, run's or content URL becomes `sig=***`, also where the URL is a percent-encoded part of
/// another one; the id of a webhook's callback URL loses its secret part, `user:password@` its password; a header that
/// signs someone in becomes `*sanitized*`. What a run computes, its journal, and the answer to its caller are never masked.
///
/// A text or value without a secret is given back as it is, nothing of it is copied.
public enum SecretMask {
    /// What stands in the place of a signature.
    public static let signature = "***"
    /// What stands in the place of a hidden value.
    public static let hidden = "*sanitized*"

    /// A text without signatures.
    public static func masking(_ text: String) -> String { masked(text) ?? text }

    /// A value whose texts have no signatures, and whose `headers` sign nobody in.
    public static func masking(_ json: JSON) -> JSON { masked(json) ?? json }

    /// An error whose message, hint, cause and details have no signatures.
    public static func masking(_ error: FlowError) -> FlowError {
        FlowError(
            error.code, masking(error.message), location: error.location, path: error.path,
            hint: error.hint.map { masking($0) },
            cause: error.cause.map { FlowError.Cause(origin: $0.origin, message: masking($0.message)) },
            details: error.details.map { masking($0) })
    }

    // MARK: Values

    /// The masked value; nil where nothing is to be masked.
    private static func masked(_ json: JSON) -> JSON? {
        switch json {
        case .string(let text): return masked(text).map { .string($0) }
        case .array(let elements):
            var copy: [JSON]?
            for (place, element) in elements.enumerated() {
                guard let element = masked(element) else { continue }
                if copy == nil { copy = elements }
                copy?[place] = element
            }
            return copy.map { .array($0) }
        case .object(let object): return masked(object).map { .object($0) }
        default: return nil
        }
    }

    private static func masked(_ object: JSONObject) -> JSONObject? {
        var copy: JSONObject?
        for place in 0..<object.count {
            let key = object.keys[place]
            let own = secrets(under: key, object.values[place])
            guard let value = masked(own ?? object.values[place]) ?? own else { continue }
            if copy == nil { copy = object }
            copy?.setValue(at: place, value)
        }
        guard object.keys.contains(where: { masked($0) != nil }) else { return copy }
        return JSONObject((copy ?? object).map { (masking($0), $1) })
    }

    /// The value of a member that is a secret by its name: `Authorization` among headers, `sig` among queries.
    private static func secrets(under key: String, _ value: JSON) -> JSON? {
        guard key.utf8.count == 7, case .object(var members) = value else { return nil }
        let names: Set<String>
        let mask: String
        switch key.lowercased() {
        case "headers": (names, mask) = (["authorization", "proxy-authorization"], hidden)
        case "queries": (names, mask) = (["sig"], signature)
        default: return nil
        }
        var isChanged = false
        for (place, name) in members.keys.enumerated() where names.contains(name.lowercased()) {
            if members.values[place].isNull { continue }
            members.setValue(at: place, .string(mask))
            isChanged = true
        }
        return isChanged ? .object(members) : nil
    }

    // MARK: Texts

    /// The masked text; nil where nothing is to be masked.
    private static func masked(_ text: String) -> String? {
        // The shortest is `sig=x`.
        guard text.utf8.count > 4 else { return nil }
        let bytes = text.utf8.withContiguousStorageIfAvailable { masked($0) }
        guard let bytes = bytes ?? Array(text.utf8).withUnsafeBufferPointer({ masked($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func masked(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var copy: [UInt8]?
        var done = 0
        var place = 0
        while let secret = nextSecret(in: text, from: place) {
            place = secret.upperBound
            if copy == nil { copy = [] }
            copy?.append(contentsOf: text[done..<secret.lowerBound])
            copy?.append(contentsOf: signature.utf8)
            done = secret.upperBound
        }
        copy?.append(contentsOf: text[done...])
        return copy
    }

    /// Where the next secret stands.
    private static func nextSecret(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var place = start
        while place < text.count {
            let byte = text[place]
            if byte == UInt8(ascii: "s") || byte == UInt8(ascii: "S"), let range = signature(in: text, at: place) {
                return range
            }
            if byte == UInt8(ascii: ":"), let range = password(in: text, at: place) { return range }
            if byte == UInt8(ascii: "/"), let range = callbackSecret(in: text, at: place) { return range }
            place += 1
        }
        return nil
    }

    /// The value of `sig=` where the name stands at a place; `=` and `&` may be percent-encoded, also twice.
    private static func signature(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Range<Int>? {
        guard isThere("sig", in: text, at: place) else { return nil }
        for (equals, ampersand) in [("=", ""), ("%3d", "%26"), ("%253d", "%2526")]
        where
            isThere(equals, in: text, at: place + 3)
        {
            let start = place + 3 + equals.utf8.count
            var end = start
            while end < text.count, isSignature(text[end]) {
                if !ampersand.isEmpty, text[end] == UInt8(ascii: "%"), isThere(ampersand, in: text, at: end) { break }
                end += 1
            }
            return end > start ? start..<end : nil
        }
        return nil
    }

    /// The secret part of `/callbacks/RUN/RUN.SECRET` where the path begins at a place.
    private static func callbackSecret(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Range<Int>? {
        let path = "/callbacks/"
        guard isThere(path, in: text, at: place) else { return nil }
        var end = place + path.utf8.count
        var (slashes, dot) = (0, end)
        while end < text.count, isSignature(text[end]) || text[end] == UInt8(ascii: ".") {
            if text[end] == UInt8(ascii: "/") { slashes += 1 }
            if text[end] == UInt8(ascii: ".") { dot = end }
            end += 1
        }
        return slashes == 1 && dot + 1 < end && text[dot] == UInt8(ascii: ".") ? dot + 1..<end : nil
    }

    /// The password of `://USER:PASSWORD@` where that begins at a place.
    private static func password(in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Range<Int>? {
        guard isThere("://", in: text, at: place) else { return nil }
        var end = place + 3
        var (colon, at): (Int?, Int?) = (nil, nil)
        while end < text.count, text[end] > 0x20, !"/?#\"'<>\\".utf8.contains(text[end]) {
            if text[end] == UInt8(ascii: ":"), colon == nil { colon = end }
            if text[end] == UInt8(ascii: "@") { at = end }
            end += 1
        }
        guard let colon, let at, colon + 1 < at, text[(colon + 1)..<at].contains(where: { $0 != UInt8(ascii: "*") })
        else { return nil }
        return colon + 1..<at
    }

    /// Whether a word of small letters stands at a place, in any letter case.
    private static func isThere(_ word: String, in text: UnsafeBufferPointer<UInt8>, at place: Int) -> Bool {
        var place = place
        for letter in word.utf8 {
            guard place < text.count else { return false }
            let byte = text[place]
            guard byte == letter || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") && byte | 0x20 == letter)
            else { return false }
            place += 1
        }
        return true
    }

    /// Whether a byte may be part of a signature: Base64 in both alphabets, and percent-encoded.
    private static func isSignature(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "."), UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
