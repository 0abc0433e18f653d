//! The code of the guide "Credentials and environments".

use std::time::Duration;

use keysecure::{CheckStatus, Client, Environment, ErrorKind};
use keysecure_sandbox::Sandbox;

use super::{Outcome, builder};

// --8<-- [start:from-env]
fn print_expiry() -> Result<(), keysecure::Error> {
    let client = Client::from_env()?;
    println!("{:?}", client.access_token()?.expires_at());
    Ok(())
}
// --8<-- [end:from-env]

#[test]
fn a_program_without_credentials_says_which_are_missing() {
    assert_eq!(print_expiry().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_client_takes_its_settings_from_the_program() -> Outcome {
    let sandbox = Sandbox::start()?;
    let (api_key, api_secret, base_url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
    // --8<-- [start:settings]
    let client = Client::builder(api_key, api_secret)
        .environment(Environment::Sandbox) // the platform's own test system, the default; or Production
        .base_url(base_url) // only when it is not the address of the environment
        .timezone("UTC+8".parse()?)
        .timeout(Duration::from_secs(10))
        .build()?;
    // --8<-- [end:settings]
    client.access_token()?;
    Ok(())
}

// --8<-- [start:doctor]
fn check(client: &Client) -> bool {
    let report = client.doctor(None);
    println!("{report}");
    report.findings.iter().all(|finding| finding.status != CheckStatus::Fail)
}
// --8<-- [end:doctor]

#[test]
fn the_doctor_reports() -> Outcome {
    let sandbox = Sandbox::start()?;
    assert!(check(&builder(&sandbox).build()?));
    Ok(())
}
