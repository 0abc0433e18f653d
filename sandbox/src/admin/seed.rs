//! Rows made without calling the platform, for tests that need many of them or need them at exact times.

use rust_decimal::Decimal;

use crate::config::Mode;
use crate::error::SandboxError;
use crate::platform::cards::Product;
use crate::platform::{cardholders, cards, catalog};
use crate::state::{
    Account, CardType, CardholderStatus, Change, ConsumptionRecord, ConsumptionType, MerchantInfo, Posting, State,
    Status, Transaction, TransferRecord, TransferType,
};
use crate::steering::{Platform, card};

/// The amount of seeded transfers and consumptions.
const AMOUNT: Decimal = Decimal::ONE;

impl Platform {
    /// A change that the merchant is not told: seeded rows have always been there.
    fn seed<T>(
        &self,
        change: impl FnOnce(&State, &mut Transaction) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.change(|state, transaction| {
            transaction.keep_untold();
            change(state, transaction)
        })
    }

    /// An approved cardholder.
    pub fn seed_approved_cardholder(&self) -> String {
        let now_ms = self.now_ms();
        self.seed_cardholders(&[now_ms]).remove(0)
    }

    /// An Activated virtual card, free of charge.
    pub fn seed_virtual_card(&self, cardholder_no: &str) -> Result<String, SandboxError> {
        self.seed_card(cardholder_no, CardType::Virtual)
    }

    /// A physical card in `ToActivate`, free of charge.
    pub fn seed_physical_card(&self, cardholder_no: &str) -> Result<String, SandboxError> {
        self.seed_card(cardholder_no, CardType::Physical)
    }

    fn seed_card(&self, cardholder_no: &str, card_type: CardType) -> Result<String, SandboxError> {
        let now_ms = self.now_ms();
        self.seed(|state, transaction| {
            holder(state, cardholder_no)?;
            Ok(self.add_card(transaction, cardholder_no, card_type, now_ms))
        })
    }

    /// Approved cardholders created at those times (Unix milliseconds); gives their numbers in the same order.
    pub fn seed_cardholders(&self, times_ms: &[i64]) -> Vec<String> {
        self.seed(|_, transaction| Ok(times_ms.iter().map(|time_ms| add_cardholder(transaction, *time_ms)).collect()))
            .unwrap_or_default()
    }

    /// Activated virtual cards created at those times.
    pub fn seed_cards(&self, cardholder_no: &str, times_ms: &[i64]) -> Result<Vec<String>, SandboxError> {
        self.seed(|state, transaction| {
            holder(state, cardholder_no)?;
            Ok(times_ms
                .iter()
                .map(|time_ms| self.add_card(transaction, cardholder_no, CardType::Virtual, *time_ms))
                .collect())
        })
    }

    /// Transfers of 1.00 to the cardholder made at those times, whatever the reserve holds. Credit mode only.
    pub fn seed_transfers(&self, cardholder_no: &str, times_ms: &[i64]) -> Result<Vec<String>, SandboxError> {
        if self.mode() != Mode::Credit {
            return Err(SandboxError::WrongMode);
        }
        self.seed(|state, transaction| {
            holder(state, cardholder_no)?;
            let account = Account::Cardholder(cardholder_no.to_owned());
            let mut balance = state.books().balance(&account);
            Ok(times_ms
                .iter()
                .map(|time_ms| {
                    balance += AMOUNT;
                    add_transfer(transaction, &account, cardholder_no, balance, *time_ms)
                })
                .collect())
        })
    }

    /// Finished purchases of 1.00 made at those times. They are paid from outside, so that no balance is needed.
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
            (Mode::Credit, CardType::Virtual) => Product::of_package(&catalog::PACKAGES[0]),
            (Mode::Credit, CardType::Physical) => Product::of_package(&catalog::PACKAGES[2]),
            // The first card BIN supports both.
            (Mode::Authorization, _) => Product::of_bin(&catalog::BINS[0]),
        };
        let unique_no = format!("seeded-{}", transaction.numbers.next());
        let card = cards::new_card(transaction, &product, cardholder_no.to_owned(), unique_no, card_type, time_ms);
        let card_no = card.record.card_no.clone();
        let ready = cards::issued(&card).unwrap_or(card);
        transaction.add(Change::Card(Box::new(ready)));
        card_no
    }
}

fn holder(state: &State, no: &str) -> Result<(), SandboxError> {
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
