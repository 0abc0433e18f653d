//! Consumptions, that is purchases, ATM withdrawals, fees, reversals and refunds: calls, models and enums
//! (platform documentation, consumption).

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::Status;
use super::identifier;
use crate::codec::{model, open_enum, query};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};

/// Calls on consumptions. Created by [`Client::consumptions`](crate::Client::consumptions).
#[derive(Debug, Clone, Copy)]
pub struct Consumptions<'a>(pub(crate) &'a Caller);

open_enum! {
    /// Type of a consumption (platform documentation, constants 8.4).
    pub enum ConsumptionType {
        /// Fee for opening a card.
        OpenCard = "Open_card",
        /// Purchase.
        Consumption = "Consumption",
        /// ATM withdrawal.
        Atm = "Atm",
        /// Management fee.
        ManageFee = "Manage_fee",
        /// Reversal of an authorization before clearing, or a chargeback.
        Reversal = "Reversal",
        /// Refund of a cleared purchase.
        Refund = "Refund",
    }
}

open_enum! {
    /// Type of a fee (platform documentation, constants 8.5).
    pub enum FeeType {
        /// Fee of a purchase.
        ConsumeFee = "Consume_fee",
        /// Fee of an Apple Pay authorization.
        AppleAuthFee = "Apple_auth_fee",
        /// Fee of an authorization.
        AuthFee = "Auth_fee",
        /// Fee of an ATM withdrawal.
        AtmFee = "Atm_fee",
        /// Currency exchange fee.
        ExchangeFee = "Exchange_fee",
        /// Fee of a declined purchase.
        DeclineFee = "Decline_fee",
        /// Fee of a small purchase.
        SmallFee = "Small_fee",
        /// Fee of a refund.
        RefundFee = "Refund_fee",
        /// Fee of a cancelled purchase.
        CancelFee = "Cancel_fee",
    }
}

model! {
    /// Consumption as returned by the consumption list and by consumption detail (platform documentation, consumption). The
    /// list returns some of the fields only.
    pub struct Consumption {
        /// Consumption number assigned by the platform.
        pub consume_no: String,
        /// Number of the consumption that this one reverses or refunds.
        pub consume_relate_no: Option<String>,
        /// Number of the card.
        pub card_no: Option<String>,
        /// The cardholder.
        pub cardholder_no: Option<String>,
        /// Type of the consumption.
        pub r#type: Option<ConsumptionType>,
        /// Status of the consumption.
        pub status: Option<Status>,
        /// Amount in the currency of the card.
        pub amount: Option<Decimal>,
        /// Amount in the currency of the purchase, `local_currency`.
        pub local_amount: Option<Decimal>,
        /// Currency of `local_amount`.
        pub local_currency: Option<String>,
        /// Total of the fees in `fee_list`.
        pub fee: Option<Decimal>,
        /// Fees of the consumption. The fields of a fee are inferred from the `Consumption` webhook.
        pub fee_list: Vec<Fee>,
        /// The merchant where the card was used (inferred).
        pub merchant_info: Option<MerchantInfo>,
        /// Remark by the platform (inferred).
        pub remark: Option<String>,
        /// Description (inferred).
        pub detail: Option<String>,
        /// Time of the consumption. In a webhook the field of the same name is the time of the record's last update.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// Fee of a consumption.
    pub struct Fee {
        /// Type of the fee.
        pub fee_type: Option<FeeType>,
        /// Amount of the fee.
        pub amount: Option<Decimal>,
    }
}

model! {
    /// The merchant or ATM where the card was used.
    pub struct MerchantInfo {
        /// Name.
        pub merchant_name: Option<String> = None,
        /// Merchant category code (MCC), four digits.
        pub merchant_mcc: Option<String> = None,
        /// City.
        pub city: Option<String> = None,
        /// Country.
        pub country: Option<String> = None,
    }
}

query! {
    /// Filter of the consumption list. The window applies to the time of the consumption.
    pub struct ListConsumptions {
        /// Return consumptions of this cardholder only.
        pub cardholder_no: Option<String>,
        /// Return consumptions of this card only.
        pub card_no: Option<String>,
        /// Return the consumption with this number only.
        pub consume_no: Option<String>,
    }
}

row!(Consumption, consume_no);

impl Consumptions<'_> {
    /// Gets a consumption with its fees.
    ///
    /// # Errors
    ///
    /// Kind [`Api`](crate::ErrorKind::Api) if the consumption does not exist. The platform does not document the code.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// # let consume_no = sandbox.seed_consumptions(&card_no, &[sandbox.now_ms()])?.remove(0);
    /// let consumption = client.consumptions().get(&consume_no)?;
    /// println!("{:?} {:?}, fees: {:?}", consumption.r#type, consumption.amount, consumption.fee);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, consume_no: &str) -> Result<Consumption, Error> {
        self.0.get(operation::CONSUMPTIONS_GET, "consume_no", consume_no, |found: Consumption| {
            identifier("consume_no", &found.consume_no).map(|()| found)
        })
    }

    /// Lists the consumptions of a window of any length, newest first.
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
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::{Date, Decimal, ListConsumptions};
    ///
    /// let query = ListConsumptions {
    ///     card_no: Some(card_no),
    ///     ..ListConsumptions::between(Date::new(2026, 1, 1)?, Date::new(2026, 12, 31)?)
    /// };
    /// let mut total = Decimal::ZERO;
    /// for consumption in client.consumptions().list(&query)? {
    ///     total += consumption?.amount.unwrap_or_default();
    /// }
    /// println!("{total}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, query: &ListConsumptions) -> Result<Pager<Consumption>, Error> {
        Pager::between(self.0, operation::CONSUMPTIONS_LIST, query.clone(), (query.start, query.end))
    }

    /// Lists one page of the consumptions of a window of at most 90 days, newest first.
    ///
    /// `page` counts from 0; `size` is 1 to 100. See [`Page`] for the end of a list.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, or the window is longer than 90 days.
    pub fn list_page(&self, query: &ListConsumptions, page: u32, size: u32) -> Result<Page<Consumption>, Error> {
        pager::window_page(self.0, operation::CONSUMPTIONS_LIST, query, (query.start, query.end), page, size)
    }
}
