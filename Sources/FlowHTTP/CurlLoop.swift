import CLibCurl
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The thread that drives all transfers of a transport through one multi handle.
///
/// Callers hand over transfers under a lock and wake the thread only when it sleeps. The multi handle and all easy
/// handles are touched by the thread alone; of them only the wake-up, which libcurl allows from anywhere, is called
/// by others.
final class CurlLoop: Sendable {
    private struct Mailbox {
        var added: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        var isAwake = true
        var isStarted = false
        var isStopping = false
        var isGone = false
    }

    private let mailbox = Mutex(Mailbox())
    private let maximumConnections: Int
    // Set once here; freed by the thread at its end, or by `stop` where no thread was started.
    private let multi: MultiHandle

    init(maximumConnections: Int) {
        self.maximumConnections = maximumConnections
        Self.initializeLibrary
        multi = MultiHandle(curl_multi_init())
    }

    private static let initializeLibrary: Void = { _ = curl_global_init(Int(CURL_GLOBAL_ALL)) }()

    func add(_ transfer: CurlTransfer) {
        leave { $0.added.append(transfer) }
    }

    func cancel(_ transfer: CurlTransfer) {
        leave { $0.cancelled.append(transfer) }
    }

    /// Ends the thread; what is under way ends as cancelled.
    func stop() {
        let wasStarted = mailbox.withLock { mailbox in
            mailbox.isStopping = true
            if mailbox.isStarted, !mailbox.isGone, !mailbox.isAwake {
                mailbox.isAwake = true
                _ = curl_multi_wakeup(multi.pointer)
            }
            return mailbox.isStarted
        }
        if !wasStarted { _ = curl_multi_cleanup(multi.pointer) }
    }

    private func leave(_ change: (inout Mailbox) -> Void) {
        let mustStart = mailbox.withLock { mailbox in
            change(&mailbox)
            if !mailbox.isStarted {
                mailbox.isStarted = true
                return true
            }
            if !mailbox.isAwake {
                mailbox.isAwake = true
                // Under the lock, so that the handle cannot be freed in between.
                _ = curl_multi_wakeup(multi.pointer)
            }
            return false
        }
        if mustStart { start() }
    }

    private func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(status == 0, "the thread of the HTTP client cannot be started")
        pthread_detach(thread)
    }

    // MARK: On the thread

    private func run() {
        // A server that closes while we write must not kill the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let multi = multi.pointer
        _ = flow_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, maximumConnections)
        _ = flow_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maximumConnections)
        _ = flow_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        var live: [UnsafeMutableRawPointer: CurlTransfer] = [:]
        var idle: [UnsafeMutableRawPointer] = []

        func finish(_ easy: UnsafeMutableRawPointer, _ result: CURLcode?) {
            guard let transfer = live.removeValue(forKey: easy) else { return }
            let outcome = transfer.outcome(easy, result)
            _ = curl_multi_remove_handle(multi, easy)
            transfer.release()
            if idle.count < 64 {
                curl_easy_reset(easy)
                idle.append(easy)
            } else {
                curl_easy_cleanup(easy)
            }
            transfer.finish(outcome)
        }

        while true {
            var (added, cancelled): ([CurlTransfer], [CurlTransfer]) = ([], [])
            let isStopping = mailbox.withLock { mailbox in
                swap(&added, &mailbox.added)
                swap(&cancelled, &mailbox.cancelled)
                mailbox.isAwake = true
                return mailbox.isStopping
            }
            for transfer in added where transfer.goLive() {
                guard let easy = idle.popLast() ?? curl_easy_init(), transfer.prepare(easy),
                    curl_multi_add_handle(multi, easy) == CURLM_OK
                else {
                    transfer.release()
                    transfer.finish(
                        .failure(
                            HTTPFailure(
                                .connectionFailed, "The request could not be handed to libcurl.", mayHaveBeenSent: false
                            )
                        ))
                    continue
                }
                live[easy] = transfer
            }
            for transfer in cancelled {
                if let easy = transfer.easy, live[easy] === transfer { finish(easy, nil) }
            }
            if isStopping {
                for easy in Array(live.keys) { finish(easy, nil) }
                break
            }
            var running: Int32 = 0
            _ = curl_multi_perform(multi, &running)
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left) {
                guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
                finish(easy, flow_curl_message_result(message))
            }
            let mayRest = mailbox.withLock { mailbox in
                guard mailbox.added.isEmpty, mailbox.cancelled.isEmpty, !mailbox.isStopping else { return false }
                mailbox.isAwake = false
                return true
            }
            if mayRest { _ = curl_multi_poll(multi, nil, 0, 60_000, nil) }
        }

        for easy in idle { curl_easy_cleanup(easy) }
        mailbox.withLock { mailbox in
            mailbox.isGone = true
            _ = curl_multi_cleanup(multi)
        }
    }
}

/// The multi handle: libcurl allows only its wake-up from other threads, and ``CurlLoop`` keeps to that.
private struct MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer?

    init(_ pointer: UnsafeMutableRawPointer?) {
        precondition(pointer != nil, "libcurl could not make its multi handle")
        self.pointer = pointer
    }
}
