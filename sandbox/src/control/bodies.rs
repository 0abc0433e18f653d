//! The bodies of control calls.

use std::net::IpAddr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ControlError;
use crate::config::{HttpStatuses, KeyState, MerchantState, RowReference};
use crate::state::enums::WebhookAction;
use crate::state::rows::Fee;
use crate::webhook::types::{NullFields, SignStyle, WebhookFault};

/// Parses a body; an empty one counts as `{}`. Unknown fields are an error, so that a misspelt one is noticed.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ControlError::new(400, error.to_string()))
}

/// Declares the fields of bodies.
macro_rules! bodies {
    ($($name:ident { $($field:ident: $type:ty),+ })+) => {
        $(
            #[derive(Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(super) struct $name {
                $(pub(super) $field: $type),+
            }
        )+
    };
}

bodies! {
    Millis { ms: u64 }
    Cardholder { cardholder_no: String }
    CardholderReason { cardholder_no: String, reason: String }
    CardholderTimes { cardholder_no: String, times_ms: Vec<i64> }
    Card { card_no: String }
    CardReason { card_no: String, reason: String }
    CardPin { card_no: String, pin: String }
    CardTimes { card_no: String, times_ms: Vec<i64> }
    Times { times_ms: Vec<i64> }
    Operation { operation: String }
    Restore { snapshot: usize }
    Id { id: String }
    PlannedWebhookFault { action: Option<WebhookAction>, kind: WebhookFault }
    Fees { consume_no: String, fee_detail: Vec<Fee> }
    WebhookSettings {
        url: Option<String>,
        secret: Option<String>,
        rotated_secret: Option<String>,
        app_id: Option<String>,
        sign_style: Option<SignStyle>,
        nulls: Option<NullFields>
    }
    Settings {
        key_state: Option<KeyState>,
        merchant_state: Option<MerchantState>,
        pci_enabled: Option<bool>,
        ip_whitelist: Option<Vec<IpAddr>>,
        http_statuses: Option<HttpStatuses>,
        tariffs: Option<bool>
    }
    ListSettings {
        reference: Option<RowReference>,
        left_out: Option<Vec<String>>,
        ignore_filters: Option<bool>,
        page_cap: Option<u32>,
        total: Option<bool>
    }
}

/// The card, and the amount of the fee if it is not that of the fee schedule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManageFee {
    pub(super) card_no: String,
    #[serde(default, deserialize_with = "crate::money::some_from_json")]
    pub(super) amount: Option<Decimal>,
}

impl Millis {
    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(self.ms)
    }
}
