import Foundation
import KeySecure

/// Makes a call by its name and returns its result as JSON.
func make(_ call: String, on client: Client, _ with: Arguments) throws -> Value {
    switch call.split(separator: ".").first {
    case "cardholders": return try cardholders(call, client.blocking.cardholders, with)
    case "cards": return try cards(call, client.blocking.cards, with) ?? catalog(call, client.blocking.cards, with)
    case "accounts": return try accounts(call, client.blocking.accounts, with)
    case "consumptions": return try consumptions(call, client.blocking.consumptions, with)
    case "simulation": return try simulation(call, client.blocking.simulation, with)
    case "pci": return try pci(call, client.blocking.pci, with)
    default: break
    }
    switch call {
    case "access_token": return Value(try client.blocking.accessToken())
    case "doctor": return try Value(json: client.blocking.doctor(cardNo: with.some("card_no")).json.text)
    case "call":
        let body = with.value("body").map { JSON($0.description) }
        let method: HTTPMethod = with.text("method") == "GET" ? .get : .post
        return try Value(json: client.blocking.call(method: method, path: with.text("path"), body: body).text)
    default: throw Failure("there is no call \(call)")
    }
}

private func cardholders(_ call: String, _ cardholders: BlockingCardholders, _ with: Arguments) throws -> Value {
    switch call {
    case "cardholders.apply":
        return try Value(
            cardholders.apply(
                cardholderUniqueNo: with.text("cardholder_unique_no"), sumsubShareToken: with.text("sumsub_share_token"),
                cardholderNo: with.some("cardholder_no")))
    case "cardholders.ensure_cardholder":
        let ensured = try cardholders.ensureCardholder(
            cardholderUniqueNo: with.text("cardholder_unique_no"), sumsubShareToken: with.text("sumsub_share_token"),
            deadline: with.seconds("deadline"), settle: with.seconds("settle"), since: with.optionalBound("since"),
            firstAttempt: with.flag("first_attempt"))
        return try Value(ensured.value, created: ensured.created)
    case "cardholders.list":
        return try Value(
            cardholders.list(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardholderUniqueNo: with.some("cardholder_unique_no")
            ).all())
    case "cardholders.list_page":
        return try Value(
            cardholders.listPage(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardholderUniqueNo: with.some("cardholder_unique_no"), page: with.int("page"), size: with.int("size")
            ).list)
    case "cardholders.get": return try Value(cardholders.get(with.text("cardholder_no")))
    default: throw Failure("there is no call \(call)")
    }
}

private func cards(_ call: String, _ cards: BlockingCards, _ with: Arguments) throws -> Value? {
    func number() -> String { with.text("card_no") }
    func application() -> ApplyCard {
        ApplyCard(
            cardholderNo: with.text("cardholder_no"), cardUniqueNo: with.text("card_unique_no"),
            cardType: CardType(with.text("card_type")), packageNo: with.some("package_no"), cardBinNo: with.some("card_bin_no"),
            addressInfo: with.value("address_info").map(address))
    }
    switch call {
    case "cards.apply": return try Value(cards.apply(application()))
    case "cards.ensure_card":
        let options = EnsureOptions(
            deadline: with.seconds("deadline"), settle: with.seconds("settle"),
            since: try with.optionalBound("since")?.windowBound,
            firstAttempt: with.flag("first_attempt"))
        let ensured = try cards.ensureCard(application(), options: options)
        return try Value(ensured.value, created: ensured.created)
    case "cards.list":
        return try Value(
            cards.list(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardUniqueNo: with.some("card_unique_no"), cardNo: with.some("card_no")
            ).all())
    case "cards.list_page":
        return try Value(
            cards.listPage(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardUniqueNo: with.some("card_unique_no"), cardNo: with.some("card_no"), page: with.int("page"),
                size: with.int("size")
            ).list)
    case "cards.get": return try Value(cards.get(number()))
    case "cards.private_info": return Value(try cards.privateInfo(number()))
    case "cards.activate":
        try cards.activate(
            cardNo: number(), cardholderNo: with.text("cardholder_no"), cvv: with.text("cvv"),
            cardLastNo: with.text("card_last_no"))
    case "cards.update_status": try cards.updateStatus(cardNo: number(), status: CardStatus(with.text("status")))
    case "cards.freeze": try cards.freeze(number())
    case "cards.unfreeze": try cards.unfreeze(number())
    case "cards.delete": try cards.delete(number())
    case "cards.set_pin":
        try cards.setPIN(cardNo: number(), cardholderNo: with.text("cardholder_no"), pin: with.text("pin"))
    default: return nil
    }
    return .null
}

private func catalog(_ call: String, _ cards: BlockingCards, _ with: Arguments) throws -> Value {
    let type = with.some("type").map { CardType($0) }
    switch call {
    case "cards.packages": return try Value(cards.packages(type: type, packageNo: with.some("package_no")).all())
    case "cards.packages_page":
        return try Value(
            cards.packagesPage(
                type: type, packageNo: with.some("package_no"), page: with.int("page"), size: with.int("size")
            ).list)
    case "cards.bins": return try Value(cards.bins(cardBinNo: with.some("card_bin_no")).all())
    case "cards.bins_page":
        return try Value(
            cards.binsPage(
                cardBinNo: with.some("card_bin_no"), page: with.int("page"), size: with.int("size")
            ).list)
    default: throw Failure("there is no call \(call)")
    }
}

private func accounts(_ call: String, _ accounts: BlockingAccounts, _ with: Arguments) throws -> Value {
    func transfer() throws -> Transfer {
        guard let amount = with.decimal("amount") else { throw Failure("no amount") }
        return Transfer(
            cardholderNo: with.text("cardholder_no"), transferUniqueNo: with.text("transfer_unique_no"),
            type: TransferType(with.text("type")), amount: amount)
    }
    switch call {
    case "accounts.transfer": return try Value(accounts.transfer(transfer()))
    case "accounts.ensure_transfer":
        let options = EnsureOptions(
            deadline: with.seconds("deadline"), settle: with.seconds("settle"),
            since: try with.optionalBound("since")?.windowBound,
            firstAttempt: with.flag("first_attempt"))
        let ensured = try accounts.ensureTransfer(transfer(), options: options)
        return try Value(ensured.value, created: ensured.created)
    case "accounts.get": return try Value(accounts.get(with.text("cardholder_no")))
    case "accounts.transfers":
        return try Value(
            accounts.transfers(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                transferNo: with.some("transfer_no"), transferUniqueNo: with.some("transfer_unique_no")
            ).all())
    case "accounts.transfers_page":
        return try Value(
            accounts.transfersPage(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                transferNo: with.some("transfer_no"), transferUniqueNo: with.some("transfer_unique_no"),
                page: with.int("page"), size: with.int("size")
            ).list)
    default: throw Failure("there is no call \(call)")
    }
}

private func consumptions(_ call: String, _ consumptions: BlockingConsumptions, _ with: Arguments) throws -> Value {
    switch call {
    case "consumptions.get": return try Value(consumptions.get(with.text("consume_no")))
    case "consumptions.list":
        return try Value(
            consumptions.list(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardNo: with.some("card_no"), consumeNo: with.some("consume_no")
            ).all())
    case "consumptions.list_page":
        return try Value(
            consumptions.listPage(
                in: with.window(), cardholderNo: with.some("cardholder_no"),
                cardNo: with.some("card_no"), consumeNo: with.some("consume_no"), page: with.int("page"),
                size: with.int("size")
            ).list)
    default: throw Failure("there is no call \(call)")
    }
}

private func simulation(_ call: String, _ simulation: BlockingSimulation, _ with: Arguments) throws -> Value {
    let fees = try with.value("fee_detail")?.list?.map { fee in
        guard let amount = fee["amount"]?.text.flatMap({ Decimal(string: $0) }) else { throw Failure("a fee has no amount") }
        return SimulatedFee(feeType: FeeType(fee["fee_type"]?.text ?? ""), amount: amount)
    }
    let request = SimulationRequest(
        consumeNo: with.some("consume_no"), consumeRelateNo: with.some("consume_relate_no"), cardNo: with.some("card_no"),
        cardholderNo: with.some("cardholder_no"), type: with.some("type").map { ConsumptionType($0) },
        amount: with.decimal("amount"), localAmount: with.decimal("local_amount"),
        localCurrency: with.some("local_currency"), merchantInfo: with.value("merchant_info").map(merchant),
        feeDetail: fees ?? [], remark: with.some("remark"))
    switch call {
    case "simulation.auth": return try Value(simulation.auth(request))
    case "simulation.consumption_clear": return try Value(simulation.consumptionClear(request))
    case "simulation.consumption_fail": return try Value(simulation.consumptionFail(request))
    case "simulation.reversal": return try Value(simulation.reversal(request))
    case "simulation.refund": return try Value(simulation.refund(request))
    default: throw Failure("there is no call \(call)")
    }
}

private func pci(_ call: String, _ pci: BlockingPCI, _ with: Arguments) throws -> Value {
    switch call {
    case "pci.client_token": return Value(try pci.clientToken(with.text("card_no")))
    case "pci.card_detail":
        return Value(
            try pci.cardDetail(
                clientAccessToken: with.text("client_access_token"), origin: with.text("origin"),
                parentOrigin: with.text("parent_origin"), nonce: with.text("nonce")))
    default: throw Failure("there is no call \(call)")
    }
}

private func merchant(_ info: Value) -> MerchantInfo {
    MerchantInfo(
        merchantName: info["merchant_name"]?.text, merchantMcc: info["merchant_mcc"]?.text, city: info["city"]?.text,
        country: info["country"]?.text)
}

private func address(_ address: Value) -> Address {
    func some(_ name: String) -> String? { address[name]?.text }
    func text(_ name: String) -> String { some(name) ?? "" }
    return Address(
        firstName: some("first_name"), lastName: some("last_name"), phoneCode: some("phone_code"), phone: some("phone"),
        postalCode: text("postal_code"), country: text("country"), state: text("state"), city: text("city"),
        addressLine1: text("address_line1"), addressLine2: some("address_line2"))
}
