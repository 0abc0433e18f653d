/**
 * Calls of Cards.
 */
public protocol CardsProtocol: AnyObject, Sendable {
    /**
     * As Cards does.
     */
    func get(cardNo: String) throws  -> String
}
open class Cards: CardsProtocol, @unchecked Sendable {
    required public init(unsafeFromHandle handle: UInt64) {
        self.handle = handle
    }
open func get(cardNo: String)throws  -> String  {
public struct FfiConverterTypeCards: FfiConverter {
    public static func lift(_ handle: UInt64) throws -> Cards {
public func FfiConverterTypeCards_lift(_ handle: UInt64) throws -> Cards {
public struct CardOptions: Equatable, Hashable {
    public let cards: Cards?
public struct Card: Equatable, Hashable {
public 
enum FfiError: Swift.Error, Equatable, Hashable {
public 
enum TransportFailure: Swift.Error, Equatable, Hashable {
public func cardStatusFromText(text: String) -> CardStatus  {
public func send()throws   {try rustCallWithError(FfiConverterTypeTransportFailure_lift) {
public func version() -> String  {
public func uniffiEnsureKeysecureInitialized() {
