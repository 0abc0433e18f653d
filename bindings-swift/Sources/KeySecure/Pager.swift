import Foundation

/// A lazy sequence over all pages of a list call, over a window of any length.
///
/// ```swift
/// for try await card in try client.cards.list(in: .last(days: 30)) { ... }
/// let all = try await client.cards.list(in: .last(days: 30)).all()
/// ```
///
/// Each row is returned once, newest first. A page is fetched when its first row is needed. A pager is single-pass: a second iteration
/// continues where the first ended, and concurrent iterations share the rows.
///
/// A failed request ends a pager: every further iteration throws the same error (``hasFailed``). It continues after two errors, both of
/// kind `.invalidResponse`: a row without its number, and a window whose rows may be incomplete. An iteration and `all()` stop at the
/// first error, so that an incomplete list is never mistaken for a complete one; another iteration continues after it. An iteration
/// that was cancelled loses neither a row nor an error.
public struct Pager<Element: Sendable>: AsyncSequence, Sendable {
    private let rows: Rows<Element>
    private let timeout: Duration

    init(within timeout: Duration, _ pages: some Pages<Element>) { (rows, self.timeout) = (Rows(pages), timeout) }

    /// Whether a failed request ended the pager. After every other error it continues.
    public var hasFailed: Bool { rows.hasFailed }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rows: rows, timeout: timeout) }

    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Returns the remaining rows.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() async throws(KeySecureError) -> [Element] { try await remaining().get() }
    #else
    /// Returns the remaining rows.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() async throws -> [Element] { try await remaining().get() }
    #endif

    private func remaining() async -> Result<[Element], KeySecureError> {
        var all: [Element] = []
        var iterator = makeAsyncIterator()
        while let row = await iterator.row() {
            switch row {
            case let .success(row): all.append(row)
            case let .failure(error): return .failure(error)
            }
        }
        return .success(all)
    }

    /// An iteration.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        private let rows: Rows<Element>
        private let timeout: Duration
        private var ended = false

        fileprivate init(rows: Rows<Element>, timeout: Duration) { (self.rows, self.timeout) = (rows, timeout) }

        #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
        /// Returns the next row, or `nil` at the end.
        ///
        /// - Throws: `KeySecureError` when a request fails or a row is not valid.
        public mutating func next() async throws(KeySecureError) -> Element? { try await row()?.get() }
        #else
        /// Returns the next row, or `nil` at the end.
        ///
        /// - Throws: `KeySecureError` when a request fails or a row is not valid.
        public mutating func next() async throws -> Element? { try await row()?.get() }
        #endif

        fileprivate mutating func row() async -> Result<Element, KeySecureError>? {
            while !ended {
                if let row = rows.fetched() {
                    if case .failure = row { ended = true }
                    return row
                }
                // After an error this iteration has ended, even when the list continues.
                ended = true
                let (rows, timeout) = (rows, timeout)
                let fetched = await Waiting.result(.read, within: timeout) { waited in
                    try rows.fetch(after: waited, within: timeout)
                }
                if case let .failure(error) = fetched { return .failure(error) }
                ended = false
            }
            return nil
        }
    }
}

/// The rows of a list call of `client.blocking`: as `Pager`, for a `for` loop that blocks while a page is fetched.
///
/// ```swift
/// for card in try client.blocking.cards.list(in: .last(days: 30)) { print(try card.get().status) }
/// ```
///
/// An error takes the place of its row, and all rows after it follow. A failed request is the last element, of this and of every further
/// iteration (``hasFailed``). It is single-pass.
public struct BlockingPager<Row: Sendable>: Sequence, IteratorProtocol, Sendable {
    private let rows: Rows<Row>
    private var ended = false

    init(_ pages: some Pages<Row>) { rows = Rows(pages) }

    /// Whether a failed request ended the pager. After every other error it continues.
    public var hasFailed: Bool { rows.hasFailed }

    public func makeIterator() -> BlockingPager<Row> {
        var another = self
        another.ended = false
        return another
    }

    /// Returns the next row, or the error in its place; `nil` at the end.
    public mutating func next() -> Result<Row, KeySecureError>? {
        while !ended {
            if let row = rows.fetched() {
                if case .failure = row { ended = rows.hasFailed }
                return row
            }
            let fetched = CancelledReads.unwatched { Result { try rows.fetch() }.mapError(KeySecureError.init(thrown:)) }
            if case let .failure(error) = fetched { return .failure(error) }
        }
        return nil
    }

    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Returns the remaining rows.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() throws(KeySecureError) -> [Row] { try typed { try map { try $0.get() } } }
    #else
    /// Returns the remaining rows.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() throws -> [Row] { try map { try $0.get() } }
    #endif
}

extension Pager: CustomStringConvertible, CustomReflectable {
    /// The type, without the rows.
    public var description: String { "Pager<\(Element.self)>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Pager.AsyncIterator: CustomStringConvertible, CustomReflectable {
    /// The type, without the rows.
    public var description: String { "Pager<\(Element.self)>.AsyncIterator" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension BlockingPager: CustomStringConvertible, CustomReflectable {
    /// The type, without the rows.
    public var description: String { "BlockingPager<\(Row.self)>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The pages of a list call.
protocol Pages<Row>: Sendable {
    associatedtype Row: Sendable

    /// Returns the rows of the next page, none at the end; after a failed request, its error each time. It gets the time that its call
    /// has waited, which counts into its limit.
    func next(after waited: Duration?) throws -> [Row]

    /// Whether a failed request ended the list.
    func hasFailed() -> Bool
}

/// The rows that were fetched, and where the next ones come from.
private final class Rows<Element: Sendable>: @unchecked Sendable {
    private let pages: any Pages<Element>
    private let lock = NSLock()
    private let turn = Turn()
    private var page: [Element] = []
    private var read = 0
    /// The error after the rows. It waits here for an iteration, so that one whose caller was cancelled does not lose it.
    private var error: KeySecureError?
    private var ended = false
    private var failed = false

    init(_ pages: some Pages<Element>) { self.pages = pages }

    var hasFailed: Bool { lock.withLock { failed } }

    /// The next row or error that is here, or `.some(nil)` at the end; `nil` when a page must be fetched first.
    func fetched() -> Result<Element, KeySecureError>?? {
        lock.lock()
        defer { lock.unlock() }
        if read < page.count {
            defer { read += 1 }
            return .success(page[read])
        }
        if let error {
            self.error = failed ? error : nil
            return .failure(error)
        }
        return ended ? .some(nil) : nil
    }

    /// Fetches a page or the error in its place, unless another iteration has done so.
    ///
    /// - Throws: The error of a request that can be made again, and the errors of the wait for another iteration.
    func fetch(after waited: Duration? = nil, within limit: Duration? = nil) throws {
        let start = ContinuousClock.now
        let left = limit.map { $0 - (waited ?? .zero) }
        try turn.take(within: left)
        defer { turn.end() }
        if lock.withLock({ read < page.count || error != nil || ended }) { return }
        let inLine = ContinuousClock.now - start
        do {
            let rows = try pages.next(after: inLine > .milliseconds(1) ? (waited ?? .zero) + inLine : waited)
            lock.withLock { (page, read, ended) = (rows, 0, rows.isEmpty) }
        } catch {
            let (error, failed) = (KeySecureError(thrown: error), pages.hasFailed())
            guard failed || error.kind == .invalidResponse else { throw error }
            lock.withLock { (self.error, self.failed) = (error, failed) }
        }
    }
}

/// The right to fetch a page, which one iteration has at a time.
private final class Turn: @unchecked Sendable {
    private let changed = NSCondition()
    private var isTaken = false

    /// Waits for other iterations. The wait ends when nobody waits for the call of this thread.
    ///
    /// - Throws: `KeySecureError` of kind `.timeout` after this time, and of kind `.cancelled`.
    func take(within limit: Duration?) throws {
        let deadline = limit.map { Date() + $0.seconds } ?? .distantFuture
        changed.lock()
        defer { changed.unlock() }
        while isTaken {
            if CancelledReads.isAbandoned { throw KeySecureError.cancelled(.notSent) }
            guard changed.wait(until: min(deadline, Date() + 0.05)) || Date() < deadline else {
                throw KeySecureError.noTurnInTime()
            }
        }
        isTaken = true
    }

    func end() {
        changed.lock()
        isTaken = false
        changed.signal()
        changed.unlock()
    }
}
