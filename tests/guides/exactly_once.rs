//! The code of the guide "Pay exactly once".

use keysecure::{Client, EnsureOptions, ErrorKind, FileStore, Store, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};

use super::{builder, shop};

// --8<-- [start:pay]
fn pay(client: &Client, order: &str, cardholder_no: &str) -> Result<String, keysecure::Error> {
    let transfer = Transfer {
        cardholder_no: cardholder_no.into(),
        transfer_unique_no: format!("{order}-topup"),
        r#type: TransferType::In,
        amount: 25.into(),
    };
    match client.accounts().ensure_transfer(&transfer, &EnsureOptions::default()) {
        Ok(done) => Ok(format!("paid: {}", done.value.transfer_no)),
        // The reference belongs to another payment: a bug to investigate, never to repeat.
        Err(error) if error.kind() == ErrorKind::Conflict => Err(error),
        // Put the order back into the queue: the same call settles it.
        Err(error) if error.outcome() == keysecure::Outcome::Unknown => Ok("later".into()),
        Err(_) => Ok("failed".into()), // nothing was moved
    }
}
// --8<-- [end:pay]

#[test]
fn a_payment_is_made_once_although_its_response_is_lost() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let (client, cardholder_no) = (shop(&sandbox), sandbox.seed_approved_cardholder());
    sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    for _ in 0..2 {
        assert!(pay(&client, "order-7", &cardholder_no)?.starts_with("paid: "));
    }
    assert_eq!(sandbox.transfers().len(), 1);
    sandbox.fault(Fault::on("accounts.transfer", FaultKind::Code(2002)));
    assert_eq!(pay(&client, "order-8", &cardholder_no)?, "failed");
    Ok(())
}

#[test]
fn a_client_has_a_store() -> super::Outcome {
    let directory = std::env::temp_dir().join(format!("keysecure-guide-{}", std::process::id()));
    let (api_key, api_secret) = ("api-key", "api-secret-16-by");
    // --8<-- [start:store]
    let client = Client::builder(api_key, api_secret).store(FileStore::open(&directory)?).build()?;
    // --8<-- [end:store]
    drop(client);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

#[test]
fn another_payment_with_the_same_reference_is_a_conflict() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let (client, cardholder_no) = (shop(&sandbox), sandbox.seed_approved_cardholder());
    pay(&client, "order-9", &cardholder_no)?;
    // --8<-- [start:conflict]
    let other = Transfer {
        cardholder_no,
        transfer_unique_no: "order-9-topup".into(),
        r#type: TransferType::In,
        amount: 30.into(),
    };
    let result = client.accounts().ensure_transfer(&other, &EnsureOptions::default());
    // ErrorKind::Conflict: order-9-topup is a transfer of 25.00
    // --8<-- [end:conflict]
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Conflict);
    Ok(())
}

#[test]
fn a_new_reference_does_not_wait() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).store(Store::memory()).build()?;
    let transfer = Transfer {
        cardholder_no: sandbox.seed_approved_cardholder(),
        transfer_unique_no: "order-10-topup".into(),
        r#type: TransferType::In,
        amount: 25.into(),
    };
    // --8<-- [start:first-attempt]
    // This program has just created the reference.
    let done = client.accounts().ensure_transfer(&transfer, &EnsureOptions::first_attempt())?;
    // --8<-- [end:first-attempt]
    assert!(done.created);
    Ok(())
}
