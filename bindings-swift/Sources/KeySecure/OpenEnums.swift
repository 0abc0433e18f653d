/// An enum of the platform to which values may be added. Converts from and to the platform's text.
///
/// A string literal can be passed in place of a value: `updateStatus(cardNo: no, status: "Frozen")`. It is encoded as its text.
public protocol OpenEnum: ExpressibleByStringLiteral, Codable {
    /// Creates the value of the platform's text; `unknown` when this version does not know it.
    init(_ text: String)

    /// The platform's text.
    var text: String { get }
}

extension OpenEnum where StringLiteralType == String {
    public init(stringLiteral text: String) { self.init(text) }
}

extension OpenEnum {
    public init(from decoder: any Decoder) throws { self.init(try String(from: decoder)) }

    public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }
}
