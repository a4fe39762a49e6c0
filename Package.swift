// swift-tools-version: 6.2
//
// flowrun: runs Power Automate cloud flows on one's own machine.
//
// The targets are listed in the direction of the imports: a target imports only what stands above it.
// `swift build --explicit-target-dependency-import-check error` holds this.

import PackageDescription

let package = Package(
    name: "flowrun",
    products: [
        .executable(name: "flowrun", targets: ["flowrun"]),
        .executable(name: "flowrun-bench", targets: ["FlowBenchmarks"]),
    ],
    dependencies: [
        // The command line: parsing, help, completion scripts.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // SQLite: migrations, prepared statements, reader pool.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        // The HTTP server of `serve`, of the owner socket and of the sandbox's services.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        // Sockets and byte buffers under Hummingbird: the owner's Unix socket needs them by name.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        // The parts of requests and answers as channel handlers see them.
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        // Structured logging, as Hummingbird uses it.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // Header and status types in Hummingbird's interface.
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        // Long-lived services and graceful shutdown.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // System libraries: a module map and inline wrappers, nothing else.
        // AES-GCM, HMAC, digests, scrypt, RSA, X.509.
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // YAML events with marks.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // The HTTP client.
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // XML and XPath of the expression language.
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        // Compression of large values in the journal.
        .systemLibrary(name: "CLibZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // Two functions of glibc with which tests start processes.
        .systemLibrary(name: "CGlibcSpawn"),

        // JSON values, JSON text, source locations, time, digests, errors and their codes.
        .target(name: "FlowCore", dependencies: ["CLibCrypto"]),
        // YAML or JSON text <-> values that remember their line.
        .target(name: "FlowText", dependencies: ["FlowCore", "CLibYAML"]),
        // The expression language: Syntax -> Checking -> Evaluation, Functions.
        .target(name: "FlowExpressions", dependencies: ["FlowCore", "CLibXML2"]),
        // The HTTP client: transport and its libcurl form.
        .target(name: "FlowHTTP", dependencies: ["FlowCore", "CLibCurl"]),
        // Solutions, flows, triggers, actions; decoding, validation, plan; what a connector must do.
        .target(name: "FlowDefinitions", dependencies: ["FlowCore", "FlowText", "FlowExpressions"]),
        // The run as a state machine: events in, commands out.
        .target(name: "FlowEngine", dependencies: ["FlowCore", "FlowExpressions", "FlowDefinitions"]),
        // What a store must do, and the one in memory.
        .target(name: "FlowStorage", dependencies: ["FlowCore", "FlowDefinitions", "FlowEngine"]),
        // The store over SQLite.
        .target(
            name: "FlowStoreSQLite",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowEngine", "FlowStorage", "CLibZstd",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // The connectors that are shipped.
        .target(name: "FlowConnectorLibrary", dependencies: ["FlowCore", "FlowDefinitions", "FlowHTTP"]),
        // The whole co-sell world offline.
        .target(
            name: "FlowSandbox",
            dependencies: [
                "FlowCore", "FlowHTTP", "CLibCrypto",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        // Carries out the engine's commands: executor, recovery, activation, triggers, owner socket.
        .target(
            name: "FlowRuntime",
            dependencies: ["FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions", "FlowEngine", "FlowStorage"]),
        // The HTTP API: triggers, management, health.
        .target(
            name: "FlowServer",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowEngine", "FlowStorage", "FlowRuntime",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        // The command line; the only place that wires all.
        .executableTarget(
            name: "flowrun",
            dependencies: [
                "FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions", "FlowEngine", "FlowStorage",
                "FlowStoreSQLite", "FlowHTTP", "FlowConnectorLibrary", "FlowRuntime", "FlowServer", "FlowSandbox",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        // `flowrun-bench`: workloads beside the machine's own floor.
        .executableTarget(
            name: "FlowBenchmarks",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowEngine", "FlowExpressions", "FlowStorage", "FlowStoreSQLite",
                "FlowHTTP", "FlowConnectorLibrary", "FlowRuntime", "FlowTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ], resources: [.copy("Workloads")]),
        // Kit for tests: contracts, recorded transport, virtual clock, faults, goldens.
        .target(
            name: "FlowTesting",
            dependencies: [
                "FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions", "FlowEngine", "FlowStorage", "FlowHTTP",
                "FlowRuntime", "CGlibcSpawn",
            ]),

        .testTarget(name: "FlowCoreTests", dependencies: ["FlowCore"]),
        .testTarget(name: "FlowTextTests", dependencies: ["FlowCore", "FlowText"]),
        .testTarget(
            name: "FlowExpressionsTests", dependencies: ["FlowCore", "FlowText", "FlowExpressions"],
            resources: [.copy("Cases")]),
        .testTarget(
            name: "FlowDefinitionsTests",
            dependencies: ["FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions"],
            resources: [.copy("Cases")]),
        .testTarget(
            name: "FlowEngineTests",
            dependencies: ["FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions", "FlowEngine"],
            resources: [.copy("Journals")]),
        .testTarget(
            name: "FlowStoreSQLiteTests",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowEngine", "FlowStorage", "FlowStoreSQLite", "FlowTesting",
            ]),
        .testTarget(name: "FlowHTTPTests", dependencies: ["FlowCore", "FlowHTTP"]),
        .testTarget(
            name: "FlowConnectorLibraryTests",
            dependencies: ["FlowCore", "FlowDefinitions", "FlowHTTP", "FlowConnectorLibrary", "FlowTesting"]),
        .testTarget(name: "FlowSandboxTests", dependencies: ["FlowCore", "FlowHTTP", "FlowSandbox", "CLibCrypto"]),
        .testTarget(
            name: "FlowRuntimeTests",
            dependencies: [
                "FlowCore", "FlowText", "FlowDefinitions", "FlowEngine", "FlowStorage", "FlowRuntime", "FlowTesting",
            ]),
        .testTarget(
            name: "FlowServerTests",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowEngine", "FlowHTTP", "FlowStorage", "FlowRuntime", "FlowServer",
                "FlowTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        // Drives the built binary: commands, outputs, exit codes, everything in Examples/ and flows/.
        .testTarget(
            name: "ExamplesTests",
            dependencies: [
                "FlowCore", "FlowDefinitions", "FlowHTTP", "FlowStorage", "FlowRuntime", "FlowConnectorLibrary",
                "FlowSandbox",
                "FlowTesting", "FlowBenchmarks", "FlowExpressions", "FlowText", "flowrun",
            ], resources: [.copy("Golden")]),
    ]
)

// Hostile input: the properties of Tests/FuzzingTests are replayed over the kept cases as a test. With FLOWRUN_FUZZ set they
// are an executable for libFuzzer instead (`make fuzz`), which no other build sees: it links only with the sanitizer.
let fuzzed: [Target.Dependency] = ["FlowCore", "FlowText", "FlowExpressions", "FlowDefinitions"]
if Context.environment["FLOWRUN_FUZZ"] == nil {
    package.targets.append(
        .testTarget(
            name: "FuzzingTests", dependencies: fuzzed, exclude: ["Fuzzer"], resources: [.copy("Corpus")]))
} else {
    package.targets.append(
        .executableTarget(
            name: "flowrun-fuzz", dependencies: fuzzed, path: "Tests/FuzzingTests",
            exclude: ["Corpus", "CorpusTests.swift", "Fuzzer/fuzz.sh", "Fuzzer/words.dict"]))
}

// Language settings of every Swift target.
for target in package.targets where target.type != .system {
    var settings = target.swiftSettings ?? []
    // A warning is an error.
    settings.append(.treatAllWarnings(as: .error))
    // `any` is written out: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    settings.append(.enableUpcomingFeature("ExistentialAny"))
    // An import is internal: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    settings.append(.enableUpcomingFeature("InternalImportsByDefault"))
    // Members need the import of their module: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    settings.append(.enableUpcomingFeature("MemberImportVisibility"))
    // An async function stays on its caller's actor: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
    settings.append(.enableUpcomingFeature("NonisolatedNonsendingByDefault"))
    target.swiftSettings = settings
}
