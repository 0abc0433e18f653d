//! The platform's responses, with the same fields and types as the client's models.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A page of the cards of June 2025.
#[derive(Serialize)]
pub(crate) struct ListBody {
    start_time: &'static str,
    end_time: &'static str,
    page: u32,
    size: u32,
}

impl ListBody {
    pub(crate) fn of_page(size: u32) -> Self {
        Self { start_time: "2025-06-01 00:00:00", end_time: "2025-06-30 23:59:59", page: 0, size }
    }
}

#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) access_token: String,
}

#[derive(Deserialize)]
pub(crate) struct List {
    pub(crate) list: Vec<Card>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the platform's names")]
#[expect(dead_code, reason = "what is read is not looked at here")]
pub(crate) struct Card {
    card_no: String,
    card_unique_no: Option<String>,
    cardholder_no: Option<String>,
    card_name: Option<String>,
    package_name_en: Option<String>,
    package_name_cn: Option<String>,
    card_type: Option<CardType>,
    organization: Option<String>,
    card_last_no: Option<String>,
    status: CardStatus,
    fee_detail: Option<FeeSchedule>,
    #[serde(default, deserialize_with = "time")]
    time: Option<SystemTime>,
}

impl Card {
    /// Whether the client read the same values.
    pub(crate) fn is(&self, card: &keysecure::Card) -> bool {
        let fee = |tariff: &FeeSchedule| tariff.decline_fee;
        self.card_no == card.card_no
            && self.package_name_cn == card.package_name_cn
            && self.time.is_some_and(|time| Some(time) == card.time)
            && self.fee_detail.as_ref().and_then(fee).is_some_and(|fee| {
                let detail = card.fee_detail.as_ref();
                Some(fee) == detail.and_then(|detail| detail.decline_fee)
            })
    }
}

#[derive(Deserialize)]
enum CardType {
    Virtual,
    Physical,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
enum CardStatus {
    Pending,
    ToActivate,
    Activated,
    Fail,
    Frozen,
    Delete,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
enum FeeWaiver {
    Forever,
    None,
    Day,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read is not looked at here")]
struct FeeSchedule {
    #[serde(default, deserialize_with = "decimal")]
    consume_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    open_cost: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    cross_consume_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    small_consume_threshold: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    small_consume_deduct: Option<Decimal>,
    free_small_excuse_type: Option<FeeWaiver>,
    free_small_consume_count: Option<i64>,
    free_small_excuse_days: Option<i64>,
    #[serde(default, deserialize_with = "decimal")]
    refund_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    consume_cancle_fee: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    consume_cancel_threshold: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    decline_fee: Option<Decimal>,
    decline_fee_free_type: Option<FeeWaiver>,
    decline_fee_free_count: Option<i64>,
    decline_fee_free_days: Option<i64>,
    #[serde(default, deserialize_with = "decimal")]
    atm_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    atm_min_fee: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    apple_pay_fee: Option<Decimal>,
    manage_fee_type: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    manage_fee: Option<Decimal>,
    management_fee_free_type: Option<FeeWaiver>,
    #[serde(default, deserialize_with = "decimal")]
    free_management_fee_threshold: Option<Decimal>,
}

/// Money comes as text.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    match <Option<&str>>::deserialize(deserializer)? {
        None | Some("") => Ok(None),
        Some(text) => Decimal::from_str_exact(text).map(Some).map_err(D::Error::custom),
    }
}

/// Times come in Unix milliseconds.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    match <Option<u64>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(millis) => {
            let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis));
            time.map(Some).ok_or_else(|| D::Error::custom("a time out of range"))
        }
    }
}
