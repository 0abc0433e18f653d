// swift-tools-version: 5.9
// The generated part is made by `cargo xtask bindings`; see README.md.

import Foundation
import PackageDescription

// Apple's systems get the library as an XCFramework (`cargo xtask package xcframework`), all others from the linker's path.
let framework = "KeySecureFFI.xcframework"
let library: Target =
    FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + framework)
    ? .binaryTarget(name: "KeySecureFFI", path: framework)
    : .systemLibrary(name: "KeySecureFFI")

let package = Package(
    name: "KeySecure",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [
        .library(name: "KeySecure", targets: ["KeySecure"]),
        .library(name: "KeySecureSandbox", targets: ["KeySecureSandbox"]),
    ],
    targets: [
        // The C functions of the Rust library.
        library,
        // The client: generated Swift and the layer over it.
        .target(name: "KeySecure", dependencies: ["KeySecureFFI"]),
        // Starts the offline sandbox: one file, to be used or copied.
        .target(name: "KeySecureSandbox"),
        .executableTarget(name: "Quickstart", dependencies: ["KeySecure", "KeySecureSandbox"]),
        .executableTarget(name: "Benchmark", dependencies: ["KeySecure", "KeySecureSandbox"]),
        .testTarget(name: "KeySecureTests", dependencies: ["KeySecure", "KeySecureSandbox"]),
    ]
)
