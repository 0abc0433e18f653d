//! Open enums from the platform's text: a known one, or `Unknown` with the text.

use keysecure::{CardStatus, CardType, CardholderStatus, ConsumptionType, FeeType, FeeWaiver, Status, TransferType};

macro_rules! of_text {
    ($($function:ident -> $name:ident,)+) => { $(
        /// The value of the platform's text.
        #[uniffi::export]
        pub fn $function(text: String) -> $name {
            $name::from(text)
        }
    )+ };
}

of_text! {
    card_status_of -> CardStatus,
    card_type_of -> CardType,
    cardholder_status_of -> CardholderStatus,
    consumption_type_of -> ConsumptionType,
    exemption_of -> FeeWaiver,
    fee_type_of -> FeeType,
    status_of -> Status,
    transfer_type_of -> TransferType,
}
