/**
 * Calls of Cards.
 */
protocol CardsProtocol: AnyObject, Sendable {
    /**
     * As Cards does.
     */
    func get(cardNo: String) throws  -> String
}
class FfiCards: CardsProtocol, @unchecked Sendable {
    required public init(unsafeFromHandle handle: UInt64) {
        self.handle = handle
    }
func get(cardNo: String)throws  -> String  {
struct FfiConverterTypeCards: FfiConverter {
    public static func lift(_ handle: UInt64) throws -> FfiCards {
func FfiConverterTypeCards_lift(_ handle: UInt64) throws -> FfiCards {
struct CardOptions: Equatable, Hashable {
    public let cards: FfiCards?
public struct Card: Equatable, Hashable {
enum FfiError: Swift.Error, Equatable, Hashable {
public 
enum TransportFailure: Swift.Error, Equatable, Hashable {
func cardStatusFromText(text: String) -> CardStatus  {
func ffiSend()throws   {try rustCallWithError(FfiConverterTypeTransportFailure_lift) {
public func version() -> String  {
func uniffiEnsureKeysecureInitialized() {
