internal import Glibc

/// What is done with descriptors of the system in more than one place.
package enum Descriptor {
    /// Writes all bytes, in as many pieces as the system takes.
    /// - Returns: false where it refuses; `errno` says why.
    package static func write(_ bytes: some Sequence<UInt8>, to descriptor: Int32) -> Bool {
        let isWritten = bytes.withContiguousStorageIfAvailable { write(UnsafeRawBufferPointer($0), to: descriptor) }
        return isWritten ?? Array(bytes).withUnsafeBytes { write($0, to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }
}
