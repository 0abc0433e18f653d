//! What the platform keeps. These types are also what the library shows for inspection.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CardStatus, CardType, CardholderStatus, ConsumptionType, Key, Row, Status, TransferType};

/// A cardholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardholderRecord {
    /// The platform's number.
    pub cardholder_no: String,
    /// The merchant's own number.
    pub cardholder_unique_no: String,
    /// From the verification.
    pub email: String,
    /// State of the verification.
    pub status: CardholderStatus,
    /// Why it was rejected; otherwise empty.
    pub fail_reason: String,
    /// Creation, virtual time in Unix milliseconds.
    pub time_ms: i64,
}

/// A card, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardRecord {
    /// The platform's number.
    pub card_no: String,
    /// The merchant's own number.
    pub card_unique_no: String,
    /// Its holder.
    pub cardholder_no: String,
    /// `package_no` in credit mode, `card_bin_no` in authorization mode.
    pub product_no: String,
    /// Virtual or physical.
    pub card_type: CardType,
    /// State of the card.
    pub status: CardStatus,
    /// Why it got that state; often empty.
    pub reason: String,
    /// The card scheme.
    pub organization: String,
    /// The card number with all but its first six and last four digits hidden.
    pub masked_pan: String,
    /// The last four digits of the card number.
    pub card_last_no: String,
    /// The name on the card, or empty.
    pub card_name: String,
    /// Four digits.
    pub exp_year: String,
    /// Two digits.
    pub exp_month: String,
    /// Whether a PIN was set.
    pub has_pin: bool,
    /// Creation, virtual time in Unix milliseconds.
    pub time_ms: i64,
}

/// A card with its secrets.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) record: CardRecord,
    pub(crate) pan: String,
    pub(crate) cvv: String,
    pub(crate) pin: Option<String>,
    /// How many management fees in a row could not be taken.
    pub(crate) unpaid_fees: u32,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.record.fmt(f)
    }
}

/// A purchase, a fee, or money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumptionRecord {
    /// The platform's number.
    pub consume_no: String,
    /// The consumption this one takes back, or empty.
    pub consume_relate_no: String,
    /// The card.
    pub card_no: String,
    /// Its holder.
    pub cardholder_no: String,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: ConsumptionType,
    /// In US dollars.
    #[serde(serialize_with = "crate::money::as_text")]
    pub amount: Decimal,
    /// In the currency of the purchase.
    #[serde(serialize_with = "crate::money::as_text")]
    pub local_amount: Decimal,
    /// Three letters.
    pub local_currency: String,
    /// Fees on top of the amount.
    pub fees: Vec<Fee>,
    /// Where it happened.
    pub merchant_info: MerchantInfo,
    /// State.
    pub status: Status,
    /// Why it failed, or empty.
    pub remark: String,
    /// What refunds and reversals gave back so far.
    #[serde(serialize_with = "crate::money::as_text")]
    pub returned: Decimal,
    /// Creation, virtual time in Unix milliseconds.
    pub time_ms: i64,
    /// The last change, virtual time in Unix milliseconds: later with each change, even under a frozen clock.
    pub updated_ms: i64,
}

/// One fee of a consumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// Such as `Atm_fee`.
    pub fee_type: String,
    /// In US dollars.
    #[serde(serialize_with = "crate::money::as_text", deserialize_with = "crate::money::from_json")]
    pub amount: Decimal,
}

/// The shop or machine of a consumption.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MerchantInfo {
    /// Name.
    pub merchant_name: String,
    /// Category code, four digits.
    pub merchant_mcc: String,
    /// City.
    pub city: String,
    /// Country.
    pub country: String,
}

impl ConsumptionRecord {
    /// The sum of the fees.
    pub fn fee(&self) -> Decimal {
        self.fees.iter().map(|fee| fee.amount).sum()
    }
}

/// Money moved between the merchant's reserve and a cardholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferRecord {
    /// The platform's number.
    pub transfer_no: String,
    /// The merchant's own number.
    pub transfer_unique_no: String,
    /// Whose money.
    pub cardholder_no: String,
    /// Direction.
    #[serde(rename = "type")]
    pub kind: TransferType,
    /// How much, positive.
    #[serde(serialize_with = "crate::money::as_text")]
    pub amount: Decimal,
    /// The cardholder's balance before.
    #[serde(serialize_with = "crate::money::as_text")]
    pub before_balance: Decimal,
    /// The cardholder's balance after.
    #[serde(serialize_with = "crate::money::as_text")]
    pub after_balance: Decimal,
    /// State; the sandbox's transfers are done at once.
    pub status: Status,
    /// Creation, virtual time in Unix milliseconds.
    pub time_ms: i64,
}

impl Row for CardholderRecord {
    fn key(&self, key: Key) -> Option<&str> {
        match key {
            Key::No => Some(&self.cardholder_no),
            Key::UniqueNo => Some(&self.cardholder_unique_no),
            Key::Card | Key::Cardholder => None,
        }
    }
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}

impl Row for Card {
    fn key(&self, key: Key) -> Option<&str> {
        match key {
            Key::No => Some(&self.record.card_no),
            Key::UniqueNo => Some(&self.record.card_unique_no),
            Key::Cardholder => Some(&self.record.cardholder_no),
            Key::Card => None,
        }
    }
    fn time_ms(&self) -> i64 {
        self.record.time_ms
    }
}

impl Row for ConsumptionRecord {
    fn key(&self, key: Key) -> Option<&str> {
        match key {
            Key::No => Some(&self.consume_no),
            Key::Card => Some(&self.card_no),
            Key::Cardholder => Some(&self.cardholder_no),
            Key::UniqueNo => None,
        }
    }
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}

impl Row for TransferRecord {
    fn key(&self, key: Key) -> Option<&str> {
        match key {
            Key::No => Some(&self.transfer_no),
            Key::UniqueNo => Some(&self.transfer_unique_no),
            Key::Cardholder => Some(&self.cardholder_no),
            Key::Card => None,
        }
    }
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}
