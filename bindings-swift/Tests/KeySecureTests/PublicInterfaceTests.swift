import Foundation
import XCTest

/// What callers see of the package, read from its sources, the generated ones included.
final class PublicInterfaceTests: XCTestCase {
    private static let sources: URL = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return tests.deletingLastPathComponent().appendingPathComponent("Sources/KeySecure")
    }()

    private func files() throws -> [(name: String, code: String)] {
        let paths = FileManager.default.enumerator(atPath: Self.sources.path)?.allObjects as? [String] ?? []
        let files = try paths.filter { $0.hasSuffix(".swift") }.map { path in
            (path, try String(contentsOf: Self.sources.appendingPathComponent(path), encoding: .utf8))
        }
        XCTAssertGreaterThan(files.count, 20)
        return files
    }

    func testNoWholeNumberHasAnotherTypeThanInt() throws {
        let sample = "public struct A {\n    public let b: Int32\n}\n\nextension A {\n    public func c(d: UInt64?) {}\n}\n"
        XCTAssertEqual(declarations(in: sample).filter(hasWidth).count, 2)
        XCTAssertEqual(declarations(in: "struct FfiConverterA {\n    public func b() -> Int32 { 1 }\n}\n").filter(hasWidth), [])
        for (name, code) in try files() where name != "Deprecated.swift" {
            XCTAssertEqual(declarations(in: code).filter(hasWidth), [], name)
        }
    }

    private func hasWidth(_ line: String) -> Bool { line.contains("Int") && line.contains(/\bU?Int(8|16|32|64)\b/) }

    func testAnAcronymInANameHasOneCase() throws {
        let sample = """
            public struct A {
                public let baseUrl: String
                public func toJson() {}
            }
            public struct AesB {
            }
            """
        XCTAssertEqual(declarations(in: sample).filter(hasMixedAcronym).count, 3)
        for (name, code) in try files() where name != "Deprecated.swift" {
            XCTAssertEqual(declarations(in: code).filter(hasMixedAcronym), [], name)
        }
    }

    private func hasMixedAcronym(_ line: String) -> Bool {
        let code = line.split(separator: "{").first ?? ""
        return ["Id", "Json", "Url", "Http", "P", "A", "Cvv"].contains { code.contains($0) }
            && code.contains(/(\b|[a-z])(Aes|Api|Cvv|Http|Id|Json|Pan|Pci|Pem|Pin|Url)(\b|[A-Z])/)
    }

    func testTheDocumentationHasNoWordsOfRustOrKotlin() throws {
        let sample = """
            /// `NotSent`, or null.
            /**
             * An `Option`. Not named `close`, because of Kotlin.
             */
            let a = "null"
            """
        XCTAssertEqual(foreignWords(in: sample), ["`NotSent`", "null", "`Option`", "Kotlin"])
        for (name, code) in try files() { XCTAssertEqual(foreignWords(in: code), [], name) }
    }

    /// Cases in upper camel case, names in snake case, and words that Swift does not have, in comments.
    private func foreignWords(in code: String) -> [String] {
        let lines = comments(in: code).filter { line in
            line.contains("`") || ["ull", "Kotlin", "xception", "coroutine"].contains { line.contains($0) }
        }
        return lines.flatMap { line in
            // The platform's JSON has null fields; the names of the parts of a warning are the platform's.
            let line = line.replacing(/null fields|It is `null`|`\w+`, `\w+`, `\w+` and `duration_ms` of a call.*/, with: "")
            let names = line.matches(of: /`[A-Z][a-z]+(?:[A-Z][a-z]+)?`|`[a-z]+_[a-z_]+`/)
            let words = line.matches(of: /\b(?:null|Null|Kotlin|[Ee]xceptions?|coroutines?)\b/)
            return (names + words).map { String($0.0) }.filter { !Self.typeNames.contains($0) }
        }
    }

    /// Types that a comment may name: of the package, of Foundation, of the platform's Java, of a relay; and words of the wire format.
    private static let typeNames: Set<String> = {
        let paths = FileManager.default.enumerator(atPath: sources.path)?.allObjects as? [String] ?? []
        let code = paths.filter { $0.hasSuffix(".swift") }.map { path in
            (try? String(contentsOf: sources.appendingPathComponent(path), encoding: .utf8)) ?? ""
        }
        let kinds: Set = ["struct", "enum", "protocol", "class", "typealias"]
        let declared = code.joined(separator: "\n").split(separator: "\n").compactMap { line -> Substring? in
            let words = line.prefix(100).split { $0 == " " || $0 == ":" || $0 == "<" }
            return words.firstIndex { kinds.contains(String($0)) }.flatMap { words.dropFirst($0 + 1).first }
        }
        let others = [
            "Auth", "BigDecimal", "Consumption", "Data", "Date", "DateInterval", "Decimal", "DecodingError", "Duration",
            "HashMap", "JSONDecoder", "KeyGenerator", "Location", "Scope", "Signature", "Thread", "Timestamp", "TreeMap",
            "WriteNulls",
        ]
        return Set((declared.map(String.init) + others).map { "`\($0)`" })
    }()

    func testEveryPublicTypePrintsInSwiftsWords() throws {
        let code = try files().map(\.code).joined(separator: "\n")
        XCTAssertEqual(unprinted(in: "public struct A: Sendable {\n}\npublic enum B {\n    case c(\n"), ["A", "B"])
        XCTAssertEqual(unprinted(in: "public struct A {\n}\nextension A: Sendable, CustomStringConvertible {\n}\n"), [])
        // Swift itself prints the cases of these enums, with their values, and the two ends of a window.
        XCTAssertEqual(unprinted(in: code), ["Acquired", "Window", "WindowBound"])
        XCTAssertFalse(code.contains("ffi.debugDescription"))
    }

    /// The public structs, and the enums whose cases have values, that do not say how they are printed.
    private func unprinted(in code: String) -> [String] {
        var (types, printed, block) = (Set<Substring>(), Set<Substring>(), Substring())
        for line in code.split(separator: "\n") {
            let words = line.prefix(200).split { " :{<".contains($0) }
            let isType = line.hasPrefix("public struct ") || line.hasPrefix("public enum ")
            if isType || line.hasPrefix("extension ") {
                block = isType ? words[2] : words[1]
                if line.hasPrefix("public struct ") { types.insert(block) }
                if line.contains("CustomStringConvertible") { printed.insert(block) }
            }
            if line.first?.isLetter == true && !isType { block = "" }
            if !block.isEmpty && line.hasPrefix("    case ") && line.contains("(") { types.insert(block) }
        }
        return types.subtracting(printed).map(String.init).sorted()
    }

    /// The lines that declare something that callers see, but not what is deprecated.
    private func declarations(in code: String) -> [String] {
        var (found, block, isDeprecated) = ([String](), Substring(), false)
        var isComment = false
        for line in code.split(separator: "\n") {
            let start = line.drop { $0 == " " }
            if start.hasPrefix("/**") { isComment = true }
            // A parameter may follow the end of a comment.
            let rest = isComment ? line.range(of: "*/").map { line[$0.upperBound...] } : start
            isComment = rest == nil
            guard let text = rest, !text.isEmpty, !text.hasPrefix("//") else { continue }
            if line.first?.isLetter == true { block = line }
            let isType = ["struct ", "enum ", "protocol ", "func ", "final class "].contains { block.hasPrefix("public \($0)") }
            let isExtension = block.hasPrefix("extension ") && !block.hasPrefix("extension Ffi")
            if !isDeprecated && (isType || isExtension && text.hasPrefix("public ")) { found.append(String(text)) }
            isDeprecated = text.hasPrefix("@available(*, deprecated")
        }
        return found
    }

    private func comments(in code: String) -> [Substring] {
        var isBlock = false
        return code.split(separator: "\n").filter { line in
            let text = line.drop { $0 == " " }
            if text.hasPrefix("/**") { isBlock = true }
            defer { if isBlock && text.contains("*/") { isBlock = false } }
            return isBlock && !text.hasPrefix("*/") || text.hasPrefix("///")
        }
    }
}
