//! The canary: planted secrets, everything that can be printed, and a search.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, ApplyCard, ApplyCardholder, CardDetail, CardType, Client, Cvv, Error, ErrorKind, Extra, Json,
    ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers, Method, Outcome, Pin, Request,
    Response, Secret, SetPin, SimulationRequest, Transfer, TransferType, Transport, TransportError,
};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use keysecure_tests::{
    LogLine, MockResponse, MockServer, Recorder, TestClock, TestEnv, address, cents, envelope, http, logged,
    virtual_card,
};

const API_KEY: &str = "canary-api-key-7Q";
const API_SECRET: &str = "canarySECRETcanarySECRET01234567";
const SHARE_TOKEN: &str = "auto-approve-canary-share-93";
const PIN: &str = "739251";
/// A PAN that a hostile server plants.
const PLANTED: &str = "4556737586899855";

/// Everything that was printed, with a word on where it came from.
#[derive(Default)]
struct Heap(Vec<(String, String)>);

impl Heap {
    fn add(&mut self, what: impl Into<String>, text: String) {
        self.0.push((what.into(), text));
    }

    fn value(&mut self, what: &str, value: &impl Debug) {
        self.add(what, format!("{value:?}\n{value:#?}"));
    }

    fn error(&mut self, what: &str, error: &Error) {
        self.add(what, format!("{error}\n{error:?}\n{error:#?}\n{:?}\n{:?}", error.msg(), error.field()));
        let source = std::error::Error::source(error);
        self.add(what, format!("{source:?}"));
    }

    /// What holds a secret, by the words on where it came from.
    fn leaks(&self, secrets: &[(&str, String)]) -> Vec<String> {
        let mut leaks = Vec::new();
        for (what, text) in &self.0 {
            for (name, secret) in secrets {
                if holds(text, secret) {
                    leaks.push(format!("{name} in {what}: {text}"));
                }
            }
        }
        leaks
    }
}

/// Whether the text holds the secret. A short one of digits counts only as a whole group of digits.
fn holds(text: &str, secret: &str) -> bool {
    if secret.len() > 8 {
        return text.contains(secret);
    }
    let bytes = text.as_bytes();
    text.match_indices(secret).any(|(start, _)| {
        let (before, after) = (start.checked_sub(1).map(|at| bytes[at]), bytes.get(start + secret.len()).copied());
        let joins = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_duration = text[..start].ends_with("ms=") || matches!(after, Some(b'm' | 0xc2 | b'n' | b's'));
        !joins(before) && !joins(after) && !is_duration
    })
}

#[test]
fn the_search_finds_what_it_should() {
    assert!(holds(r#""cvv":"417""#, "417") && holds("417", "417") && holds("x 417 y", "417"));
    assert!(!holds("http_status=4170", "417") && !holds("ms=417 x", "417") && !holds("1.417ms", "417"));
    assert!(holds("a canary-api-key-7Q b", API_KEY));
    let mut heap = Heap::default();
    heap.value("a string", &"pin 739251");
    assert_eq!(heap.leaks(&[("pin", PIN.to_owned())]).len(), 1);
}

struct Cast {
    env: TestEnv,
    client: Client,
    recorder: Arc<Recorder>,
    physical: String,
    activation: ActivateCard,
    token: String,
}

impl Cast {
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

    /// All secrets there are by now.
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

/// Makes all calls and prints all that goes in and comes out.
fn all_calls(cast: &Cast, heap: &mut Heap, client_tokens: &mut Vec<String>) {
    macro_rules! made {
        ($what:literal, $result:expr) => {
            match $result {
                Ok(value) => {
                    heap.value($what, &value);
                    Some(value)
                }
                Err(error) => {
                    heap.error($what, &error);
                    None
                }
            }
        };
    }
    macro_rules! with_json {
        ($what:literal, $result:expr) => {
            if let Some(value) = made!($what, $result) {
                heap.add($what, value.to_json());
            }
        };
    }
    let Cast { env, client, .. } = cast;
    let day = Duration::from_secs(24 * 3600);
    let (start, end) = (SystemTime::now() - day, SystemTime::now() + day);
    let holder = &env.cardholder_no;
    made!("access_token", client.access_token());
    let person = ApplyCardholder {
        cardholder_unique_no: "canary-customer".into(),
        sumsub_share_token: SHARE_TOKEN.into(),
        cardholder_no: None,
    };
    heap.value("ApplyCardholder", &person);
    with_json!("cardholders.apply", client.cardholders().apply(&person));
    with_json!("cardholders.get", client.cardholders().get(holder));
    let list = client.cardholders().list(&ListCardholders::between(start, end)).unwrap();
    heap.value("List", &list);
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
    heap.value("ApplyCard", &card);
    with_json!("cards.apply", client.cards().apply(&card));
    for row in client.cards().list(&ListCards::between(start, end)).unwrap() {
        with_json!("cards.list", row);
    }
    with_json!("cards.get", client.cards().get(&cast.physical));
    heap.value("ActivateCard", &cast.activation);
    made!("cards.activate", client.cards().activate(&cast.activation));
    let pin = SetPin { card_no: cast.physical.clone(), cardholder_no: holder.clone(), pin: Pin::new(PIN).unwrap() };
    heap.value("SetPin", &pin);
    made!("cards.set_pin", client.cards().set_pin(&pin));
    if let Some(secrets) = made!("cards.private_info", client.cards().private_info(&cast.physical)) {
        heap.add("masked_pan", secrets.masked_pan());
    }
    if let Some(token) = made!("pci.client_token", client.pci().client_token(&cast.physical)) {
        client_tokens.push(token.expose().to_owned());
        let detail = CardDetail {
            client_access_token: token.expose().into(),
            origin: env.sandbox.hosted_origin().into(),
            parent_origin: env.sandbox.parent_origin().into(),
            nonce: format!("nonce-{}", client_tokens.len()),
            extra: Extra::default(),
        };
        heap.value("CardDetail", &detail);
        made!("pci.card_detail", client.pci().card_detail(&detail));
        made!("pci.card_detail again", client.pci().card_detail(&detail));
    }
    made!("cards.freeze", client.cards().freeze(&cast.physical));
    made!("cards.unfreeze", client.cards().unfreeze(&cast.physical));
    let transfer = Transfer {
        cardholder_no: holder.clone(),
        transfer_unique_no: format!("move-{}", heap.0.len()),
        r#type: TransferType::In,
        amount: cents(100_00),
    };
    heap.value("Transfer", &transfer);
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
        card_no: Some(cast.physical.clone()),
        amount: Some(cents(1_00)),
        ..SimulationRequest::default()
    };
    heap.value("Simulated", &purchase);
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
    heap.value("the client", client);
    heap.value("a builder", &env.builder().proxy("http://user:canary@127.0.0.1:9").ca_pem("x"));
}

/// The other libraries whose trace level shows a secret: nobody should run a program at that level.
fn leaky_at_trace(lines: &[LogLine], secrets: &[(&str, String)]) -> BTreeSet<String> {
    let targets: BTreeSet<&str> = lines.iter().map(|line| &*line.target).collect();
    let leaky = targets.into_iter().filter(|target| {
        let traced = || lines.iter().filter(|line| line.target == **target && line.level == log::Level::Trace);
        // A dump shows sixteen characters in each line, behind their codes.
        let dumped: String = traced().filter_map(|line| line.text.get(41..)).collect();
        secrets.iter().any(|(_, secret)| {
            secret.len() > 8 && (dumped.contains(secret) || traced().any(|line| line.text.contains(secret)))
        })
    });
    leaky.map(str::to_owned).collect()
}

/// The logs of the SDK at every level, and those of its libraries at debug level and above.
fn add_logs(heap: &mut Heap, lines: Vec<LogLine>) {
    for line in lines {
        if line.target.starts_with("keysecure") || line.level <= log::Level::Debug {
            heap.add(format!("the log of {} at {}", line.target, line.level), line.text);
        }
    }
}

fn check(heap: &Heap, secrets: &[(&str, String)]) {
    let leaks = heap.leaks(secrets);
    assert!(leaks.is_empty(), "{} leaks, the first: {:#?}", leaks.len(), &leaks[..leaks.len().min(5)]);
}

#[test]
fn no_secret_is_printed_by_any_call_any_value_any_log_or_any_record() {
    let cast = Cast::new();
    let (mut heap, mut client_tokens) = (Heap::default(), Vec::new());
    let ((), lines) = logged(|| all_calls(&cast, &mut heap, &mut client_tokens));
    assert!(lines.iter().any(|line| line.target == "keysecure"), "the log was captured");
    let libraries: BTreeSet<_> =
        lines.iter().map(|line| line.target.split("::").next().unwrap_or_default().to_owned()).collect();
    println!("targets that logged: {libraries:?}");
    println!("targets that show secrets at trace level: {:?}", leaky_at_trace(&lines, &cast.secrets(&client_tokens)));
    let shows_numbers = |line: &&LogLine| line.level <= log::Level::Debug && line.text.contains(&cast.physical);
    let numbered: BTreeSet<_> = lines.iter().filter(shows_numbers).map(|line| line.target.clone()).collect();
    println!("targets that show a card's number at debug level: {numbered:?}");
    assert!(!numbered.iter().any(|target| target.starts_with("keysecure")));
    assert!(leaky_at_trace(&lines, &cast.secrets(&client_tokens)).iter().all(|target| target.starts_with("ureq")));
    add_logs(&mut heap, lines);
    cast.recorder.attempts().iter().for_each(|record| heap.add("an attempt", format!("{record} {record:?}")));
    cast.recorder.calls().iter().for_each(|record| heap.value("a call", record));
    assert_eq!(client_tokens.len(), 1);
    assert!(heap.0.len() > 150, "{} texts", heap.0.len());
    check(&heap, &cast.secrets(&client_tokens));
}

#[test]
fn no_secret_is_printed_under_any_fault() {
    let cast = Cast::new();
    let (mut heap, mut client_tokens) = (Heap::default(), Vec::new());
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
        // Every call fails, those of the token once in a while too.
        let before = cast.env.sandbox.snapshot();
        cast.env.sandbox.fault(Fault::on_any(kind).times(1_000));
        let ((), lines) = logged(|| all_calls(&cast, &mut heap, &mut client_tokens));
        add_logs(&mut heap, lines);
        cast.env.sandbox.clear_faults();
        cast.env.sandbox.restore(&before);
    }
    cast.recorder.attempts().iter().for_each(|record| heap.add("an attempt", format!("{record} {record:?}")));
    println!("{} texts searched", heap.0.len());
    check(&heap, &cast.secrets(&client_tokens));
}

#[test]
fn no_secret_is_in_the_words_of_a_panic() {
    let cast = Cast::new();
    let secrets = cast.client.cards().private_info(&cast.physical).unwrap();
    let token = cast.client.access_token().unwrap();
    let client = cast.client.clone();
    let (pin, cvv, secret) = (Pin::new(PIN).unwrap(), cast.activation.cvv.clone(), Secret::from(API_SECRET));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let checked = |all: &dyn Debug| Err::<(), _>(format!("{all:?}"));
        checked(&(&client, &secrets, &token, &pin, &cvv, &secret)).unwrap();
    }))
    .unwrap_err();
    let mut heap = Heap::default();
    heap.add("a panic", panicked.downcast_ref::<String>().unwrap().clone());
    assert!(heap.0[0].1.contains("***"));
    check(&heap, &cast.secrets(&[]));
}

#[test]
fn a_foreign_transport_that_prints_what_passes_through_it_prints_no_secret() {
    struct Printing(std::sync::Mutex<Heap>);
    impl Transport for Printing {
        fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
            let body = br#"{"code":0,"data":{"access_token":"canary-token-of-a-puppet","expired_time":4763800000000,"result":true}}"#;
            let response = Response { status: 200, date: None, retry_after: None, body: body.to_vec().into() };
            let mut heap = self.0.lock().unwrap();
            heap.value("a request", request);
            heap.value("a response", &response);
            Ok(response)
        }
    }
    let printing = Arc::new(Printing(std::sync::Mutex::default()));
    let client = Client::builder(API_KEY, API_SECRET).transport(printing.clone()).build().unwrap();
    let pin = Pin::new(PIN).unwrap();
    client.cards().set_pin(&SetPin { card_no: "17".into(), cardholder_no: "18".into(), pin }).unwrap();
    let secrets = [
        ("the Api-Key", API_KEY.to_owned()),
        ("the apiSecret", API_SECRET.to_owned()),
        ("the PIN", PIN.to_owned()),
        ("an access token", "canary-token-of-a-puppet".to_owned()),
    ];
    let heap = printing.0.lock().unwrap();
    assert_eq!(heap.0.len(), 4);
    check(&heap, &secrets);
}

/// A client of a server that always answers so, and what its calls print.
fn printed_of(reply: MockResponse) -> Heap {
    let server = MockServer::platform(move |_| reply.clone()).unwrap();
    let recorder = Arc::new(Recorder::default());
    let client = Client::builder(API_KEY, API_SECRET)
        .base_url(server.base_url())
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .observer(recorder.clone())
        .build()
        .unwrap();
    let mut heap = Heap::default();
    macro_rules! made {
        ($what:literal, $result:expr) => {
            match $result {
                Ok(value) => heap.value($what, &value),
                Err(error) => heap.error($what, &error),
            }
        };
    }
    let ((), lines) = logged(|| {
        made!("cards.get", client.cards().get("17"));
        made!("cardholders.get", client.cardholders().get("17"));
        made!("consumptions.get", client.consumptions().get("17"));
        made!("accounts.get", client.accounts().get("17"));
        made!("cards.private_info", client.cards().private_info("17"));
        made!("pci.client_token", client.pci().client_token("17"));
        made!("cards.freeze", client.cards().freeze("17"));
        made!(
            "pci.card_detail",
            client.pci().card_detail(&CardDetail {
                client_access_token: "t".into(),
                origin: "https://page.example".into(),
                parent_origin: "https://merchant.example".into(),
                nonce: "n".into(),
                extra: Extra::default(),
            })
        );
        client.cards().packages(&ListPackages::default()).for_each(|row| made!("cards.packages", row));
        made!("a raw call", client.call(Method::Get, "/v1/anything", None));
    });
    // A foreign server's head is in the libraries' own logs; only ours are searched.
    let ours = lines.into_iter().filter(|line| line.target == "keysecure").collect();
    add_logs(&mut heap, ours);
    recorder.attempts().iter().for_each(|record| heap.add("an attempt", format!("{record} {record:?}")));
    heap
}

#[test]
fn a_pan_that_a_hostile_server_plants_is_masked_wherever_it_is_printed() {
    let spaced = "4556 7375 8689 9855";
    let dashed = "4556-7375-8689-9855";
    let object = |value: &str| {
        format!(
            r#"{{"card_no":"17","cardholder_no":"18","consume_no":"19","package_no":"20","status":{value},"email":{value},"fail_reason":{value},"remark":{value},"detail":{value},"card_name":{value},"organization":{value},"merchant_info":{{"merchant_name":{value}}},"fee_detail":{{"manage_fee_type":{value}}},"note":{value},"deep":{{"list":[{{"pan":{value}}}]}}}}"#
        )
    };
    let mut replies = Vec::new();
    for pan in [PLANTED, spaced, dashed, "card 4556737586899855 of customer 7"] {
        let text = format!("\"{pan}\"");
        let page = format!(r#"{{"list":[{}]}}"#, object(&text));
        replies.extend([envelope(&object(&text)), envelope(&page), envelope(&text)]);
        for code in [1004, 2002, 4005, 1001, 77] {
            let refusal = format!(r#"{{"code":{code},"msg":"card_no {pan} is wrong, {pan}","data":{text}}}"#);
            replies.push(http("200 OK", &[], refusal.as_bytes()));
        }
    }
    // As a number, as a field's name, where another type is due, and in what is no JSON at all.
    let bare = PLANTED;
    replies.extend([
        envelope(&object(bare)),
        envelope(&format!(r#"{{"card_no":"17","status":"x","extra":{{"{bare}":"{bare}"}}}}"#)),
        envelope(&format!(r#"{{"card_no":[{bare}],"status":"x"}}"#)),
        envelope(&format!(r#"{{"list":[{{"card_no":[{bare}]}},{bare},"{bare}"]}}"#)),
        envelope(&format!(r#"{{"card_no":"17","status":"x","time":"{bare}x"}}"#)),
        envelope(&format!(r#"{{"result":"{bare}"}}"#)),
        envelope(&format!(r#"{{"result":{bare}}}"#)),
        envelope(&format!(r#"{{"client_access_token":{bare},"expires_in":"{bare}x"}}"#)),
        http("200 OK", &[], format!("<html>{bare}</html>").as_bytes()),
        http("200 OK", &[], format!("{{\"code\":\"{bare}x\"}}").as_bytes()),
        http("200 OK", &[], format!("{{\"code\":0,\"data\":{bare}").as_bytes()),
        http(&format!("500 {bare}"), &[&format!("X-Pan: {bare}")], bare.as_bytes()),
        http("302 Found", &[&format!("Location: http://127.0.0.1:9/{bare}")], b""),
        http("503 Busy", &[&format!("Retry-After: {bare}x"), &format!("Date: {bare}")], b""),
    ]);
    let planted = [
        ("a PAN", PLANTED.to_owned()),
        ("a PAN in groups", spaced.to_owned()),
        ("a PAN with dashes", dashed.to_owned()),
    ];
    for reply in replies {
        let shown = String::from_utf8_lossy(&reply).into_owned();
        let leaks = printed_of(MockResponse::Keep(reply)).leaks(&planted);
        assert!(leaks.is_empty(), "of {shown}: {:#?}", &leaks[..leaks.len().min(3)]);
    }
}

#[test]
fn a_pan_that_is_the_name_of_a_field_is_masked_too() {
    let data = format!(r#"{{"{PLANTED}":1,"card_no":"17","status":"x","list":[{{"{PLANTED}":2}}]}}"#);
    let leaks = printed_of(MockResponse::Keep(envelope(&data))).leaks(&[("a PAN", PLANTED.to_owned())]);
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn secrets_of_a_wrong_type_are_not_repeated_by_the_error() {
    let canaries =
        [("a token", "canary-token-55"), ("a PAN", PLANTED), ("a CVV", "417"), ("a client token", "canary-client-56")];
    let secrets = canaries.map(|(name, secret)| (name, secret.to_owned()));
    for data in [
        r#"{"access_token":["canary-token-55"],"expired_time":4763800000000}"#,
        r#"{"access_token":{"canary-token-55":1},"expired_time":4763800000000}"#,
        r#"{"access_token":"canary-token-55","expired_time":"canary-token-55"}"#,
        r#"{"access_token":"canary-token-55"}"#,
        r#"{"access_token":"canary-token-55 \r\nX: y","expired_time":4763800000000}"#,
        r#""canary-token-55""#,
    ] {
        let server = MockServer::start(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let client = Client::builder(API_KEY, API_SECRET).base_url(server.base_url()).build().unwrap();
        let error = client.cards().freeze("17").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        let mut heap = Heap::default();
        heap.error("a token of a wrong type", &error);
        check(&heap, &secrets);
    }
    for data in [
        r#"{"card_no":"17","pan":4556737586899855,"cvv":"417","exp_year":"2028","exp_month":"12"}"#,
        r#"{"card_no":"17","pan":"4556737586899855","cvv":417,"exp_year":"2028","exp_month":"12"}"#,
        r#"{"card_no":"17","pan":["4556737586899855"],"cvv":"417"}"#,
        r#"{"card_no":"17","pan":"4556737586899855","cvv":"417"}"#,
        r#"{"client_access_token":"canary-client-56","expires_in":"canary-client-56"}"#,
        r#"{"client_access_token":{"canary-client-56":417},"expires_in":300}"#,
        r#"["4556737586899855","417"]"#,
        r#""4556737586899855 417""#,
    ] {
        let heap = printed_of(MockResponse::Keep(envelope(data)));
        let of_types = Heap(heap.0.into_iter().filter(|(what, _)| what.starts_with("pci.")).collect());
        assert_eq!(of_types.0.len(), 4, "two errors, in two parts each");
        check(&of_types, &secrets);
    }
}

#[test]
fn what_a_raw_call_brings_of_secrets_is_not_printed() {
    let cast = Cast::new();
    let client = &cast.client;
    let token = client.call(Method::Get, "/v1/merchant/token", None).unwrap();
    let plain: serde_json::Value = token.parse().unwrap();
    let path = format!("/v1/merchant/client/{}/token", cast.physical);
    let client_token = client.call(Method::Get, &path, None).unwrap();
    let client_plain: serde_json::Value = client_token.parse().unwrap();
    let body = serde_json::json!({
        "client_access_token": client_plain["client_access_token"],
        "nonce": "nonce",
        "parent_origin": cast.env.sandbox.parent_origin(),
    });
    let body = Json::new(&body.to_string()).unwrap();
    let mut heap = Heap::default();
    heap.value("the raw token", &token);
    heap.value("the raw client token", &client_token);
    heap.value("the raw body", &body);
    heap.value(
        "a raw page",
        &Json::new(r#"{"list":[{"cvv":"417","pin":"739251","api_secret":"canary-raw-1"}]}"#).unwrap(),
    );
    let mut secrets = cast.secrets(&[client_plain["client_access_token"].as_str().unwrap().to_owned()]);
    secrets.push(("the raw access token", plain["access_token"].as_str().unwrap().to_owned()));
    secrets.push(("a raw CVV", "417".to_owned()));
    check(&heap, &secrets);
}

#[test]
fn a_secret_that_a_new_field_brings_is_kept_and_not_printed() {
    let data = r#"{"card_no":"17","status":"Frozen","cvv":"417","pin":"739251","token":"canary-new-57"}"#;
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
    let client = Client::builder(API_KEY, API_SECRET).base_url(server.base_url()).build().unwrap();
    let card = client.cards().get("17").unwrap();
    assert_eq!(card.extra.get("cvv").unwrap().as_str(), r#""417""#);
    let mut heap = Heap::default();
    heap.value("a card with new fields", &card);
    check(&heap, &[("a CVV", "417".to_owned()), ("a PIN", PIN.to_owned())]);
}

#[test]
fn secrets_are_equal_by_value_and_print_as_stars() {
    assert_eq!(Secret::from(API_SECRET), Secret::from(API_SECRET.to_owned()));
    assert_eq!(format!("{:?}", Secret::from(API_SECRET)), "***");
    assert_eq!(format!("{:?} {:?}", Pin::new(PIN).unwrap(), Cvv::new("417").unwrap()), "Pin(***) Cvv(***)");
    let error = Pin::new("123456").unwrap_err();
    assert_eq!((error.outcome(), error.kind()), (Outcome::NotSent, ErrorKind::InvalidInput));
}
