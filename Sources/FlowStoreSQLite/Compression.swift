internal import CLibZstd
import FlowCore
import FlowStorage
import Synchronization

/// Compression of what the store keeps, by zstd.
enum Compression {
    /// From how many bytes on it is worth its time.
    static let threshold = 2_048
    private static let level: Int32 = 1
    private static let contexts = Mutex<[Context]>([])

    // A context is used by whoever took it out of the pool, by one thread at a time.
    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// The compressed form, or nil where it would not be smaller.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let pooled = contexts.withLock { $0.popLast() }
        guard let context = pooled ?? ZSTD_createCCtx().map(Context.init(pointer:)) else { return nil }
        defer {
            contexts.withLock { pool in
                if pool.count < 4 { pool.append(context) } else { ZSTD_freeCCtx(context.pointer) }
            }
        }
        let capacity = bytes.count - 1
        guard capacity > 0 else { return nil }
        var isSmaller = false
        let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let size = ZSTD_compressCCtx(
                context.pointer, buffer.baseAddress, capacity, bytes, bytes.count, level)
            isSmaller = ZSTD_isError(size) == 0
            count = isSmaller ? size : 0
        }
        return isSmaller ? compressed : nil
    }

    /// The bytes behind a compressed form.
    /// - Throws: `StoreCorrupt`.
    static func decompress(_ bytes: [UInt8]) throws(FlowError) -> [UInt8] {
        let size = ZSTD_getFrameContentSize(bytes, bytes.count)
        // The two highest values say that the size is unknown or the frame is none.
        guard size < UInt64.max - 1, let capacity = Int(exactly: size), capacity <= 1 << 32 else { throw damaged }
        var isWhole = false
        let content = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let written = ZSTD_decompress(buffer.baseAddress, capacity, bytes, bytes.count)
            isWhole = ZSTD_isError(written) == 0 && written == capacity
            count = isWhole ? written : 0
        }
        guard isWhole else { throw damaged }
        return content
    }

    private static var damaged: FlowError {
        StoreRefusal.corrupt("A compressed value in the store is damaged.")
    }
}
