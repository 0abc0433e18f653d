//! Secrets in the calls of the sandbox: values, errors, logs, records and panics.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, ApplyCard, ApplyCardholder, CardDetail, CardType, Client, Extra, Json, ListBins, ListCardholders,
    ListCards, ListConsumptions, ListPackages, ListTransfers, Method, Pin, Secret, SetPin, SimulationRequest, Transfer,
    TransferType,
};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use keysecure_tests::{LogLine, Recorder, TestClock, TestEnv, address, cents, logged, virtual_card};

use super::{API_KEY, API_SECRET, PIN, Printed, SHARE_TOKEN, add_logs, check};

struct Setup {
    env: TestEnv,
    client: Client,
    recorder: Arc<Recorder>,
    physical: String,
    activation: ActivateCard,
    token: String,
}

impl Setup {
    fn new() -> Self {
        let env = TestEnv::with(Sandbox::builder().api_key(API_KEY).api_secret(API_SECRET)).unwrap();
        let recorder = Arc::new(Recorder::default());
        let clock = Arc::new(TestClock::virtual_sleeps(Some(env.sandbox.platform())));
        let client = env.builder().clock(clock).observer(recorder.clone()).build().unwrap();
        let physical = env.physical_card().unwrap();
        let activation = env.card_to_activate().unwrap();
        let token = client.access_token().unwrap().expose().to_owned();
        Self { env, client, recorder, physical, activation, token }
    }

    /// All secrets that exist at this point.
    fn secrets(&self, client_tokens: &[String]) -> Vec<(&'static str, String)> {
        let mut secrets = vec![
            ("the Api-Key", API_KEY.to_owned()),
            ("the apiSecret", API_SECRET.to_owned()),
            ("the share token", SHARE_TOKEN.to_owned()),
            ("the PIN", PIN.to_owned()),
            ("an access token", self.token.clone()),
        ];
        for card in self.env.sandbox.cards() {
            secrets.push(("a PAN", self.env.sandbox.pan_for_tests(&card.card_no).unwrap()));
            secrets.push(("a CVV", self.env.sandbox.cvv_for_tests(&card.card_no).unwrap()));
        }
        secrets.extend(client_tokens.iter().map(|token| ("a client token", token.clone())));
        secrets
    }
}

/// Makes all calls and prints every request, result and error.
fn all_calls(setup: &Setup, printed: &mut Printed, client_tokens: &mut Vec<String>) {
    macro_rules! made {
        ($what:literal, $result:expr) => {
            match $result {
                Ok(value) => {
                    printed.value($what, &value);
                    Some(value)
                }
                Err(error) => {
                    printed.error($what, &error);
                    None
                }
            }
        };
    }
    macro_rules! with_json {
        ($what:literal, $result:expr) => {
            if let Some(value) = made!($what, $result) {
                printed.add($what, value.to_json());
            }
        };
    }
    let Setup { env, client, .. } = setup;
    let day = Duration::from_secs(24 * 3600);
    let (start, end) = (SystemTime::now() - day, SystemTime::now() + day);
    let holder = &env.cardholder_no;
    made!("access_token", client.access_token());
    let person = ApplyCardholder {
        cardholder_unique_no: "canary-customer".into(),
        sumsub_share_token: SHARE_TOKEN.into(),
        cardholder_no: None,
    };
    printed.value("ApplyCardholder", &person);
    with_json!("cardholders.apply", client.cardholders().apply(&person));
    with_json!("cardholders.get", client.cardholders().get(holder));
    let list = client.cardholders().list(&ListCardholders::between(start, end)).unwrap();
    printed.value("List", &list);
    for row in list {
        with_json!("cardholders.list", row);
    }
    made!("cardholders.list_page", client.cardholders().list_page(&ListCardholders::between(start, end), 0, 10));
    let card = ApplyCard {
        card_type: CardType::Physical,
        package_no: Some("1600000000000000103".into()),
        address_info: Some(address()),
        ..virtual_card(holder, "canary-card")
    };
    printed.value("ApplyCard", &card);
    with_json!("cards.apply", client.cards().apply(&card));
    for row in client.cards().list(&ListCards::between(start, end)).unwrap() {
        with_json!("cards.list", row);
    }
    with_json!("cards.get", client.cards().get(&setup.physical));
    printed.value("ActivateCard", &setup.activation);
    made!("cards.activate", client.cards().activate(&setup.activation));
    let pin = SetPin { card_no: setup.physical.clone(), cardholder_no: holder.clone(), pin: Pin::new(PIN).unwrap() };
    printed.value("SetPin", &pin);
    made!("cards.set_pin", client.cards().set_pin(&pin));
    if let Some(secrets) = made!("cards.private_info", client.cards().private_info(&setup.physical)) {
        printed.add("masked_pan", secrets.masked_pan());
    }
    if let Some(token) = made!("pci.client_token", client.pci().client_token(&setup.physical)) {
        client_tokens.push(token.expose().to_owned());
        let detail = CardDetail {
            client_access_token: token.expose().into(),
            origin: env.sandbox.hosted_origin().into(),
            parent_origin: env.sandbox.parent_origin().into(),
            nonce: format!("nonce-{}", client_tokens.len()),
            extra: Extra::default(),
        };
        printed.value("CardDetail", &detail);
        made!("pci.card_detail", client.pci().card_detail(&detail));
        made!("pci.card_detail again", client.pci().card_detail(&detail));
    }
    made!("cards.freeze", client.cards().freeze(&setup.physical));
    made!("cards.unfreeze", client.cards().unfreeze(&setup.physical));
    let transfer = Transfer {
        cardholder_no: holder.clone(),
        transfer_unique_no: format!("move-{}", printed.0.len()),
        r#type: TransferType::In,
        amount: cents(100_00),
    };
    printed.value("Transfer", &transfer);
    with_json!("accounts.transfer", client.accounts().transfer(&transfer));
    with_json!("accounts.get", client.accounts().get(holder));
    for row in client.accounts().transfers(&ListTransfers::between(start, end)).unwrap() {
        with_json!("accounts.transfers", row);
    }
    for row in client.cards().packages(&ListPackages::default()) {
        with_json!("cards.packages", row);
    }
    for row in client.cards().bins(&ListBins::default()) {
        with_json!("cards.bins", row);
    }
    let purchase = SimulationRequest {
        card_no: Some(setup.physical.clone()),
        amount: Some(cents(1_00)),
        ..SimulationRequest::default()
    };
    printed.value("SimulationRequest", &purchase);
    let bought = made!("simulation.auth", client.simulation().auth(&purchase)).and_then(|made| made.consume_no);
    let it = SimulationRequest {
        consume_no: bought.clone(),
        consume_relate_no: bought.clone(),
        ..SimulationRequest::default()
    };
    with_json!("simulation.consumption_clear", client.simulation().consumption_clear(&it));
    with_json!("simulation.consumption_fail", client.simulation().consumption_fail(&it));
    with_json!("simulation.reversal", client.simulation().reversal(&it));
    with_json!("simulation.refund", client.simulation().refund(&it));
    with_json!("consumptions.get", client.consumptions().get(bought.as_deref().unwrap_or("17")));
    for row in client.consumptions().list(&ListConsumptions::between(start, end)).unwrap() {
        with_json!("consumptions.list", row);
    }
    printed.value("the client", client);
    printed.value("a builder", &env.builder().proxy("http://user:canary@127.0.0.1:9").ca_pem("x"));
}

/// The log targets that show a secret at trace level. Only `ureq` may be among them.
fn leaky_at_trace(lines: &[LogLine], secrets: &[(&str, String)]) -> BTreeSet<String> {
    let targets: BTreeSet<&str> = lines.iter().map(|line| &*line.target).collect();
    let leaky = targets.into_iter().filter(|target| {
        let traced = || lines.iter().filter(|line| line.target == **target && line.level == log::Level::Trace);
        // A dump shows sixteen characters in each line, after their codes.
        let dumped: String = traced().filter_map(|line| line.text.get(41..)).collect();
        secrets.iter().any(|(_, secret)| {
            secret.len() > 8 && (dumped.contains(secret) || traced().any(|line| line.text.contains(secret)))
        })
    });
    leaky.map(str::to_owned).collect()
}

#[test]
fn no_secret_is_printed_by_any_call_any_value_any_log_or_any_record() {
    let setup = Setup::new();
    let (mut printed, mut client_tokens) = (Printed::default(), Vec::new());
    let ((), lines) = logged(|| all_calls(&setup, &mut printed, &mut client_tokens));
    assert!(lines.iter().any(|line| line.target == "keysecure"), "the log was captured");
    let libraries: BTreeSet<_> =
        lines.iter().map(|line| line.target.split("::").next().unwrap_or_default().to_owned()).collect();
    println!("targets that logged: {libraries:?}");
    println!("targets that show secrets at trace level: {:?}", leaky_at_trace(&lines, &setup.secrets(&client_tokens)));
    let shows_numbers = |line: &&LogLine| line.level <= log::Level::Debug && line.text.contains(&setup.physical);
    let numbered: BTreeSet<_> = lines.iter().filter(shows_numbers).map(|line| line.target.clone()).collect();
    println!("targets that show a card's number at debug level: {numbered:?}");
    assert!(!numbered.iter().any(|target| target.starts_with("keysecure")));
    assert!(leaky_at_trace(&lines, &setup.secrets(&client_tokens)).iter().all(|target| target.starts_with("ureq")));
    add_logs(&mut printed, lines);
    setup.recorder.attempts().iter().for_each(|record| printed.add("an attempt", format!("{record} {record:?}")));
    setup.recorder.calls().iter().for_each(|record| printed.value("a call", record));
    assert_eq!(client_tokens.len(), 1);
    assert!(printed.0.len() > 150, "{} texts", printed.0.len());
    check(&printed, &setup.secrets(&client_tokens));
}

#[test]
fn no_secret_is_printed_under_any_fault() {
    let setup = Setup::new();
    let (mut printed, mut client_tokens) = (Printed::default(), Vec::new());
    for kind in [
        FaultKind::Truncate,
        FaultKind::Malformed,
        FaultKind::WrongType,
        FaultKind::WrongFieldTypes,
        FaultKind::MissingData,
        FaultKind::Html,
        FaultKind::DeepNesting,
        FaultKind::InvalidUtf8,
        FaultKind::Redirect,
        FaultKind::DropAfterCommit,
        FaultKind::Code(1004),
        FaultKind::ExpiredToken,
        FaultKind::HttpStatus(502, None),
    ] {
        // Every call fails, some token calls included.
        let before = setup.env.sandbox.snapshot();
        setup.env.sandbox.fault(Fault::on_any(kind).times(1_000));
        let ((), lines) = logged(|| all_calls(&setup, &mut printed, &mut client_tokens));
        add_logs(&mut printed, lines);
        setup.env.sandbox.clear_faults();
        setup.env.sandbox.restore(&before);
    }
    setup.recorder.attempts().iter().for_each(|record| printed.add("an attempt", format!("{record} {record:?}")));
    println!("{} texts searched", printed.0.len());
    check(&printed, &setup.secrets(&client_tokens));
}

#[test]
fn no_secret_is_in_a_panic_message() {
    let setup = Setup::new();
    let secrets = setup.client.cards().private_info(&setup.physical).unwrap();
    let token = setup.client.access_token().unwrap();
    let client = setup.client.clone();
    let (pin, cvv, secret) = (Pin::new(PIN).unwrap(), setup.activation.cvv.clone(), Secret::from(API_SECRET));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let checked = |all: &dyn Debug| Err::<(), _>(format!("{all:?}"));
        checked(&(&client, &secrets, &token, &pin, &cvv, &secret)).unwrap();
    }))
    .unwrap_err();
    let mut printed = Printed::default();
    printed.add("a panic", panicked.downcast_ref::<String>().unwrap().clone());
    assert!(printed.0[0].1.contains("***"));
    check(&printed, &setup.secrets(&[]));
}

#[test]
fn secrets_in_the_result_of_a_raw_call_are_not_printed() {
    let setup = Setup::new();
    let client = &setup.client;
    let token = client.call(Method::Get, "/v1/merchant/token", None).unwrap();
    let plain: serde_json::Value = token.parse().unwrap();
    let path = format!("/v1/merchant/client/{}/token", setup.physical);
    let client_token = client.call(Method::Get, &path, None).unwrap();
    let client_plain: serde_json::Value = client_token.parse().unwrap();
    let body = serde_json::json!({
        "client_access_token": client_plain["client_access_token"],
        "nonce": "nonce",
        "parent_origin": setup.env.sandbox.parent_origin(),
    });
    let body = Json::new(&body.to_string()).unwrap();
    let mut printed = Printed::default();
    printed.value("the raw token", &token);
    printed.value("the raw client token", &client_token);
    printed.value("the raw body", &body);
    printed.value(
        "a raw page",
        &Json::new(r#"{"list":[{"cvv":"417","pin":"739251","api_secret":"canary-raw-1"}]}"#).unwrap(),
    );
    let mut secrets = setup.secrets(&[client_plain["client_access_token"].as_str().unwrap().to_owned()]);
    secrets.push(("the raw access token", plain["access_token"].as_str().unwrap().to_owned()));
    secrets.push(("a raw CVV", "417".to_owned()));
    check(&printed, &secrets);
}
