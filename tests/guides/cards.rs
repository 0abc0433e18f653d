//! The code of the guide "Cards, from application to PIN".

use keysecure::{
    ActivateCard, Address, ApplyCard, ApplyCardholder, CardStatus, CardType, Cvv, EnsureOptions, ListPackages, Pin,
    SetPin,
};
use keysecure_sandbox::Sandbox;

use super::{Outcome, shop};

#[test]
#[allow(clippy::too_many_lines)]
fn a_card_is_applied_for_activated_and_used() -> Outcome {
    let sandbox = Sandbox::start()?;
    let client = shop(&sandbox);
    let options = EnsureOptions::default();
    // --8<-- [start:cardholder]
    let application = ApplyCardholder {
        cardholder_unique_no: "customer-4711".into(),
        sumsub_share_token: "share-token-of-the-identity-check".into(),
        cardholder_no: None,
    };
    let applied = client.cardholders().ensure_cardholder(&application, &options)?;
    let cardholder = client.cardholders().get(&applied.value.cardholder_no)?;
    println!("{}", cardholder.status); // Pending, In_progress, Approved or Rejected
    // --8<-- [end:cardholder]
    let cardholder_no = cardholder.cardholder_no;
    sandbox.approve_cardholder(&cardholder_no)?;
    // --8<-- [start:virtual]
    // In authorization mode: bins, card_bin_no
    let virtual_cards = ListPackages { r#type: Some(CardType::Virtual), ..Default::default() };
    let package = client.cards().packages(&virtual_cards).next().ok_or("no package")??;
    let online = ApplyCard {
        cardholder_no: cardholder_no.clone(),
        card_unique_no: "customer-4711-online".into(),
        card_type: CardType::Virtual,
        package_no: Some(package.package_no),
        ..Default::default()
    };
    let card = client.cards().ensure_card(&online, &options)?.value;
    println!("{} {}", card.card_no, card.status);
    // --8<-- [end:virtual]
    let virtual_no = card.card_no;
    // --8<-- [start:physical]
    let physical_cards = ListPackages { r#type: Some(CardType::Physical), ..Default::default() };
    let package = client.cards().packages(&physical_cards).next().ok_or("no package")??;
    let plastic = ApplyCard {
        cardholder_no: cardholder_no.clone(),
        card_unique_no: "customer-4711-plastic".into(),
        card_type: CardType::Physical,
        package_no: Some(package.package_no),
        address_info: Some(Address {
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
        }),
        ..Default::default()
    };
    let card_no = client.cards().ensure_card(&plastic, &options)?.value.card_no;
    // --8<-- [end:physical]
    let cvv = sandbox.cvv_for_tests(&card_no)?;
    // --8<-- [start:activate]
    client.cards().activate(&ActivateCard {
        card_no: card_no.clone(),
        cardholder_no: cardholder_no.clone(),
        cvv: Cvv::new(cvv)?,
        card_last_no: client.cards().get(&card_no)?.card_last_no.unwrap_or_default(),
    })?;
    // --8<-- [end:activate]
    // --8<-- [start:pin]
    client.cards().set_pin(&SetPin {
        card_no: card_no.clone(),
        cardholder_no: cardholder_no.clone(),
        pin: Pin::new("739251")?,
    })?;
    // --8<-- [end:pin]
    assert!(sandbox.pin_matches(&card_no, "739251"));
    // --8<-- [start:secrets]
    let secrets = client.cards().private_info(&virtual_no)?;
    println!("{secrets:?}"); // masked: pan "411111******1111"
    println!("{}", secrets.expose_pan().len()); // only expose_... reveals
    // --8<-- [end:secrets]
    // --8<-- [start:freeze]
    client.cards().freeze(&card_no)?;
    println!("{}", client.cards().get(&card_no)?.status); // Frozen
    client.cards().unfreeze(&card_no)?;
    client.cards().delete(&virtual_no)?; // for good
    // --8<-- [end:freeze]
    assert_eq!(client.cards().get(&card_no)?.status, CardStatus::Activated);
    assert_eq!(client.cards().get(&virtual_no)?.status, CardStatus::Delete);
    Ok(())
}
