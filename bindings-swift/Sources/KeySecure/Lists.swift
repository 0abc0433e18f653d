import Foundation

/// A lazy list of the platform: it fetches page after page while it is walked, over a span of any length.
///
/// ```swift
/// for try await card in try client.cards().list(start: lastYear, end: Date()) { ... }   // awaiting
/// for card in try client.cards().list(start: lastYear, end: Date()).results {            // blocking
///     print(try card.get().status)
/// }
/// let all = try client.cards().list(start: lastYear, end: Date()).all()                  // all at once
/// ```
///
/// **Each row comes once, newest first.** A list is walked once: a second walk goes on where the first one stopped, and walks at the
/// same time share its rows.
///
/// **Errors.** A failed request ends the list. Behind two errors, both of kind `.invalidResponse`, it goes on: a row without its
/// number, and a window of which rows may be missing. An awaited walk and `all()` stop at the first error, and so never take an
/// incomplete list for a complete one; another walk of the same list goes on behind it. `results` has the errors among the rows,
/// each in its place, and all rows behind them.
public protocol LazyList: AnyObject, AsyncSequence, Sendable where Element: Sendable {
    /// The rows of the next page; none at the end. Blocks for one request.
    func nextRows() throws -> [Element]
}

extension LazyList {
    /// Walks the list without blocking a thread of Swift's concurrency.
    public func makeAsyncIterator() -> AwaitedRows<Self> { AwaitedRows(list: self) }

    /// The rows for a plain `for`, each as a row or as an error, behind which the list goes on where it can. Blocks for a request
    /// now and then.
    public var results: Rows<Self> { Rows(list: self) }

    /// All rows that are left.
    public func all() throws -> [Element] { try results.map { try $0.get() } }

    /// All rows that are left.
    public func all() async throws -> [Element] {
        try await reduce(into: []) { rows, row in rows.append(row) }
    }
}

/// The blocking walk of a list.
public struct Rows<List: LazyList>: Sequence, IteratorProtocol {
    let list: List
    private let unread: Unread<List>

    init(list: List) { (self.list, self.unread) = (list, Shelf.unread(of: list)) }

    public mutating func next() -> Result<List.Element, any Error>? {
        do {
            return try unread.next(of: list).map(Result.success)
        } catch {
            return .failure(error)
        }
    }
}

/// The awaited walk of a list.
public struct AwaitedRows<List: LazyList>: AsyncIteratorProtocol {
    let list: List
    private let unread: Unread<List>
    private var ended = false

    init(list: List) { (self.list, self.unread) = (list, Shelf.unread(of: list)) }

    public mutating func next() async throws -> List.Element? {
        if ended { return nil }
        if let row = unread.here() { return row }
        // After an error this walk has ended, even when the list has not.
        ended = true
        let (list, unread) = (list, unread)
        let row = try await Blocking.run { try unread.next(of: list) }
        ended = row == nil
        return row
    }
}

extension CardholderList: LazyList { public typealias Element = Cardholder }
extension CardList: LazyList { public typealias Element = Card }
extension PackageList: LazyList { public typealias Element = Package }
extension BinList: LazyList { public typealias Element = Bin }
extension ConsumptionList: LazyList { public typealias Element = Consumption }
extension TransferList: LazyList { public typealias Element = TransferRecord }
