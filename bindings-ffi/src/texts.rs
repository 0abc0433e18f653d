//! Open enums from the platform's text: a known value, or `Unknown` with the text.
//!
//! UniFFI has no constructors of enums. The generator of the bindings fails when an open enum has no function here.

use keysecure::{CardStatus, CardType, CardholderStatus, ConsumptionType, FeeType, FeeWaiver, Status, TransferType};

macro_rules! from_text {
    ($($function:ident -> $name:ident,)+) => { $(
        /// The value of the platform's text.
        #[uniffi::export]
        pub fn $function(text: String) -> $name {
            $name::from(text)
        }
    )+ };
}

from_text! {
    card_status_from_text -> CardStatus,
    card_type_from_text -> CardType,
    cardholder_status_from_text -> CardholderStatus,
    consumption_type_from_text -> ConsumptionType,
    fee_waiver_from_text -> FeeWaiver,
    fee_type_from_text -> FeeType,
    status_from_text -> Status,
    transfer_type_from_text -> TransferType,
}
