//! Packages (credit mode) and BINs (authorization mode) that cards are opened from, with their fees and limits.

use rust_decimal::Decimal;

use super::apply::CardType;
use crate::codec::{model, open_enum, request};
use crate::pager::row;

open_enum! {
    /// Type of a fee waiver (platform documentation, constants 8.7).
    pub enum FeeWaiver {
        /// The fee is never charged.
        Forever = "Forever",
        /// The fee is not waived.
        None = "None",
        /// The fee is waived for a number of days.
        Day = "Day",
    }
}

model! {
    /// Fees of a card or package (platform documentation, card detail and package list). The platform documents no units;
    /// rates and amounts are given as it sends them.
    pub struct FeeSchedule {
        /// Fee rate of a domestic purchase.
        pub consume_rate: Option<Decimal>,
        /// Fee for opening the card.
        pub open_cost: Option<Decimal>,
        /// Fee rate of a purchase in any currency but USD.
        pub cross_consume_rate: Option<Decimal>,
        /// Amount below which a purchase counts as small.
        pub small_consume_threshold: Option<Decimal>,
        /// Fee of a small purchase.
        pub small_consume_deduct: Option<Decimal>,
        /// Waiver of the fee of small purchases.
        pub free_small_excuse_type: Option<FeeWaiver>,
        /// Number of small purchases without a fee.
        pub free_small_consume_count: Option<i64>,
        /// Number of days without a fee of small purchases.
        pub free_small_excuse_days: Option<i64>,
        /// Fee rate of a refund.
        pub refund_rate: Option<Decimal>,
        /// Fee of a cancelled purchase. The field name is the platform's spelling on the wire.
        pub consume_cancle_fee: Option<Decimal>,
        /// Amount from which a cancelled purchase is charged.
        pub consume_cancel_threshold: Option<Decimal>,
        /// Fee of a declined purchase.
        pub decline_fee: Option<Decimal>,
        /// Waiver of the fee of declined purchases.
        pub decline_fee_free_type: Option<FeeWaiver>,
        /// Number of declined purchases without a fee.
        pub decline_fee_free_count: Option<i64>,
        /// Number of days without a fee of declined purchases.
        pub decline_fee_free_days: Option<i64>,
        /// Fee rate of an ATM withdrawal.
        pub atm_rate: Option<Decimal>,
        /// Minimum fee of an ATM withdrawal.
        pub atm_min_fee: Option<Decimal>,
        /// Fee of an Apple Pay authorization.
        pub apple_pay_fee: Option<Decimal>,
        /// Charging method of the management fee.
        pub manage_fee_type: Option<String>,
        /// Management fee.
        pub manage_fee: Option<Decimal>,
        /// Waiver of the management fee.
        pub management_fee_free_type: Option<FeeWaiver>,
        /// Amount from which the management fee is waived.
        pub free_management_fee_threshold: Option<Decimal>,
    }
}

model! {
    /// Limits of the cards of a package or BIN (platform documentation, card). The platform documents no units.
    pub struct Limits {
        /// Maximum balance.
        pub limit_balance: Option<Decimal>,
        /// Maximum amount per week.
        pub limit_week_balance: Option<Decimal>,
        /// Maximum ATM withdrawals per day.
        pub limit_atm_day_balance: Option<Decimal>,
        /// Maximum ATM withdrawals per month.
        pub limit_atm_month_balance: Option<Decimal>,
    }
}

model! {
    /// Package that cards are opened from in credit mode (platform documentation, package list).
    pub struct Package {
        /// Package number assigned by the platform.
        pub package_no: String,
        /// English name.
        pub package_en_name: Option<String>,
        /// Chinese name.
        pub package_cn_name: Option<String>,
        /// First digits of the PAN of its cards.
        pub card_bin: Option<String>,
        /// Number of the BIN assigned by the platform.
        pub card_bin_no: Option<String>,
        /// Card scheme, such as `VISA`.
        pub organization: Option<String>,
        /// Type of its cards.
        pub package_type: Option<CardType>,
        /// English description.
        pub en_desc: Option<String>,
        /// Chinese description.
        pub cn_desc: Option<String>,
        /// English tags.
        pub en_tag_list: Vec<String>,
        /// Chinese tags.
        pub cn_tag_list: Vec<String>,
        /// Limits of its cards.
        pub consumption_limit: Option<Limits>,
        /// Fees of its cards.
        pub fee_detail: Option<FeeSchedule>,
    }
}

model! {
    /// BIN that cards are opened from in authorization mode (platform documentation, supported BINs).
    pub struct Bin {
        /// Number of the BIN assigned by the platform.
        pub card_bin_no: String,
        /// First digits of the PAN of its cards.
        pub card_bin: Option<String>,
        /// Card scheme, such as `VISA`.
        pub organization: Option<String>,
        /// Whether physical cards can be opened from it.
        pub support_physical: Option<bool>,
        /// Whether virtual cards can be opened from it.
        pub support_virtual: Option<bool>,
        /// Currencies of its cards.
        pub currencies: Vec<String>,
        /// Limits of its cards.
        pub balance_limit: Option<Limits>,
    }
}

request! {
    /// Filter of the package list.
    pub struct ListPackages {
        /// Return packages of this card type only.
        pub r#type: Option<CardType> = None,
        /// Return the package with this number only.
        pub package_no: Option<String> = None,
    }
}

request! {
    /// Filter of the BIN list.
    pub struct ListBins {
        /// Return the BIN with this number only.
        pub card_bin_no: Option<String> = None,
    }
}

row!(Package, package_no);

row!(Bin, card_bin_no);
