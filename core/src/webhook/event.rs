//! What a callback says.

use std::time::SystemTime;

use rust_decimal::Decimal;

use crate::codec::json::Json;
use crate::codec::model;
use crate::resources::Status;
use crate::resources::cards::CardStatus;
use crate::resources::consumptions::ConsumptionType;
use crate::resources::consumptions::{Fee, MerchantInfo};
use crate::values::surrogates;

model! {
    /// A purchase asks for approval (authorization mode). Answer within 800 ms. See [`Responder`](crate::Responder).
    pub struct AuthEvent {
        /// The platform's number of the consumption.
        pub consume_no: String,
        /// The card.
        pub card_no: String,
        /// Its cardholder.
        pub cardholder_no: Option<String>,
        /// What it is.
        pub r#type: Option<ConsumptionType>,
        /// The amount, in the card's currency.
        pub amount: Decimal,
        /// The amount in the merchant's currency.
        pub local_amount: Option<Decimal>,
        /// The currency of `local_amount`.
        pub local_currency: Option<String>,
        /// The shop.
        pub merchant_info: Option<MerchantInfo>,
        /// Always `Pending`.
        pub status: Option<Status>,
        /// When the platform sent it.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// A consumption was created, changed its status, or its fees were completed: so several come for one `consume_no`.
    pub struct ConsumptionEvent {
        /// The platform's number of the consumption.
        pub consume_no: String,
        /// The consumption that this one reverses or refunds.
        pub consume_relate_no: Option<String>,
        /// The card.
        pub card_no: Option<String>,
        /// Its cardholder.
        pub cardholder_no: Option<String>,
        /// What it is.
        pub r#type: Option<ConsumptionType>,
        /// Where it stands.
        pub status: Status,
        /// The amount, in the card's currency.
        pub amount: Option<Decimal>,
        /// The amount in the merchant's currency.
        pub local_amount: Option<Decimal>,
        /// The currency of `local_amount`.
        pub local_currency: Option<String>,
        /// The sum of `fee_detail`.
        pub fee: Option<Decimal>,
        /// The fees.
        pub fee_detail: Vec<Fee>,
        /// The shop.
        pub merchant_info: Option<MerchantInfo>,
        /// A note of the platform's.
        pub remark: Option<String>,
        /// A description.
        pub detail: Option<String>,
        /// When the record was updated, which is not when the purchase was made. Of two webhooks for one `consume_no`, the
        /// one with the larger time is the newer.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// A card changed its status.
    pub struct CardUpdateEvent {
        /// The card.
        pub card_no: String,
        /// What it was.
        pub before_status: Option<CardStatus>,
        /// What it is now.
        pub after_status: CardStatus,
        /// Why.
        pub reason: Option<String>,
        /// When it changed.
        pub time: Option<SystemTime>,
    }
}

/// A callback by what it says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Debug))]
#[non_exhaustive]
pub enum Event {
    /// Action `Auth`.
    Auth {
        /// The purchase.
        data: AuthEvent,
    },
    /// Action `Consumption`.
    Consumption {
        /// The consumption.
        data: ConsumptionEvent,
    },
    /// Action `Card_update`.
    CardUpdate {
        /// The change.
        data: CardUpdateEvent,
    },
    /// An action or a form of its data that this version does not know. The signature is valid all the same.
    Unknown {
        /// The platform's name of the action.
        action: String,
        /// Its data as it came; half a surrogate pair is U+FFFD.
        data: Json,
    },
}

/// Fields that only consumptions with their fees have.
const CONSUMPTION_ONLY: [&str; 5] = ["consume_relate_no", "fee", "fee_detail", "remark", "detail"];
/// Fields that all consumptions have and changes of cards do not.
const CONSUMPTION: [&str; 8] =
    ["consume_no", "cardholder_no", "type", "amount", "local_amount", "local_currency", "merchant_info", "status"];
/// Fields that only changes of cards have.
const CARD_UPDATE_ONLY: [&str; 3] = ["before_status", "after_status", "reason"];
/// Fields that every action has.
const COMMON: [&str; 2] = ["card_no", "time"];

/// Every field that the platform documents for the data of any action.
pub(super) fn known_fields() -> impl Iterator<Item = &'static str> {
    CONSUMPTION_ONLY.into_iter().chain(CONSUMPTION).chain(CARD_UPDATE_ONLY).chain(COMMON)
}

/// Whether a field belongs to another action than the one named. The name of the action is not signed, so data of one
/// kind could be passed off as another; fields that nobody knows are no sign of that.
pub(super) fn is_foreign(action: &str, field: &str) -> bool {
    match action {
        "Auth" => CONSUMPTION_ONLY.contains(&field) || CARD_UPDATE_ONLY.contains(&field),
        "Consumption" => CARD_UPDATE_ONLY.contains(&field),
        "Card_update" => CONSUMPTION_ONLY.contains(&field) || CONSUMPTION.contains(&field),
        _ => false,
    }
}

/// Whether a field's text names something.
pub(super) fn is_identifier(field: &str) -> bool {
    matches!(field, "consume_no" | "consume_relate_no" | "card_no" | "cardholder_no")
}

/// Whether a field is an object or a list.
pub(super) fn is_nested(field: &str) -> bool {
    matches!(field, "merchant_info" | "fee_detail")
}

impl Event {
    /// Whether the platform asks for a purchase, also in a form that this version does not know: accepting that approves it.
    pub(super) fn is_purchase(&self) -> bool {
        match self {
            Self::Auth { .. } => true,
            Self::Unknown { action, .. } => action == "Auth",
            Self::Consumption { .. } | Self::CardUpdate { .. } => false,
        }
    }

    /// The number of the consumption that it is about.
    pub(super) fn consume_no(&self) -> Option<&str> {
        match self {
            Self::Auth { data } => Some(&data.consume_no),
            Self::Consumption { data } => Some(&data.consume_no),
            Self::CardUpdate { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Types the data of an action; what does not have the form is `Unknown`, never an error.
    pub(super) fn from_data(action: &str, data: &str) -> Self {
        let data = &*surrogates::replaced(data);
        let typed = match action {
            "Auth" => AuthEvent::from_json(data).ok().map(|data| Self::Auth { data }),
            "Consumption" => ConsumptionEvent::from_json(data).ok().map(|data| Self::Consumption { data }),
            "Card_update" => CardUpdateEvent::from_json(data).ok().map(|data| Self::CardUpdate { data }),
            _ => None,
        };
        typed.unwrap_or_else(|| Self::Unknown { action: action.to_owned(), data: Json::valid(data) })
    }
}
