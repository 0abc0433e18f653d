//! Balances and transfers, in credit mode.

use std::time::Duration;

use keysecure::{AccountInfo, Client, ListTransfers, Transfer, TransferResult};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredTransfer};
use crate::pages::{TransferPage, TransferPages};

/// Balances and transfers of cardholders in credit mode. The currency is TUSDT.
#[derive(Debug, uniffi::Object)]
pub struct Accounts(pub(crate) Client);

#[uniffi::export]
impl Accounts {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// Transfers money to or from a cardholder's account. The request is never sent again while its outcome is
    /// unknown.
    pub fn transfer(&self, request: Transfer) -> Result<TransferResult> {
        Ok(self.0.accounts().transfer(&request)?)
    }

    /// Makes a transfer exactly once: looks it up by its merchant reference and sends it only when it provably does
    /// not exist. Needs a store.
    ///
    /// An error of kind `conflict` means that the reference belongs to a transfer with another cardholder, direction
    /// or amount; of kind `config`, that the client has no store.
    pub fn ensure_transfer(&self, request: Transfer, options: EnsureOptions) -> Result<EnsuredTransfer> {
        Ok(self.0.accounts().ensure_transfer(&request, &options.into())?.into())
    }

    /// Returns the balances of a cardholder.
    pub fn get(&self, cardholder_no: String) -> Result<AccountInfo> {
        Ok(self.0.accounts().get(&cardholder_no)?)
    }

    /// Lists the transfers of a window of any length, both ends included.
    pub fn transfers(&self, query: ListTransfers) -> Result<TransferPages> {
        Ok(self.0.accounts().transfers(&query)?.into())
    }

    /// Returns one page of a window of at most 90 days. Page 0 is the first; `size` is 1 to 100.
    pub fn transfers_page(&self, query: ListTransfers, page: i32, size: i32) -> Result<TransferPage> {
        Ok(self.0.accounts().transfers_page(&query, count("page", page)?, count("size", size)?)?.into())
    }
}
