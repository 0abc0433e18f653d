import Foundation

/// A clock over a closure, for tests and simulated time.
///
/// ```swift
/// let client = try Client(apiKey: key, apiSecret: secret, clock: FunctionClock { simulation.now })
/// ```
///
/// It is used until the platform's clock is learned from the first response; time-outs and waits are not affected. A clock that
/// throws where it is passed in is refused with an error of kind `.config`; a later error is logged by its type (see `Warnings`), and
/// the time continues from the last one.
public final class FunctionClock: TimeSource {
    private let function: @Sendable () throws -> Date

    /// Creates a clock.
    ///
    /// - Parameter now: Returns the present time. Runs on the thread of the call, several times in a call, and should return quickly.
    public init(_ now: @escaping @Sendable () throws -> Date) { function = now }

    public func now() throws -> Date { try function() }
}

/// Tells the library the time zone of this device, for its warning about a list that ends with a date that is over.
final class DeviceZone: LocalZone {
    private static let installed: Void = setLocalZone(zone: DeviceZone())

    /// Makes the zone known, once. Everything that creates a client calls it first.
    static func install() { _ = installed }

    func offsetSeconds() -> Int { TimeZone.autoupdatingCurrent.secondsFromGMT() }
}
