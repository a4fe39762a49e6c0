import FlowCore
import Testing

@Suite struct SecretMaskTests {
    private static let url =
        "http://127.0.0.1:7070/workflows/0a/triggers/manual/paths/invoke?sp=%2Ftriggers%2Fmanual%2Frun"

    @Test(arguments: [
        ("", ""), ("sig", "sig"), ("sig=", "sig="), ("design and sign", "design and sign"), ("sig =x", "sig =x"),
        ("sig=x", "sig=***"), ("&sig=Ab-_9~&sv=1.0", "&sig=***&sv=1.0"), ("SIG=abc", "SIG=***"),
        ("\(url)&sv=1.0&sig=q-Zr_0", "\(url)&sv=1.0&sig=***"),
        ("POST to '\(url)&sig=abc' failed.", "POST to '\(url)&sig=***' failed."),
        (#"{"u":"x?sig=abc\",\"b"}"#, #"{"u":"x?sig=***\",\"b"}"#), ("a?sig=a%2Bb%2F%3D&b", "a?sig=***&b"),
        ("a?sig=a+b/c==&amp;b", "a?sig=***&amp;b"), ("sig=one sig=two;sig=three", "sig=*** sig=***;sig=***"),
        ("go?to=https%3A%2F%2Fh%2Fx%3Fsig%3Dabc%252B%26sv%3D1", "go?to=https%3A%2F%2Fh%2Fx%3Fsig%3D***%26sv%3D1"),
        ("to=%253Fsig%253dabc%2526sv", "to=%253Fsig%253d***%2526sv"), ("é?sig=abcé", "é?sig=***é"),
        ("http://h/callbacks/0858CU11/0858CU11.00ff", "http://h/callbacks/0858CU11/0858CU11.***"),
        ("https://u:p/@h", "https://u:p/@h"), ("go https://ana:pw%40@h:1/x?y=a@b", "go https://ana:***@h:1/x?y=a@b"),
        ("https://h:80/x", "https://h:80/x"), ("https://ana@h/x:y@", "https://ana@h/x:y@"),
        ("http://h/callbacks/list", "http://h/callbacks/list"), ("http://h/callbacks/a/b", "http://h/callbacks/a/b"),
    ])
    func `signatures of URLs are masked in any text`(_ text: String, _ masked: String) {
        #expect(SecretMask.masking(text) == masked)
        #expect(SecretMask.masking(masked) == masked)
    }

    @Test func `values are masked wherever a signature stands in them, and left alone where none does`() {
        let plain: JSON = ["a": ["b", 1, ["c": "design=1", "headers": ["X": "y"]]], "n": nil, "d": 1.5]
        #expect(SecretMask.masking(plain) == plain)
        let secret: JSON = [
            "a": ["u?sig=1", ["v": "u?sig=2", "w": "w"]], "k?sig=3": true, "queries": ["sig": "4", "q": "?sig=5"],
            "headers": ["authorization": "Bearer 6", "Accept": "*/*", "Referer": "u?sig=7"],
        ]
        #expect(
            SecretMask.masking(secret) == [
                "a": ["u?sig=***", ["v": "u?sig=***", "w": "w"]], "k?sig=***": true,
                "queries": ["sig": "***", "q": "?sig=***"],
                "headers": ["authorization": "*sanitized*", "Accept": "*/*", "Referer": "u?sig=***"],
            ])
        #expect(SecretMask.masking(secret).objectValue?.keys == ["a", "k?sig=***", "queries", "headers"])
    }

    @Test func `errors are masked with everything they say`() {
        let detail = FlowError(.invalidArgument, "d?sig=1")
        let error = FlowError(
            .invalidArgument, "m?sig=1", hint: "h?sig=1", cause: .init(origin: "curl", message: "c?sig=1"),
            details: [detail])
        #expect(!SecretMask.masking(error).json.text.contains("sig=1"))
        #expect(SecretMask.masking(error).json.text.contains("d?sig=***"))
    }
}
