import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// What the types of the package print: Swift's words, no secrets, and nothing of the layer below.
final class DescriptionTests: XCTestCase {
    private let secret = "0123456789abcdef0123456789abcdef"
    private let purchase = Data(
        #"{"id":"evt-2","action":"Auth","data":{"consume_no":"c1","card_no":"k1","cardholder_no":"h1","type":"Consumption","amount":10.50,"time":1763812800123}}"#
            .utf8)

    private func received() throws -> VerifiedWebhook {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let headers = try verifier.signForTests(timestamp: Date(), body: purchase)
        return try verifier.blocking.verify(headers: headers, body: purchase)
    }

    func testRecordsAndEventsPrintTheirFields() throws {
        let card = Card(cardNo: "c1", status: .frozen)
        XCTAssertEqual(
            "\(CardPage(list: [card], extra: "{}"))", #"CardPage(list: [Card(cardNo: "c1", status: Frozen)])"#)
        XCTAssertEqual(
            "\(EnsuredCard(value: card, created: true))",
            #"EnsuredCard(value: Card(cardNo: "c1", status: Frozen), created: true)"#)
        XCTAssertEqual("\(Header(name: "Authorization", value: "s3cr3t"))", #"Header(name: "Authorization")"#)
        XCTAssertEqual("\(HTTPResponse(status: 200, body: Data("s3cr3t".utf8)))", "HTTPResponse(status: 200)")
        XCTAssertEqual(
            String(reflecting: SignatureMatch(secretIndex: 1, form: CanonicalForm(writer: .received, order: .given))),
            "SignatureMatch(secretIndex: 1, form: CanonicalForm(writer: received, order: given))")
        XCTAssertEqual(
            "\(StoredToken(token: "s3cr3t", renewAt: Date(timeIntervalSince1970: 0), expiresAt: Date(timeIntervalSince1970: 1)))",
            "StoredToken(renewAt: 1970-01-01T00:00:00.000Z, expiresAt: 1970-01-01T00:00:01.000Z)")
        let event = try parseUnverified(body: purchase)
        XCTAssertTrue("\(event)".hasPrefix(#"auth(data: AuthEvent(consumeNo: "c1", cardNo: "k1", "#), "\(event)")
        XCTAssertEqual(String(reflecting: event), "\(event)")
        let unknown = Event.unknown(action: "New 4111111111111111", data: #"{"pin":"1234"}"#)
        XCTAssertEqual("\(unknown)", #"unknown(action: "New 411111******1111", data: JSON(14 bytes))"#)
        XCTAssertEqual(String(reflecting: CardStatus.unknown(raw: "New")), "\(CardStatus.unknown(raw: "New"))")
    }

    func testFreeTextIsMaskedWhereverItComesFrom() throws {
        let decision = Decision.decline(reason: "stolen 4111111111111111")
        var dumped = ""
        dump(decision, to: &dumped)
        for text in ["\(decision)", String(reflecting: decision), dumped] {
            XCTAssertFalse(text.contains("4111111111111111"), text)
        }
        XCTAssertEqual("\(decision)", #"decline(reason: "stolen 411111******1111")"#)
        let text = String(decoding: purchase, as: UTF8.self).replacingOccurrences(of: "evt-2", with: "4111111111111111")
        let body = Data(text.utf8)
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let headers = try verifier.signForTests(timestamp: Date(), body: body)
        let received = try verifier.blocking.verify(headers: headers, body: body)
        XCTAssertTrue("\(received)".hasPrefix(#"VerifiedWebhook(id: "411111******1111", "#), "\(received)")
        // The platform's numbers, by which an operator finds a card, are no PAN.
        XCTAssertTrue("\(Card(cardNo: "1600000000000000101", status: .frozen))".contains("1600000000000000101"))
    }

    func testObjectsPrintTheirNameAndWhatTheyAre() throws {
        let client = try Client(apiKey: "key", apiSecret: secret, baseURL: "http://127.0.0.1:1")
        XCTAssertEqual("\(client)", #"Client(baseURL: "http://127.0.0.1:1")"#)
        let received = try received()
        XCTAssertTrue("\(received)".hasPrefix(#"VerifiedWebhook(id: "evt-2", event: auth(data: AuthEvent("#), "\(received)")
        XCTAssertEqual(
            [
                "\(client.cards)", "\(client.blocking)", "\(client.blocking.accounts)", "\(Store.memory())",
                "\(Responder { _ in .approve })", "\(client.cards.bins())", "\(client.blocking.cards.bins())",
            ],
            ["Cards", "BlockingClient", "BlockingAccounts", "Store", "Responder", "Pager<Bin>", "BlockingPager<Bin>"])
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        XCTAssertEqual("\(verifier) \(verifier.blocking)", "WebhookVerifier BlockingWebhookVerifier")
    }

    func testNothingShowsTheLayerBelowOrRust() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(store: .memory())
        let holder = try sandbox.cardholder()
        let card = try sandbox.virtualCard(of: holder)
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .memory())
        let headers = try verifier.signForTests(timestamp: Date(), body: purchase)
        let (calls, window) = (client.blocking, CivilDate(year: 2026, month: 1, day: 1))
        let values: [Any] = [
            client, client.blocking, client.accounts, client.cardholders, client.cards, client.consumptions, client.pci,
            client.simulation, calls.accounts, calls.cardholders, calls.cards, calls.consumptions, calls.pci, calls.simulation,
            try calls.accessToken(), try calls.cards.privateInfo(card), try calls.pci.clientToken(card),
            try calls.cards.listPage(in: .last(days: 1)), try calls.cards.packagesPage(), BinPage(list: [], extra: "{}"),
            try calls.cardholders.listPage(in: .last(days: 1)), try calls.consumptions.listPage(in: .last(days: 1)),
            try calls.accounts.transfersPage(in: .last(days: 1)), try calls.accounts.get(holder),
            try calls.accounts.ensureTransfer(
                cardholderNo: holder, transferUniqueNo: "t", type: .in, amount: 1, firstAttempt: true),
            client.cards.bins(), client.cards.bins().makeAsyncIterator(), calls.cards.bins(), calls.doctor(cardNo: card),
            Store.memory(), verifier, verifier.blocking, Responder { _ in .approve }, Responder { _ in .approve }.blocking,
            try received(), try received().event, try verifier.blocking.claim(headers: headers, body: purchase),
            EnsureOptions(since: window), window, WindowBound.day(date: window), AESSettings(scheme: .sha1Prng, mode: .ecb),
            Warning(level: .error, text: "t", fields: [WarningField(name: "n", value: "v")]), Decision.decline(reason: "r"),
            Acquired.leased(leaseID: "1", lastAttempt: PastAttempt(ended: .seconds(1), end: .done), storeAge: .seconds(1)),
            AttemptRecord(operation: "o", attempt: 1, duration: .seconds(1)),
            CallRecord(operation: "o", attempts: 1, duration: .seconds(1), isMutation: true),
            AttemptStart(reference: "r", leaseID: "l", operation: "o", lasts: .seconds(1), lease: .seconds(1)),
            TransportFailure.failed(fault: .timeout, mayHaveBeenSent: true), URLSessionTransport(), FunctionClock { Date() },
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped, "\([value])"] {
                XCTAssertFalse(text.contains(/Ffi|handle|Handle|\{ |Some\(|\d+ns\b|tv_sec/), text)
                XCTAssertFalse(text.isEmpty)
            }
        }
    }
}
