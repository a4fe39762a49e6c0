import CLibCurl
import FlowCore
import Synchronization

/// One exchange on its way through the loop.
///
/// Unchecked: everything but `state` is set before the transfer is handed over and from then on touched by the loop's
/// thread alone; the lock of the loop's mailbox orders the two.
final class CurlTransfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, HTTPFailure>

    /// How far a transfer is; whoever moves it to `done` resumes its caller.
    private enum State {
        case new
        case queued(CheckedContinuation<Outcome, Never>)
        case live(CheckedContinuation<Outcome, Never>)
        case done
    }

    private let state = Mutex(State.new)
    private let request: HTTPRequest
    private let url: URLParts
    private let proxy: String?
    private let configuration: CurlTransport.Configuration
    private(set) var problem: HTTPFailure?

    private(set) var easy: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var sentBytes = 0
    private var status = 0
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    private var refusedAddress = false
    private var isTooLarge = false

    init(_ request: HTTPRequest, url: URLParts, proxy: String?, configuration: CurlTransport.Configuration) {
        self.request = request
        self.url = url
        self.proxy = proxy
        self.configuration = configuration
        self.problem = Self.problem(of: request, url: url, proxy: proxy, policy: configuration.addressPolicy)
    }

    // MARK: On any thread

    /// Takes the caller's continuation; false where the transfer was cancelled before, and the caller is resumed.
    func enter(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let isOpen = state.withLock { state in
            guard case .new = state else { return false }
            state = .queued(continuation)
            return true
        }
        if !isOpen { continuation.resume(returning: .failure(Self.cancelled(sent: false))) }
        return isOpen
    }

    /// Cancels; true where the loop has to end a live exchange.
    func cancel() -> Bool {
        let (continuation, isLive): (CheckedContinuation<Outcome, Never>?, Bool) = state.withLock { state in
            switch state {
            case .new:
                state = .done
                return (nil, false)
            case .queued(let continuation):
                state = .done
                return (continuation, false)
            case .live: return (nil, true)
            case .done: return (nil, false)
            }
        }
        continuation?.resume(returning: .failure(Self.cancelled(sent: false)))
        return isLive
    }

    private static func cancelled(sent: Bool) -> HTTPFailure {
        HTTPFailure(.cancelled, "The request was cancelled.", mayHaveBeenSent: sent)
    }

    private static func problem(
        of request: HTTPRequest, url: URLParts, proxy: String?, policy: AddressPolicy
    ) -> HTTPFailure? {
        func isToken(_ text: String) -> Bool {
            !text.isEmpty
                && text.utf8.allSatisfy { byte in
                    byte > 0x20 && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
                }
        }
        guard isToken(request.method) else {
            return HTTPFailure(
                .invalidRequest, "'\(request.method)' is no HTTP method.", mayHaveBeenSent: false)
        }
        for field in request.headers.fields {
            guard isToken(field.name) else {
                return HTTPFailure(
                    .invalidRequest, "'\(field.name)' is no name of a header.", mayHaveBeenSent: false)
            }
            if field.value.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) {
                return HTTPFailure(
                    .invalidRequest, "The value of the header '\(field.name)' holds a line break.",
                    mayHaveBeenSent: false)
            }
        }
        // Behind a proxy the resolved address is not seen here; written addresses and `localhost` are.
        if proxy != nil, !policy.names(host: url.host, port: url.port) {
            let address = ProxySettings.bytes(of: url.host).flatMap { IPAddress($0) }
            let isLocal = url.host.lowercased() == "localhost" || url.host.lowercased().hasSuffix(".localhost")
            if isLocal || address.map({ !policy.allows($0, host: url.host, port: url.port) }) == true {
                return Self.refusal(url)
            }
        }
        return nil
    }

    private static func refusal(_ url: URLParts) -> HTTPFailure {
        HTTPFailure(
            .addressRefused,
            "The address of '\(url.host):\(url.port)' is not a public one, and the environment does not allow it.",
            mayHaveBeenSent: false)
    }

    // MARK: On the loop's thread

    /// Moves from queued to live; false where the transfer was cancelled meanwhile.
    func goLive() -> Bool {
        state.withLock { state in
            guard case .queued(let continuation) = state else { return false }
            state = .live(continuation)
            return true
        }
    }

    /// Resumes the caller.
    func finish(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            guard case .live(let continuation) = state else { return nil }
            state = .done
            return continuation
        }
        continuation?.resume(returning: outcome)
    }

    /// Sets all options of a fresh or reset easy handle.
    func prepare(_ easy: UnsafeMutableRawPointer) -> Bool {
        self.easy = easy
        let context = Unmanaged.passUnretained(self).toOpaque()
        var isFine = true
        func long(_ option: CURLoption, _ value: Int) {
            isFine = flow_curl_set_long(easy, option, value) == CURLE_OK && isFine
        }
        func text(_ option: CURLoption, _ value: String) {
            isFine = flow_curl_set_text(easy, option, value) == CURLE_OK && isFine
        }

        text(CURLOPT_URL, url.text)
        text(CURLOPT_PROTOCOLS_STR, "http,https")
        long(CURLOPT_NOSIGNAL, 1)
        long(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
        long(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        long(CURLOPT_SSL_VERIFYPEER, 1)
        long(CURLOPT_SSL_VERIFYHOST, 2)
        long(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Servers close idle connections after a minute or so; be earlier.
        long(CURLOPT_MAXAGE_CONN, 50)
        if url.scheme == "https" { long(CURLOPT_PIPEWAIT, 1) }
        if let file = configuration.certificateAuthorityFile { text(CURLOPT_CAINFO, file) }
        if let path = request.unixSocketPath { text(CURLOPT_UNIX_SOCKET_PATH, path) }
        text(CURLOPT_PROXY, proxy ?? "")
        if request.decompresses, request.headers["Accept-Encoding"] == nil { text(CURLOPT_ACCEPT_ENCODING, "") }
        prepareMethod(easy, long, text)
        prepareHeaders(easy)
        _ = flow_curl_set_offset(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(request.maximumResponseBytes))

        _ = flow_curl_set_transfer(easy, CURLOPT_HEADERFUNCTION, Self.takeHeader)
        _ = flow_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        _ = flow_curl_set_transfer(easy, CURLOPT_WRITEFUNCTION, Self.takeBody)
        _ = flow_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        _ = flow_curl_set_open_socket(easy, Self.openSocket)
        _ = flow_curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        return isFine
    }

    private func prepareMethod(
        _ easy: UnsafeMutableRawPointer, _ long: (CURLoption, Int) -> Void, _ text: (CURLoption, String) -> Void
    ) {
        let method = request.method.uppercased()
        let context = Unmanaged.passUnretained(self).toOpaque()
        switch (method, request.body.isEmpty) {
        case ("GET", true): long(CURLOPT_HTTPGET, 1)
        case ("HEAD", _): long(CURLOPT_NOBODY, 1)
        case ("DELETE", true), ("OPTIONS", true), ("TRACE", true):
            long(CURLOPT_HTTPGET, 1)
            text(CURLOPT_CUSTOMREQUEST, method)
        default:
            long(CURLOPT_POST, 1)
            text(CURLOPT_CUSTOMREQUEST, method)
            _ = flow_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
            _ = flow_curl_set_transfer(easy, CURLOPT_READFUNCTION, Self.giveBody)
            _ = flow_curl_set_pointer(easy, CURLOPT_READDATA, context)
            _ = flow_curl_set_seek(easy, Self.rewindBody)
            _ = flow_curl_set_pointer(easy, CURLOPT_SEEKDATA, context)
            // libcurl sends a request again when a kept connection dies without a byte of an answer. For a request that
            // is unsafe to repeat the refused rewind of its body prevents that; without a body only a new connection does.
            if request.isUnsafeToRepeat, request.body.isEmpty { long(CURLOPT_FRESH_CONNECT, 1) }
        }
    }

    private func prepareHeaders(_ easy: UnsafeMutableRawPointer) {
        var names: Set<String> = []
        var list: UnsafeMutablePointer<curl_slist>?
        for field in request.headers.fields {
            let name = field.name.lowercased()
            names.insert(name)
            switch name {
            case "content-length", "transfer-encoding", "connection", "expect": continue
            default:
                list = curl_slist_append(list, field.value.isEmpty ? field.name + ";" : "\(field.name): \(field.value)")
            }
        }
        // No waiting for permission to send a body, and no content type that the caller has not given.
        list = curl_slist_append(list, "Expect:")
        if !names.contains("content-type") { list = curl_slist_append(list, "Content-Type:") }
        if !names.contains("accept") { list = curl_slist_append(list, "Accept: */*") }
        if !names.contains("user-agent") {
            list = curl_slist_append(list, "User-Agent: \(configuration.userAgent)")
        }
        headerList = list
        _ = flow_curl_set_pointer(easy, CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(list))
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        max(1, Int(min(duration.seconds * 1_000, 2e9)))
    }

    /// Frees what the handle needed; after its removal from the multi handle.
    func release() {
        easy = nil
        curl_slist_free_all(headerList)
        headerList = nil
    }

    /// What came of the exchange; a nil result is a cancelled one.
    func outcome(_ easy: UnsafeMutableRawPointer, _ result: CURLcode?) -> Outcome {
        guard let result else { return .failure(Self.cancelled(sent: wasSent(easy))) }
        guard result == CURLE_OK else { return .failure(failure(easy, result)) }
        if request.decompresses, request.headers["Accept-Encoding"] == nil, headers["Content-Encoding"] != nil {
            headers["Content-Encoding"] = nil
            headers["Content-Length"] = nil
        }
        return .success(HTTPResponse(status: status, headers: headers, body: body))
    }

    /// Whether the first byte of the request may have left: the connection with its handshakes stood.
    private func wasSent(_ easy: UnsafeMutableRawPointer) -> Bool {
        var microseconds: curl_off_t = 0
        _ = flow_curl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    private func failure(_ easy: UnsafeMutableRawPointer, _ result: CURLcode) -> HTTPFailure {
        let host = request.unixSocketPath == nil ? "'\(url.host)'" : "the socket"
        let reason = String(cString: curl_easy_strerror(result))
        let sent = wasSent(easy)
        func make(_ kind: HTTPFailure.Kind, _ message: String, sent: Bool) -> HTTPFailure {
            HTTPFailure(kind, message, mayHaveBeenSent: sent)
        }
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST:
            return make(.nameNotResolved, "The provided host name \(host) could not be resolved.", sent: false)
        case CURLE_COULDNT_RESOLVE_PROXY:
            return make(.nameNotResolved, "The name of the proxy for \(host) could not be resolved.", sent: false)
        case CURLE_COULDNT_CONNECT:
            if refusedAddress { return Self.refusal(url) }
            return make(.connectionFailed, "No connection to \(host), port \(url.port), could be made.", sent: false)
        case CURLE_OPERATION_TIMEDOUT:
            return make(.timedOut, "\(host) did not answer in time.", sent: sent)
        case CURLE_FILESIZE_EXCEEDED: return tooLarge(host)
        case CURLE_WRITE_ERROR where isTooLarge: return tooLarge(host)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_USE_SSL_FAILED:
            return make(.tls, "No trusted TLS connection to \(host): \(reason).", sent: false)
        case CURLE_URL_MALFORMAT:
            return make(.invalidRequest, "The address of the request cannot be called: \(reason).", sent: false)
        // An answer without a status line is an unsupported protocol to libcurl; the scheme is checked before.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_BAD_CONTENT_ENCODING,
            CURLE_CHUNK_FAILED:
            return make(.protocolError, "The answer of \(host) is no valid HTTP: \(reason).", sent: true)
        default:
            return make(.connectionLost, "The connection to \(host) ended before the answer was whole.", sent: sent)
        }
    }

    private func tooLarge(_ host: String) -> HTTPFailure {
        HTTPFailure(
            .tooLarge, "The answer of \(host) is larger than \(request.maximumResponseBytes) bytes.",
            mayHaveBeenSent: true)
    }

    // MARK: Callbacks of libcurl, on the loop's thread

    private static func of(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private static let takeHeader: flow_curl_transfer_callback = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        CurlTransfer.of(context).take(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count))
        return size * count
    }

    private func take(headerLine bytes: UnsafeRawBufferPointer) {
        func text(_ range: Range<Int>) -> String {
            var (start, end) = (range.lowerBound, range.upperBound)
            while start < end, bytes[start] <= 0x20 { start += 1 }
            while start < end, bytes[end - 1] <= 0x20 { end -= 1 }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // An informational answer, or the first of several: only the last one counts.
            headers = HTTPHeaders()
            let parts = text(0..<bytes.count).split(separator: " ", maxSplits: 2)
            status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(text(0..<colon), text(colon + 1..<bytes.count))
        }
    }

    private static let takeBody: flow_curl_transfer_callback = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = CurlTransfer.of(context)
        let length = size * count
        guard transfer.body.count + length <= transfer.request.maximumResponseBytes else {
            transfer.isTooLarge = true
            return length + 1
        }
        transfer.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length))
        return length
    }

    private static let giveBody: flow_curl_transfer_callback = { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        let transfer = CurlTransfer.of(context)
        let length = min(size * count, transfer.request.body.count - transfer.sentBytes)
        guard length > 0 else { return 0 }
        transfer.request.body.withUnsafeBytes { body in
            let part = UnsafeRawBufferPointer(rebasing: body[transfer.sentBytes..<transfer.sentBytes + length])
            UnsafeMutableRawBufferPointer(start: buffer, count: length).copyMemory(from: part)
        }
        transfer.sentBytes += length
        return length
    }

    private static let rewindBody: flow_curl_seek_callback = { context, offset, origin in
        guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
        let transfer = CurlTransfer.of(context)
        if transfer.request.isUnsafeToRepeat { return CURL_SEEKFUNC_FAIL }
        transfer.sentBytes = Int(offset)
        return CURL_SEEKFUNC_OK
    }

    private static let openSocket: flow_curl_socket_callback = { context, _, address in
        guard let context, let address else { return -1 }
        let transfer = CurlTransfer.of(context)
        guard transfer.mayConnect(address) else {
            transfer.refusedAddress = true
            return -1
        }
        return flow_curl_open_socket(address)
    }

    private func mayConnect(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        // The proxy is the operator's choice; what lies behind it is judged by name before the start.
        if proxy != nil { return true }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = Int(flow_curl_address_bytes(address, &bytes))
        guard count > 0 else { return request.unixSocketPath != nil }
        guard let ip = IPAddress(bytes[..<count]) else { return false }
        return configuration.addressPolicy.allows(ip, host: url.host, port: url.port)
    }
}
