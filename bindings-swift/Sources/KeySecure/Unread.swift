import Foundation

/// The rows of one list that were fetched and not read yet. All walks of the list take their rows from here, so that each row comes
/// once.
final class Unread<List: LazyList>: @unchecked Sendable {
    private let lock = NSLock()
    /// Held during a request: whoever else wants a row waits for that page.
    private let fetching = NSLock()
    private var page: [List.Element] = []
    private var read = 0
    private var ended = false

    /// The next row of the pages that are here, or that the list has ended; nothing when a page must be fetched first.
    func here() -> List.Element?? {
        lock.lock()
        defer { lock.unlock() }
        guard read < page.count else { return ended ? .some(nil) : nil }
        defer { read += 1 }
        return page[read]
    }

    /// The next row; none at the end. Blocks for a request when none is here.
    func next(of list: List) throws -> List.Element? {
        if let row = here() { return row }
        fetching.lock()
        defer { fetching.unlock() }
        // Another walk may have fetched it just now.
        if let row = here() { return row }
        // Behind an error the list may go on, and when it does not, its next page is empty.
        let rows = try list.nextRows()
        lock.withLock { (page, read, ended) = (rows, 1, rows.isEmpty) }
        return rows.first
    }
}

/// Where the unread rows of each list are. They lie beside it: its class is generated and has no place for them.
enum Shelf {
    private static let places = Places()

    static func unread<List: LazyList>(of list: List) -> Unread<List> { places.unread(of: list) }

    private final class Places: @unchecked Sendable {
        private let lock = NSLock()
        private var places: [ObjectIdentifier: Place] = [:]
        /// With so many, those of lists that are gone are thrown away.
        private var most = 16

        func unread<List: LazyList>(of list: List) -> Unread<List> {
            lock.lock()
            defer { lock.unlock() }
            // A list that is gone may have lain at the same address.
            if let place = places[ObjectIdentifier(list)], place.list === list, let unread = place.unread as? Unread<List> {
                return unread
            }
            if places.count >= most {
                places = places.filter { $0.value.list != nil }
                most = max(16, 2 * places.count)
            }
            let unread = Unread<List>()
            places[ObjectIdentifier(list)] = Place(list: list, unread: unread)
            return unread
        }
    }

    private struct Place {
        weak var list: AnyObject?
        let unread: AnyObject
    }
}
