package io.keysecure

import io.keysecure.model.Address

/** Addresses by what each type of card needs. In Kotlin the constructor of [Address] with named arguments does the same. */
public object Addresses {
    /** The address of a virtual card. */
    @JvmStatic
    public fun virtualCard(postalCode: String, country: String, state: String, city: String, addressLine1: String): Address =
        Address(postalCode = postalCode, country = country, state = state, city = city, addressLine1 = addressLine1)

    /** The address of a physical card, to which it is sent. */
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
