//! Wrong input is refused before anything is sent, by the name of the field and without its value.

mod identifiers;
mod requests;

use std::time::Duration;

use keysecure::{
    AesSettings, Client, Date, Error, ErrorKind, Extra, Json, KeyScheme, Outcome, Pin, Transfer, TransferType,
    UtcOffset,
};
use keysecure_tests::{TestEnv, virtual_card};

type WrongCall = Box<dyn Fn(&Client) -> Result<(), Error>>;

/// A call with a wrong field, and the value that the error must not repeat (empty if there is none).
struct Case {
    field: &'static str,
    value: &'static str,
    call: WrongCall,
}

fn case(field: &'static str, value: &'static str, call: impl Fn(&Client) -> Result<(), Error> + 'static) -> Case {
    Case { field, value, call: Box::new(call) }
}

fn transfer() -> Transfer {
    Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: "1.00".parse().unwrap(),
    }
}

#[test]
fn wrong_input_is_refused_by_its_field_and_nothing_is_sent() {
    let env = TestEnv::credit().unwrap();
    let mut cases = identifiers::identifiers();
    cases.extend(identifiers::secrets());
    cases.extend(requests::money());
    cases.extend(requests::cards());
    cases.extend(requests::windows());
    println!("{} wrong inputs", cases.len());
    for (number, case) in cases.iter().enumerate() {
        let error = (case.call)(&env.client).expect_err(&format!("case {number}: {}", case.field));
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "case {number}: {shown}");
        assert_eq!(error.outcome(), Outcome::NotSent, "case {number}: {shown}");
        assert_eq!(error.field(), Some(case.field), "case {number}: {shown}");
        assert_eq!((error.attempts(), error.code(), error.http_status()), (0, None, None), "case {number}");
        let repeated = case.value.len() >= 3 && shown.contains(case.value);
        assert!(!repeated, "case {number} repeats its value: {shown}");
    }
    assert!(cases.len() > 150);
    assert_eq!(env.count(), 0, "no token request either");
}

#[test]
fn values_at_the_limits_are_sent() {
    let env = TestEnv::credit().unwrap();
    let unique_no = "号".repeat(64);
    env.client.cards().apply(&virtual_card(&env.cardholder_no, &unique_no)).unwrap();
    assert_eq!(env.sandbox.cards()[0].card_unique_no, unique_no);
    for amount in ["0.01", "10", "10.500", "1000.00"] {
        let request =
            Transfer { cardholder_no: env.cardholder_no.clone(), amount: amount.parse().unwrap(), ..transfer() };
        env.client.accounts().transfer(&request).unwrap();
    }
    let amounts: Vec<String> = env.sandbox.transfers().iter().map(|row| row.amount.to_string()).collect();
    assert_eq!(amounts, ["0.01", "10.00", "10.50", "1000.00"]);
    for pin in ["112233", "121212", "135790", "902468"] {
        Pin::new(pin).unwrap();
    }
}

#[test]
fn values_are_checked_when_they_are_created() {
    for (error, field) in [
        (Date::new(2026, 2, 30).unwrap_err(), "date"),
        ("2026-2-3".parse::<Date>().unwrap_err(), "date"),
        (Json::new("{oops").unwrap_err(), "json"),
        (Extra::from_json("[]").unwrap_err(), "extra"),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
        assert!(!error.to_string().contains("oops"));
    }
    assert_eq!("Mars/Olympus".parse::<UtcOffset>().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn settings_that_no_call_could_use_are_refused_when_the_client_is_built() {
    let env = TestEnv::credit().unwrap();
    let build = |key: &str, secret: &str| Client::builder(key, secret).base_url(env.sandbox.base_url());
    let good = "0123456789abcdef";
    let wrong = [
        build("", good).build(),
        build("sp ace", good).build(),
        build("line\r\nbreak", good).build(),
        build("key", "").build(),
        build("key", "canary-of-17-byte").build(),
        build("key", good).timeout(Duration::ZERO).build(),
        build("key", good).connect_timeout(Duration::ZERO).build(),
        build("key", good).proxy("::canary::").build(),
        build("key", good).proxy("socks5://canary:1080").build(),
        build("key", good).ca_pem("canary").build(),
        build("key", good).base_url("http://canary.example").build(),
        build("key", good).base_url("https://canary:canary@example.com").build(),
        build("key", good).base_url("ftp://canary").build(),
    ];
    for (number, built) in wrong.into_iter().enumerate() {
        let error = built.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{number}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary") && !shown.contains("sp ace"), "{number}: {shown}");
    }
    assert_eq!(env.count(), 0);
}

#[test]
fn secrets_with_stray_characters_are_refused_before_any_other_check() {
    for secret in [
        "canary-of-15-ch\n",
        "canary-of-14-c\r\n",
        " canary-of-15-ch",
        "canary-of-15-ch ",
        "canary-of-15-ch\u{a0}",
        "canary\tof-16-chr",
        "canary\nof-16-chr",
        "\u{feff}canary-of-16-chr",
        "canary-of-16-ch\0",
    ] {
        for scheme in [KeyScheme::Utf8, KeyScheme::Md5] {
            let aes = AesSettings { scheme, ..AesSettings::default() };
            let error = Client::builder("key", secret).aes(aes).build().unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{secret:?}");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("api_secret must") && !shown.contains("canary"), "{secret:?}: {shown}");
        }
    }
    let aes = AesSettings { scheme: KeyScheme::Md5, ..AesSettings::default() };
    Client::builder("key", "a phrase with spaces").aes(aes).build().unwrap();
}
