//! What is decided before a sandbox starts.

use std::net::IpAddr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::callback::{CallbackNulls, SignStyle};
use crate::cipher::{CipherMode, KeyScheme};

/// The merchant's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `CREDIT_EXTENSION`: the merchant moves money to cardholders; cards are opened from packages.
    #[default]
    Credit,
    /// `AUTHORIZATION`: cards are opened from card BINs and spend the merchant's reserve.
    Authorization,
}

/// What an apply or a transfer does when the merchant's own number was used before. The platform does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Does it again. The nastiest reading, and so the default: a client must not rely on the number alone.
    #[default]
    Execute,
    /// Refuses with 1004 and the field's name.
    Refuse,
    /// Does nothing and answers what the first call answered.
    ReturnFirst,
}

/// State of the Api-Key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// In use.
    #[default]
    Active,
    /// Calls answer 1010.
    NotEnabled,
    /// Calls answer 1011.
    Expired,
}

/// State of the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantState {
    /// In business.
    #[default]
    Active,
    /// Calls answer 1021.
    Missing,
    /// Calls answer 1022.
    Abnormal,
}

/// Which HTTP statuses refusals have. The platform says "generally 200" and lists others beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HttpStatuses {
    /// 200 with every envelope.
    #[default]
    Ok,
    /// 400, 401, 403 or 500 where the code means that, with the envelope.
    Strict,
    /// The same statuses, without an envelope: a line of plain text, as from a gateway.
    StrictBare,
}

/// What list rows show of the merchant's own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowReference {
    /// The number as the merchant gave it.
    #[default]
    Kept,
    /// Nothing: the field is not there.
    LeftOut,
    /// The number without spaces at its ends.
    Trimmed,
    /// The number in lower case.
    LowerCase,
    /// The number in upper case.
    UpperCase,
}

/// How list calls differ from what the platform documents. What it does about any of this is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListRules {
    /// What rows show of `cardholder_unique_no`, `card_unique_no` and `transfer_unique_no`.
    pub reference: RowReference,
    /// Fields that rows do not have, such as `cardholder_no` or `time`.
    pub left_out: Vec<String>,
    /// All filters are ignored; windows and pages are not.
    pub ignore_filters: bool,
    /// A page has so many rows at most, whatever size is asked for. The next page goes on where it ends.
    pub page_cap: Option<u32>,
    /// `data` has a `total` beside `list`: how many rows there are on all pages.
    pub total: bool,
}

/// Everything the builder collects.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // switches that have nothing to do with each other
pub(crate) struct Config {
    pub(crate) mode: Mode,
    pub(crate) seed: u64,
    pub(crate) port: u16,
    pub(crate) all_interfaces: bool,
    pub(crate) api_key: Option<String>,
    pub(crate) api_secret: Option<String>,
    pub(crate) key_scheme: KeyScheme,
    pub(crate) cipher_mode: CipherMode,
    pub(crate) token_lifetime: Duration,
    pub(crate) token_voids_previous: bool,
    pub(crate) repeated_numbers: Repeat,
    pub(crate) manual_cards: bool,
    pub(crate) ip_whitelist: Vec<IpAddr>,
    pub(crate) pci_enabled: bool,
    pub(crate) merchant_reserve: Decimal,
    pub(crate) request_log: usize,
    pub(crate) callback_url: Option<String>,
    pub(crate) callback_secret: Option<String>,
    pub(crate) callback_app_id: Option<String>,
    pub(crate) sign_style: SignStyle,
    pub(crate) callback_nulls: CallbackNulls,
    pub(crate) lists: ListRules,
    pub(crate) http_statuses: HttpStatuses,
    pub(crate) tariffs: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            seed: 1,
            port: 0,
            all_interfaces: false,
            api_key: None,
            api_secret: None,
            key_scheme: KeyScheme::default(),
            cipher_mode: CipherMode::default(),
            token_lifetime: Duration::from_secs(24 * 3600),
            token_voids_previous: true,
            repeated_numbers: Repeat::default(),
            manual_cards: false,
            ip_whitelist: Vec::new(),
            pci_enabled: true,
            merchant_reserve: Decimal::new(100_000_000, 2),
            request_log: 100_000,
            callback_url: None,
            callback_secret: None,
            callback_app_id: None,
            sign_style: SignStyle::default(),
            callback_nulls: CallbackNulls::default(),
            lists: ListRules::default(),
            http_statuses: HttpStatuses::default(),
            tariffs: false,
        }
    }
}
