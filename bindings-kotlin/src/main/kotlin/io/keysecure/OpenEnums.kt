package io.keysecure

import io.keysecure.ffi.cardStatusOf
import io.keysecure.ffi.cardTypeOf
import io.keysecure.ffi.cardholderStatusOf
import io.keysecure.ffi.consumptionTypeOf
import io.keysecure.ffi.feeTypeOf
import io.keysecure.ffi.statusOf
import io.keysecure.ffi.transferTypeOf
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.CardholderStatus
import io.keysecure.model.ConsumptionType
import io.keysecure.model.FeeType
import io.keysecure.model.Status
import io.keysecure.model.TransferType

// Open enums print the platform's text; these make one from it. A text that this version does not know is `Unknown`.

/** The status of the platform's text, such as `Frozen`. */
public fun CardStatus.Companion.of(text: String): CardStatus = cardStatusOf(text)

/** The type of the platform's text: `Virtual` or `Physical`. */
public fun CardType.Companion.of(text: String): CardType = cardTypeOf(text)

/** The status of the platform's text, such as `Approved`. */
public fun CardholderStatus.Companion.of(text: String): CardholderStatus = cardholderStatusOf(text)

/** The type of the platform's text, such as `Consumption`. */
public fun ConsumptionType.Companion.of(text: String): ConsumptionType = consumptionTypeOf(text)

/** The type of the platform's text, such as `Atm_fee`. */
public fun FeeType.Companion.of(text: String): FeeType = feeTypeOf(text)

/** The status of the platform's text: `Pending`, `Success` or `Fail`. */
public fun Status.Companion.of(text: String): Status = statusOf(text)

/** The direction of the platform's text: `In` or `Out`. */
public fun TransferType.Companion.of(text: String): TransferType = transferTypeOf(text)
