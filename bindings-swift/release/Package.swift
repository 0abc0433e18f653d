// swift-tools-version: 5.9
// The manifest of a release, made by `cargo xtask package swift-release`.

import PackageDescription

#if os(Linux)
// The static library, which `cargo xtask package swift` installs and `PKG_CONFIG_PATH` names.
let library: Target = .systemLibrary(name: "KeySecureFFI", pkgConfig: "keysecure_ffi")
let client: Target = .target(
    name: "KeySecure", dependencies: ["KeySecureFFI"], exclude: ["PrivacyInfo.xcprivacy"])
#else
let library: Target = .binaryTarget(
    name: "KeySecureFFI",
    url: "FRAMEWORK_URL",
    checksum: "FRAMEWORK_CHECKSUM")
let client: Target = .target(
    name: "KeySecure", dependencies: ["KeySecureFFI"], resources: [.copy("PrivacyInfo.xcprivacy")])
#endif

let package = Package(
    name: "KeySecure",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "KeySecure", targets: ["KeySecure"]),
        .library(name: "KeySecureSandbox", targets: ["KeySecureSandbox"]),
    ],
    targets: [
        library,
        client,
        .target(name: "KeySecureSandbox"),
    ],
    // Swift 6 where the compiler has it.
    swiftLanguageVersions: [.v5, .version("6")]
)
