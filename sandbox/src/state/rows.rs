//! The rows that the platform stores; the library returns copies of them for inspection.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::{CardStatus, CardType, CardholderStatus, ConsumptionType, Status, TransferType};
use super::table::{Key, Row};

/// A cardholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardholderRecord {
    /// The platform's number.
    pub cardholder_no: String,
    /// The merchant reference.
    pub cardholder_unique_no: String,
    /// The email address, known from the verification.
    pub email: String,
    /// Status of the verification.
    pub status: CardholderStatus,
    /// The reason of a rejection; otherwise empty.
    pub fail_reason: String,
    /// Creation time, virtual, in Unix milliseconds.
    pub time_ms: i64,
}

/// A card, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardRecord {
    /// The platform's number.
    pub card_no: String,
    /// The merchant reference.
    pub card_unique_no: String,
    /// The cardholder.
    pub cardholder_no: String,
    /// `package_no` in credit mode, `card_bin_no` in authorization mode.
    pub product_no: String,
    /// Virtual or physical.
    pub card_type: CardType,
    /// Lifecycle status.
    pub status: CardStatus,
    /// The reason of the last status change; often empty.
    pub reason: String,
    /// The card network, such as `VISA`.
    pub organization: String,
    /// The card number with all but its first six and last four digits hidden.
    pub masked_pan: String,
    /// The last four digits of the card number.
    pub card_last_no: String,
    /// The name on the card, or empty.
    pub card_name: String,
    /// Expiry year, four digits.
    pub exp_year: String,
    /// Expiry month, two digits.
    pub exp_month: String,
    /// Whether a PIN was set.
    pub has_pin: bool,
    /// Creation time, virtual, in Unix milliseconds.
    pub time_ms: i64,
}

/// A card with its secrets.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) record: CardRecord,
    pub(crate) pan: String,
    pub(crate) cvv: String,
    pub(crate) pin: Option<String>,
    /// The number of management fees in a row that could not be paid.
    pub(crate) unpaid_fees: u32,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.record.fmt(f)
    }
}

/// A consumption: a purchase, an ATM withdrawal, a fee, a refund or a reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumptionRecord {
    /// The platform's number.
    pub consume_no: String,
    /// The consumption that this one reverses or refunds, or empty.
    pub consume_relate_no: String,
    /// The card.
    pub card_no: String,
    /// The cardholder.
    pub cardholder_no: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: ConsumptionType,
    /// The amount in US dollars.
    #[serde(serialize_with = "crate::money::as_text")]
    pub amount: Decimal,
    /// The amount in the currency of the purchase.
    #[serde(serialize_with = "crate::money::as_text")]
    pub local_amount: Decimal,
    /// The currency of the purchase, three letters.
    pub local_currency: String,
    /// The fees, charged in addition to the amount.
    pub fees: Vec<Fee>,
    /// The merchant where the card was used.
    pub merchant_info: MerchantInfo,
    /// Status.
    pub status: Status,
    /// The reason of a failure, or empty.
    pub remark: String,
    /// The amount that refunds and reversals returned so far.
    #[serde(serialize_with = "crate::money::as_text")]
    pub returned: Decimal,
    /// Creation time, virtual, in Unix milliseconds.
    pub time_ms: i64,
    /// Time of the last change, virtual, in Unix milliseconds. It grows with each change, even under a frozen clock.
    pub updated_ms: i64,
}

/// One fee of a consumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// The fee type, such as `Atm_fee`.
    pub fee_type: String,
    /// The amount in US dollars.
    #[serde(serialize_with = "crate::money::as_text", deserialize_with = "crate::money::from_json")]
    pub amount: Decimal,
}

/// The merchant or ATM where a card was used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MerchantInfo {
    /// Name.
    pub merchant_name: String,
    /// Merchant category code, four digits.
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

/// A transfer between the merchant's reserve and a cardholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferRecord {
    /// The platform's number.
    pub transfer_no: String,
    /// The merchant reference.
    pub transfer_unique_no: String,
    /// The cardholder.
    pub cardholder_no: String,
    /// Direction.
    #[serde(rename = "type")]
    pub kind: TransferType,
    /// The amount, positive.
    #[serde(serialize_with = "crate::money::as_text")]
    pub amount: Decimal,
    /// The cardholder's balance before.
    #[serde(serialize_with = "crate::money::as_text")]
    pub before_balance: Decimal,
    /// The cardholder's balance after.
    #[serde(serialize_with = "crate::money::as_text")]
    pub after_balance: Decimal,
    /// Status; transfers of the sandbox succeed at once.
    pub status: Status,
    /// Creation time, virtual, in Unix milliseconds.
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
