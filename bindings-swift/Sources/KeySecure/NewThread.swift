import Foundation

/// Starts threads and reports when the system cannot create one, which Foundation's `Thread` does not.
final class NewThread {
    private let work: @Sendable () -> Void

    private init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    /// Runs the work on a new thread with a stack of 1 MiB. Returns `false` when the system cannot create it.
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
        // Released once: by the thread, which takes it, or here when there is none.
        let new = Unmanaged.passRetained(NewThread(work))
        let status = pthread_create(&thread, &attributes, { new in NewThread.main(new) }, new.toOpaque())
        if status != 0 { new.release() }
        return status == 0
    }

    /// The main function of the thread.
    private static func main(_ new: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Thread.current.name = "keysecure.calls"
        if let new { Unmanaged<NewThread>.fromOpaque(new).takeRetainedValue().work() }
        return nil
    }
}
