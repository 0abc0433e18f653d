//! Balances and transfers, in credit mode (platform documentation, account). The currency is TUSDT.

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::{Status, reference, referenced};
use crate::codec::{model, open_enum, query, request};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};
use crate::validate;

/// The calls on accounts.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a>(pub(crate) &'a Caller);

open_enum! {
    /// The direction of a transfer (platform constants 8.9).
    pub enum TransferType {
        /// To the cardholder.
        In = "In",
        /// Back from the cardholder.
        Out = "Out",
    }
}

request! {
    /// Money to move between the merchant and a cardholder.
    pub struct Transfer {
        /// The cardholder.
        pub cardholder_no: String,
        /// The merchant's own number of the transfer, at most 64 characters. What the platform does with a number that
        /// it has seen before is not known: look it up by [`Accounts::transfers`] before sending again.
        pub transfer_unique_no: String,
        /// `In` to the cardholder, `Out` back from the cardholder.
        pub r#type: TransferType,
        /// How much, in TUSDT: positive, at most 2 decimals. The platform calls it `balance`.
        pub amount: Decimal as balance,
    }
}

model! {
    /// A transfer that was made.
    pub struct TransferResult {
        /// The platform's number.
        pub transfer_no: String,
        /// The merchant's own number.
        pub transfer_unique_no: Option<String>,
        /// The cardholder's balance before.
        pub before_balance: Option<Decimal>,
        /// The cardholder's balance after.
        pub after_balance: Option<Decimal>,
    }
}

model! {
    /// A transfer as the list gives it. The platform does not document these fields: all but the number are inferred.
    pub struct TransferRecord {
        /// The platform's number.
        pub transfer_no: String,
        /// The merchant's own number.
        pub transfer_unique_no: Option<String>,
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// The direction.
        pub r#type: Option<TransferType>,
        /// How much, in TUSDT. The name on the wire is kept.
        pub balance: Option<Decimal>,
        /// The cardholder's balance before.
        pub before_balance: Option<Decimal>,
        /// The cardholder's balance after.
        pub after_balance: Option<Decimal>,
        /// Where it stands.
        pub status: Option<Status>,
        /// When it was made.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// The accounts of a cardholder.
    pub struct AccountInfo {
        /// One entry for each currency.
        pub list: Vec<Account>,
    }
}

model! {
    /// One account of a cardholder.
    pub struct Account {
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// The currency.
        pub symbol: Option<String>,
        /// The currency with its chain.
        pub symbol_chain: Option<String>,
        /// The balance, in the currency.
        pub balance: Option<Decimal>,
        /// The balance in USD.
        pub usd_balance: Option<Decimal>,
        /// The bonus balance, in the currency.
        pub bonus_balance: Option<Decimal>,
        /// The bonus balance in USD.
        pub usd_bonus_balance: Option<Decimal>,
    }
}

query! {
    /// Which transfers to list, by their time.
    pub struct ListTransfers {
        /// Only those of this cardholder.
        pub cardholder_no: Option<String>,
        /// Only this one.
        pub transfer_no: Option<String>,
        /// Only the one with this number of the merchant's.
        pub transfer_unique_no: Option<String>,
    }
}

referenced!(TransferResult { transfer_no, transfer_unique_no });

impl Transfer {
    pub(crate) fn check(&self) -> Result<(), Error> {
        validate::required("cardholder_no", &self.cardholder_no)?;
        validate::unique_no("transfer_unique_no", &self.transfer_unique_no)?;
        validate::required("type", self.r#type.as_str())?;
        validate::amount("amount", self.amount)
    }
}

impl TransferRecord {
    /// What is known of a transfer that was just made; its status is not.
    pub(crate) fn made(request: &Transfer, result: TransferResult) -> Self {
        Self {
            transfer_no: result.transfer_no,
            transfer_unique_no: Some(request.transfer_unique_no.clone()),
            cardholder_no: Some(request.cardholder_no.clone()),
            r#type: Some(request.r#type.clone()),
            balance: Some(request.amount),
            before_balance: result.before_balance,
            after_balance: result.after_balance,
            extra: result.extra,
            ..Self::blank()
        }
    }
}

row!(TransferRecord, transfer_no);

impl Accounts<'_> {
    /// Moves money. It is never sent again while its outcome is unknown.
    pub fn transfer(&self, request: &Transfer) -> Result<TransferResult, Error> {
        request.check()?;
        reference::post(self.0, operation::ACCOUNTS_TRANSFER, &request.transfer_unique_no, request)
    }

    /// The balances of a cardholder.
    pub fn get(&self, cardholder_no: &str) -> Result<AccountInfo, Error> {
        self.0.get_with(operation::ACCOUNTS_GET, "cardholder_no", cardholder_no, |info: AccountInfo| {
            // A cardholder whose accounts cannot be read is none without accounts.
            let is_read = info.extra.get("list").is_none();
            if is_read { Ok(info) } else { Err(Error::invalid_response("list: expected an array of objects")) }
        })
    }

    /// All transfers of a span of any length, lazily and newest first. See [`Pager`].
    pub fn transfers(&self, query: &ListTransfers) -> Result<Pager<TransferRecord>, Error> {
        Pager::between(self.0, operation::ACCOUNTS_TRANSFERS, query.clone(), (query.start, query.end))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days, newest first. See [`Page`].
    pub fn transfers_page(&self, query: &ListTransfers, page: u32, size: u32) -> Result<Page<TransferRecord>, Error> {
        pager::window_page(self.0, operation::ACCOUNTS_TRANSFERS, query, (query.start, query.end), page, size)
    }
}
