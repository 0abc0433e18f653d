//! Calls 18 and 19: the packages and card BINs from which cards are opened. All values are made up.

use serde::Serialize;

use super::call::{Call, CallResult};
use super::window;
use crate::state::enums::CardType;
use crate::state::platform_state::State;
use crate::state::transaction::Transaction;

/// A package of credit mode.
#[derive(Debug, Serialize)]
pub(crate) struct Package {
    pub(crate) package_no: &'static str,
    pub(crate) package_en_name: &'static str,
    pub(crate) package_cn_name: &'static str,
    pub(crate) card_bin: &'static str,
    pub(crate) card_bin_no: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) package_type: CardType,
    en_desc: &'static str,
    cn_desc: &'static str,
    en_tag_list: &'static [&'static str],
    cn_tag_list: &'static [&'static str],
    consumption_limit: Limits,
    pub(crate) fee_detail: FeeSchedule,
}

/// A card BIN of authorization mode.
#[derive(Debug, Serialize)]
pub(crate) struct Bin {
    pub(crate) card_bin_no: &'static str,
    pub(crate) card_bin: &'static str,
    pub(crate) organization: &'static str,
    support_physical: bool,
    support_virtual: bool,
    currencies: &'static [&'static str],
    balance_limit: Limits,
}

/// The limits of a package or card BIN, in US dollars.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Limits {
    pub(super) limit_balance: &'static str,
    pub(super) limit_week_balance: &'static str,
    pub(super) limit_atm_day_balance: &'static str,
    pub(super) limit_atm_month_balance: &'static str,
}

/// The fee schedule (`fee_detail`) of a package or card BIN.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FeeSchedule {
    pub(super) consume_rate: &'static str,
    pub(crate) open_cost: &'static str,
    pub(super) cross_consume_rate: &'static str,
    pub(super) small_consume_threshold: &'static str,
    pub(super) small_consume_deduct: &'static str,
    pub(super) free_small_consume_count: u32,
    pub(super) free_small_excuse_type: &'static str,
    pub(super) free_small_excuse_days: u32,
    pub(super) refund_rate: &'static str,
    pub(super) consume_cancle_fee: &'static str,
    pub(super) consume_cancel_threshold: &'static str,
    pub(super) decline_fee: &'static str,
    pub(super) decline_fee_free_type: &'static str,
    pub(super) decline_fee_free_count: u32,
    pub(super) decline_fee_free_days: u32,
    pub(super) atm_rate: &'static str,
    pub(super) atm_min_fee: &'static str,
    pub(super) apple_pay_fee: &'static str,
    pub(super) manage_fee_type: &'static str,
    pub(super) manage_fee: &'static str,
    pub(super) management_fee_free_type: &'static str,
    pub(super) free_management_fee_threshold: &'static str,
}

const LIMITS: Limits = Limits {
    limit_balance: "10000.00",
    limit_week_balance: "50000.00",
    limit_atm_day_balance: "1000.00",
    limit_atm_month_balance: "10000.00",
};

/// The fee schedule of cards without a package.
const FEES: FeeSchedule = FeeSchedule {
    consume_rate: "0.01",
    open_cost: "0.00",
    cross_consume_rate: "0.015",
    small_consume_threshold: "1.00",
    small_consume_deduct: "0.10",
    free_small_consume_count: 3,
    free_small_excuse_type: "Day",
    free_small_excuse_days: 30,
    refund_rate: "0.00",
    consume_cancle_fee: "0.00",
    consume_cancel_threshold: "0.00",
    decline_fee: "0.50",
    decline_fee_free_type: "Forever",
    decline_fee_free_count: 0,
    decline_fee_free_days: 0,
    atm_rate: "0.02",
    atm_min_fee: "2.00",
    apple_pay_fee: "0.00",
    manage_fee_type: "None",
    manage_fee: "0.00",
    management_fee_free_type: "Forever",
    free_management_fee_threshold: "0.00",
};

/// The packages of credit mode. The first one of each type is free, so that a first card needs no money.
pub(crate) static PACKAGES: [Package; 4] = [
    Package {
        package_no: "1600000000000000101",
        package_en_name: "Virtual Basic",
        package_cn_name: "虚拟基础卡",
        card_bin: "411111",
        card_bin_no: "1600000000000000201",
        organization: "VISA",
        package_type: CardType::Virtual,
        en_desc: "A virtual card without an opening fee",
        cn_desc: "免开卡费的虚拟卡",
        en_tag_list: &["Online", "Free"],
        cn_tag_list: &["线上", "免费"],
        consumption_limit: LIMITS,
        fee_detail: FEES,
    },
    Package {
        package_no: "1600000000000000102",
        package_en_name: "Virtual Plus",
        package_cn_name: "虚拟高级卡",
        card_bin: "555555",
        card_bin_no: "1600000000000000202",
        organization: "MASTERCARD",
        package_type: CardType::Virtual,
        en_desc: "A virtual card with an opening fee",
        cn_desc: "收取开卡费的虚拟卡",
        en_tag_list: &["Online"],
        cn_tag_list: &["线上"],
        consumption_limit: LIMITS,
        fee_detail: FeeSchedule {
            open_cost: "1.50",
            consume_rate: "0.005",
            refund_rate: "0.005",
            consume_cancle_fee: "0.30",
            consume_cancel_threshold: "5.00",
            manage_fee_type: "Month",
            manage_fee: "1.00",
            ..FEES
        },
    },
    Package {
        package_no: "1600000000000000103",
        package_en_name: "Physical Basic",
        package_cn_name: "实体基础卡",
        card_bin: "401288",
        card_bin_no: "1600000000000000203",
        organization: "VISA",
        package_type: CardType::Physical,
        en_desc: "A physical card without an opening fee",
        cn_desc: "免开卡费的实体卡",
        en_tag_list: &["ATM", "Free"],
        cn_tag_list: &["取现", "免费"],
        consumption_limit: LIMITS,
        fee_detail: FEES,
    },
    Package {
        package_no: "1600000000000000104",
        package_en_name: "Physical Plus",
        package_cn_name: "实体高级卡",
        card_bin: "545454",
        card_bin_no: "1600000000000000204",
        organization: "MASTERCARD",
        package_type: CardType::Physical,
        en_desc: "A physical card with an opening fee",
        cn_desc: "收取开卡费的实体卡",
        en_tag_list: &["ATM"],
        cn_tag_list: &["取现"],
        consumption_limit: LIMITS,
        fee_detail: FeeSchedule { open_cost: "10.00", atm_rate: "0.01", ..FEES },
    },
];

/// The card BINs of authorization mode.
pub(crate) static BINS: [Bin; 3] = [
    Bin {
        card_bin_no: "1600000000000000301",
        card_bin: "424242",
        organization: "VISA",
        support_physical: true,
        support_virtual: true,
        currencies: &["USD"],
        balance_limit: LIMITS,
    },
    Bin {
        card_bin_no: "1600000000000000302",
        card_bin: "510510",
        organization: "MASTERCARD",
        support_physical: false,
        support_virtual: true,
        currencies: &["USD", "EUR", "HKD"],
        balance_limit: LIMITS,
    },
    Bin {
        card_bin_no: "1600000000000000303",
        card_bin: "222300",
        organization: "MASTERCARD",
        support_physical: true,
        support_virtual: false,
        currencies: &["USD"],
        balance_limit: LIMITS,
    },
];

/// The package with this number.
pub(crate) fn package(no: &str) -> Option<&'static Package> {
    PACKAGES.iter().find(|package| package.package_no == no)
}

/// The card BIN with this number.
pub(crate) fn bin(no: &str) -> Option<&'static Bin> {
    BINS.iter().find(|bin| bin.card_bin_no == no)
}

/// The fee schedule and the limits of cards of this package or card BIN.
pub(crate) fn terms(product_no: &str) -> (FeeSchedule, Limits) {
    match (package(product_no), bin(product_no)) {
        (Some(package), _) => (package.fee_detail, package.consumption_limit),
        (None, Some(bin)) => (FEES, bin.balance_limit),
        (None, None) => (FEES, LIMITS),
    }
}

impl Bin {
    /// Whether cards of this type can be opened from the BIN.
    pub(crate) fn supports(&self, card_type: CardType) -> bool {
        match card_type {
            CardType::Virtual => self.support_virtual,
            CardType::Physical => self.support_physical,
        }
    }
}

/// Call 18, `cards.packages`: lists the packages of credit mode.
pub(crate) fn packages(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    let kind = call.body.optional_enum("type", CardType::parse)?;
    let no = call.body.text("package_no")?;
    let wanted = PACKAGES.iter().filter(|package| {
        kind.is_none_or(|kind| kind == package.package_type) && no.as_ref().is_none_or(|no| no == package.package_no)
    });
    window::catalog(call, state, wanted)
}

/// Call 19, `cards.bins`: lists the card BINs of authorization mode.
pub(crate) fn bins(call: &Call<'_>, state: &State, _: &mut Transaction) -> CallResult {
    let no = call.body.text("card_bin_no")?;
    let wanted = BINS.iter().filter(|bin| no.as_ref().is_none_or(|no| no == bin.card_bin_no));
    window::catalog(call, state, wanted)
}
