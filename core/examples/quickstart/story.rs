//! The life cycle of a card, from the cardholder to a refund.

use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, Address, ApplyCard, ApplyCardholder, CardApplied, CardType, Client, Consumption, ConsumptionType,
    Cvv, Decimal, ListCards, ListConsumptions, ListPackages, ListTransfers, MerchantInfo, Package, Pin, SetPin,
    SimulationRequest, Status, Transfer, TransferType,
};
use keysecure_sandbox::Sandbox;

use super::Outcome;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Makes every call of a merchant in credit mode.
pub fn run(client: &Client, sandbox: &Sandbox) -> Outcome {
    let start = SystemTime::now() - DAY;
    chapter("Access token");
    let token = client.access_token()?;
    println!("The platform issued an access token, valid for {} h.", hours_left(&token)?);

    chapter("A cardholder");
    let cardholder = client.cardholders().apply(&ApplyCardholder {
        cardholder_unique_no: "customer-4711".into(),
        sumsub_share_token: "share-token-of-the-identity-check".into(),
        cardholder_no: None,
    })?;
    let cardholder_no = cardholder.cardholder_no;
    println!("Applied for customer-4711; the platform assigned {cardholder_no}.");
    println!("Verification status: {}.", client.cardholders().get(&cardholder_no)?.status);
    sandbox.approve_cardholder(&cardholder_no)?;
    println!("Verification status after the review: {}.", client.cardholders().get(&cardholder_no)?.status);

    chapter("Two cards");
    let packages: Vec<Package> = client.cards().packages(&ListPackages::default()).collect::<Result<_, _>>()?;
    for package in &packages {
        let name = package.package_en_name.as_deref().unwrap_or("(no name)");
        println!("Package {}: {name}, {}", package.package_no, text(package.package_type.as_ref()));
    }
    let virtual_card = apply(client, &packages, &cardholder_no, CardType::Virtual, "customer-4711-online")?;
    let physical_card = apply(client, &packages, &cardholder_no, CardType::Physical, "customer-4711-plastic")?;
    for number in [&virtual_card.card_no, &physical_card.card_no] {
        let card = client.cards().get(number)?;
        let last = card.card_last_no.as_deref().unwrap_or("????");
        println!("Card {number} ({}, **** {last}) is {}.", text(card.card_type.as_ref()), card.status);
    }

    chapter("Activation of the physical card");
    let card_no = physical_card.card_no;
    let last = client.cards().get(&card_no)?.card_last_no.unwrap_or_default();
    // The cardholder reads the CVV off the back of the card; here the sandbox does.
    let cvv = Cvv::new(sandbox.cvv_for_tests(&card_no)?)?;
    client.cards().activate(&ActivateCard {
        card_no: card_no.clone(),
        cardholder_no: cardholder_no.clone(),
        cvv,
        card_last_no: last,
    })?;
    println!("Activated with its CVV, which is sent encrypted.");
    client.cards().set_pin(&SetPin {
        card_no: card_no.clone(),
        cardholder_no: cardholder_no.clone(),
        pin: Pin::new("739251")?,
    })?;
    println!(
        "Set its PIN. A weak PIN is refused before it is sent: {}",
        Pin::new("123456").map_or_else(|e| e.to_string(), |_| "?".into())
    );
    let secrets = client.cards().private_info(&card_no)?;
    println!("Its secrets, masked unless exposed: {secrets:?}");

    chapter("Freeze and unfreeze");
    client.cards().freeze(&card_no)?;
    println!("Frozen: the card is {}.", client.cards().get(&card_no)?.status);
    client.cards().unfreeze(&card_no)?;
    println!("Unfrozen: the card is {}.", client.cards().get(&card_no)?.status);

    chapter("Transfer and purchases");
    let moved = client.accounts().transfer(&Transfer {
        cardholder_no: cardholder_no.clone(),
        transfer_unique_no: "topup-2026-0001".into(),
        r#type: TransferType::In,
        amount: "250.00".parse()?,
    })?;
    println!(
        "Transferred 250.00 TUSDT: balance {} -> {}.",
        text(moved.before_balance.as_ref()),
        text(moved.after_balance.as_ref())
    );
    shop(client, &card_no, &cardholder_no)?;
    for account in client.accounts().get(&cardholder_no)?.list {
        println!("Balance now: {} {}.", text(account.balance.as_ref()), text(account.symbol.as_ref()));
    }

    chapter("Statements");
    let end = SystemTime::now() + DAY;
    let consumptions: Vec<Consumption> =
        client.consumptions().list(&ListConsumptions::between(start, end))?.collect::<Result<_, _>>()?;
    for one in &consumptions {
        let whole = client.consumptions().get(&one.consume_no)?;
        println!(
            "{:>12}  {:>8}  {}",
            text(whole.r#type.as_ref()),
            text(whole.amount.as_ref()),
            text(whole.status.as_ref())
        );
    }
    println!("{} consumptions; settled: {}.", consumptions.len(), spent(&consumptions));
    let transfers: Vec<_> =
        client.accounts().transfers(&ListTransfers::between(start, end))?.collect::<Result<_, _>>()?;
    let total: Decimal = transfers.iter().filter_map(|transfer| transfer.amount).sum();
    println!("{} transfer; total: {total}.", transfers.len());
    let cards = client.cards().list(&ListCards::between(start, end))?.count();
    println!("{cards} cards were issued.");
    println!("\n{} requests to the sandbox; none left this machine.", sandbox.requests().len());
    Ok(())
}

/// Makes a purchase that is cleared and partly refunded, one that is reversed, and one that fails.
fn shop(client: &Client, card_no: &str, cardholder_no: &str) -> Outcome {
    let purchase = SimulationRequest {
        card_no: Some(card_no.to_owned()),
        cardholder_no: Some(cardholder_no.to_owned()),
        r#type: Some(ConsumptionType::Consumption),
        amount: Some("40.00".parse()?),
        local_amount: Some("40.00".parse()?),
        local_currency: Some("USD".to_owned()),
        merchant_info: MerchantInfo::from_json(r#"{"merchant_name":"Corner Books","merchant_mcc":"5942"}"#).ok(),
        ..SimulationRequest::default()
    };
    let simulation = client.simulation();
    let bought = simulation.auth(&purchase)?.consume_no;
    println!("Purchase of 40.00: authorization {}.", text(bought.as_ref()));
    simulation.consumption_clear(&SimulationRequest { consume_no: bought.clone(), ..SimulationRequest::default() })?;
    println!("The merchant cleared it.");
    let cancelled =
        simulation.auth(&SimulationRequest { amount: Some("15.50".parse()?), ..purchase.clone() })?.consume_no;
    simulation.reversal(&SimulationRequest { consume_relate_no: cancelled, ..SimulationRequest::default() })?;
    println!("Second purchase of 15.50: reversed before clearing.");
    simulation.refund(&SimulationRequest {
        consume_relate_no: bought,
        amount: Some("10.00".parse()?),
        ..SimulationRequest::default()
    })?;
    println!("Refund of 10.00.");
    let failed = simulation.auth(&SimulationRequest { amount: Some("5.00".parse()?), ..purchase })?.consume_no;
    simulation.consumption_fail(&SimulationRequest { consume_no: failed, ..SimulationRequest::default() })?;
    println!("Third purchase of 5.00: failed.");
    Ok(())
}

fn apply(
    client: &Client,
    packages: &[Package],
    cardholder_no: &str,
    card_type: CardType,
    unique_no: &str,
) -> Result<CardApplied, Box<dyn std::error::Error>> {
    let package = packages.iter().find(|package| package.package_type.as_ref() == Some(&card_type));
    let package = package.ok_or("the merchant has no package of this type")?;
    let applied = client.cards().apply(&ApplyCard {
        cardholder_no: cardholder_no.to_owned(),
        card_unique_no: unique_no.to_owned(),
        address_info: (card_type == CardType::Physical).then(address),
        package_no: Some(package.package_no.clone()),
        card_type,
        ..ApplyCard::default()
    })?;
    println!("Applied for {unique_no}: the platform assigned {}.", applied.card_no);
    Ok(applied)
}

fn address() -> Address {
    Address {
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        phone_code: Some("44".into()),
        phone: Some("2079460123".into()),
        postal_code: "SW1Y 4JH".into(),
        country: "GB".into(),
        state: "London".into(),
        city: "London".into(),
        address_line1: "12 St James's Square".into(),
        address_line2: None,
    }
}

/// Settled purchases less refunds. Reversals do not count: their authorizations were never settled.
fn spent(consumptions: &[Consumption]) -> Decimal {
    let settled = consumptions.iter().filter(|one| one.status == Some(Status::Success));
    settled
        .map(|one| match one.r#type {
            Some(ConsumptionType::Refund) => -one.amount.unwrap_or_default(),
            Some(ConsumptionType::Reversal) => Decimal::ZERO,
            _ => one.amount.unwrap_or_default(),
        })
        .sum()
}

fn hours_left(token: &keysecure::AccessToken) -> Result<u64, std::time::SystemTimeError> {
    Ok((token.expires_at().duration_since(SystemTime::now())?.as_secs() + 1800) / 3600)
}

fn text<T: std::fmt::Display>(value: Option<&T>) -> String {
    value.map_or_else(|| "?".to_owned(), T::to_string)
}

fn chapter(title: &str) {
    println!("\n== {title} ==");
}
