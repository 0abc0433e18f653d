//! Double-entry bookkeeping: every posting takes from one account what it gives to another.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::money;

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The merchant's money at the platform.
    MerchantReserve,
    /// The money of one cardholder, by number.
    Cardholder(String),
    /// Money held for one pending consumption, by number.
    Hold(String),
    /// Payments to the merchants where cards were used, and cash withdrawn from ATMs.
    Shops,
    /// Fees paid to the platform.
    Fees,
    /// Everything outside the platform: where the reserve came from.
    Outside,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MerchantReserve => f.write_str("merchant_reserve"),
            Self::Cardholder(no) => write!(f, "cardholder:{no}"),
            Self::Hold(no) => write!(f, "hold:{no}"),
            Self::Shops => f.write_str("shops"),
            Self::Fees => f.write_str("fees"),
            Self::Outside => f.write_str("outside"),
        }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One movement of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Posting {
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
    /// The reason, such as `transfer 1700…`.
    pub memo: String,
    /// The account that is debited.
    pub from: Account,
    /// The account that is credited.
    pub to: Account,
    /// The amount, positive.
    #[serde(serialize_with = "crate::money::as_text")]
    pub amount: Decimal,
}

/// A copy of all postings and balances, which no longer changes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ledger {
    #[serde(serialize_with = "balances_as_text")]
    balances: BTreeMap<Account, Decimal>,
    postings: Vec<Posting>,
}

impl Ledger {
    pub(super) fn new(balances: BTreeMap<Account, Decimal>, postings: Vec<Posting>) -> Self {
        Self { balances, postings }
    }

    /// The balance of an account; zero if nothing was posted to it.
    pub fn balance(&self, account: &Account) -> Decimal {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// The balances of all accounts with postings.
    pub fn balances(&self) -> &BTreeMap<Account, Decimal> {
        &self.balances
    }

    /// All postings, oldest first.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The sum of all balances, always zero.
    pub fn total(&self) -> Decimal {
        self.balances.values().sum()
    }

    /// The sum of all cardholders' balances.
    pub fn cardholders_total(&self) -> Decimal {
        self.sum_of(|account| matches!(account, Account::Cardholder(_)))
    }

    /// The sum of all money held for pending consumptions.
    pub fn holds_total(&self) -> Decimal {
        self.sum_of(|account| matches!(account, Account::Hold(_)))
    }

    fn sum_of(&self, wanted: impl Fn(&Account) -> bool) -> Decimal {
        self.balances.iter().filter(|(account, _)| wanted(account)).map(|(_, balance)| balance).sum()
    }
}

fn balances_as_text<S: Serializer>(balances: &BTreeMap<Account, Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(balances.iter().map(|(account, balance)| (account, money::text(*balance))))
}
