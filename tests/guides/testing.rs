//! The code of the guide "Test with the sandbox".

use std::time::Duration;

use keysecure::{Client, ConsumptionType, ListPackages, Outcome, SimulationRequest, Status, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};

use super::builder;

// --8<-- [start:first]
#[test]
fn a_lost_response_is_not_a_failure() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start()?;
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build()?;
    let transfer = Transfer {
        cardholder_no: sandbox.seed_approved_cardholder(),
        transfer_unique_no: "order-7".into(),
        r#type: TransferType::In,
        amount: 25.into(),
    };
    sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    let error = client.accounts().transfer(&transfer).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(sandbox.transfers().len(), 1);
    Ok(())
}
// --8<-- [end:first]

#[test]
fn time_moves() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).build()?;
    // --8<-- [start:clock]
    client.access_token()?;
    sandbox.advance(Duration::from_secs(25 * 3600)); // the token has expired
    client.cards().packages(&ListPackages::default()).count(); // the client fetches another one
    assert_eq!(sandbox.requests_to("token"), 2);
    // --8<-- [end:clock]
    Ok(())
}

#[test]
fn purchases_are_simulated() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).build()?;
    // --8<-- [start:purchase]
    let customer = sandbox.seed_approved_cardholder();
    let card_no = sandbox.seed_virtual_card(&customer)?;
    client.accounts().transfer(&Transfer {
        cardholder_no: customer,
        transfer_unique_no: "t-1".into(),
        r#type: TransferType::In,
        amount: 100.into(),
    })?;
    let bought = client.simulation().auth(&SimulationRequest {
        card_no: Some(card_no),
        r#type: Some(ConsumptionType::Consumption),
        amount: Some(40.into()),
        ..Default::default()
    })?;
    let consume_no = bought.consume_no.ok_or("no number")?;
    client
        .simulation()
        .consumption_clear(&SimulationRequest { consume_no: Some(consume_no.clone()), ..Default::default() })?;
    assert_eq!(client.consumptions().get(&consume_no)?.status, Some(Status::Success));
    // --8<-- [end:purchase]
    Ok(())
}
