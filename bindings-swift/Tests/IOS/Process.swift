// Compiled together with the sandbox as for an iPhone: there, Foundation has no `Process`.

@available(*, unavailable, message: "iOS has no Process")
final class Process {}
