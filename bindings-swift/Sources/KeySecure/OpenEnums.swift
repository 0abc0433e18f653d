/// An enum of the platform that may grow: its value from the platform's text, and back.
///
/// Wherever one is taken, its text may be given: `updateStatus(cardNo: no, status: "Frozen")`.
public protocol OpenEnum: ExpressibleByStringLiteral {
    /// The value of the platform's text; `unknown` when this version does not know it.
    init(_ text: String)

    /// The platform's text.
    var text: String { get }
}

extension OpenEnum where StringLiteralType == String {
    public init(stringLiteral text: String) { self.init(text) }
}
