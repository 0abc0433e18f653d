// swift-tools-version: 5.9
// `cargo xtask bindings` creates the generated sources; see README.md.

import Foundation
import PackageDescription

// Apple platforms get the library as an XCFramework (`cargo xtask package xcframework`), others from the linker's search path.
let framework = "KeySecureFFI.xcframework"
let library: Target =
    FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + framework)
    ? .binaryTarget(name: "KeySecureFFI", path: framework)
    : .systemLibrary(name: "KeySecureFFI")

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
