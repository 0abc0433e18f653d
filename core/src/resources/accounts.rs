//! Balances and transfers of credit mode: calls, models and enums (platform documentation, account).

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::{Status, reference, referenced};
use crate::codec::{model, open_enum, query, request};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};
use crate::validate;

/// Calls on balances and transfers (credit mode). Created by [`Client::accounts`](crate::Client::accounts).
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a>(pub(crate) &'a Caller);

open_enum! {
    /// Direction of a transfer (platform documentation, constants 8.9).
    pub enum TransferType {
        /// From the merchant to the cardholder.
        In = "In",
        /// From the cardholder back to the merchant.
        Out = "Out",
    }
}

request! {
    /// Transfer of money between the merchant and a cardholder. The currency is TUSDT (platform documentation, account).
    pub struct Transfer {
        /// The cardholder.
        pub cardholder_no: String,
        /// Merchant reference of the transfer, 1 to 64 characters. The platform does not document how it handles a
        /// reference that it has seen before: look the transfer up before sending it again.
        pub transfer_unique_no: String,
        /// Direction of the transfer.
        pub r#type: TransferType,
        /// Amount in TUSDT: positive, at most 2 decimals. Its name in the request body is `balance`.
        pub amount: Decimal as balance,
    }
}

model! {
    /// Response to a transfer (platform documentation, account).
    pub struct TransferResult {
        /// Transfer number assigned by the platform.
        pub transfer_no: String,
        /// Merchant reference of the transfer, as echoed by the platform.
        pub transfer_unique_no: Option<String>,
        /// Balance of the cardholder before the transfer, in TUSDT.
        pub before_balance: Option<Decimal>,
        /// Balance of the cardholder after the transfer, in TUSDT.
        pub after_balance: Option<Decimal>,
    }
}

model! {
    /// Transfer as returned by the transfer list. The platform documents none of its fields.
    pub struct TransferRecord {
        /// Transfer number assigned by the platform.
        pub transfer_no: String,
        /// Merchant reference of the transfer (inferred).
        pub transfer_unique_no: Option<String>,
        /// The cardholder (inferred).
        pub cardholder_no: Option<String>,
        /// Direction of the transfer (inferred).
        pub r#type: Option<TransferType>,
        /// Amount in TUSDT (inferred). Its name in JSON is `balance`, as in the request body.
        pub amount: Option<Decimal> as balance,
        /// Balance of the cardholder before the transfer, in TUSDT (inferred).
        pub before_balance: Option<Decimal>,
        /// Balance of the cardholder after the transfer, in TUSDT (inferred).
        pub after_balance: Option<Decimal>,
        /// Status of the transfer.
        pub status: Option<Status>,
        /// Time of the transfer (inferred).
        pub time: Option<SystemTime>,
    }
}

model! {
    /// Accounts of a cardholder (platform documentation, account).
    pub struct AccountInfo {
        /// One account for each currency.
        pub list: Vec<Account>,
    }
}

model! {
    /// Account of a cardholder in one currency.
    pub struct Account {
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// Currency.
        pub symbol: Option<String>,
        /// Currency with its blockchain.
        pub symbol_chain: Option<String>,
        /// Balance in the currency of the account.
        pub balance: Option<Decimal>,
        /// Balance in USD.
        pub usd_balance: Option<Decimal>,
        /// Bonus balance in the currency of the account.
        pub bonus_balance: Option<Decimal>,
        /// Bonus balance in USD.
        pub usd_bonus_balance: Option<Decimal>,
    }
}

query! {
    /// Filter of the transfer list. The window applies to the time of the transfer.
    pub struct ListTransfers {
        /// Return transfers of this cardholder only.
        pub cardholder_no: Option<String>,
        /// Return the transfer with this number only.
        pub transfer_no: Option<String>,
        /// Return the transfer with this merchant reference only.
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
    /// The record of a successful transfer, as far as the request and the response describe it: without its status.
    pub(crate) fn made(request: &Transfer, result: TransferResult) -> Self {
        Self {
            transfer_no: result.transfer_no,
            transfer_unique_no: Some(request.transfer_unique_no.clone()),
            cardholder_no: Some(request.cardholder_no.clone()),
            r#type: Some(request.r#type.clone()),
            amount: Some(request.amount),
            before_balance: result.before_balance,
            after_balance: result.after_balance,
            extra: result.extra,
            ..Self::blank()
        }
    }
}

row!(TransferRecord, transfer_no);

impl Accounts<'_> {
    /// Transfers money between the merchant and a cardholder.
    ///
    /// A mutation: it is never sent again while its outcome is unknown. To transfer exactly once, use
    /// [`ensure_transfer`](Self::ensure_transfer).
    ///
    /// # Errors
    ///
    /// [`Error::outcome`] says whether the money may have been moved. Kind [`NotFound`](crate::ErrorKind::NotFound) (code
    /// 2002) if the cardholder does not exist, [`Permission`](crate::ErrorKind::Permission) (1012) in authorization mode. The
    /// platform documents codes from 3000 to 3999 as account errors, without a list; they are of kind
    /// [`Api`](crate::ErrorKind::Api).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::{Outcome, Transfer, TransferType};
    ///
    /// let result = client.accounts().transfer(&Transfer {
    ///     cardholder_no,
    ///     transfer_unique_no: "order-7-topup".into(),
    ///     r#type: TransferType::In,
    ///     amount: "25.00".parse()?, // an exact decimal
    /// });
    /// match result {
    ///     Ok(transfer) => println!("balance: {:?}", transfer.after_balance),
    ///     Err(error) if error.outcome() == Outcome::Unknown => println!("look it up before sending it again: {error}"),
    ///     Err(error) => println!("nothing was transferred: {error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn transfer(&self, request: &Transfer) -> Result<TransferResult, Error> {
        request.check()?;
        reference::post(self.0, operation::ACCOUNTS_TRANSFER, &request.transfer_unique_no, request)
    }

    /// Gets the balances of a cardholder.
    ///
    /// # Errors
    ///
    /// Kind [`NotFound`](crate::ErrorKind::NotFound) (code 2002) if the cardholder does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// for account in client.accounts().get(&cardholder_no)?.list {
    ///     println!("{:?} {:?}", account.balance, account.symbol);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, cardholder_no: &str) -> Result<AccountInfo, Error> {
        self.0.get(operation::ACCOUNTS_GET, "cardholder_no", cardholder_no, |info: AccountInfo| {
            // A list that cannot be read must not look like a cardholder without accounts.
            let is_read = info.extra.get("list").is_none();
            if is_read { Ok(info) } else { Err(Error::invalid_response("list: expected an array of objects")) }
        })
    }

    /// Lists the transfers of a window of any length, newest first.
    ///
    /// The [`Pager`] fetches pages as it is read.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the end of the window is not later than its start. Errors of
    /// requests are items of the pager.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::{Date, ListTransfers};
    ///
    /// let query = ListTransfers {
    ///     cardholder_no: Some(cardholder_no),
    ///     ..ListTransfers::between(Date::new(2026, 1, 1)?, Date::new(2026, 12, 31)?)
    /// };
    /// for transfer in client.accounts().transfers(&query)? {
    ///     let transfer = transfer?;
    ///     println!("{} {:?}", transfer.transfer_no, transfer.amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn transfers(&self, query: &ListTransfers) -> Result<Pager<TransferRecord>, Error> {
        Pager::between(self.0, operation::ACCOUNTS_TRANSFERS, query.clone(), (query.start, query.end))
    }

    /// Lists one page of the transfers of a window of at most 90 days, newest first.
    ///
    /// `page` counts from 0; `size` is 1 to 100. See [`Page`] for the end of a list.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, or the window is longer than 90 days.
    pub fn transfers_page(&self, query: &ListTransfers, page: u32, size: u32) -> Result<Page<TransferRecord>, Error> {
        pager::window_page(self.0, operation::ACCOUNTS_TRANSFERS, query, (query.start, query.end), page, size)
    }
}
