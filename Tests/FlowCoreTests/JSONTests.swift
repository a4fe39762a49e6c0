import FlowCore
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"b":1,"a":[true,false,null],"c":{"d":"x"}}"#, "[]", "{}", "-9223372036854775808", "12345678901234567890123",
        "7.0", #""\u0001\"\\\n""#, #"{"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":10}"#,
    ])
    func `text that is read and written again is the same`(text: String) throws {
        #expect(try JSON(parsing: text).text == text)
    }

    @Test func `a character that is escaped is so wherever it stands`() throws {
        for length in 0..<20 {
            for place in 0...length {
                for (special, escaped) in [("\"", #"\""#), ("\\", #"\\"#), ("\u{1F}", #"\u001f"#), ("ü😀", "ü😀")] {
                    let (before, after) = (
                        String(repeating: "x", count: place), String(repeating: " ", count: length - place)
                    )
                    let value = JSON.string(before + special + after)
                    #expect(value.text == "\"" + before + escaped + after + "\"")
                    #expect(try JSON(parsing: value.text) == value)
                }
            }
        }
    }

    @Test func `integers of every length are written`() {
        var power: Int64 = 1
        for _ in 0..<19 {
            for value in [power, power - 1, -power] { #expect(JSON.integer(value).text == String(value)) }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for value in [Int64.max, .min] { #expect(JSON.integer(value).text == String(value)) }
    }

    @Test func `what was written can be taken back and looked through`() {
        var writer = JSONWriter()
        writer.write(["a": 1])
        let place = writer.count
        writer.write("$$mark")
        let found = [
            writer.contains("$mark", after: place), writer.contains("$marks", after: place),
            writer.contains("\"a\"", after: place), writer.contains("\"a\"", after: 0),
        ]
        #expect(found == [true, false, false, true])
        writer.removeAll(after: place)
        let isFound = writer.contains("$mark", after: 0)
        let bytes = writer.bytes
        #expect(!isFound)
        #expect(bytes == Array(#"{"a":1}"#.utf8))
    }

    @Test func `escapes and surrogate pairs are read`() throws {
        #expect(try JSON(parsing: #""\ud83d\ude00 \u00fc""#) == "😀 ü")
    }

    @Test(arguments: ["{", "[1,]", "01", "1.", "nul", #"{"a" 1}"#, "'x'", "1 2", "\"\u{1}\""])
    func `strict reading refuses what is not JSON`(text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSON(parsing: text) }
    }

    @Test func `lenient reading accepts what Json NET accepts`() throws {
        let value = try JSONReader.read("{a: 'x', /* note */ \"b\": [1, 2,], c: NaN,} rest", .jsonNET)
        #expect(value["a"] == "x")
        #expect(value["b"] == [1, 2])
    }

    @Test func `a failure names line and path`() {
        #expect {
            try JSON(parsing: "{\n  \"items\": [ { \"name\": tru } ]\n}")
        } throws: { error in
            let failure = error as? JSONReader.Failure
            return failure?.line == 2 && failure?.path == "items[0].name"
        }
    }

    @Test func `objects are equal whatever the order of keys, and keep their own`() throws {
        let left = try JSON(parsing: #"{"a":1,"b":2}"#)
        let right = try JSON(parsing: #"{"b":2,"a":1}"#)
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(right.text == #"{"b":2,"a":1}"#)
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2026-03-02T09:15:20Z", "2026-03-02T09:15:20.0000000Z"), ("2026-03-02", "2026-03-02T00:00:00.0000000Z"),
        ("2026-03-02T09:15:20.1234567+02:00", "2026-03-02T07:15:20.1234567Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.9000000Z"),
        ("2000-02-29T00:00Z", "2000-02-29T00:00:00.0000000Z"),
    ])
    func `ISO 8601 is read and written`(text: String, written: String) {
        #expect(Timestamp(iso8601: text)?.description == written)
    }

    @Test(arguments: ["2026-02-29", "2026-13-01", "x", "2026-01-01T25:00Z", "2026-01-01T10:00:00.Z"])
    func `what is no date is refused`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }
}

@Suite struct CryptographyTests {
    @Test func `a sealed value opens with its key and context only`() throws {
        let key = SecureRandom.bytes(32)
        let box = try SealedBox.seal(Array("secret".utf8), key: key, context: [1])
        #expect(try SealedBox.open(box, key: key, context: [1]) == Array("secret".utf8))
        #expect(throws: SealedBox.Failure.notAuthentic) { try SealedBox.open(box, key: key, context: [2]) }
        #expect(throws: SealedBox.Failure.notAuthentic) { try SealedBox.open(box, key: SecureRandom.bytes(32)) }
    }

    @Test func `a named identifier is that of RFC 9562`() {
        let dns: [UInt8] = [
            0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
        ]
        #expect(UUIDText.named("www.example.com", namespace: dns) == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    }

    @Test func `Base64 round trips in both forms`() {
        for length in 0...9 {
            let data = Array(UInt8(250)...UInt8(255)) + Array(0..<UInt8(length))
            #expect(Base64.decode(Base64.encode(data)) == data)
            #expect(Base64.decode(Base64.encodeURL(data)) == data)
        }
        #expect(Base64.decode("a") == nil)
    }
}
