import FlowCore

/// JSON-RPC 2.0: the forms of messages, and the codes of errors.
enum RPC {
    /// Why a request is refused.
    enum Code: Int64 {
        /// The text is no JSON.
        case parseError = -32_700
        /// The message is no request, or stands in the wrong place.
        case invalidRequest = -32_600
        /// There is no such method.
        case methodNotFound = -32_601
        /// The parameters do not fit the method.
        case invalidParameters = -32_602
        /// Nothing was initialized yet.
        case serverNotInitialized = -32_002
        /// The editor has cancelled the request.
        case requestCancelled = -32_800
    }

    /// A refusal.
    struct Failure: Error {
        let code: Code
        let message: String

        init(_ code: Code, _ message: String) {
            self.code = code
            self.message = message
        }
    }

    /// The answer to a request.
    static func success(_ id: JSON, _ result: JSON) -> JSON { ["jsonrpc": "2.0", "id": id, "result": result] }

    /// The refusal of a request.
    static func failure(_ id: JSON, _ code: Code, _ message: String) -> JSON {
        ["jsonrpc": "2.0", "id": id, "error": ["code": .integer(code.rawValue), "message": .string(message)]]
    }

    /// A request to the editor.
    static func request(_ id: Int, _ method: String, _ parameters: JSON) -> JSON {
        ["jsonrpc": "2.0", "id": .integer(Int64(id)), "method": .string(method), "params": parameters]
    }

    /// A message that nobody answers.
    static func notice(_ method: String, _ parameters: JSON) -> JSON {
        ["jsonrpc": "2.0", "method": .string(method), "params": parameters]
    }
}
