//! The management fee of a card, which only this call charges: there is no schedule.

use rust_decimal::Decimal;

use super::platform::{Platform, card};
use crate::config::Mode;
use crate::error::SandboxError;
use crate::platform::tariff;
use crate::state::card_lifecycle::Actor;
use crate::state::enums::{CardStatus, ConsumptionType, Status};
use crate::state::ledger::{Account, Posting};
use crate::state::rows::{ConsumptionRecord, MerchantInfo};
use crate::state::transaction::Change;

/// The number of unpaid fees in a row that deletes a card.
const MAX_UNPAID: u32 = 2;

/// # Management fee
impl Platform {
    /// Charges the management fee of a card that is Activated or Frozen: a consumption of type `Manage_fee`, in Success if
    /// the payer's balance is sufficient, otherwise in Fail. The second failure in a row deletes the card. Without an
    /// `amount` the fee is that of the card's fee schedule. Returns the number of the consumption.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`], [`SandboxError::NoManagementFee`] if there is no `amount` and the fee of the schedule is zero,
    /// or [`SandboxError::WrongState`] if the card has another status or `amount` is not positive.
    pub fn charge_manage_fee(&self, card_no: &str, amount: Option<Decimal>) -> Result<String, SandboxError> {
        let (mode, now_ms) = (self.mode(), self.now_ms());
        self.change(|state, transaction| {
            let known = card(state, card_no)?;
            let record = &known.record;
            if !matches!(record.status, CardStatus::Activated | CardStatus::Frozen) {
                return Err(SandboxError::WrongState { what: "card", state: record.status.as_str() });
            }
            let is_scheduled = amount.is_none();
            let mut amount = amount.unwrap_or_else(|| tariff::manage_fee(&record.product_no)).round_dp(2);
            amount.rescale(2);
            if amount <= Decimal::ZERO {
                let not_positive = SandboxError::WrongState { what: "amount", state: "not positive" };
                return Err(if is_scheduled { SandboxError::NoManagementFee } else { not_positive });
            }
            let payer = match mode {
                Mode::Credit => Account::Cardholder(record.cardholder_no.clone()),
                Mode::Authorization => Account::MerchantReserve,
            };
            let paid = state.ledger().balance(&payer) >= amount;
            let consume_no = transaction.numbers.next();
            if paid {
                transaction.add(Change::Posting(Posting {
                    time_ms: now_ms,
                    memo: format!("management fee {consume_no}"),
                    from: payer,
                    to: Account::Fees,
                    amount,
                }));
            }
            transaction.add(Change::Consumption(Box::new(ConsumptionRecord {
                consume_no: consume_no.clone(),
                consume_relate_no: String::new(),
                card_no: card_no.to_owned(),
                cardholder_no: record.cardholder_no.clone(),
                kind: ConsumptionType::ManageFee,
                amount,
                local_amount: amount,
                local_currency: "USD".to_owned(),
                fees: Vec::new(),
                merchant_info: MerchantInfo::default(),
                status: if paid { Status::Success } else { Status::Fail },
                remark: if paid { String::new() } else { "insufficient balance".to_owned() },
                returned: Decimal::ZERO,
                time_ms: now_ms,
                updated_ms: now_ms,
            })));
            let mut changed = known.clone();
            changed.unpaid_fees = if paid { 0 } else { known.unpaid_fees + 1 };
            if changed.unpaid_fees >= MAX_UNPAID {
                let reason = "two management fees in a row were not paid";
                changed = changed.with_status(CardStatus::Delete, Actor::Platform, reason).unwrap_or(changed);
            }
            transaction.add(Change::Card(Box::new(changed)));
            Ok(consume_no)
        })
    }
}
