import Foundation

/// The kind that the environment names.
private let kind: FuzzKind = {
    let name = ProcessInfo.processInfo.environment["KIND"] ?? ""
    guard let kind = FuzzKind(rawValue: name) else {
        let names = FuzzKind.allCases.map(\.rawValue).joined(separator: ", ")
        FileHandle.standardError.write(Data("KIND is '\(name)'; it is one of \(names)\n".utf8))
        exit(2)
    }
    return kind
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try kind.check(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("\(kind.rawValue): \(error)")
    }
    return 0
}
