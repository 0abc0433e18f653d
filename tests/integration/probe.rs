//! The probe: what it finds in the sandbox and in its deviations, and what its report does not hold.

use std::collections::BTreeSet;

use keysecure::{
    CapturedWebhook, Client, ClientBuilder, Environment, ErrorKind, Inference, ProbeOptions, ProbeReport,
    SimulationRequest, Verdict, WebhookVerifier,
};
use keysecure_sandbox::{CipherMode, HttpStatuses, KeyScheme, ListRules, Mode, RowReference, Sandbox, SandboxBuilder};

const BODY: &[u8] =
    br#"{"id":"1","action":"Card_update","data":{"card_no":"42","after_status":"Frozen","time":1763800000123}}"#;

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).max_retries(0)
}

/// A sandbox with rows in every list: more than a server's usual cap, and a card with a purchase that has a fee.
fn filled(builder: SandboxBuilder) -> (Sandbox, String) {
    let sandbox = builder.start().unwrap();
    let cardholder = sandbox.seed_approved_cardholder();
    let now = sandbox.now_ms();
    let times: Vec<i64> = (1..=120).map(|minutes| now - minutes * 60_000).collect();
    sandbox.seed_cards(&cardholder, &times).unwrap();
    sandbox.seed_transfers(&cardholder, &times).unwrap();
    let card = sandbox.seed_virtual_card(&cardholder).unwrap();
    let consumed = sandbox.seed_consumptions(&card, &[now - 30_000]).unwrap().remove(0);
    let fees = r#"[{"fee_type":"Consume_fee","amount":0.5}]"#;
    let body = format!(r#"{{"consume_no":"{consumed}","fee_detail":{fees}}}"#);
    sandbox.control("POST", "/consumptions/complete_fees", &body).unwrap();
    (sandbox, card)
}

fn captured(app_id: &str, secret: &str) -> CapturedWebhook {
    let signer = WebhookVerifier::new(app_id, [secret]).unwrap();
    let headers = signer.sign_for_tests(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(9), BODY);
    let headers = headers.unwrap().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    CapturedWebhook { headers, body: BODY.to_vec() }
}

/// The report of a run with every option.
fn probed(sandbox: &Sandbox, card: &str) -> ProbeReport {
    let webhook = captured(sandbox.api_key(), sandbox.api_secret());
    let options = ProbeOptions { card_no: Some(card.to_owned()), webhook: Some(webhook), simulate: true };
    builder(sandbox).build().unwrap().probe(&options).unwrap()
}

fn names(report: &ProbeReport, verdict: Verdict) -> Vec<&'static str> {
    report.with(verdict).map(|finding| finding.inference.as_str()).collect()
}

fn verdict(report: &ProbeReport, inference: Inference) -> Verdict {
    report.get(inference).unwrap().verdict
}

#[test]
fn in_the_default_sandbox_nothing_differs_from_what_is_inferred() {
    let (sandbox, card) = filled(Sandbox::builder());
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), [""; 0], "{report}");
    let cannot = Inference::ALL.iter().copied().filter(|inference| !inference.can_be_probed());
    let cannot: Vec<_> = cannot.map(Inference::as_str).collect();
    assert_eq!(names(&report, Verdict::NotSeen), cannot, "{report}");
    // The sandbox invalidates former tokens.
    assert_eq!(report.settings(), [("store", "one that all workers share")]);
    assert!(report.findings.iter().map(|finding| finding.inference).eq(Inference::ALL.iter().copied()));
}

#[test]
fn in_authorization_mode_nothing_differs_either() {
    let sandbox = Sandbox::builder().mode(Mode::Authorization).start().unwrap();
    let card = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder()).unwrap();
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), [""; 0], "{report}");
    for inference in [Inference::Simulation, Inference::AesKey, Inference::TokenReplacement, Inference::CardRow] {
        assert_eq!(verdict(&report, inference), Verdict::Confirmed, "{report}");
    }
    assert_eq!(verdict(&report, Inference::TransferRow), Verdict::NotSeen);
}

#[test]
fn strict_http_statuses_are_found() {
    let (sandbox, card) = filled(Sandbox::builder().http_statuses(HttpStatuses::Strict));
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), ["http_statuses"], "{report}");
    let found = &report.get(Inference::HttpStatuses).unwrap().found;
    for text in ["HTTP 400 with code 1004", "HTTP 401 with code 1006", "HTTP 401 with code 1007"] {
        assert!(found.contains(text), "{found}");
    }
    let (sandbox, card) = filled(Sandbox::builder().http_statuses(HttpStatuses::StrictBare));
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), ["http_statuses", "envelope"], "{report}");
    assert_eq!(verdict(&report, Inference::TokenReplacement), Verdict::Confirmed);
}

#[test]
fn another_aes_scheme_is_found_and_named_as_a_setting() {
    for (scheme, mode, setting) in [
        (KeyScheme::Md5, CipherMode::Ecb, "md5"),
        (KeyScheme::Sha256, CipherMode::Cbc, "sha256/cbc"),
        (KeyScheme::Sha1Prng, CipherMode::Ecb, "sha1prng"),
    ] {
        let (sandbox, card) = filled(Sandbox::builder().aes(scheme, mode));
        let report = probed(&sandbox, &card);
        assert_eq!(names(&report, Verdict::Refuted), ["aes_key"], "{report}");
        assert!(report.settings().contains(&("aes", setting)), "{report}");
        assert!(report.to_string().contains(&format!("aes = {setting}")), "{report}");
    }
}

#[test]
fn capped_pages_and_a_total_are_found() {
    let mut rules = ListRules::default();
    rules.page_cap = Some(20);
    let (sandbox, card) = filled(Sandbox::builder().list_rules(rules.clone()));
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), ["page_cap"], "{report}");
    assert!(report.get(Inference::PageCap).unwrap().found.contains("20 rows of 100"), "{report}");
    rules.total = true;
    rules.reference = RowReference::LeftOut;
    rules.ignore_filters = true;
    sandbox.set_list_rules(rules).unwrap();
    let report = probed(&sandbox, &card);
    let expected = ["page_cap", "list_total", "filter", "cardholder_row", "card_row", "transfer_row"];
    assert_eq!(names(&report, Verdict::Refuted), expected, "{report}");
}

#[test]
fn tokens_that_stay_valid_and_live_shorter_are_found() {
    let lifetime = std::time::Duration::from_secs(7200);
    let (sandbox, card) = filled(Sandbox::builder().token_voids_previous(false).token_lifetime(lifetime));
    let report = probed(&sandbox, &card);
    assert_eq!(names(&report, Verdict::Refuted), ["token_lifetime", "token_replacement"], "{report}");
    assert!(report.get(Inference::TokenLifetime).unwrap().found.contains("120 minutes"), "{report}");
    assert_eq!(report.settings(), []);
}

#[test]
fn a_webhook_signed_for_another_app_id_is_found() {
    let sandbox = Sandbox::start().unwrap();
    let run = |client: ClientBuilder, app_id: &str, secret: &str| {
        let options = ProbeOptions { webhook: Some(captured(app_id, secret)), ..ProbeOptions::default() };
        let report = client.build().unwrap().probe(&options).unwrap();
        report.get(Inference::WebhookSigning).unwrap().clone()
    };
    let secret = sandbox.api_secret();
    assert_eq!(run(builder(&sandbox), sandbox.api_key(), secret).verdict, Verdict::Confirmed);
    let found = run(builder(&sandbox).app_id("app-77"), "app-77", secret);
    assert_eq!((found.verdict, found.setting.as_deref()), (Verdict::Refuted, Some("app_id")));
    assert!(!format!("{found:?}").contains("app-77"));
    for (app_id, secret) in [("app-77", secret), (sandbox.api_key(), "another-secret")] {
        let found = run(builder(&sandbox), app_id, secret);
        assert_eq!((found.verdict, found.setting), (Verdict::Refuted, None));
    }
}

#[test]
fn it_changes_nothing_and_simulates_only_if_asked() {
    let (sandbox, card) = filled(Sandbox::builder());
    let before = sandbox.control("GET", "/state", "").unwrap();
    let options = ProbeOptions { card_no: Some(card.clone()), ..ProbeOptions::default() };
    let report = builder(&sandbox).build().unwrap().probe(&options).unwrap();
    assert_eq!(verdict(&report, Inference::Simulation), Verdict::NotSeen);
    assert_eq!(sandbox.control("GET", "/state", "").unwrap(), before);
    assert!(sandbox.requests().iter().all(|request| !request.committed || request.operation == "token"));
    let consumptions = sandbox.consumptions().len();
    assert_eq!(verdict(&probed(&sandbox, &card), Inference::Simulation), Verdict::Confirmed);
    assert_eq!(sandbox.consumptions().len(), consumptions + 1);
}

#[test]
fn it_is_refused_in_production_and_without_a_card_to_simulate_with() {
    let sandbox = Sandbox::start().unwrap();
    let production = builder(&sandbox).environment(Environment::Production).build().unwrap();
    assert_eq!(production.probe(&ProbeOptions::default()).unwrap_err().kind(), ErrorKind::Config);
    let options = ProbeOptions { simulate: true, ..ProbeOptions::default() };
    let error = builder(&sandbox).build().unwrap().probe(&options).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("simulate")));
    assert!(sandbox.requests().is_empty());
}

#[test]
fn the_client_works_on_after_the_probe_replaced_its_token() {
    let (sandbox, card) = filled(Sandbox::builder());
    let client = builder(&sandbox).build().unwrap();
    client.probe(&ProbeOptions::default()).unwrap();
    assert_eq!(client.cards().get(&card).unwrap().card_no, card);
}

#[test]
fn without_rows_and_options_little_is_seen() {
    let sandbox = Sandbox::start().unwrap();
    let report = builder(&sandbox).build().unwrap().probe(&ProbeOptions::default()).unwrap();
    assert_eq!(names(&report, Verdict::Refuted), [""; 0], "{report}");
    for inference in [Inference::AesKey, Inference::WebhookSigning, Inference::TransferRow, Inference::PageCap] {
        assert_eq!(verdict(&report, inference), Verdict::NotSeen, "{report}");
    }
}

/// Texts of a sandbox that no report may hold: numbers, references, names, card data, keys and tokens.
fn values(sandbox: &Sandbox, card: &str) -> BTreeSet<String> {
    fn collect(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::String(text) => found.extend([text.clone()]),
            serde_json::Value::Number(number) => found.extend([number.to_string()]),
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            serde_json::Value::Object(fields) => fields.values().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&serde_json::from_str(&sandbox.control("GET", "/state", "").unwrap()).unwrap(), &mut found);
    found.extend([sandbox.api_key(), sandbox.api_secret()].map(str::to_owned));
    found.extend([sandbox.pan_for_tests(card).unwrap(), sandbox.base_url().to_owned()]);
    // Texts that are too short to say anything, and words of the platform.
    found.retain(|text| {
        text.len() >= 6 && text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@' || byte == b' ')
    });
    found
}

#[test]
fn a_report_holds_no_value_of_the_platform() {
    let (sandbox, card) = filled(Sandbox::builder());
    let client = builder(&sandbox).build().unwrap();
    client
        .simulation()
        .auth(&SimulationRequest {
            card_no: Some(card.clone()),
            amount: Some("12.34".parse().unwrap()),
            merchant_info: Some(merchant("ANNAS CAFE 77")),
            remark: Some("for Ann Lee 123456".to_owned()),
            ..SimulationRequest::default()
        })
        .unwrap();
    let webhook = captured(sandbox.api_key(), sandbox.api_secret());
    let options = ProbeOptions { card_no: Some(card.clone()), webhook: Some(webhook), simulate: true };
    let report = client.probe(&options).unwrap();
    let token = client.access_token().unwrap().expose().to_owned();
    let mut secret = values(&sandbox, &card);
    assert!(secret.len() > 300, "{}", secret.len());
    secret.extend([token, "ANNAS CAFE".to_owned(), "Ann Lee".to_owned()]);
    for text in [report.to_json(), report.to_string(), format!("{report:?}"), format!("{options:?}").replace(&card, "")]
    {
        for value in &secret {
            assert!(!text.contains(value.as_str()), "{value} in {text}");
        }
    }
    // What it does hold: names of keys, codes and statuses.
    for text in ["transfer_unique_no", "\"http_status\":200", "\"code\":1007", "text of digits"] {
        assert!(report.to_json().contains(text), "{text}");
    }
}

fn merchant(name: &str) -> keysecure::MerchantInfo {
    keysecure::MerchantInfo::from_json(&format!(r#"{{"merchant_name":"{name}"}}"#)).unwrap()
}

#[test]
fn the_page_on_inferred_facts_lists_what_the_probe_examines() {
    let page = include_str!("../../docs/inferred.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let expected: Vec<Vec<String>> = Inference::ALL
        .iter()
        .map(|one| {
            let name = format!("`{}`", one.as_str());
            vec![name, one.question().to_owned(), one.assumption().to_owned(), one.examination()]
        })
        .collect();
    let shown: Vec<Vec<&str>> = rows.iter().map(|row| row[..4].to_vec()).collect();
    assert_eq!(shown, expected);
    for row in &rows {
        let place = row[4].split_once("](../").and_then(|(_, place)| place.split_once(')')).unwrap().0;
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(place);
        assert!(file.is_file(), "{place}");
    }
}
