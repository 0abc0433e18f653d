//! Events of webhooks (platform documentation, callbacks).

use std::borrow::Cow;
use std::time::SystemTime;

use rust_decimal::Decimal;

use crate::codec::json::Json;
use crate::codec::model;
use crate::resources::Status;
use crate::resources::cards::CardStatus;
use crate::resources::consumptions::ConsumptionType;
use crate::resources::consumptions::{Fee, MerchantInfo};
use crate::values::surrogates;
use crate::values::tree::Node;

model! {
    /// Request to approve a purchase (action `Auth`, authorization mode). The platform waits 800 ms for the reply.
    pub struct AuthEvent {
        /// Consumption number assigned by the platform.
        pub consume_no: String,
        /// Number of the card.
        pub card_no: String,
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// Type of the consumption.
        pub r#type: Option<ConsumptionType>,
        /// Amount in the currency of the card.
        pub amount: Decimal,
        /// Amount in the currency of the purchase, `local_currency`.
        pub local_amount: Option<Decimal>,
        /// Currency of `local_amount`.
        pub local_currency: Option<String>,
        /// The merchant where the card is used.
        pub merchant_info: Option<MerchantInfo>,
        /// Always `Pending`.
        pub status: Option<Status>,
        /// Time of sending.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// Creation or change of a consumption (action `Consumption`): of its status or its fees. The platform sends several for one
    /// consumption.
    pub struct ConsumptionEvent {
        /// Consumption number assigned by the platform.
        pub consume_no: String,
        /// Number of the consumption that this one reverses or refunds.
        pub consume_relate_no: Option<String>,
        /// Number of the card.
        pub card_no: Option<String>,
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// Type of the consumption.
        pub r#type: Option<ConsumptionType>,
        /// Status of the consumption.
        pub status: Status,
        /// Amount in the currency of the card.
        pub amount: Option<Decimal>,
        /// Amount in the currency of the purchase, `local_currency`.
        pub local_amount: Option<Decimal>,
        /// Currency of `local_amount`.
        pub local_currency: Option<String>,
        /// Total of the fees in `fee_detail`.
        pub fee: Option<Decimal>,
        /// Fees of the consumption.
        pub fee_detail: Vec<Fee>,
        /// The merchant where the card was used. It may be absent in the first webhook of a consumption.
        pub merchant_info: Option<MerchantInfo>,
        /// Remark by the platform.
        pub remark: Option<String>,
        /// Description.
        pub detail: Option<String>,
        /// Time of the record's last update, not of the purchase. Of two webhooks for one consumption the one with the larger
        /// time is newer.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// Change of a card's lifecycle status (action `Card_update`). The platform may also send it on its own initiative, for
    /// example when it cancels a card whose management fee cannot be charged.
    pub struct CardUpdateEvent {
        /// Number of the card.
        pub card_no: String,
        /// Lifecycle status before the change.
        pub before_status: Option<CardStatus>,
        /// Lifecycle status after the change.
        pub after_status: CardStatus,
        /// Reason of the change.
        pub reason: Option<String>,
        /// Time of the change.
        pub time: Option<SystemTime>,
    }
}

/// Event of a webhook, by its action. New actions may be added.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Debug))]
#[non_exhaustive]
pub enum Event {
    /// A request to approve a purchase: action `Auth`.
    Auth {
        /// The purchase.
        data: AuthEvent,
    },
    /// A consumption was created or changed: action `Consumption`.
    Consumption {
        /// The consumption.
        data: ConsumptionEvent,
    },
    /// The lifecycle status of a card changed: action `Card_update`.
    CardUpdate {
        /// The change.
        data: CardUpdateEvent,
    },
    /// An action, or a form of its data, that this version does not know. The signature is valid.
    Unknown {
        /// Name of the action.
        action: String,
        /// The data as received, with U+FFFD in place of half a surrogate pair.
        data: Json,
    },
}

/// Fields of action `Consumption` only.
const CONSUMPTION_ONLY: [&str; 5] = ["consume_relate_no", "fee", "fee_detail", "remark", "detail"];
/// Fields of actions `Auth` and `Consumption`.
const CONSUMPTION: [&str; 8] =
    ["consume_no", "cardholder_no", "type", "amount", "local_amount", "local_currency", "merchant_info", "status"];
/// Fields of action `Card_update` only.
const CARD_UPDATE_ONLY: [&str; 3] = ["before_status", "after_status", "reason"];
/// Fields of every action.
const COMMON: [&str; 2] = ["card_no", "time"];

/// All fields that the platform documents for the data of an action.
pub(super) fn known_fields() -> impl Iterator<Item = &'static str> {
    CONSUMPTION_ONLY.into_iter().chain(CONSUMPTION).chain(CARD_UPDATE_ONLY).chain(COMMON)
}

/// Whether a field belongs to another action than the one named. The name of the action is not signed, so data of one
/// action could be passed off as data of another. Unknown fields do not show that.
pub(super) fn is_foreign(action: &str, field: &str) -> bool {
    match action {
        "Auth" => CONSUMPTION_ONLY.contains(&field) || CARD_UPDATE_ONLY.contains(&field),
        "Consumption" => CARD_UPDATE_ONLY.contains(&field),
        "Card_update" => CONSUMPTION_ONLY.contains(&field) || CONSUMPTION.contains(&field),
        _ => false,
    }
}

/// Whether a field is an identifier.
pub(super) fn is_identifier(field: &str) -> bool {
    matches!(field, "consume_no" | "consume_relate_no" | "card_no" | "cardholder_no")
}

/// Whether a field is an object or a list.
pub(super) fn is_nested(field: &str) -> bool {
    matches!(field, "merchant_info" | "fee_detail")
}

impl Event {
    /// Whether the event requests the approval of a purchase, even in an unknown form: accepting it approves the purchase.
    pub(super) fn is_purchase(&self) -> bool {
        match self {
            Self::Auth { .. } => true,
            Self::Unknown { action, .. } => action == "Auth",
            Self::Consumption { .. } | Self::CardUpdate { .. } => false,
        }
    }

    /// The platform's name of the action.
    pub(super) fn action(&self) -> &str {
        match self {
            Self::Auth { .. } => "Auth",
            Self::Consumption { .. } => "Consumption",
            Self::CardUpdate { .. } => "Card_update",
            Self::Unknown { action, .. } => action,
        }
    }

    /// Number of the consumption, if the event has one, even in an unknown form.
    pub(super) fn consume_no(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Auth { data } => Some(Cow::Borrowed(&data.consume_no)),
            Self::Consumption { data } => Some(Cow::Borrowed(&data.consume_no)),
            Self::Unknown { data, .. } => {
                let Some(Node::Object(fields)) = Node::read(data.as_str()) else { return None };
                match fields.into_iter().find(|(name, _)| name.text == "consume_no")?.1 {
                    Node::Text(text) => Some(text.text),
                    Node::Number(text) => Some(Cow::Borrowed(text)),
                    _ => None,
                }
            }
            Self::CardUpdate { .. } => None,
        }
    }

    /// Decodes the data of an action. Data of another form is `Unknown`, never an error.
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
