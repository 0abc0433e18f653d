package io.keysecure

import io.keysecure.model.Address

/** Creates the address that each type of card needs. Kotlin callers can use the constructor of [Address] with named arguments. */
public object Addresses {
    /** Creates the billing address of a virtual card. */
    @JvmStatic
    public fun virtualCard(postalCode: String, country: String, state: String, city: String, addressLine1: String): Address =
        Address(postalCode = postalCode, country = country, state = state, city = city, addressLine1 = addressLine1)

    /** Creates the delivery address of a physical card. */
    @JvmStatic
    @JvmOverloads
    public fun physicalCard(
        firstName: String,
        lastName: String,
        phoneCode: String,
        phone: String,
        postalCode: String,
        country: String,
        state: String,
        city: String,
        addressLine1: String,
        addressLine2: String? = null,
    ): Address =
        Address(firstName, lastName, phoneCode, phone, postalCode, country, state, city, addressLine1, addressLine2)
}
