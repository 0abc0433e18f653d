//! The code of the guide "Errors and outcomes".

use keysecure::{Client, ErrorKind, Outcome, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};

use super::builder;

// --8<-- [start:outcome]
fn top_up(client: &Client, cardholder_no: &str) -> String {
    let transfer = Transfer {
        cardholder_no: cardholder_no.into(),
        transfer_unique_no: "order-7-topup".into(),
        r#type: TransferType::In,
        amount: 25.into(),
    };
    match client.accounts().transfer(&transfer) {
        Ok(done) => format!("balance is now {:?}", done.after_balance),
        Err(error) => match error.outcome() {
            // No whole request can have reached the platform: send it again.
            Outcome::NotSent => format!("not sent: {error}"),
            // The platform says that it did not do it.
            Outcome::Rejected => format!("refused: {:?} {:?} {:?}", error.code(), error.msg(), error.field()),
            // It may have been done: look it up by its reference, or use ensure_transfer.
            Outcome::Unknown => format!("unknown: {error}"),
        },
    }
}
// --8<-- [end:outcome]

// --8<-- [start:kinds]
fn status(client: &Client, cardholder_no: &str) -> String {
    match client.cardholders().get(cardholder_no) {
        Ok(cardholder) => cardholder.status.to_string(),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => "no such cardholder".into(),
            ErrorKind::InvalidInput => format!("check the argument {}", error.field().unwrap_or_default()),
            ErrorKind::State => format!("not in this state: {:?}", error.code()),
            ErrorKind::Transport | ErrorKind::Timeout => format!("try again later: {:?}", error.transport_fault()),
            _ => format!("failed: {error} ({})", error.outcome()),
        },
    }
}
// --8<-- [end:kinds]

#[test]
fn an_outcome_says_what_to_do() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    let text = top_up(&builder(&sandbox).build()?, &sandbox.seed_approved_cardholder());
    assert!(text.starts_with("unknown: "), "{text}");
    Ok(())
}

#[test]
fn a_kind_is_a_value() -> super::Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).build()?;
    assert_eq!(status(&client, "nobody"), "no such cardholder");
    assert_eq!(status(&client, ""), "check the argument cardholder_no");
    Ok(())
}
