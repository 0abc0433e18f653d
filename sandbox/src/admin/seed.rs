//! Creates rows without calls of the platform, for tests that need many rows or exact creation times.

use rust_decimal::Decimal;

use super::platform::{Platform, card};
use crate::config::Mode;
use crate::error::SandboxError;
use crate::platform::cards::apply::{self, Product};
use crate::platform::{cardholders, catalog};
use crate::state::enums::{CardType, CardholderStatus, ConsumptionType, Status, TransferType};
use crate::state::ledger::{Account, Posting};
use crate::state::platform_state::State;
use crate::state::rows::{ConsumptionRecord, MerchantInfo, TransferRecord};
use crate::state::transaction::{Change, Transaction};

/// The amount of seeded transfers and consumptions.
const AMOUNT: Decimal = Decimal::ONE;

/// # Seeded rows
///
/// No webhooks are sent for them.
impl Platform {
    /// Makes a change without webhooks.
    fn seed<T>(
        &self,
        change: impl FnOnce(&State, &mut Transaction) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.change(|state, transaction| {
            transaction.suppress_webhooks();
            change(state, transaction)
        })
    }

    /// Creates an approved cardholder and returns the number.
    pub fn seed_approved_cardholder(&self) -> String {
        let now_ms = self.now_ms();
        self.seed_cardholders(&[now_ms]).remove(0)
    }

    /// Creates an Activated virtual card without an opening fee and returns the number.
    pub fn seed_virtual_card(&self, cardholder_no: &str) -> Result<String, SandboxError> {
        self.seed_card(cardholder_no, CardType::Virtual)
    }

    /// Creates a physical card in `ToActivate` without an opening fee and returns the number.
    pub fn seed_physical_card(&self, cardholder_no: &str) -> Result<String, SandboxError> {
        self.seed_card(cardholder_no, CardType::Physical)
    }

    fn seed_card(&self, cardholder_no: &str, card_type: CardType) -> Result<String, SandboxError> {
        let now_ms = self.now_ms();
        self.seed(|state, transaction| {
            check_cardholder(state, cardholder_no)?;
            Ok(self.add_card(transaction, cardholder_no, card_type, now_ms))
        })
    }

    /// Creates approved cardholders with those creation times in Unix milliseconds. Returns their numbers in the same order.
    pub fn seed_cardholders(&self, times_ms: &[i64]) -> Vec<String> {
        self.seed(|_, transaction| Ok(times_ms.iter().map(|time_ms| add_cardholder(transaction, *time_ms)).collect()))
            .unwrap_or_default()
    }

    /// Creates Activated virtual cards with those creation times. Returns their numbers in the same order.
    pub fn seed_cards(&self, cardholder_no: &str, times_ms: &[i64]) -> Result<Vec<String>, SandboxError> {
        self.seed(|state, transaction| {
            check_cardholder(state, cardholder_no)?;
            Ok(times_ms
                .iter()
                .map(|time_ms| self.add_card(transaction, cardholder_no, CardType::Virtual, *time_ms))
                .collect())
        })
    }

    /// Creates transfers of 1.00 to the cardholder with those creation times, regardless of the reserve's balance.
    /// Credit mode only. Returns their numbers in the same order.
    pub fn seed_transfers(&self, cardholder_no: &str, times_ms: &[i64]) -> Result<Vec<String>, SandboxError> {
        if self.mode() != Mode::Credit {
            return Err(SandboxError::WrongMode);
        }
        self.seed(|state, transaction| {
            check_cardholder(state, cardholder_no)?;
            let account = Account::Cardholder(cardholder_no.to_owned());
            let mut balance = state.ledger().balance(&account);
            Ok(times_ms
                .iter()
                .map(|time_ms| {
                    balance += AMOUNT;
                    add_transfer(transaction, &account, cardholder_no, balance, *time_ms)
                })
                .collect())
        })
    }

    /// Creates settled purchases of 1.00 with those creation times. They are paid from [`Account::Outside`], so that no
    /// balance is needed. Returns their numbers in the same order.
    pub fn seed_consumptions(&self, card_no: &str, times_ms: &[i64]) -> Result<Vec<String>, SandboxError> {
        self.seed(|state, transaction| {
            let card = &card(state, card_no)?.record;
            Ok(times_ms
                .iter()
                .map(|time_ms| add_consumption(transaction, &card.card_no, &card.cardholder_no, *time_ms))
                .collect())
        })
    }

    fn add_card(
        &self,
        transaction: &mut Transaction,
        cardholder_no: &str,
        card_type: CardType,
        time_ms: i64,
    ) -> String {
        let product = match (self.mode(), card_type) {
            (Mode::Credit, CardType::Virtual) => Product::from_package(&catalog::PACKAGES[0]),
            (Mode::Credit, CardType::Physical) => Product::from_package(&catalog::PACKAGES[2]),
            // The first card BIN supports both.
            (Mode::Authorization, _) => Product::from_bin(&catalog::BINS[0]),
        };
        let unique_no = format!("seeded-{}", transaction.numbers.next());
        let card = apply::new_card(transaction, &product, cardholder_no.to_owned(), unique_no, card_type, time_ms);
        let card_no = card.record.card_no.clone();
        let ready = apply::issued(&card).unwrap_or(card);
        transaction.add(Change::Card(Box::new(ready)));
        card_no
    }
}

/// Checks that there is a cardholder of that number.
fn check_cardholder(state: &State, no: &str) -> Result<(), SandboxError> {
    match state.cardholders().get(no) {
        Some(_) => Ok(()),
        None => Err(SandboxError::NotFound { what: "cardholder", number: no.to_owned() }),
    }
}

fn add_cardholder(transaction: &mut Transaction, time_ms: i64) -> String {
    let unique_no = format!("seeded-{}", transaction.numbers.next());
    let row = cardholders::new_cardholder(transaction, unique_no, time_ms);
    let row = cardholders::decided(row, CardholderStatus::Approved, "");
    let no = row.cardholder_no.clone();
    transaction.add(Change::Cardholder(row));
    no
}

fn add_transfer(
    transaction: &mut Transaction,
    account: &Account,
    cardholder_no: &str,
    after_balance: Decimal,
    time_ms: i64,
) -> String {
    let transfer_no = transaction.numbers.next();
    transaction.add(Change::Posting(Posting {
        time_ms,
        memo: format!("transfer {transfer_no}"),
        from: Account::MerchantReserve,
        to: account.clone(),
        amount: AMOUNT,
    }));
    transaction.add(Change::Transfer(TransferRecord {
        transfer_unique_no: format!("seeded-{transfer_no}"),
        transfer_no: transfer_no.clone(),
        cardholder_no: cardholder_no.to_owned(),
        kind: TransferType::In,
        amount: AMOUNT,
        before_balance: after_balance - AMOUNT,
        after_balance,
        status: Status::Success,
        time_ms,
    }));
    transfer_no
}

fn add_consumption(transaction: &mut Transaction, card_no: &str, cardholder_no: &str, time_ms: i64) -> String {
    let consume_no = transaction.numbers.next();
    transaction.add(Change::Posting(Posting {
        time_ms,
        memo: format!("seeded consumption {consume_no}"),
        from: Account::Outside,
        to: Account::Shops,
        amount: AMOUNT,
    }));
    transaction.add(Change::Consumption(Box::new(ConsumptionRecord {
        consume_no: consume_no.clone(),
        consume_relate_no: String::new(),
        card_no: card_no.to_owned(),
        cardholder_no: cardholder_no.to_owned(),
        kind: ConsumptionType::Consumption,
        amount: AMOUNT,
        local_amount: AMOUNT,
        local_currency: "USD".to_owned(),
        fees: Vec::new(),
        merchant_info: MerchantInfo::default(),
        status: Status::Success,
        remark: String::new(),
        returned: Decimal::ZERO,
        time_ms,
        updated_ms: time_ms,
    })));
    consume_no
}
