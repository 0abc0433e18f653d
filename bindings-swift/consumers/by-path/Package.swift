// swift-tools-version: 5.9
// A program in Swift 5 that uses a checkout of the package by its path.

import PackageDescription

let checkout = Context.environment["KEYSECURE_SWIFT"] ?? "../.."

let package = Package(
    name: "ByPath",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "KeySecure", path: checkout)],
    targets: [
        .executableTarget(
            name: "ByPath",
            dependencies: [
                .product(name: "KeySecure", package: "KeySecure"),
                .product(name: "KeySecureSandbox", package: "KeySecure"),
            ])
    ]
)
