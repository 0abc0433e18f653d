import Foundation

extension Duration {
    /// The duration in seconds.
    var seconds: TimeInterval {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// Returns the duration, or throws when the core cannot represent it.
func checked(_ name: String, _ duration: Duration) throws -> Duration {
    guard duration >= .zero, duration < WireDuration.longest else {
        throw KeySecureError.invalidInput(name, "must not be negative or longer than 100 years")
    }
    return duration
}

func checked(_ name: String, _ duration: Duration?) throws -> Duration? {
    try duration.map { try checked(name, $0) }
}

/// A duration in the format of Rust, clamped to the range 0 to `longest`.
struct WireDuration {
    let seconds: UInt64
    let nanoseconds: UInt32

    /// 100 years.
    static let longest = Duration.seconds(3_155_760_000)

    init(_ value: Duration) {
        let parts = Swift.max(.zero, Swift.min(value, Self.longest)).components
        seconds = UInt64(parts.seconds)
        nanoseconds = UInt32(parts.attoseconds / 1_000_000_000)
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
