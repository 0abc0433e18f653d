// swift-tools-version: 6.0
// A program in Swift 6 that uses a release of the package by the URL of its repository.

import PackageDescription

let repository = Context.environment["KEYSECURE_SWIFT_URL"] ?? "https://github.com/keysecure/keysecure-swift"

let package = Package(
    name: "ByURL",
    platforms: [.macOS(.v13)],
    dependencies: [.package(url: repository, from: "0.1.0")],
    targets: [
        .executableTarget(
            name: "ByURL",
            dependencies: [
                .product(name: "KeySecure", package: "keysecure-swift"),
                .product(name: "KeySecureSandbox", package: "keysecure-swift"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
