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
/// A failed request ends a pager. It continues after two errors, both of kind `.invalidResponse`: a row without its number, and a window
/// whose rows may be incomplete. An iteration and `all()` stop at the first error, so that an incomplete list is never mistaken for a
/// complete one; another iteration continues after it. An iteration that was cancelled loses no row either.
public struct Pager<Element: Sendable>: AsyncSequence, Sendable {
    private let rows: Rows<Element>
    private let timeout: Duration

    /// - Parameter fetch: Returns the rows of the next page, none at the end. It gets the time that it has waited for a thread.
    init(within timeout: Duration, _ fetch: @escaping @Sendable (Duration?) throws -> [Element]) {
        (rows, self.timeout) = (Rows(fetch), timeout)
    }

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
                if let row = rows.fetched() { return row }
                // After an error this iteration has ended, even when the list continues.
                ended = true
                let rows = rows
                let fetched = await Waiting.result(.read, within: timeout) { waited in try rows.fetch(after: waited) }
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
/// An error takes the place of its row, and all rows after it follow. It is single-pass.
public struct BlockingPager<Row: Sendable>: Sequence, IteratorProtocol, Sendable {
    private let rows: Rows<Row>

    init(_ fetch: @escaping @Sendable (Duration?) throws -> [Row]) { rows = Rows(fetch) }

    /// Returns the next row, or the error in its place; `nil` at the end.
    public func next() -> Result<Row, KeySecureError>? {
        while true {
            if let row = rows.fetched() { return row }
            let fetched = Result { try rows.fetch() }.mapError(KeySecureError.init(thrown:))
            if case let .failure(error) = fetched { return .failure(error) }
        }
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

/// The rows that were fetched, and where the next ones come from.
private final class Rows<Element: Sendable>: @unchecked Sendable {
    private let nextPage: @Sendable (Duration?) throws -> [Element]
    private let lock = NSLock()
    /// Held during a request: other iterations wait for the page.
    private let fetching = NSLock()
    private var page: [Element] = []
    private var read = 0
    private var ended = false

    init(_ nextPage: @escaping @Sendable (Duration?) throws -> [Element]) { self.nextPage = nextPage }

    /// The next row of the fetched page, or `.some(nil)` at the end; `nil` when a page must be fetched first.
    func fetched() -> Result<Element, KeySecureError>?? {
        lock.lock()
        defer { lock.unlock() }
        guard read < page.count else { return ended ? .some(nil) : nil }
        defer { read += 1 }
        return .success(page[read])
    }

    /// Fetches a page, unless another iteration has done so.
    func fetch(after waited: Duration? = nil) throws {
        fetching.lock()
        defer { fetching.unlock() }
        if lock.withLock({ read < page.count || ended }) { return }
        // The list may continue after an error; when it does not, its next page is empty.
        let rows = try nextPage(waited)
        lock.withLock { (page, read, ended) = (rows, 0, rows.isEmpty) }
    }
}
