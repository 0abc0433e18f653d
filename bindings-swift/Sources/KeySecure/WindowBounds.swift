import Foundation

/// The start or the end of a window: an instant (`Date`) or a whole day (`CivilDate`).
public protocol WindowBoundConvertible: Sendable {
    /// In the form of the core.
    var windowBound: WindowBound { get }
}

extension Date: WindowBoundConvertible {
    public var windowBound: WindowBound { .instant(at: self) }
}

extension WindowBound: WindowBoundConvertible {
    public var windowBound: WindowBound { self }
}

/// A day of the calendar, such as `2026-01-31`, in the client's `timezone`.
///
/// That the day exists is checked when it is used: `list` throws for the 31st of February.
public struct CivilDate: WindowBoundConvertible, Hashable, CustomStringConvertible {
    /// Four digits.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int

    /// A day by its numbers.
    public init(year: Int, month: Int, day: Int) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// The day in which an instant lies, in a time zone.
    public init(of instant: Date, in zone: TimeZone) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day], from: instant)
        self.init(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
    }

    /// `2026-01-31`.
    public var description: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    public var windowBound: WindowBound { .day(date: self) }

    /// What the core gives is well formed.
    init(lifted text: String) {
        let numbers = text.split(separator: "-").map { Int($0) ?? 0 }
        self.init(year: numbers.first ?? 0, month: numbers.dropFirst().first ?? 0, day: numbers.dropFirst(2).first ?? 0)
    }
}

private func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// A duration that the core can take, or a typed error: Swift's own may be negative, infinite or no number.
func checked(_ name: String, _ seconds: TimeInterval) throws -> TimeInterval {
    guard seconds >= 0, seconds < WireDuration.longest else {
        throw KeySecureError.invalidInput(name, "must be a number of seconds, not negative")
    }
    return seconds
}

func checked(_ name: String, _ seconds: TimeInterval?) throws -> TimeInterval? {
    try seconds.map { try checked(name, $0) }
}

/// A duration as it crosses into Rust. What cannot cross becomes the nearest that can.
struct WireDuration {
    let seconds: UInt64
    let nanoseconds: UInt32

    /// 100 years.
    static let longest: TimeInterval = 3_155_760_000

    init(_ value: TimeInterval) {
        let value = value > 0 ? Swift.min(value, Self.longest) : 0  // what is no number is not greater than 0
        seconds = UInt64(value)
        nanoseconds = UInt32((value - Double(seconds)) * 1e9)
    }
}

/// An instant as it crosses into Rust: to the microsecond, because a `Date` holds no more, and rounded, because the platform's
/// milliseconds would come back one short otherwise.
struct WireTime {
    let seconds: Int64
    let nanoseconds: UInt32

    /// About the year 11 000: later than any, and far from the end of the core's own range.
    private static let furthest = 2.9e11

    init(_ value: Date) {
        let since = value.timeIntervalSince1970
        let bounded = since.isNaN ? 0 : Swift.max(-Self.furthest, Swift.min(since, Self.furthest))
        let microseconds = Int64((bounded * 1e6).rounded())
        let distance = microseconds.magnitude
        seconds = Int64(distance / 1_000_000) * (microseconds < 0 ? -1 : 1)
        nanoseconds = UInt32(distance % 1_000_000) * 1000
    }
}
