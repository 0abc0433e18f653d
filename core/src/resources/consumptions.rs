//! Consumptions: purchases, cash, fees, reversals and refunds (platform documentation, consumption).

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::Status;
use super::identifier;
use crate::codec::{model, open_enum, query};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};

/// The calls on consumptions.
#[derive(Debug, Clone, Copy)]
pub struct Consumptions<'a>(pub(crate) &'a Caller);

open_enum! {
    /// What a consumption is (platform constants 8.4).
    pub enum ConsumptionType {
        /// The price of a new card.
        OpenCard = "Open_card",
        /// A purchase.
        Consumption = "Consumption",
        /// Cash from a machine.
        Atm = "Atm",
        /// A management fee.
        ManageFee = "Manage_fee",
        /// An authorization given back before clearing.
        Reversal = "Reversal",
        /// A cleared purchase given back.
        Refund = "Refund",
    }
}

open_enum! {
    /// What a fee is for (platform constants 8.5).
    pub enum FeeType {
        /// A purchase.
        ConsumeFee = "Consume_fee",
        /// An Apple Pay authorization.
        AppleAuthFee = "Apple_auth_fee",
        /// An authorization.
        AuthFee = "Auth_fee",
        /// Cash from a machine.
        AtmFee = "Atm_fee",
        /// Currency exchange.
        ExchangeFee = "Exchange_fee",
        /// A declined purchase.
        DeclineFee = "Decline_fee",
        /// A small purchase.
        SmallFee = "Small_fee",
        /// A refund.
        RefundFee = "Refund_fee",
        /// A cancelled purchase.
        CancelFee = "Cancel_fee",
    }
}

model! {
    /// A consumption, as `list` and `get` give it. `list` gives the first few fields.
    pub struct Consumption {
        /// The platform's number.
        pub consume_no: String,
        /// The consumption that this one reverses or refunds.
        pub consume_relate_no: Option<String>,
        /// The card.
        pub card_no: Option<String>,
        /// Its cardholder.
        pub cardholder_no: Option<String>,
        /// What it is.
        pub r#type: Option<ConsumptionType>,
        /// Where it stands.
        pub status: Option<Status>,
        /// The amount, in the card's currency.
        pub amount: Option<Decimal>,
        /// The amount in the merchant's currency.
        pub local_amount: Option<Decimal>,
        /// The currency of `local_amount`.
        pub local_currency: Option<String>,
        /// The sum of `fee_list`.
        pub fee: Option<Decimal>,
        /// The fees (inferred).
        pub fee_list: Vec<Fee>,
        /// Where it was made (inferred).
        pub merchant_info: Option<MerchantInfo>,
        /// A note of the platform's (inferred).
        pub remark: Option<String>,
        /// A description (inferred).
        pub detail: Option<String>,
        /// Its time. In a webhook this is when the record was updated, which need not be when the purchase was made: see
        /// the `time` of [`ConsumptionEvent`](crate::ConsumptionEvent).
        pub time: Option<SystemTime>,
    }
}

model! {
    /// One fee of a consumption.
    pub struct Fee {
        /// What it is for.
        pub fee_type: Option<FeeType>,
        /// How much.
        pub amount: Option<Decimal>,
    }
}

model! {
    /// The shop or machine of a purchase.
    pub struct MerchantInfo {
        /// Its name.
        pub merchant_name: Option<String> = None,
        /// Its category, four digits.
        pub merchant_mcc: Option<String> = None,
        /// Its city.
        pub city: Option<String> = None,
        /// Its country.
        pub country: Option<String> = None,
    }
}

query! {
    /// Which consumptions to list, by their time.
    pub struct ListConsumptions {
        /// Only those of this cardholder.
        pub cardholder_no: Option<String>,
        /// Only those of this card.
        pub card_no: Option<String>,
        /// Only this one.
        pub consume_no: Option<String>,
    }
}

row!(Consumption, consume_no);

impl Consumptions<'_> {
    /// One consumption, with its fees.
    pub fn get(&self, consume_no: &str) -> Result<Consumption, Error> {
        self.0.get_with(operation::CONSUMPTIONS_GET, "consume_no", consume_no, |found: Consumption| {
            identifier("consume_no", &found.consume_no).map(|()| found)
        })
    }

    /// All consumptions of a span of any length, lazily and newest first. See [`Pager`].
    pub fn list(&self, query: &ListConsumptions) -> Result<Pager<Consumption>, Error> {
        Pager::between(self.0, operation::CONSUMPTIONS_LIST, query.clone(), (query.start, query.end))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days, newest first. See [`Page`].
    pub fn list_page(&self, query: &ListConsumptions, page: u32, size: u32) -> Result<Page<Consumption>, Error> {
        pager::window_page(self.0, operation::CONSUMPTIONS_LIST, query, (query.start, query.end), page, size)
    }
}
