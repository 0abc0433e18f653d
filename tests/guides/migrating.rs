//! The code of the guide "Migrate from HTTP calls": each call of the platform.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, ApplyCard, ApplyCardholder, CardDetail, CardType, CardholderStatus, ConsumptionType, Cvv, ListBins,
    ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers, OPERATIONS, Pin, SetPin,
    SimulationRequest, Transfer, TransferType,
};
use keysecure_sandbox::{Mode, Sandbox};

use super::{Outcome, builder};

#[test]
#[allow(clippy::too_many_lines)]
fn each_call_of_the_platform_is_made() -> Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).build()?;
    let day = Duration::from_secs(24 * 3600);
    let (start, end) = (SystemTime::now() - day, SystemTime::now() + day);
    // --8<-- [start:token]
    let token = client.access_token()?; // the SDK fetches and renews it; you need no call
    // --8<-- [end:token]
    // --8<-- [start:cardholder-apply]
    let applied = client.cardholders().apply(&ApplyCardholder {
        cardholder_unique_no: "customer-4711".into(),
        sumsub_share_token: "auto-approve-4711".into(),
        cardholder_no: None,
    })?;
    // --8<-- [end:cardholder-apply]
    let cardholder_no = applied.cardholder_no;
    // --8<-- [start:cardholder-list]
    // All pages and windows.
    let cardholders =
        client.cardholders().list(&ListCardholders::between(start, end))?.collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:cardholder-list]
    // --8<-- [start:cardholder-info]
    let cardholder = client.cardholders().get(&cardholder_no)?;
    // --8<-- [end:cardholder-info]
    // --8<-- [start:package-list]
    let query = ListPackages { r#type: Some(CardType::Virtual), ..Default::default() };
    let packages = client.cards().packages(&query).collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:package-list]
    let package_no = packages[0].package_no.clone();
    // --8<-- [start:card-apply]
    let card = client.cards().apply(&ApplyCard {
        cardholder_no: cardholder_no.clone(),
        card_unique_no: "order-7-card".into(),
        card_type: CardType::Virtual,
        package_no: Some(package_no),
        ..Default::default()
    })?;
    // --8<-- [end:card-apply]
    let card_no = card.card_no;
    // --8<-- [start:card-list]
    let query = ListCards { cardholder_no: Some(cardholder_no.clone()), ..ListCards::between(start, end) };
    let cards = client.cards().list(&query)?.collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:card-list]
    // --8<-- [start:card-detail]
    let detail = client.cards().get(&card_no)?;
    // --8<-- [end:card-detail]
    // --8<-- [start:private-info]
    let secrets = client.cards().private_info(&card_no)?; // decrypted; secrets.expose_pan()
    // --8<-- [end:private-info]
    let physical_no = sandbox.seed_physical_card(&cardholder_no)?;
    let cvv = sandbox.cvv_for_tests(&physical_no)?;
    let last_four = client.cards().get(&physical_no)?.card_last_no.unwrap_or_default();
    // --8<-- [start:active]
    client.cards().activate(&ActivateCard {
        card_no: physical_no.clone(),
        cardholder_no: cardholder_no.clone(),
        cvv: Cvv::new(cvv)?, // plain text: the SDK encrypts it
        card_last_no: last_four,
    })?;
    // --8<-- [end:active]
    // --8<-- [start:pin-set]
    client.cards().set_pin(&SetPin {
        card_no: physical_no,
        cardholder_no: cardholder_no.clone(),
        pin: Pin::new("739251")?,
    })?;
    // --8<-- [end:pin-set]
    // --8<-- [start:status-update]
    client.cards().freeze(&card_no)?; // or unfreeze, delete, update_status
    // --8<-- [end:status-update]
    client.cards().unfreeze(&card_no)?;
    // --8<-- [start:transfer]
    // Better: ensure_transfer, which is safe to repeat.
    let done = client.accounts().transfer(&Transfer {
        cardholder_no: cardholder_no.clone(),
        transfer_unique_no: "order-7-topup".into(),
        r#type: TransferType::In,
        amount: "250.00".parse()?,
    })?;
    // --8<-- [end:transfer]
    // --8<-- [start:account-info]
    let accounts = client.accounts().get(&cardholder_no)?.list;
    // --8<-- [end:account-info]
    // --8<-- [start:transfer-list]
    let query =
        ListTransfers { transfer_unique_no: Some("order-7-topup".into()), ..ListTransfers::between(start, end) };
    let transfers = client.accounts().transfers(&query)?.collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:transfer-list]
    // --8<-- [start:sim-auth]
    let purchase = SimulationRequest {
        card_no: Some(card_no.clone()),
        r#type: Some(ConsumptionType::Consumption),
        amount: Some("40.00".parse()?),
        ..Default::default()
    };
    let bought = client.simulation().auth(&purchase)?.consume_no;
    // --8<-- [end:sim-auth]
    // --8<-- [start:sim-clear]
    client.simulation().consumption_clear(&SimulationRequest { consume_no: bought.clone(), ..Default::default() })?;
    // --8<-- [end:sim-clear]
    // --8<-- [start:sim-refund]
    let refund = SimulationRequest { consume_relate_no: bought, amount: Some("10.00".parse()?), ..Default::default() };
    client.simulation().refund(&refund)?;
    // --8<-- [end:sim-refund]
    let second = client.simulation().auth(&purchase)?.consume_no;
    let third = client.simulation().auth(&purchase)?.consume_no;
    // --8<-- [start:sim-reversal]
    client.simulation().reversal(&SimulationRequest { consume_relate_no: second, ..Default::default() })?;
    // --8<-- [end:sim-reversal]
    // --8<-- [start:sim-fail]
    client.simulation().consumption_fail(&SimulationRequest { consume_no: third, ..Default::default() })?;
    // --8<-- [end:sim-fail]
    // --8<-- [start:consume-list]
    let query = ListConsumptions { card_no: Some(card_no.clone()), ..ListConsumptions::between(start, end) };
    let consumptions = client.consumptions().list(&query)?.collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:consume-list]
    let consume_no = &consumptions[0].consume_no;
    // --8<-- [start:consume-info]
    let consumption = client.consumptions().get(consume_no)?;
    // --8<-- [end:consume-info]
    // --8<-- [start:client-token]
    let page_token = client.pci().client_token(&card_no)?; // page_token.expose() for the hosted card page
    // --8<-- [end:client-token]
    let (origin, parent_origin) = (sandbox.hosted_origin(), sandbox.parent_origin());
    // --8<-- [start:pci-detail]
    // The hosted card page makes this call, a server does not need it.
    let shown = client.pci().card_detail(&CardDetail {
        client_access_token: page_token.expose().into(),
        origin: origin.into(),
        parent_origin: parent_origin.into(),
        nonce: "nonce-1".into(),
        ..Default::default()
    })?;
    // --8<-- [end:pci-detail]
    assert!(token.expires_at() > start);
    assert_eq!((cardholders.len(), cards.len(), transfers.len()), (1, 1, 1));
    assert_eq!((cardholder.status, detail.card_no), (CardholderStatus::Approved, card_no));
    assert_eq!((done.after_balance, accounts.len()), (Some("250.00".parse()?), 1));
    assert_eq!((&consumption.consume_no, shown), (consume_no, secrets));
    Ok(())
}

#[test]
fn bins_are_listed_in_authorization_mode() -> Outcome {
    let sandbox = Sandbox::builder().mode(Mode::Authorization).start()?;
    let client = builder(&sandbox).build()?;
    // --8<-- [start:bins]
    let bins = client.cards().bins(&ListBins::default()).collect::<Result<Vec<_>, _>>()?;
    // --8<-- [end:bins]
    assert!(!bins.is_empty());
    Ok(())
}

/// The `curl` lines of the guide have the method and path of each call of the SDK.
#[test]
fn the_guide_has_every_call_as_curl() {
    let page = include_str!("../../docs/guides/migrating.md");
    let calls: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("call ")?.split_once(" /"))
        .map(|(method, rest)| format!("{method} /{}", rest.split_whitespace().next().unwrap_or_default()))
        .collect();
    let variables = [("{cardholder_no}", "$CARDHOLDER_NO"), ("{card_no}", "$CARD_NO"), ("{consume_no}", "$CONSUME_NO")];
    let expected: BTreeSet<String> = OPERATIONS
        .iter()
        .map(|operation| {
            let path = variables.iter().fold(operation.path.to_owned(), |path, (name, text)| path.replace(name, text));
            format!("{} {path}", operation.method.as_str())
        })
        .collect();
    assert_eq!(calls, expected);
}
