internal import Glibc

/// Carries out work that takes its time without waiting, so that neither runs nor requests wait for it.
enum OwnThread {
    /// Carries the work out on a thread that ends with it.
    static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let box = Work { continuation.resume(returning: work()) }
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
                    return nil
                }, Unmanaged.passRetained(box).toOpaque())
            guard status == 0 else {
                // Without a thread more it is done here: late is better than never.
                Unmanaged.passUnretained(box).release()
                return box.body()
            }
            pthread_detach(thread)
        }
    }

    private final class Work {
        let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
