import FlowCore
import FlowDefinitions

/// Flow files and messages.
enum FlowProperties {
    static func checkFlow(_ bytes: [UInt8]) throws(BrokenProperty) {
        let text = String(decoding: bytes, as: UTF8.self)
        let findings = FlowChecker(catalog: EmptyCatalog()).check(files: [("x.flow.yaml", text)])
        for finding in findings {
            try require(finding.location.line >= 1 && finding.location.column >= 1, "\(finding.location)")
            try require(!finding.message.isEmpty, "\(finding.code) without a message")
        }
        for flow in FlowDecoder.decode(text, file: "x.flow.yaml").flows { _ = try? FlowPlan(flow) }
    }

    static func checkMultipart(_ bytes: [UInt8]) throws(BrokenProperty) {
        let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
        let type = String(decoding: bytes[..<end], as: UTF8.self)
        let body = Array(bytes[end...].dropFirst())
        guard let value = MessageBody.decode(body, contentType: type) else {
            return try require(body.isEmpty, "a body without a value")
        }
        _ = try? MessageBody.encode(value, contentType: type, boundary: "b")
        for part in MultipartBody.read(body, boundary: MediaType(type).parameters["boundary"] ?? "b") {
            try require(part.body.count <= body.count, "a part is longer than the message")
        }
    }
}
