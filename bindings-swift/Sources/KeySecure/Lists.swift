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
/// A list is walked once: a second walk goes on where the first one stopped. After an error it has ended.
public protocol LazyList: AsyncSequence, Sendable where Element: Sendable {
    /// The rows of the next page; none at the end. Blocks for one request.
    func nextRows() throws -> [Element]
}

extension LazyList {
    /// Walks the list without blocking a thread of Swift's concurrency.
    public func makeAsyncIterator() -> AwaitedRows<Self> { AwaitedRows(list: self) }

    /// The rows for a plain `for`, each as a row or as the error that ended the list. Blocks for a request now and then.
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
    private var page: ArraySlice<List.Element> = []
    private var ended = false

    init(list: List) { self.list = list }

    public mutating func next() -> Result<List.Element, any Error>? {
        if page.isEmpty && !ended {
            do {
                page = try list.nextRows()[...]
            } catch {
                ended = true
                return .failure(error)
            }
            ended = page.isEmpty
        }
        return page.popFirst().map(Result.success)
    }
}

/// The awaited walk of a list.
public struct AwaitedRows<List: LazyList>: AsyncIteratorProtocol {
    let list: List
    private var page: ArraySlice<List.Element> = []
    private var ended = false

    init(list: List) { self.list = list }

    public mutating func next() async throws -> List.Element? {
        if page.isEmpty && !ended {
            ended = true
            let list = list
            page = try await Blocking.run { try list.nextRows() }[...]
            ended = page.isEmpty
        }
        return page.popFirst()
    }
}

extension CardholderList: LazyList { public typealias Element = Cardholder }
extension CardList: LazyList { public typealias Element = Card }
extension PackageList: LazyList { public typealias Element = Package }
extension BinList: LazyList { public typealias Element = Bin }
extension ConsumptionList: LazyList { public typealias Element = Consumption }
extension TransferList: LazyList { public typealias Element = TransferRecord }
