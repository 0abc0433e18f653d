// swift-tools-version: 5.9
// `cargo xtask bindings` creates the generated sources; see README.md.

import Foundation
import PackageDescription

// Linux gets the library by pkg-config: `cargo xtask package swift`. Other systems get it as an XCFramework, once
// `cargo xtask package xcframework` has made that; a checkout may be shared by both.
let framework = "KeySecureFFI.xcframework"
#if os(Linux)
let hasFramework = false
#else
let hasFramework = FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + framework)
#endif
let library: Target =
    hasFramework
    ? .binaryTarget(name: "KeySecureFFI", path: framework)
    : .systemLibrary(name: "KeySecureFFI", pkgConfig: "keysecure_ffi")

let package = Package(
    name: "KeySecure",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "KeySecure", targets: ["KeySecure"]),
        .library(name: "KeySecureSandbox", targets: ["KeySecureSandbox"]),
    ],
    targets: [
        // The C functions of the Rust library.
        library,
        // The client: generated Swift and the hand-written layer over it.
        .target(name: "KeySecure", dependencies: ["KeySecureFFI"]),
        // Starts the offline sandbox: one file, to use as a product or to copy.
        .target(name: "KeySecureSandbox"),
        .executableTarget(name: "Quickstart", dependencies: ["KeySecure", "KeySecureSandbox"]),
        .executableTarget(name: "Benchmark", dependencies: ["KeySecure", "KeySecureSandbox"]),
        .testTarget(name: "KeySecureTests", dependencies: ["KeySecure", "KeySecureSandbox"]),
    ],
    // Swift 6 where the compiler has it.
    swiftLanguageVersions: [.v5, .version("6")]
)
