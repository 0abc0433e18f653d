package io.keysecure.conformance

import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import io.keysecure.Client
import io.keysecure.Ensured
import io.keysecure.model.Address
import io.keysecure.model.ApplyCard
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.ConsumptionType
import io.keysecure.model.FeeType
import io.keysecure.model.ListCardholders
import io.keysecure.model.ListCards
import io.keysecure.model.ListConsumptions
import io.keysecure.model.ListTransfers
import io.keysecure.model.MerchantInfo
import io.keysecure.model.Method
import io.keysecure.model.SimulationRequest
import io.keysecure.model.SimulatedFee
import io.keysecure.model.Transfer
import io.keysecure.model.TransferType
import io.keysecure.of

/** Makes calls by name, with arguments from JSON. */
class Calls(private val client: Client, private val args: Args) {
    /** Makes a call and returns its result as JSON. */
    fun make(name: String): JsonElement = when (name.substringBefore('.')) {
        "cards" -> cards(name.substringAfter('.'))
        "cardholders" -> cardholders(name.substringAfter('.'))
        "accounts" -> accounts(name.substringAfter('.'))
        "consumptions" -> consumptions(name.substringAfter('.'))
        "simulation" -> simulation(name.substringAfter('.'))
        else -> others(name)
    }

    private fun others(name: String): JsonElement = when (name) {
        "access_token" -> client.accessToken().use {
            Results.of("token" to it.expose(), "expires_at" to it.expiresAt.toEpochMilli())
        }
        "doctor" -> Results.json(client.doctor(args.some("card_no")).toJson())
        "call" -> Results.json(client.call(Method.valueOf(args.text("method")), args.text("path"), args.some("body")))
        "pci.client_token" -> client.pci().clientToken(args.text("card_no")).use {
            Results.of("token" to it.expose(), "expires_in" to it.expiresIn)
        }
        "pci.card_detail" -> Results.secrets(
            client.pci().cardDetail(
                args.text("client_access_token"), args.text("origin"), args.text("parent_origin"), args.text("nonce"),
            ),
        )
        else -> error("there is no call $name")
    }

    private fun cards(call: String): JsonElement = with(client.cards()) {
        fun query() = ListCards(args.start(), args.end(), args.some("cardholder_no"), args.some("card_unique_no"), args.some("card_no"))
        fun type() = args.some("type")?.let { CardType.of(it) }
        when (call) {
            "apply" -> Results.json(apply(application()).toJson())
            "ensure_card" -> ensured(ensureCard(application(), args.ensureOptions())) { it.toJson() }
            "list" -> Results.rows(list(query()).asIterable()) { it.toJson() }
            "list_page" -> Results.rows(listPage(query(), args.number("page"), args.number("size")).list) { it.toJson() }
            "get" -> Results.json(get(args.text("card_no")).toJson())
            "private_info" -> Results.secrets(privateInfo(args.text("card_no")))
            "activate" -> nothing {
                activate(args.text("card_no"), args.text("cardholder_no"), args.text("cvv"), args.text("card_last_no"))
            }
            "update_status" -> nothing { updateStatus(args.text("card_no"), CardStatus.of(args.text("status"))) }
            "freeze" -> nothing { freeze(args.text("card_no")) }
            "unfreeze" -> nothing { unfreeze(args.text("card_no")) }
            "delete" -> nothing { delete(args.text("card_no")) }
            "set_pin" -> nothing { setPin(args.text("card_no"), args.text("cardholder_no"), args.text("pin")) }
            "packages" -> Results.rows(packages(type(), args.some("package_no")).asIterable()) { it.toJson() }
            "packages_page" -> Results.rows(
                packagesPage(args.number("page"), args.number("size"), type(), args.some("package_no")).list,
            ) { it.toJson() }
            "bins" -> Results.rows(bins(args.some("card_bin_no")).asIterable()) { it.toJson() }
            "bins_page" -> Results.rows(
                binsPage(args.number("page"), args.number("size"), args.some("card_bin_no")).list,
            ) { it.toJson() }
            else -> error("there is no call cards.$call")
        }
    }

    private fun cardholders(call: String): JsonElement = with(client.cardholders()) {
        fun query() = ListCardholders(args.start(), args.end(), args.some("cardholder_no"), args.some("cardholder_unique_no"))
        when (call) {
            "apply" -> Results.json(
                apply(args.text("cardholder_unique_no"), args.text("sumsub_share_token"), args.some("cardholder_no")).toJson(),
            )
            "ensure_cardholder" -> ensured(
                ensureCardholder(args.text("cardholder_unique_no"), args.text("sumsub_share_token"), args.ensureOptions()),
            ) { it.toJson() }
            "list" -> Results.rows(list(query()).asIterable()) { it.toJson() }
            "list_page" -> Results.rows(listPage(query(), args.number("page"), args.number("size")).list) { it.toJson() }
            "get" -> Results.json(get(args.text("cardholder_no")).toJson())
            else -> error("there is no call cardholders.$call")
        }
    }

    private fun accounts(call: String): JsonElement = with(client.accounts()) {
        fun transfer() = Transfer(
            args.text("cardholder_no"), args.text("transfer_unique_no"), TransferType.of(args.text("type")), args.decimal("amount")!!,
        )
        fun query() = ListTransfers(
            args.start(), args.end(), args.some("cardholder_no"), args.some("transfer_no"), args.some("transfer_unique_no"),
        )
        when (call) {
            "transfer" -> Results.json(transfer(transfer()).toJson())
            "ensure_transfer" -> ensured(ensureTransfer(transfer(), args.ensureOptions())) { it.toJson() }
            "get" -> Results.json(get(args.text("cardholder_no")).toJson())
            "transfers" -> Results.rows(transfers(query()).asIterable()) { it.toJson() }
            "transfers_page" -> Results.rows(
                transfersPage(query(), args.number("page"), args.number("size")).list,
            ) { it.toJson() }
            else -> error("there is no call accounts.$call")
        }
    }

    private fun consumptions(call: String): JsonElement = with(client.consumptions()) {
        fun query() = ListConsumptions(
            args.start(), args.end(), args.some("cardholder_no"), args.some("card_no"), args.some("consume_no"),
        )
        when (call) {
            "get" -> Results.json(get(args.text("consume_no")).toJson())
            "list" -> Results.rows(list(query()).asIterable()) { it.toJson() }
            "list_page" -> Results.rows(listPage(query(), args.number("page"), args.number("size")).list) { it.toJson() }
            else -> error("there is no call consumptions.$call")
        }
    }

    private fun simulation(call: String): JsonElement {
        val request = SimulationRequest(
            consumeNo = args.some("consume_no"),
            consumeRelateNo = args.some("consume_relate_no"),
            cardNo = args.some("card_no"),
            cardholderNo = args.some("cardholder_no"),
            type = args.some("type")?.let { ConsumptionType.of(it) },
            amount = args.decimal("amount"),
            localAmount = args.decimal("local_amount"),
            localCurrency = args.some("local_currency"),
            merchantInfo = args.value("merchant_info")?.asJsonObject?.let(::merchant),
            feeDetail = args.items("fee_detail").map { it.asJsonObject }.map {
                SimulatedFee(FeeType.of(it["fee_type"].asString), it["amount"].asBigDecimal)
            },
            remark = args.some("remark"),
        )
        val done = with(client.simulation()) {
            when (call) {
                "auth" -> auth(request)
                "consumption_clear" -> consumptionClear(request)
                "consumption_fail" -> consumptionFail(request)
                "reversal" -> reversal(request)
                "refund" -> refund(request)
                else -> error("there is no call simulation.$call")
            }
        }
        return Results.json(done.toJson())
    }

    private fun merchant(info: JsonObject): MerchantInfo {
        val known = setOf("merchant_name", "merchant_mcc", "city", "country")
        check(known.containsAll(info.keySet())) { "what is $info?" }
        fun text(name: String) = info[name]?.asString
        return MerchantInfo(text("merchant_name"), text("merchant_mcc"), text("city"), text("country"))
    }

    private fun application() = ApplyCard(
        args.text("cardholder_no"), args.text("card_unique_no"), CardType.of(args.text("card_type")), args.some("package_no"),
        args.some("card_bin_no"), args.value("address_info")?.asJsonObject?.let(::address),
    )

    private fun address(info: JsonObject): Address {
        fun some(name: String) = info[name]?.asString
        fun text(name: String) = some(name).orEmpty()
        return Address(
            some("first_name"), some("last_name"), some("phone_code"), some("phone"), text("postal_code"), text("country"),
            text("state"), text("city"), text("address_line1"), some("address_line2"),
        )
    }

    private fun <T> ensured(ensured: Ensured<T>, toJson: (T) -> String): JsonElement =
        Results.of("value" to Results.json(toJson(ensured.value)), "created" to ensured.created)

    private inline fun nothing(block: () -> Unit): JsonElement {
        block()
        return JsonNull.INSTANCE
    }
}
