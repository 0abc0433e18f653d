//! The fees and limits of a card's package or card BIN. They apply only if the setting `tariffs` is on.
//!
//! **Inferred**, except for two statements of the platform: `consume_rate` is for domestic transactions, and
//! `cross_consume_rate` for transactions that are not in USD. Our reading of the rest is in this file: the fee type of
//! each rate; that a rate is a share of the amount, rounded half up to cents; that a waiver exempts the first N cases in
//! a number of days (`Forever`: in the card's lifetime; `None`: no waiver); and that weeks and months are the last 7 and
//! 30 days.

use rust_decimal::{Decimal, RoundingStrategy};

use super::catalog::{self, FeeSchedule, Limits};
use crate::config::Mode;
use crate::state::enums::{ConsumptionType, Status};
use crate::state::platform_state::State;
use crate::state::rows::{ConsumptionRecord, Fee};
use crate::state::table::Key;

const DAY_MS: i64 = 86_400_000;

/// The fee schedule and the limits of one card.
pub(crate) struct Terms<'s> {
    state: &'s State,
    schedule: FeeSchedule,
    limits: Limits,
}

impl<'s> Terms<'s> {
    /// Creates the terms of a card; `None` if the setting `tariffs` is off.
    pub(super) fn in_use(state: &'s State, card_no: &str) -> Option<Self> {
        state.settings.tariffs.then(|| Self::for_card(state, card_no))
    }

    fn for_card(state: &'s State, card_no: &str) -> Self {
        let product_no = state.cards().get(card_no).map_or("", |card| &card.record.product_no);
        let (schedule, limits) = catalog::terms(product_no);
        Self { state, schedule, limits }
    }

    /// The fees of a settled purchase.
    pub(super) fn settlement_fees(&self, row: &ConsumptionRecord, now_ms: i64) -> Vec<Fee> {
        let schedule = &self.schedule;
        let mut fees = Vec::new();
        if row.local_currency != "USD" {
            fees.push(fee("Exchange_fee", share(row.amount, schedule.cross_consume_rate)));
        } else if row.kind == ConsumptionType::Consumption {
            fees.push(fee("Consume_fee", share(row.amount, schedule.consume_rate)));
        }
        if row.kind == ConsumptionType::Atm {
            fees.push(fee("Atm_fee", share(row.amount, schedule.atm_rate).max(number(schedule.atm_min_fee))));
        }
        let small = |row: &ConsumptionRecord| {
            row.kind == ConsumptionType::Consumption && row.amount < number(schedule.small_consume_threshold)
        };
        let waived = self.is_waived(
            row,
            now_ms,
            (schedule.free_small_excuse_type, schedule.free_small_consume_count, schedule.free_small_excuse_days),
            |other| other.status == Status::Success && small(other),
        );
        if small(row) && !waived {
            fees.push(fee("Small_fee", number(schedule.small_consume_deduct)));
        }
        fees
    }

    /// The fees of a declined purchase.
    pub(super) fn decline_fees(&self, row: &ConsumptionRecord, now_ms: i64) -> Vec<Fee> {
        let schedule = &self.schedule;
        let waived = self.is_waived(
            row,
            now_ms,
            (schedule.decline_fee_free_type, schedule.decline_fee_free_count, schedule.decline_fee_free_days),
            |other| other.status == Status::Fail,
        );
        if waived { Vec::new() } else { vec![fee("Decline_fee", number(schedule.decline_fee))] }
    }

    /// The fees of a refund or reversal.
    pub(super) fn return_fees(&self, kind: ConsumptionType, amount: Decimal) -> Vec<Fee> {
        let schedule = &self.schedule;
        match kind {
            ConsumptionType::Refund => vec![fee("Refund_fee", share(amount, schedule.refund_rate))],
            _ if amount < number(schedule.consume_cancel_threshold) => Vec::new(),
            _ => vec![fee("Cancel_fee", number(schedule.consume_cancle_fee))],
        }
    }

    /// The first limit that a purchase would exceed.
    pub(super) fn exceeded_limit(&self, row: &ConsumptionRecord, now_ms: i64) -> Option<&'static str> {
        let spent = |days: i64, wanted: fn(ConsumptionType) -> bool| -> Decimal {
            let rows = self.rows_of(row, now_ms, days);
            let counted = rows.filter(|other| other.status != Status::Fail && wanted(other.kind));
            counted.map(|other| other.amount - other.returned).sum::<Decimal>() + row.amount
        };
        let any = |kind| matches!(kind, ConsumptionType::Consumption | ConsumptionType::Atm);
        let atm = |kind| kind == ConsumptionType::Atm;
        let limits = &self.limits;
        let cash = row.kind == ConsumptionType::Atm;
        if row.amount > number(limits.limit_balance) {
            Some("limit_balance")
        } else if spent(7, any) > number(limits.limit_week_balance) {
            Some("limit_week_balance")
        } else if cash && spent(1, atm) > number(limits.limit_atm_day_balance) {
            Some("limit_atm_day_balance")
        } else if cash && spent(30, atm) > number(limits.limit_atm_month_balance) {
            Some("limit_atm_month_balance")
        } else {
            None
        }
    }

    /// Whether a waiver exempts the row: fewer than `count` similar ones in the last `days`.
    fn is_waived(
        &self,
        row: &ConsumptionRecord,
        now_ms: i64,
        (kind, count, days): (&str, u32, u32),
        is_similar: impl Fn(&ConsumptionRecord) -> bool,
    ) -> bool {
        let days = match kind {
            "Forever" => i64::MAX / DAY_MS,
            "Day" => i64::from(days),
            _ => return false,
        };
        self.rows_of(row, now_ms, days).filter(|other| is_similar(other)).count() < count as usize
    }

    /// The other consumptions of the row's card in the last `days`.
    fn rows_of(
        &self,
        row: &ConsumptionRecord,
        now_ms: i64,
        days: i64,
    ) -> impl Iterator<Item = &'s ConsumptionRecord> + use<'s> {
        let (card_no, consume_no) = (row.card_no.as_str(), row.consume_no.clone());
        let span = now_ms.saturating_sub(days * DAY_MS)..=i64::MAX;
        let found = self.state.consumptions().page(&[(Key::Card, card_no)], &span, 0, usize::MAX);
        found.rows.into_iter().filter(move |other| other.consume_no != consume_no)
    }
}

/// The management fee of cards of this package or card BIN.
pub(crate) fn manage_fee(product_no: &str) -> Decimal {
    number(catalog::terms(product_no).0.manage_fee)
}

/// The fees that are reported in this mode: in credit mode only those above zero.
pub(crate) fn reported(mode: Mode, mut fees: Vec<Fee>) -> Vec<Fee> {
    fees.retain(|fee| mode == Mode::Authorization || !fee.amount.is_zero());
    fees
}

fn fee(fee_type: &str, amount: Decimal) -> Fee {
    Fee { fee_type: fee_type.to_owned(), amount }
}

/// A share of the amount, rounded half up to cents.
fn share(amount: Decimal, rate: &str) -> Decimal {
    let mut part = (amount * number(rate)).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    part.rescale(2);
    part
}

/// Parses a number of the catalog.
fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_default()
}
