//! Cards as the platform lists them, and their lifecycle status.

use std::time::SystemTime;

use super::apply::{ApplyCard, CardApplied, CardType};
use super::packages::FeeSchedule;
use crate::codec::{model, open_enum, query};
use crate::pager::row;

open_enum! {
    /// Lifecycle status of a card (platform documentation, constants 8.2).
    pub enum CardStatus {
        /// Applied for or in production; not issued yet.
        Pending = "Pending",
        /// Physical card that must be activated with its CVV.
        ToActivate = "ToActivate",
        /// In use.
        Activated = "Activated",
        /// The platform could not issue the card.
        Fail = "Fail",
        /// Frozen. It can be unfrozen.
        Frozen = "Frozen",
        /// Cancelled. This status is final.
        Delete = "Delete",
    }
}

model! {
    /// Card as returned by the card list and by card detail (platform documentation, card).
    pub struct Card {
        /// Card number assigned by the platform. It is not the PAN.
        pub card_no: String,
        /// Merchant reference of the card.
        pub card_unique_no: Option<String>,
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// Alias of the card. Returned by card detail only.
        pub card_name: Option<String>,
        /// English name of the package. Returned by card detail only.
        pub package_name_en: Option<String>,
        /// Chinese name of the package. Returned by card detail only.
        pub package_name_cn: Option<String>,
        /// Virtual or physical.
        pub card_type: Option<CardType>,
        /// Card scheme, such as `VISA`.
        pub organization: Option<String>,
        /// Last four digits of the PAN.
        pub card_last_no: Option<String>,
        /// Lifecycle status. `Unknown` with an empty text if the response has none.
        pub status: CardStatus [or default],
        /// Fees of the card. Returned by card detail only.
        pub fee_detail: Option<FeeSchedule>,
        /// Time of the application.
        pub time: Option<SystemTime>,
    }
}

query! {
    /// Filter of the card list. The window applies to the time of the application.
    pub struct ListCards {
        /// Return cards of this cardholder only.
        pub cardholder_no: Option<String>,
        /// Return the card with this merchant reference only.
        pub card_unique_no: Option<String>,
        /// Return the card with this number only.
        pub card_no: Option<String>,
    }
}

impl Card {
    /// The card that a successful application created, as far as the request and the response describe it.
    pub(crate) fn applied(request: &ApplyCard, applied: CardApplied) -> Self {
        Self {
            card_no: applied.card_no,
            card_unique_no: Some(request.card_unique_no.clone()),
            cardholder_no: Some(request.cardholder_no.clone()),
            card_type: Some(request.card_type.clone()),
            status: CardStatus::Pending,
            extra: applied.extra,
            ..Self::blank()
        }
    }
}

row!(Card, card_no);
