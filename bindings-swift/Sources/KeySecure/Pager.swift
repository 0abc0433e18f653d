import Foundation

/// A lazy sequence over all pages of a list call, over a window of any length.
///
/// ```swift
/// for try await card in try client.cards().list(start: lastYear, end: Date()) { ... }   // awaiting
/// for card in try client.cards().list(start: lastYear, end: Date()).results {            // blocking
///     print(try card.get().status)
/// }
/// let all = try client.cards().list(start: lastYear, end: Date()).all()                  // all at once
/// ```
///
/// Each row is returned once, newest first. A page is fetched when its first row is needed. A pager is single-pass: a second iteration
/// continues where the first ended, and concurrent iterations share the rows.
///
/// A failed request ends a pager. It continues after two errors, both of kind `.invalidResponse`: a row without its number, and a window
/// whose rows may be incomplete. `for try await` and `all()` stop at the first error, so that an incomplete list is never mistaken for a
/// complete one; another iteration continues after it. `results` returns errors in place of their rows, and all rows after them.
public final class Pager<Element: Sendable>: AsyncSequence, @unchecked Sendable {
    private let fetch: @Sendable () throws -> [Element]
    private let lock = NSLock()
    /// Held during a request: other iterations wait for the page.
    private let fetching = NSLock()
    private var page: [Element] = []
    private var read = 0
    private var ended = false

    /// - Parameter fetch: Returns the rows of the next page, none at the end.
    init(_ fetch: @escaping @Sendable () throws -> [Element]) { self.fetch = fetch }

    /// Iterates without blocking a thread of the cooperative pool.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pager: self) }

    /// The remaining rows and errors, for a blocking `for` loop. Blocks while a page is fetched.
    public var results: Results { Results(pager: self) }

    /// Returns the remaining rows. Blocks.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() throws -> [Element] { try results.map { try $0.get() } }

    /// Returns the remaining rows.
    ///
    /// - Throws: `KeySecureError` when a request fails or a row is not valid.
    public func all() async throws -> [Element] {
        try await reduce(into: []) { rows, row in rows.append(row) }
    }

    /// The next row of the fetched page, or `.some(nil)` at the end; `nil` when a page must be fetched first.
    private func fetched() -> Element?? {
        lock.lock()
        defer { lock.unlock() }
        guard read < page.count else { return ended ? .some(nil) : nil }
        defer { read += 1 }
        return page[read]
    }

    /// The next row; `nil` at the end.
    private func next() throws -> Element? {
        if let row = fetched() { return row }
        fetching.lock()
        defer { fetching.unlock() }
        // Another iteration may have fetched it.
        if let row = fetched() { return row }
        // The list may continue after an error; when it does not, its next page is empty.
        let rows = try fetch()
        lock.withLock { (page, read, ended) = (rows, 1, rows.isEmpty) }
        return rows.first
    }

    /// A blocking iteration.
    public struct Results: Sequence, IteratorProtocol {
        let pager: Pager

        public mutating func next() -> Result<Element, any Error>? {
            do {
                return try pager.next().map(Result.success)
            } catch {
                return .failure(error)
            }
        }
    }

    /// An awaited iteration.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let pager: Pager
        private var ended = false

        init(pager: Pager) { self.pager = pager }

        /// Returns the next row, or `nil` at the end.
        ///
        /// - Throws: `KeySecureError` when a request fails or a row is not valid.
        public mutating func next() async throws -> Element? {
            if ended { return nil }
            if let row = pager.fetched() { return row }
            // After an error this iteration has ended, even when the list continues.
            ended = true
            let pager = pager
            let row = try await Blocking.run { try pager.next() }
            ended = row == nil
            return row
        }
    }
}
