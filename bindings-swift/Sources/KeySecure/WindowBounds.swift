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

/// A calendar day such as `2026-01-31`, in the `timezone` of the client.
///
/// The day is validated when it is used: `list` throws for February 31, and for a start that has not begun in the `timezone` of the
/// client. Today in the zone of the machine may be another day there: use `CivilDate(of: .now, in: zone)` with the client's zone.
public struct CivilDate: WindowBoundConvertible, Hashable, CustomStringConvertible {
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

private func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// Returns the duration, or throws when the core cannot represent it: a `TimeInterval` may be negative, infinite or NaN.
func checked(_ name: String, _ seconds: TimeInterval) throws -> TimeInterval {
    guard seconds >= 0, seconds < WireDuration.longest else {
        throw KeySecureError.invalidInput(name, "must be a number of seconds, not negative")
    }
    return seconds
}

func checked(_ name: String, _ seconds: TimeInterval?) throws -> TimeInterval? {
    try seconds.map { try checked(name, $0) }
}

/// A duration in the format of Rust, clamped to the range 0 to `longest`.
struct WireDuration {
    let seconds: UInt64
    let nanoseconds: UInt32

    /// 100 years.
    static let longest: TimeInterval = 3_155_760_000

    init(_ value: TimeInterval) {
        let value = value > 0 ? Swift.min(value, Self.longest) : 0  // NaN is not greater than 0
        seconds = UInt64(value)
        nanoseconds = UInt32((value - Double(seconds)) * 1e9)
    }
}

/// An instant in the format of Rust, rounded to microseconds: a `Date` is not more precise, and truncation would change the
/// milliseconds of the platform.
struct WireTime {
    let seconds: Int64
    let nanoseconds: UInt32

    /// About the year 11,000, within the range of the core.
    private static let limit = 2.9e11

    init(_ value: Date) {
        let since = value.timeIntervalSince1970
        let bounded = since.isNaN ? 0 : Swift.max(-Self.limit, Swift.min(since, Self.limit))
        let microseconds = Int64((bounded * 1e6).rounded())
        let magnitude = microseconds.magnitude
        seconds = Int64(magnitude / 1_000_000) * (microseconds < 0 ? -1 : 1)
        nanoseconds = UInt32(magnitude % 1_000_000) * 1000
    }
}
