//! Open enums from the platform's text: a known value, or `Unknown` with the text. Models from their JSON.
//!
//! UniFFI has no constructors of enums and records. The generator of the bindings fails when an open enum or a model has
//! no function here.

use keysecure::{
    Account, AccountInfo, AuthEvent, Bin, Card, CardApplied, CardStatus, CardType, CardUpdateEvent, Cardholder,
    CardholderApplied, CardholderCard, CardholderStatus, Consumption, ConsumptionEvent, ConsumptionType, Fee,
    FeeSchedule, FeeType, FeeWaiver, Limits, MerchantInfo, Package, SimulationResult, Status, TransferRecord,
    TransferResult, TransferType,
};

use crate::convert::Result;

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

macro_rules! from_json {
    ($($function:ident -> $name:ident,)+) => { $(
        /// Reads the object from JSON text in the platform's form, such as its `to_json` returns. An error of kind
        /// `invalidInput` means that the text does not have the form of the object.
        #[uniffi::export]
        pub fn $function(text: String) -> Result<$name> {
            Ok($name::from_json(&text)?)
        }
    )+ };
}

from_json! {
    account_from_json -> Account,
    account_info_from_json -> AccountInfo,
    auth_event_from_json -> AuthEvent,
    bin_from_json -> Bin,
    card_from_json -> Card,
    card_applied_from_json -> CardApplied,
    card_update_event_from_json -> CardUpdateEvent,
    cardholder_from_json -> Cardholder,
    cardholder_applied_from_json -> CardholderApplied,
    cardholder_card_from_json -> CardholderCard,
    consumption_from_json -> Consumption,
    consumption_event_from_json -> ConsumptionEvent,
    fee_from_json -> Fee,
    fee_schedule_from_json -> FeeSchedule,
    limits_from_json -> Limits,
    merchant_info_from_json -> MerchantInfo,
    package_from_json -> Package,
    simulation_result_from_json -> SimulationResult,
    transfer_record_from_json -> TransferRecord,
    transfer_result_from_json -> TransferResult,
}

/// The text with digits that look like a PAN masked, as the library prints it.
#[uniffi::export]
pub fn masked_text(text: String) -> String {
    keysecure::masked(&text)
}
