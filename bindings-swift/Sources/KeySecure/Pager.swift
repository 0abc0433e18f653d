import Foundation

/// A lazy list of the platform: it fetches page after page while it is iterated, over a span of any length.
///
/// ```swift
/// for try await card in try client.cards().list(start: lastYear, end: Date()) { ... }   // awaiting
/// for card in try client.cards().list(start: lastYear, end: Date()).results {            // blocking
///     print(try card.get().status)
/// }
/// let all = try client.cards().list(start: lastYear, end: Date()).all()                  // all at once
/// ```
///
/// **Each row comes once, newest first.** A pager is single-pass: a second pass continues where the first one ended, and passes at
/// the same time share its rows.
///
/// **Errors.** A failed request ends the list. Behind two errors, both of kind `.invalidResponse`, it continues: a row without its
/// number, and a window of which rows may be missing. An awaited pass and `all()` stop at the first error, and so never take an
/// incomplete list for a complete one; another pass continues behind it. `results` has the errors among the rows, each in its
/// place, and all rows behind them.
public final class Pager<Element: Sendable>: AsyncSequence, @unchecked Sendable {
    private let fetch: @Sendable () throws -> [Element]
    private let lock = NSLock()
    /// Held during a request: whoever else wants a row waits for that page.
    private let fetching = NSLock()
    private var page: [Element] = []
    private var read = 0
    private var ended = false

    /// - Parameter fetch: Gives the rows of the next page; none at the end.
    init(_ fetch: @escaping @Sendable () throws -> [Element]) { self.fetch = fetch }

    /// Iterates without blocking a thread of Swift's concurrency.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pager: self) }

    /// The rows for a plain `for`, each as a row or as an error. Blocks for a request now and then.
    public var results: Results { Results(pager: self) }

    /// All rows that are left.
    public func all() throws -> [Element] { try results.map { try $0.get() } }

    /// All rows that are left.
    public func all() async throws -> [Element] {
        try await reduce(into: []) { rows, row in rows.append(row) }
    }

    /// The next row of the pages that were fetched, or that the list has ended; nothing when a page must be fetched first.
    private func fetched() -> Element?? {
        lock.lock()
        defer { lock.unlock() }
        guard read < page.count else { return ended ? .some(nil) : nil }
        defer { read += 1 }
        return page[read]
    }

    /// The next row; none at the end.
    private func next() throws -> Element? {
        if let row = fetched() { return row }
        fetching.lock()
        defer { fetching.unlock() }
        // Another pass may have fetched it just now.
        if let row = fetched() { return row }
        // Behind an error the list may continue, and when it does not, its next page is empty.
        let rows = try fetch()
        lock.withLock { (page, read, ended) = (rows, 1, rows.isEmpty) }
        return rows.first
    }

    /// A blocking pass.
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

    /// An awaited pass.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let pager: Pager
        private var ended = false

        init(pager: Pager) { self.pager = pager }

        public mutating func next() async throws -> Element? {
            if ended { return nil }
            if let row = pager.fetched() { return row }
            // After an error this pass has ended, even when the list has not.
            ended = true
            let pager = pager
            let row = try await Blocking.run { try pager.next() }
            ended = row == nil
            return row
        }
    }
}
