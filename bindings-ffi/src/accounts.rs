//! Balances and transfers, in credit mode.

use keysecure::{AccountInfo, Client, ListTransfers, Transfer, TransferResult};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredTransfer};
use crate::pages::{TransferPage, TransferPages};

/// The calls on accounts.
#[derive(Debug, uniffi::Object)]
pub struct Accounts(pub(crate) Client);

#[uniffi::export]
impl Accounts {
    /// Moves money. It is never sent again while its outcome is unknown.
    pub fn transfer(&self, request: Transfer) -> Result<TransferResult> {
        Ok(self.0.accounts().transfer(&request)?)
    }

    /// Makes sure that a transfer is made exactly once, whatever happened before.
    pub fn ensure_transfer(&self, request: Transfer, options: EnsureOptions) -> Result<EnsuredTransfer> {
        Ok(self.0.accounts().ensure_transfer(&request, &options.into())?.into())
    }

    /// The balances of a cardholder.
    pub fn get(&self, cardholder_no: String) -> Result<AccountInfo> {
        Ok(self.0.accounts().get(&cardholder_no)?)
    }

    /// All transfers of a span of any length, lazily.
    pub fn transfers(&self, query: ListTransfers) -> Result<TransferPages> {
        Ok(self.0.accounts().transfers(&query)?.into())
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    pub fn transfers_page(&self, query: ListTransfers, page: i32, size: i32) -> Result<TransferPage> {
        Ok(self.0.accounts().transfers_page(&query, count("page", page)?, count("size", size)?)?.into())
    }
}
