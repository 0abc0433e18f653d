//! Call 5: opens a card.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::civil_time;
use crate::config::{Mode, Repeat};
use crate::platform::call::{Call, CallResult};
use crate::platform::codes::{INSUFFICIENT_BALANCE, Refusal};
use crate::platform::output::data;
use crate::platform::{address, cardholders, catalog};
use crate::state::card_lifecycle::Actor;
use crate::state::enums::{CardStatus, CardType, CardholderStatus, ConsumptionType, Status};
use crate::state::ledger::{Account, Posting};
use crate::state::platform_state::State;
use crate::state::rows::{Card, CardRecord, ConsumptionRecord, MerchantInfo};
use crate::state::table::Key;
use crate::state::transaction::{Change, Transaction};

/// The package or card BIN from which a card is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub(crate) no: &'static str,
    pub(crate) bin: &'static str,
    pub(crate) organization: &'static str,
    pub(crate) open_cost: Decimal,
}

/// Call 5, `cards.apply`: opens a card for an approved cardholder.
pub(crate) fn apply(call: &Call<'_>, state: &State, transaction: &mut Transaction) -> CallResult {
    let cardholder_no = call.body.required("cardholder_no")?;
    let unique_no = call.body.unique_no("card_unique_no")?;
    let card_type = call.body.required_enum("card_type", CardType::parse)?;
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
        // One code for every status other than Approved.
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
    let result = applied(&card.record);
    let ready = (!call.setup.manual_cards).then(|| issued(&card)).flatten();
    transaction.add(Change::Card(Box::new(card)));
    if let Some(ready) = ready {
        // A separate change: the card is Pending first, if only for a moment.
        transaction.add(Change::Card(Box::new(ready)));
    }
    result
}

fn applied(card: &CardRecord) -> CallResult {
    #[derive(Serialize)]
    struct Applied<'a> {
        card_no: &'a str,
        card_unique_no: &'a str,
    }
    data(&Applied { card_no: &card.card_no, card_unique_no: &card.card_unique_no })
}

/// The package or card BIN that the call names.
fn product(call: &Call<'_>, card_type: CardType) -> Result<Product, Refusal> {
    match call.setup.mode {
        Mode::Credit => {
            let no = call.body.required("package_no")?;
            let package = catalog::package(&no).ok_or_else(|| Refusal::parameter("package_no", "does not exist"))?;
            if package.package_type != card_type {
                return Err(Refusal::parameter("card_type", "does not match the package's type"));
            }
            Ok(Product::from_package(package))
        }
        Mode::Authorization => {
            let no = call.body.required("card_bin_no")?;
            let bin = catalog::bin(&no).ok_or_else(|| Refusal::parameter("card_bin_no", "does not exist"))?;
            if !bin.supports(card_type) {
                return Err(Refusal::parameter("card_type", "is not supported by the card BIN"));
            }
            Ok(Product::from_bin(bin))
        }
    }
}

impl Product {
    /// The product of a package, with its opening fee.
    pub(crate) fn from_package(package: &'static catalog::Package) -> Self {
        Self {
            no: package.package_no,
            bin: package.card_bin,
            organization: package.organization,
            open_cost: package.fee_detail.open_cost.parse().unwrap_or_default(),
        }
    }

    /// The product of a card BIN, which has no opening fee.
    pub(crate) fn from_bin(bin: &'static catalog::Bin) -> Self {
        Self { no: bin.card_bin_no, bin: bin.card_bin, organization: bin.organization, open_cost: Decimal::ZERO }
    }
}

/// Creates a card in status Pending.
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
        cvv: transaction.numbers.digits(3),
        pan,
        pin: None,
        unpaid_fees: 0,
    }
}

/// The card as issued; `None` if it is not Pending.
pub(crate) fn issued(card: &Card) -> Option<Card> {
    let status = match card.record.card_type {
        CardType::Virtual => CardStatus::Activated,
        CardType::Physical => CardStatus::ToActivate,
    };
    card.with_status(status, Actor::Platform, "")
}

/// Charges the opening fee: a separate consumption, paid by the cardholder (inferred).
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
    if state.ledger().balance(&holder) < cost {
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

/// The expiry of a card opened at that time: four digits of the year and two of the month.
fn expiry(time_ms: i64) -> (String, String) {
    let today = civil_time::utc_date(time_ms);
    (format!("{:04}", today.year() + 3), format!("{:02}", u8::from(today.month())))
}
