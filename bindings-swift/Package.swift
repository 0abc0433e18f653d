// swift-tools-version: 5.9
// The generated part is made by `cargo xtask bindings`; see README.md.

import PackageDescription

let package = Package(
    name: "KeySecure",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [
        .library(name: "KeySecure", targets: ["KeySecure"]),
        .library(name: "KeySecureSandbox", targets: ["KeySecureSandbox"]),
    ],
    targets: [
        // The C functions of the Rust library.
        .systemLibrary(name: "KeySecureFFI"),
        // The client: generated Swift and the layer over it.
        .target(name: "KeySecure", dependencies: ["KeySecureFFI"]),
        // Starts the offline sandbox: one file, to be used or copied.
        .target(name: "KeySecureSandbox"),
        .executableTarget(name: "Quickstart", dependencies: ["KeySecure", "KeySecureSandbox"]),
        .testTarget(name: "KeySecureTests", dependencies: ["KeySecure", "KeySecureSandbox"]),
    ]
)
