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

extension CardStatus: OpenEnum {
    public init(_ text: String) { self = cardStatusOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension CardType: OpenEnum {
    public init(_ text: String) { self = cardTypeOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension CardholderStatus: OpenEnum {
    public init(_ text: String) { self = cardholderStatusOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension ConsumptionType: OpenEnum {
    public init(_ text: String) { self = consumptionTypeOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension FeeWaiver: OpenEnum {
    public init(_ text: String) { self = exemptionOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension FeeType: OpenEnum {
    public init(_ text: String) { self = feeTypeOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension Status: OpenEnum {
    public init(_ text: String) { self = statusOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}

extension TransferType: OpenEnum {
    public init(_ text: String) { self = transferTypeOf(text: text) }
    public var text: String { if case let .unknown(raw) = self { raw } else { description } }
}
