import Foundation

/// A type that can be the start or end of a window: `Date`, an instant, or `CivilDate`, a whole day.
public protocol WindowBoundConvertible: Sendable {
    /// The window bound.
    var windowBound: WindowBound { get }
}

extension Date: WindowBoundConvertible {
    public var windowBound: WindowBound { .instant(at: self) }
}

extension WindowBound: WindowBoundConvertible {
    public var windowBound: WindowBound { self }
}

extension EnsureOptions {
    /// Creates options with the earliest time at which the request may have been sent: a `Date` or a `CivilDate`.
    public init(
        deadline: Duration? = nil, settle: Duration? = nil, since: some WindowBoundConvertible, firstAttempt: Bool = false,
        onStoreFailure: OnStoreFailure? = nil
    ) {
        self.init(
            deadline: deadline, settle: settle, since: Optional(since.windowBound), firstAttempt: firstAttempt,
            onStoreFailure: onStoreFailure)
    }
}

/// A type that can be the window of a list: a range of dates or days, a `DateInterval`, `.last(days: 30)`. Both ends are included.
///
/// ```swift
/// client.cards.list(in: .last(days: 30))
/// client.cards.list(in: firstOrder.date...Date())
/// client.cards.list(in: CivilDate(year: 2026, month: 1, day: 1)...CivilDate(year: 2026, month: 1, day: 31))
/// ```
public protocol WindowConvertible: Sendable {
    /// The window.
    var window: Window { get }
}

/// A window of time, both ends included.
public struct Window: WindowConvertible, Hashable {
    /// The first instant or day.
    public let start: WindowBound
    /// The last instant or day.
    public let end: WindowBound

    /// Creates a window.
    public init(start: some WindowBoundConvertible, end: some WindowBoundConvertible) {
        (self.start, self.end) = (start.windowBound, end.windowBound)
    }

    public var window: Window { self }
}

extension WindowConvertible where Self == Window {
    /// The last days until now: `days` times 24 hours.
    ///
    /// - Parameter days: At least 1.
    public static func last(days: Int) -> Window {
        let now = Date()
        return Window(start: now - TimeInterval(days) * 86_400, end: now)
    }
}

extension ClosedRange: WindowConvertible where Bound: WindowBoundConvertible {
    public var window: Window { Window(start: lowerBound, end: upperBound) }
}

extension DateInterval: WindowConvertible {
    public var window: Window { Window(start: start, end: end) }
}

extension WindowBoundConvertible where Self == Date {
    /// The current instant.
    public static var now: Date { Date() }
}

/// A calendar day such as `2026-01-31`, in the `timezone` of the client.
///
/// The day is validated when it is used: `list` throws for February 31, and for a start that has not begun in the `timezone` of the
/// client. Today in the zone of the machine may be another day there: use `CivilDate(of: .now, in: zone)` with the client's zone.
public struct CivilDate: WindowBoundConvertible, Hashable, Comparable, CustomStringConvertible {
    /// The year, such as 2026.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, 1 to 31.
    public let day: Int

    /// Creates a day.
    public init(year: Int, month: Int, day: Int) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// Creates the day of an instant in a time zone.
    public init(of instant: Date, in zone: TimeZone) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day], from: instant)
        self.init(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
    }

    /// The earlier day is less.
    public static func < (one: CivilDate, other: CivilDate) -> Bool {
        (one.year, one.month, one.day) < (other.year, other.month, other.day)
    }

    /// The day in ISO 8601 format, such as `2026-01-31`.
    public var description: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    public var windowBound: WindowBound { .day(date: self) }

    /// Parses a day of the core, which is well formed.
    init(lifted text: String) {
        let numbers = text.split(separator: "-").map { Int($0) ?? 0 }
        self.init(year: numbers.first ?? 0, month: numbers.dropFirst().first ?? 0, day: numbers.dropFirst(2).first ?? 0)
    }
}

/// Encoded as its text, such as `"2026-01-31"`.
extension CivilDate: Codable {
    /// Reads a day in ISO 8601 format.
    ///
    /// - Throws: `DecodingError` when the text is not of the form `2026-01-31`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        self.init(lifted: text)
        if description != text {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a day has the form 2026-01-31")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
