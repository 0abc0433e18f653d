import Foundation

/// A call that its caller may no longer wait for.
class AbandonableCall: @unchecked Sendable {
    /// Whether nobody waits for the call.
    var isAbandoned: Bool { false }
}

/// Ends the reads whose tasks were cancelled, so that they keep no thread: the library asks between two pieces of a wait.
///
/// Only awaited reads are ever ended. The outcome of a mutation must be known.
final class CancelledReads: InterruptPoll {
    private static let installed: Void = setInterruptPoll(poll: CancelledReads())

    /// Where a thread keeps its call; `nil` when the system has no more of such places.
    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    /// Lets the library ask, once.
    static func install() { _ = installed }

    /// Does the work of a call on this thread. Without a call, the work is never ended.
    static func watching<Output>(_ call: AbandonableCall?, _ work: () -> Output) -> Output {
        guard let key, let call else { return work() }
        pthread_setspecific(key, Unmanaged.passUnretained(call).toOpaque())
        defer { pthread_setspecific(key, nil) }
        return work()
    }

    /// Does the work of a blocking call, which is never ended: an observer, a transport or a store may pay with another client on the
    /// thread of a cancelled read.
    @inline(__always)
    static func unwatched<Output>(_ work: () throws -> Output) rethrows -> Output {
        guard let key, let call = pthread_getspecific(key) else { return try work() }
        pthread_setspecific(key, nil)
        defer { pthread_setspecific(key, call) }
        return try work()
    }

    /// Whether nobody waits for the call of this thread.
    static var isAbandoned: Bool {
        guard let key, let call = pthread_getspecific(key) else { return false }
        return Unmanaged<AbandonableCall>.fromOpaque(call).takeUnretainedValue().isAbandoned
    }

    func isInterrupted() -> Bool { Self.isAbandoned }
}
