//! A cardholder's account, as `accounts.get` and `cardholders.get` return it.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::money;

/// One account of a cardholder. The values of `symbol` and `symbol_chain` are inferred.
#[derive(Serialize)]
pub(super) struct AccountInfo<'a> {
    cardholder_no: &'a str,
    symbol: &'static str,
    symbol_chain: &'static str,
    balance: String,
    usd_balance: String,
    bonus_balance: &'static str,
    usd_bonus_balance: &'static str,
}

impl<'a> AccountInfo<'a> {
    /// Creates the account with its balance in TUSDT.
    pub(super) fn new(cardholder_no: &'a str, balance: Decimal) -> Self {
        Self {
            cardholder_no,
            symbol: "TUSDT",
            symbol_chain: "TUSDT_TRC20",
            balance: money::text(balance),
            // The sandbox values one TUSDT at one US dollar.
            usd_balance: money::text(balance),
            bonus_balance: "0.00",
            usd_bonus_balance: "0.00",
        }
    }
}
