import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

@Suite struct HTTPConnectorTests {
    private func send(_ method: String, _ inputs: JSONObject, _ answers: [RecordedTransport.Exchange] = []) async throws
        -> (
            HTTPRequest, OperationAnswer
        )
    {
        let transport = RecordedTransport(
            answers + [.init("\(method) *", json: ["ok": true], repeats: true)])
        var inputs = inputs
        if inputs["uri"] == nil { inputs["uri"] = "https://service.example/x" }
        let answer = try await HTTPConnector(transport: transport)
            .perform(OperationCall(method, inputs), in: session("http"))
        return (try #require(transport.requests.last), answer)
    }

    @Test(
        arguments: [
            ("text", "text", "text/plain; charset=utf-8"), (["a": 1], #"{"a":1}"#, "application/json; charset=utf-8"),
            ([1], "[1]", "application/json; charset=utf-8"), (true, "true", "application/json; charset=utf-8"),
            (nil, "", nil), (["$content-type": "image/png", "$content": "aGk="], "hi", "image/png"),
            (
                ["$formdata": [["key": "a b", "value": "1&2"], ["key": "c", "value": "d"]]], "a+b=1%262&c=d",
                "application/x-www-form-urlencoded"
            ),
            (
                [
                    "$content-type": "multipart/form-data; boundary=B",
                    "$multipart": [["headers": ["X": "1"], "body": "p"]],
                ],
                "--B\r\nX: 1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\np\r\n--B--\r\n",
                "multipart/form-data; boundary=B"
            ),
        ] as [(JSON, String, String?)])
    func `bodies are written by their kind`(body: JSON, text: String, type: String?) async throws {
        let (request, _) = try await send("POST", ["body": body])
        #expect(String(decoding: request.body, as: UTF8.self) == text)
        #expect(request.headers["Content-Type"] == type)
    }

    @Test func `headers that the platform takes out are taken out, and queries are added`() async throws {
        let (request, _) = try await send(
            "GET",
            [
                "uri": "https://service.example/x?a=1#f", "queries": ["b": "c d", "e": nil, "n": 5],
                "headers": [
                    "Accept": "a/b", "Accept-Language": "de", "Host": "h", "Cookie": "c", "Content-Length": "9",
                    "Content-Type": "t/u", "X-Mine": 7,
                ], "cookie": "k=v",
            ])
        #expect(request.url == "https://service.example/x?a=1&b=c%20d&n=5#f")
        #expect(request.headers == ["Accept": "a/b", "Content-Type": "t/u", "X-Mine": "7", "Cookie": "k=v"])
        #expect(request.timeout == .seconds(120))
    }

    @Test(
        arguments: [
            ("application/json; charset=utf-8", #"{"a":1}"#, ["a": 1]), ("application/vnd.x+json", "[1]", [1]),
            ("application/json", "{broken", "{broken"), ("text/plain", "hi", "hi"),
            ("application/xml", "<a/>", ["$content-type": "application/xml", "$content": "PGEvPg=="]),
            (
                "application/x-www-form-urlencoded", "a=1+2&b=%C3%BC",
                [
                    "$content-type": "application/x-www-form-urlencoded", "$content": "YT0xKzImYj0lQzMlQkM=",
                    "$formdata": [["key": "a", "value": "1 2"], ["key": "b", "value": "ü"]],
                ]
            ),
            (
                "multipart/mixed; boundary=\"B\"", "pre\r\n--B\r\nContent-Type: text/plain\r\n\r\nhi\r\n--B--\r\n",
                [
                    "$content-type": "multipart/mixed; boundary=\"B\"",
                    "$content": "cHJlDQotLUINCkNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbg0KDQpoaQ0KLS1CLS0NCg==",
                    "$multipart": [["headers": ["Content-Type": "text/plain", "Content-Length": "2"], "body": "hi"]],
                ]
            ),
        ] as [(String, String, JSON)])
    func `answers are read by their type`(type: String, text: String, value: JSON) async throws {
        let (_, answer) = try await send(
            "GET", [:],
            [
                .init(
                    "GET /x",
                    .success(HTTPResponse(status: 200, headers: ["Content-Type": type], body: Array(text.utf8))))
            ])
        #expect(answer.body == value)
        #expect(answer.headers["Content-Type"] == .string(type))
    }

    @Test func `authentication is written as the action says`() async throws {
        let cases: [(JSON, String?)] = [
            (["type": "None"], nil), (["type": "Raw", "value": "Key 1"], "Key 1"),
            (["type": "basic", "username": "u", "password": "p"], "Basic dTpw"),
            (
                [
                    "type": "ActiveDirectoryOAuth", "tenant": "t", "audience": "https://a", "clientId": "c",
                    "secret": "s",
                ], "Bearer A"
            ),
        ]
        for (value, header) in cases {
            let token = RecordedTransport.Exchange(
                "POST https://login.microsoftonline.com/t/oauth2/token", json: ["access_token": "A"])
            let (request, _) = try await send("GET", ["authentication": value], [token])
            #expect(request.headers["Authorization"] == header)
        }
        let error = await failure { _ = try await send("GET", ["authentication": ["type": "ManagedServiceIdentity"]]) }
        #expect(error?.code == .authenticationNotSupported)
    }

    @Test(arguments: [
        (HTTPFailure.Kind.nameNotResolved, "UnresolvableHostName"), (.timedOut, "GatewayTimeout"),
        (.connectionFailed, "ServiceTemporarilyUnavailable"), (.protocolError, "InvalidProtocolResponse"),
        (.addressRefused, "AddressNotAllowed"), (.tls, "SecureConnectionFailed"), (.tooLarge, "ResponseTooLarge"),
        (.connectionLost, "ServiceTemporarilyUnavailable"), (.cancelled, "RequestCancelled"),
        (.invalidRequest, "InvalidHttpRequest"),
    ])
    func `no answer is an error with the platform's code`(kind: HTTPFailure.Kind, code: String) async {
        let failed = RecordedTransport.Exchange(
            "GET /x", .failure(HTTPFailure(kind, "Why.", mayHaveBeenSent: false)))
        #expect(await failure { _ = try await send("GET", [:], [failed]) }?.code.rawValue == code)
    }

    @Test func `an error of the service is an answer`() async throws {
        let (_, answer) = try await send("PUT", [:], [.init("PUT /x", 429, headers: ["Retry-After": "7"])])
        #expect(answer.statusCode == 429)
        #expect(answer.headers == ["Retry-After": "7"])
        #expect(answer.body == nil)
    }
}
