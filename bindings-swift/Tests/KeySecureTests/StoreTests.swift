import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class StoreTests: XCTestCase {
    func testClientsThatShareAStoreFetchOneToken() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        for store in [Store.memory(), try .file(directory: temporaryFolder()), .own(tokens: TestTokenStore())] {
            let before = try sandbox.count("token")
            for _ in 0..<3 { _ = try sandbox.client(store: store).blocking.cardholders.get(holder) }
            XCTAssertEqual(try sandbox.count("token"), before + 1, "\(store)")
        }
    }

    func testEnsureWithoutAStoreNamesTheChoicesAndSendsNothing() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        for store in [nil, Store.own(tokens: TestTokenStore())] {
            let client = try sandbox.client(store: store)
            let error = try failure { _ = try ensure(client, holder, "t-1") }
            XCTAssertEqual(error.kind, .config)
            XCTAssertEqual(error.outcome, .notSent)
            for choice in ["memory", "file:", "redis://"] { XCTAssertTrue("\(error)".contains(choice), "\(error)") }
        }
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 0)
    }

    func testEveryKindOfStoreCreatesEachTransferOnceAndReportsIt() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let stores = [
            Store.memory(), try .file(directory: temporaryFolder()), try .parse(text: "file:\(temporaryFolder())"),
            .own(attempts: TestAttemptStore(age: .seconds(0))),
        ]
        for (number, store) in stores.enumerated() {
            let client = try sandbox.client(store: store)
            try sandbox.fault("drop_after_commit", on: "accounts.transfer")
            XCTAssertTrue(try ensure(client, holder, "t-\(number)").created, "only its response was lost")
            XCTAssertFalse(try ensure(client, holder, "t-\(number)").created)
        }
        XCTAssertEqual(try sandbox.transfers().count, stores.count)
    }

    func testAnOldCustomStoreLetsNewReferencesBeSentAtOnce() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let attempts = TestAttemptStore(age: .seconds(3600))
        let client = try sandbox.client(store: .own(attempts: attempts))
        for number in 0..<5 {
            // With the default wait of 10 s each, the calls would exceed the deadline of the first.
            let ensured = try client.blocking.accounts.ensureTransfer(
                cardholderNo: holder, transferUniqueNo: "t-\(number)", type: .in, amount: 5, deadline: .seconds(11))
            XCTAssertTrue(ensured.created)
        }
        XCTAssertEqual(Array(attempts.calls.prefix(4)), ["acquire", "begin accounts.transfer", "finish done", "release"])
        XCTAssertEqual(attempts.calls.count, 20)
    }

    func testWorkersThatShareADirectoryCreateOneTransfer() async throws {
        let sandbox = try startSandbox()
        let (holder, folder) = (try sandbox.cardholder(), try temporaryFolder())
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let client = try sandbox.client(store: .file(directory: folder))
                    return try await client.accounts.ensureTransfer(
                        cardholderNo: holder, transferUniqueNo: "one", type: .in, amount: 5, deadline: .seconds(20),
                        settle: .seconds(0.2)
                    ).created
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(made.filter { $0 }.count, 1, "\(made)")
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testAFailingAttemptStoreStopsEnsureCallsButNotPlainCalls() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let warnings = RecordedWarnings()
        let lines = Shared<[String]>([])
        let client = try sandbox.client(
            observer: LogObserver { line in lines.change { $0.append(line) } }, store: .own(attempts: FailingStore()))
        let error = try failure { _ = try ensure(client, holder, "t-1") }
        XCTAssertEqual(error.kind, .transport)
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertEqual(error.transportFault, .store)
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 0)
        let forced = try client.blocking.accounts.ensureTransfer(
            cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5, deadline: .seconds(20), settle: .seconds(0.2),
            onStoreFailure: .accept)
        XCTAssertTrue(forced.created)
        _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-2", type: .in, amount: 5)
        XCTAssertEqual(try sandbox.transfers().count, 2)
        try warnings.wait(for: "acquire of a store threw KeySecureTests.Failure")
        try warnings.wait(for: "the attempt store cannot be reached")
        XCTAssertEqual(lines.value.filter { $0 == "the attempt store cannot be reached" }.count, 1)
        XCTAssertFalse(warnings.lines.contains { $0.contains("s3cr3t") }, "\(warnings.lines)")
    }

    func testAFailingTokenStoreCostsOneToken() throws {
        let sandbox = try startSandbox()
        let (warnings, lines) = (RecordedWarnings(), Shared<[String]>([]))
        let observer = LogObserver { line in lines.change { $0.append(line) } }
        let client = try sandbox.client(observer: observer, store: .own(tokens: FailingStore()))
        XCTAssertFalse(try client.blocking.cards.packages().all().isEmpty)
        try warnings.wait(for: "load of a store threw KeySecureTests.Failure")
        XCTAssertTrue(lines.value.contains("the token store cannot be reached"), "\(lines.value)")
    }

    func testAnUnusableStoreIsRefused() throws {
        for text in ["", "nonsense", "file:", "postgres://:hunter2@host/", "rediss://:hunter2@host/"] {
            let error = try failure { _ = try Store.parse(text: text) }
            XCTAssertEqual(error.kind, .config, text)
            XCTAssertFalse("\(error)".contains("hunter2"))
        }
        XCTAssertEqual(try failure { _ = try Store.redis(url: "http://localhost/") }.field, "url")
        XCTAssertEqual(try failure { _ = try Store.redis(url: "rediss://host/", timeout: .seconds(1)) }.kind, .config)
        _ = try Store.redis(url: "redis://127.0.0.1/", timeout: .seconds(1))
    }

    func testEnsureWaitsLongerOverURLSession() throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        for (transport, waits) in [(nil, false), (URLSessionTransport(), true)] as [(Transport?, Bool)] {
            let client = try sandbox.client(transport: transport, store: .memory())
            let call = {
                // Less than the 120 s that a transport needs which may deliver a request later.
                _ = try client.blocking.accounts.ensureTransfer(
                    cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5, deadline: .seconds(100),
                    firstAttempt: true)
            }
            if waits { XCTAssertEqual(try failure { try call() }.field, "deadline") } else { XCTAssertNoThrow(try call()) }
        }
    }

    func testAStoredTokenPrintsMasked() {
        let token = StoredToken(token: "t0ps3cret", renewAt: Date(), expiresAt: Date())
        var dumped = ""
        dump(token, to: &dumped)
        XCTAssertFalse("\(token) \(String(reflecting: token)) \(dumped)".contains("t0ps3cret"))
    }

    private func ensure(_ client: Client, _ holder: String, _ number: String) throws -> EnsuredTransfer {
        try client.blocking.accounts.ensureTransfer(
            cardholderNo: holder, transferUniqueNo: number, type: .in, amount: 5, deadline: .seconds(20), settle: .seconds(0.2))
    }
}

extension XCTestCase {
    /// Returns the path of a folder that is removed after the test.
    func temporaryFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keysecure-\(UUID().uuidString)").path
        addTeardownBlock { try? FileManager.default.removeItem(atPath: folder) }
        return folder
    }
}
