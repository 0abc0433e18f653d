// What the implementations of protocols need not write, and names that are the same in every face.

extension Transport {
    /// For transports that keep no connection.
    public func closeIdle() throws {}

    /// For transports that cannot promise it, as those of the system: see `Transport`.
    public func abortsOnFailure() throws -> Bool { false }
}

extension Observer {
    public func attempt(record: AttemptRecord) throws {}
    public func call(record: CallRecord) throws {}
    public func tokenStore(available: Bool) throws {}
    public func attemptStore(available: Bool) throws {}
}

extension Client {
    /// Ends the client: idle connections are closed, and every later call is an error.
    public func close() { shutdown() }
}
