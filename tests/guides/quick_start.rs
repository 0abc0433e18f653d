//! The code of the guide "Quick start".

// --8<-- [start:first]
use keysecure::{ApplyCard, CardType, Client, EnsureOptions, ListPackages, Store, Transfer, TransferType};
use keysecure_sandbox::Sandbox;
// --8<-- [end:first]
use keysecure::ErrorKind;

use super::Outcome;

#[test]
fn the_first_program_runs() -> Outcome {
    // --8<-- [start:first]
    let sandbox = Sandbox::start()?;
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
        .base_url(sandbox.base_url())
        .store(Store::memory())
        .build()?;
    let customer = sandbox.seed_approved_cardholder();
    let new = EnsureOptions::first_attempt();

    let virtual_cards = ListPackages { r#type: Some(CardType::Virtual), ..Default::default() };
    let package = client.cards().packages(&virtual_cards).next().ok_or("no package")??;
    let application = ApplyCard {
        cardholder_no: customer.clone(),
        card_unique_no: "customer-7-card".into(), // your reference
        card_type: CardType::Virtual,
        package_no: Some(package.package_no),
        ..Default::default()
    };
    let card = client.cards().ensure_card(&application, &new)?;
    println!("card {}", card.value.card_no);

    let transfer = Transfer {
        cardholder_no: customer.clone(),
        transfer_unique_no: "order-7".into(),
        r#type: TransferType::In,
        amount: "25.00".parse()?,
    };
    let paid = client.accounts().ensure_transfer(&transfer, &new)?;
    println!("paid {}", paid.value.transfer_no);
    println!("balance {:?}", client.accounts().get(&customer)?.list[0].balance);
    // --8<-- [end:first]
    Ok(())
}

// --8<-- [start:account]
fn list_packages() -> Result<(), keysecure::Error> {
    let client = Client::from_env()?;
    for package in client.cards().packages(&ListPackages::default()) {
        let package = package?;
        println!("{} {:?}", package.package_no, package.package_en_name);
    }
    Ok(())
}
// --8<-- [end:account]

#[test]
fn a_program_without_credentials_says_which_are_missing() {
    assert_eq!(list_packages().unwrap_err().kind(), ErrorKind::Config);
}
