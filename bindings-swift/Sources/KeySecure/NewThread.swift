import Foundation

/// The work of a thread that is being made. (Foundation's `Thread` does not say when the system gives none.)
final class NewThread {
    private let work: @Sendable () -> Void

    private init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    /// Begins the work on a thread of its own, with a stack of 1 MiB; false when there can be none.
    @Sendable static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 1 << 20)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let new = Unmanaged.passRetained(NewThread(work))
        let begin = pthread_create(&thread, &attributes, { new in NewThread.serve(new) }, new.toOpaque())
        if begin != 0 { new.release() }
        return begin == 0
    }

    /// The thread's own part.
    private static func serve(_ new: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Thread.current.name = "keysecure.calls"
        if let new { Unmanaged<NewThread>.fromOpaque(new).takeRetainedValue().work() }
        return nil
    }
}
