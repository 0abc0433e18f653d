//! What a card's package or card BIN charges and allows. Applied only where the setting `tariffs` says so.
//!
//! **Inferred**, but for two statements of the platform: `consume_rate` is for domestic transactions, and
//! `cross_consume_rate` for any that is not in USD. Our reading of the rest is in this file: which fee type a rate ends up
//! in, that a rate is a share of the amount, rounded half up to cents, that an exemption lets the first so many cases of
//! the last so many days pass (`Forever`: of the card's life; `None`: there is none), and that weeks and months are the
//! last 7 and 30 days.

use rust_decimal::{Decimal, RoundingStrategy};

use super::catalog::{self, Limits, Tariff};
use crate::config::Mode;
use crate::state::{ConsumptionRecord, ConsumptionType, Fee, Key, State, Status};

const DAY_MS: i64 = 86_400_000;

/// The terms of one card.
pub(crate) struct Terms<'s> {
    state: &'s State,
    tariff: Tariff,
    limits: Limits,
}

impl<'s> Terms<'s> {
    /// `None`: tariffs are switched off.
    pub(super) fn in_use(state: &'s State, card_no: &str) -> Option<Self> {
        state.settings.tariffs.then(|| Self::of(state, card_no))
    }

    fn of(state: &'s State, card_no: &str) -> Self {
        let product_no = state.cards().get(card_no).map_or("", |card| &card.record.product_no);
        let (tariff, limits) = catalog::terms(product_no);
        Self { state, tariff, limits }
    }

    /// The fees of a purchase that is settled as `row` says.
    pub(super) fn of_settled(&self, row: &ConsumptionRecord, now_ms: i64) -> Vec<Fee> {
        let tariff = &self.tariff;
        let mut fees = Vec::new();
        if row.local_currency != "USD" {
            fees.push(fee("Exchange_fee", share(row.amount, tariff.cross_consume_rate)));
        } else if row.kind == ConsumptionType::Consumption {
            fees.push(fee("Consume_fee", share(row.amount, tariff.consume_rate)));
        }
        if row.kind == ConsumptionType::Atm {
            fees.push(fee("Atm_fee", share(row.amount, tariff.atm_rate).max(number(tariff.atm_min_fee))));
        }
        let small = |row: &ConsumptionRecord| {
            row.kind == ConsumptionType::Consumption && row.amount < number(tariff.small_consume_threshold)
        };
        let free = self.is_free(
            row,
            now_ms,
            (tariff.free_small_excuse_type, tariff.free_small_consume_count, tariff.free_small_excuse_days),
            |other| other.status == Status::Success && small(other),
        );
        if small(row) && !free {
            fees.push(fee("Small_fee", number(tariff.small_consume_deduct)));
        }
        fees
    }

    /// The fees of a purchase that is declined.
    pub(super) fn of_declined(&self, row: &ConsumptionRecord, now_ms: i64) -> Vec<Fee> {
        let tariff = &self.tariff;
        let free = self.is_free(
            row,
            now_ms,
            (tariff.decline_fee_free_type, tariff.decline_fee_free_count, tariff.decline_fee_free_days),
            |other| other.status == Status::Fail,
        );
        if free { Vec::new() } else { vec![fee("Decline_fee", number(tariff.decline_fee))] }
    }

    /// The fees of a refund or reversal.
    pub(super) fn of_returned(&self, kind: ConsumptionType, amount: Decimal) -> Vec<Fee> {
        let tariff = &self.tariff;
        match kind {
            ConsumptionType::Refund => vec![fee("Refund_fee", share(amount, tariff.refund_rate))],
            _ if amount < number(tariff.consume_cancel_threshold) => Vec::new(),
            _ => vec![fee("Cancel_fee", number(tariff.consume_cancle_fee))],
        }
    }

    /// The limit that a purchase would break.
    pub(super) fn broken_limit(&self, row: &ConsumptionRecord, now_ms: i64) -> Option<&'static str> {
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

    fn is_free(
        &self,
        row: &ConsumptionRecord,
        now_ms: i64,
        (kind, count, days): (&str, u32, u32),
        alike: impl Fn(&ConsumptionRecord) -> bool,
    ) -> bool {
        let days = match kind {
            "Forever" => i64::MAX / DAY_MS,
            "Day" => i64::from(days),
            _ => return false,
        };
        self.rows_of(row, now_ms, days).filter(|other| alike(other)).count() < count as usize
    }

    /// The other consumptions of the row's card in the last so many days.
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

/// The fee for keeping a card.
pub(crate) fn manage_fee(product_no: &str) -> Decimal {
    number(catalog::terms(product_no).0.manage_fee)
}

/// The fees that the mode sends: in credit mode only those above zero.
pub(crate) fn sent(mode: Mode, mut fees: Vec<Fee>) -> Vec<Fee> {
    fees.retain(|fee| mode == Mode::Authorization || !fee.amount.is_zero());
    fees
}

fn fee(fee_type: &str, amount: Decimal) -> Fee {
    Fee { fee_type: fee_type.to_owned(), amount }
}

fn share(amount: Decimal, rate: &str) -> Decimal {
    let mut part = (amount * number(rate)).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    part.rescale(2);
    part
}

/// A number of the catalogue.
fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_default()
}
