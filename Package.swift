// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of the package is compiled with. The import check between targets is a flag of the
/// command line (`--explicit-target-dependency-import-check error`), not of the manifest: the Makefile passes it.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A module of Swift code. The table in ARCHITECTURE.md says what lives in each; a test holds the two together.
func module(_ name: String, _ imports: [String] = [], packages: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: imports.map { .target(name: $0) } + packages, path: "Sources/\(name)",
        swiftSettings: settings)
}

/// A program: its `main` and nothing that a test would want to reach.
func program(_ name: String, _ imports: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: imports.map { .target(name: $0) }, path: "Sources/\(name)", swiftSettings: settings)
}

/// The tests of one module. They may import what the module itself imports.
func tests(_ name: String, _ imports: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: ([name] + imports).map { .target(name: $0) },
        path: "Tests/\(name)Tests", swiftSettings: settings)
}

/// The one dependency. A source package brings it along, so that a build of it fetches nothing.
let argumentParser: Package.Dependency =
    switch Context.environment["PAWL_ARGUMENT_PARSER"] {
    case .some(let folder) where !folder.isEmpty: .package(path: folder)
    default: .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    }

let package = Package(
    name: "pawl",
    products: [
        .executable(name: "pawl", targets: ["pawl"]),
        .executable(name: "pawld", targets: ["pawld"]),
    ],
    dependencies: [argumentParser],
    targets: [
        // Floor 0: C.
        .systemLibrary(
            name: "CSystemd", path: "Sources/CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CCurl", path: "Sources/CCurl"),
        .target(name: "CLinux", path: "Sources/CLinux"),
        // Floor 1: one library or protocol each, and the values.
        module("EventLoopKit", ["CLinux"]),
        module("SystemdKit", ["CSystemd", "CLinux", "EventLoopKit"]),
        module("SQLiteKit", ["CSQLite"]),
        module("YAMLKit", ["CYAML"]),
        module("VarlinkKit", ["CLinux", "EventLoopKit"]),
        module("PawlModel"),
        // Floor 2: the language, the decisions, the records, the words spoken on the socket.
        module("PawlLanguage", ["PawlModel", "YAMLKit"]),
        module("PawlEngine", ["PawlModel", "PawlLanguage"]),
        module("PawlStore", ["PawlModel", "PawlEngine", "SQLiteKit"]),
        module("PawlAPI", ["PawlModel", "VarlinkKit"]),
        module("PawlPictures", ["PawlModel"]),
        // Floor 3: what the programs do.
        module(
            "PawlDaemon",
            [
                "CLinux", "EventLoopKit", "SystemdKit", "SQLiteKit", "VarlinkKit", "YAMLKit", "PawlModel",
                "PawlLanguage",
                "PawlEngine", "PawlStore", "PawlAPI",
            ]),
        module(
            "PawlCommands", ["CLinux", "PawlModel", "PawlAPI", "PawlLanguage", "PawlPictures", "VarlinkKit"],
            packages: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
        module("PawlSteps", ["CCurl", "CLinux", "PawlModel", "PawlLanguage"]),
        // Floor 4: the programs.
        program("pawld", ["PawlDaemon"]),
        program("pawl", ["PawlCommands", "PawlSteps"]),
        // Tests.
        tests("EventLoopKit", ["CLinux"]),
        tests("SystemdKit", ["EventLoopKit"]),
        tests("SQLiteKit"),
        tests("YAMLKit"),
        tests("VarlinkKit", ["EventLoopKit"]),
        tests("PawlModel"),
        tests("PawlLanguage", ["PawlModel", "YAMLKit"]),
        tests("PawlEngine", ["PawlModel", "PawlLanguage"]),
        tests("PawlStore", ["PawlModel", "PawlEngine", "SQLiteKit"]),
        tests("PawlAPI", ["PawlModel", "VarlinkKit"]),
        tests("PawlPictures", ["PawlModel"]),
        tests(
            "PawlDaemon",
            [
                "PawlModel", "PawlLanguage", "PawlEngine", "PawlStore", "PawlAPI", "EventLoopKit", "SystemdKit",
                "VarlinkKit",
            ]),
        tests("PawlSteps", ["PawlModel", "PawlLanguage"]),
        tests("PawlCommands", ["PawlModel", "PawlAPI", "PawlLanguage", "PawlPictures"]),
        .testTarget(name: "HouseTests", path: "Tests/HouseTests", swiftSettings: settings),
    ]
)

// The simulation reaches into the daemon, which takes -enable-testing; it is built by `make simulate` alone.
if Context.environment["PAWL_SIMULATION"] != nil {
    package.targets.removeAll { $0.type == .test }
    package.targets.append(
        .executableTarget(
            name: "simulate",
            dependencies: [
                "EventLoopKit", "SystemdKit", "PawlModel", "PawlLanguage", "PawlEngine", "PawlStore", "PawlAPI",
                "PawlDaemon",
            ].map { .target(name: $0) }, path: "Tests/Simulation",
            exclude: ["mutations", "mutations.py", "run"], swiftSettings: settings))
}
