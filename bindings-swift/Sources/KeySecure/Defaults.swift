// Default implementations of protocol methods, and names that are the same in every language binding.

extension Transport {
    /// Does nothing; for transports that keep no connections.
    public func closeIdle() throws {}

    /// Returns `false`; for transports that cannot guarantee it, such as those of the system. See `Transport`.
    public func abortsOnFailure() throws -> Bool { false }
}

/// All methods are optional.
extension Observer {
    /// Does nothing.
    public func attempt(record: AttemptRecord) throws {}
    /// Does nothing.
    public func call(record: CallRecord) throws {}
    /// Does nothing.
    public func tokenStore(available: Bool) throws {}
    /// Does nothing.
    public func attemptStore(available: Bool) throws {}
}
