//! Call 5: a new card.

use rust_decimal::Decimal;
use serde::Serialize;

use super::super::codes::{INSUFFICIENT_BALANCE, Refusal};
use super::super::{Answer, Call, address, cardholders, catalog, data};
use super::expiry;
use crate::config::{Mode, Repeat};
use crate::state::{
    Account, By, Card, CardRecord, CardStatus, CardType, CardholderStatus, Change, ConsumptionRecord, ConsumptionType,
    Key, MerchantInfo, Posting, State, Status, Transaction,
};

/// What a card is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub(crate) no: &'static str,
    pub(crate) bin: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) open_cost: Decimal,
}

/// Call 5, `cards.apply`.
pub(crate) fn apply(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> Answer {
    let cardholder_no = call.body.required("cardholder_no")?;
    let unique_no = call.body.unique_no("card_unique_no")?;
    let card_type = call.body.required_word("card_type", CardType::parse)?;
    let product = product(call, card_type)?;
    let card_name = match (call.body.object("address_info")?, card_type) {
        (Some(address), card_type) => address::check(&address, card_type)?,
        (None, CardType::Virtual) => String::new(),
        (None, CardType::Physical) => {
            return Err(Refusal::parameter("address_info", "is required for a physical card"));
        }
    };
    match cardholders::existing(state, &cardholder_no)?.status {
        CardholderStatus::Approved => {}
        // Whoever has not passed has not passed, decided or not.
        CardholderStatus::Pending | CardholderStatus::InProgress | CardholderStatus::Rejected => {
            return Err(Refusal::code(2005));
        }
    }
    if let Some(first) = state.cards().first(Key::UniqueNo, &unique_no) {
        match call.setup.repeated_numbers {
            Repeat::Execute => {}
            Repeat::Refuse => return Err(Refusal::parameter("card_unique_no", "was used before")),
            Repeat::ReturnFirst => return applied(&first.record),
        }
    }
    let mut card = new_card(transaction, &product, cardholder_no, unique_no, card_type, call.now_ms);
    card.record.card_name = card_name;
    charge_opening(call, state, transaction, &card, product.open_cost)?;
    let answer = applied(&card.record);
    let ready = (!call.setup.manual_cards).then(|| issued(&card)).flatten();
    transaction.add(Change::Card(Box::new(card)));
    if let Some(ready) = ready {
        // A change of its own: the card is Pending first, however briefly.
        transaction.add(Change::Card(Box::new(ready)));
    }
    answer
}

fn applied(card: &CardRecord) -> Answer {
    #[derive(Serialize)]
    struct Applied<'a> {
        card_no: &'a str,
        card_unique_no: &'a str,
    }
    data(&Applied { card_no: &card.card_no, card_unique_no: &card.card_unique_no })
}

fn product(call: &Call<'_>, card_type: CardType) -> Result<Product, Refusal> {
    match call.setup.mode {
        Mode::Credit => {
            let no = call.body.required("package_no")?;
            let package = catalog::package(&no).ok_or_else(|| Refusal::parameter("package_no", "does not exist"))?;
            if package.package_type != card_type {
                return Err(Refusal::parameter("card_type", "is not the package's type"));
            }
            Ok(Product::of_package(package))
        }
        Mode::Authorization => {
            let no = call.body.required("card_bin_no")?;
            let bin = catalog::bin(&no).ok_or_else(|| Refusal::parameter("card_bin_no", "does not exist"))?;
            if !bin.supports(card_type) {
                return Err(Refusal::parameter("card_type", "is not supported by the card BIN"));
            }
            Ok(Product::of_bin(bin))
        }
    }
}

impl Product {
    pub(crate) fn of_package(package: &'static catalog::Package) -> Self {
        Self {
            no: package.package_no,
            bin: package.card_bin,
            organization: package.organization,
            open_cost: package.fee_detail.open_cost.parse().unwrap_or_default(),
        }
    }

    pub(crate) fn of_bin(bin: &'static catalog::Bin) -> Self {
        Self { no: bin.card_bin_no, bin: bin.card_bin, organization: bin.organization, open_cost: Decimal::ZERO }
    }
}

/// A card in status Pending.
pub(crate) fn new_card(
    transaction: &mut Transaction,
    product: &Product,
    cardholder_no: String,
    card_unique_no: String,
    card_type: CardType,
    time_ms: i64,
) -> Card {
    let pan = transaction.numbers.pan(product.bin);
    let (exp_year, exp_month) = expiry(time_ms);
    let (first_six, last_four) = (&pan[..6], &pan[pan.len() - 4..]);
    Card {
        record: CardRecord {
            card_no: transaction.numbers.next(),
            card_unique_no,
            cardholder_no,
            product_no: product.no.to_owned(),
            card_type,
            status: CardStatus::Pending,
            reason: String::new(),
            organization: product.organization.to_owned(),
            masked_pan: format!("{first_six}******{last_four}"),
            card_last_no: last_four.to_owned(),
            card_name: String::new(),
            exp_year,
            exp_month,
            has_pin: false,
            time_ms,
        },
        cvv: transaction.numbers.random.digits(3),
        pan,
        pin: None,
        unpaid_fees: 0,
    }
}

/// The card as the platform hands it out; `None` if it is not waiting for that.
pub(crate) fn issued(card: &Card) -> Option<Card> {
    let status = match card.record.card_type {
        CardType::Virtual => CardStatus::Activated,
        CardType::Physical => CardStatus::ToActivate,
    };
    card.with_status(status, By::Platform, "")
}

/// The opening fee is a consumption of its own, paid by the cardholder (inferred).
fn charge_opening(
    call: &Call<'_>,
    state: &State,
    transaction: &mut Transaction,
    card: &Card,
    cost: Decimal,
) -> Result<(), Refusal> {
    if cost.is_zero() {
        return Ok(());
    }
    let holder = Account::Cardholder(card.record.cardholder_no.clone());
    if state.books().balance(&holder) < cost {
        return Err(Refusal::code(INSUFFICIENT_BALANCE));
    }
    let consume_no = transaction.numbers.next();
    transaction.add(Change::Posting(Posting {
        time_ms: call.now_ms,
        memo: format!("opening fee {consume_no}"),
        from: holder,
        to: Account::Fees,
        amount: cost,
    }));
    transaction.add(Change::Consumption(Box::new(ConsumptionRecord {
        consume_no,
        consume_relate_no: String::new(),
        card_no: card.record.card_no.clone(),
        cardholder_no: card.record.cardholder_no.clone(),
        kind: ConsumptionType::OpenCard,
        amount: cost,
        local_amount: cost,
        local_currency: "USD".to_owned(),
        fees: Vec::new(),
        merchant_info: MerchantInfo::default(),
        status: Status::Success,
        remark: String::new(),
        returned: Decimal::ZERO,
        time_ms: call.now_ms,
        updated_ms: call.now_ms,
    })));
    Ok(())
}
