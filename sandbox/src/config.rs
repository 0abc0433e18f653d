//! The options of a sandbox.

use std::net::IpAddr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::cipher::{CipherMode, KeyScheme};
use crate::webhook::types::{NullFields, SignStyle};

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

/// The effect of an application or transfer whose merchant reference was used before. The platform does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Executes it again. This is the worst case for a client, and so the default: a client must not rely on the reference
    /// alone.
    #[default]
    Execute,
    /// Refuses it with 1004 and the field's name.
    Refuse,
    /// Executes nothing and returns the response of the first call.
    ReturnFirst,
}

/// The state of the Api-Key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Active.
    #[default]
    Active,
    /// Not enabled: calls are refused with 1010.
    NotEnabled,
    /// Expired: calls are refused with 1011.
    Expired,
}

/// The state of the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantState {
    /// Active.
    #[default]
    Active,
    /// Missing: calls are refused with 1021.
    Missing,
    /// Abnormal: calls are refused with 1022.
    Abnormal,
}

/// The HTTP statuses of refused calls. The platform documents "generally 200" and also lists others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HttpStatuses {
    /// 200 with every envelope.
    #[default]
    Ok,
    /// 400, 401, 403 or 500 for the codes that mean that, with the envelope.
    Strict,
    /// The same statuses without an envelope: a line of plain text, as from a gateway.
    StrictBare,
}

/// The form of merchant references in list rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RowReference {
    /// The reference as the merchant sent it.
    #[default]
    Kept,
    /// The field is missing.
    LeftOut,
    /// The reference without leading and trailing spaces.
    Trimmed,
    /// The reference in lower case.
    LowerCase,
    /// The reference in upper case.
    UpperCase,
}

/// Deviations of list calls from the platform's documentation, which show in a test what a client relies on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListRules {
    /// The form of `cardholder_unique_no`, `card_unique_no` and `transfer_unique_no` in rows.
    pub reference: RowReference,
    /// Fields that are missing in rows, such as `cardholder_no` or `time`.
    pub left_out: Vec<String>,
    /// Whether filters are ignored. Windows and pages are not.
    pub ignore_filters: bool,
    /// The maximum number of rows of a page, regardless of the requested `size`. The next page starts where this one ends.
    pub page_cap: Option<u32>,
    /// Whether `data` has a `total` in addition to `list`: the number of rows on all pages.
    pub total: bool,
}

/// The options that the builder collects.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // independent switches
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
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_secret: Option<String>,
    pub(crate) webhook_app_id: Option<String>,
    pub(crate) sign_style: SignStyle,
    pub(crate) null_fields: NullFields,
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
            webhook_url: None,
            webhook_secret: None,
            webhook_app_id: None,
            sign_style: SignStyle::default(),
            null_fields: NullFields::default(),
            lists: ListRules::default(),
            http_statuses: HttpStatuses::default(),
            tariffs: false,
        }
    }
}
