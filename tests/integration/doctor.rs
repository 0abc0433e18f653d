//! The doctor: every result of every check, against the sandbox.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keysecure::{Check, CheckStatus, Client, ClientBuilder, Clock, Environment, Report, Setting, SystemClock};
use keysecure_sandbox::{CipherMode, Fault, FaultKind, KeyScheme, KeyState, MerchantState, Mode, Sandbox};
use keysecure_tests::{MockResponse, MockServer, free_address, http};

fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).max_retries(0)
}

fn card(sandbox: &Sandbox) -> String {
    sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder()).unwrap()
}

fn health(report: &Report) -> Vec<(&'static str, CheckStatus)> {
    report.findings.iter().map(|finding| (finding.check.as_str(), finding.status)).collect()
}

/// Asserts that one check failed, and that its result has advice.
fn bad(report: &Report, check: Check, code: Option<i64>) {
    let finding = report.get(check).unwrap();
    assert_eq!((finding.status, finding.code), (CheckStatus::Fail, code), "{report}");
    assert!(!finding.advice.is_empty() && !report.is_healthy(), "{report}");
    assert_eq!(report.findings.iter().filter(|finding| finding.status == CheckStatus::Fail).count(), 1, "{report}");
}

#[test]
fn a_correct_integration_passes_all_checks_in_order() {
    let sandbox = Sandbox::start().unwrap();
    let report = builder(&sandbox).build().unwrap().doctor(Some(&card(&sandbox)));
    let names = ["clock", "reachability", "api_key", "ip_whitelist", "token", "mode", "pci", "aes"];
    assert_eq!(health(&report), names.map(|name| (name, CheckStatus::Pass)), "{report}");
    assert!(report.get(Check::Mode).unwrap().found.starts_with("credit"));
    assert!(report.to_string().ends_with("All is well."));
    let head = format!("sandbox environment at {}, Api-Key {}\n", sandbox.base_url(), report.api_key);
    assert!(report.to_string().starts_with(&head), "{report}");
    assert!(report.api_key.contains("***") && !report.to_string().contains(sandbox.api_key()), "{report}");
    assert_eq!((report.environment, report.base_url.as_str()), (Environment::Sandbox, sandbox.base_url()));
}

#[test]
fn without_a_card_pci_and_aes_are_skipped() {
    let sandbox = Sandbox::start().unwrap();
    let report = builder(&sandbox).build().unwrap().doctor(None);
    for check in [Check::Pci, Check::Aes] {
        assert_eq!(report.get(check).unwrap().status, CheckStatus::Skipped);
    }
    assert!(report.is_healthy() && report.is_complete());
    // Without a card nothing has used the apiSecret, and the report says so.
    assert!(report.summary().contains("Not asked for: pci, aes. Only these use the apiSecret"), "{report}");
}

#[test]
fn a_check_that_was_not_made_is_neither_passed_nor_skipped() {
    let sandbox = Sandbox::start().unwrap();
    let card_no = card(&sandbox);
    for (operation, code, checks) in [
        ("token", 1001, &[Check::Token, Check::Mode, Check::Pci, Check::Aes][..]),
        ("cards.private_info", 1009, &[Check::Pci, Check::Aes][..]),
    ] {
        sandbox.clear_faults();
        sandbox.fault(Fault::on(operation, FaultKind::Code(code)).times(20));
        let report = builder(&sandbox).build().unwrap().doctor(Some(&card_no));
        let unfinished = report.findings.iter().filter(|result| result.status == CheckStatus::Unfinished);
        assert_eq!(unfinished.map(|result| result.check).collect::<Vec<_>>(), checks, "{report}");
        assert_eq!(report.get(checks[0]).unwrap().code, Some(code), "{report}");
        assert!(!report.is_healthy() && !report.is_complete(), "{report}");
        assert!(report.to_string().contains("could not be checked. Check again."), "{report}");
        assert!(report.findings.iter().all(|result| result.status != CheckStatus::Fail), "{report}");
    }
    // The mode, in either mode of the merchant: the list that it may not use is refused for good.
    for (mode, list) in [(Mode::Credit, "cards.packages"), (Mode::Authorization, "cards.bins")] {
        let sandbox = Sandbox::builder().mode(mode).start().unwrap();
        let skipped = u64::from(mode == Mode::Credit);
        sandbox.fault(Fault::on(list, FaultKind::Code(1009)).after(skipped).times(20));
        let report = builder(&sandbox).build().unwrap().doctor(None);
        assert_eq!(report.get(Check::Mode).unwrap().status, CheckStatus::Unfinished, "{report}");
    }
}

#[test]
fn the_doctor_recognizes_authorization_mode() {
    let sandbox = Sandbox::builder().mode(Mode::Authorization).start().unwrap();
    let report = builder(&sandbox).build().unwrap().doctor(None);
    assert!(report.get(Check::Mode).unwrap().found.starts_with("authorization"), "{report}");
}

#[test]
fn every_state_of_the_api_key_and_the_merchant_has_its_advice() {
    let sandbox = Sandbox::start().unwrap();
    let doctor = || builder(&sandbox).build().unwrap().doctor(None);
    sandbox.set_key_state(KeyState::NotEnabled);
    bad(&doctor(), Check::ApiKey, Some(1010));
    sandbox.set_key_state(KeyState::Expired);
    bad(&doctor(), Check::ApiKey, Some(1011));
    sandbox.set_key_state(KeyState::Active);
    sandbox.set_merchant_state(MerchantState::Missing);
    bad(&doctor(), Check::ApiKey, Some(1021));
    sandbox.set_merchant_state(MerchantState::Abnormal);
    bad(&doctor(), Check::ApiKey, Some(1022));
    sandbox.set_merchant_state(MerchantState::Active);
    let stranger = Client::builder("nobody", sandbox.api_secret()).base_url(sandbox.base_url()).build().unwrap();
    bad(&stranger.doctor(None), Check::ApiKey, Some(1008));
    sandbox.fault(Fault::on("token", FaultKind::Code(1002)));
    bad(&doctor(), Check::ApiKey, Some(1002));
    sandbox.set_ip_whitelist(vec!["10.0.0.1".parse().unwrap()]);
    bad(&doctor(), Check::IpWhitelist, Some(1003));
}

#[test]
fn a_new_token_that_is_refused_points_at_another_process() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(Fault::on("cards.packages", FaultKind::ExpiredToken).times(10));
    let report = builder(&sandbox).build().unwrap().doctor(None);
    bad(&report, Check::Token, Some(1007));
    sandbox.clear_faults();
    sandbox.fault(Fault::on("token", FaultKind::Code(1005)).times(10));
    bad(&builder(&sandbox).build().unwrap().doctor(None), Check::Token, Some(1005));
    sandbox.clear_faults();
    sandbox.fault(Fault::on("token", FaultKind::Code(1009)).times(10));
    let busy = builder(&sandbox).build().unwrap().doctor(None);
    assert_eq!(busy.get(Check::Token).unwrap().status, CheckStatus::Unfinished, "{busy}");
}

#[test]
fn an_unreachable_platform_is_reported_with_its_cause() {
    let sandbox = Sandbox::start().unwrap();
    let at = |url: &str| {
        let client = Client::builder("key", sandbox.api_secret()).base_url(url).max_retries(0);
        client.timeout(Duration::from_millis(500)).connect_timeout(Duration::from_millis(500)).build().unwrap()
    };
    let report = at(&format!("http://{}", free_address())).doctor(None);
    bad(&report, Check::Reachability, None);
    assert!(report.get(Check::Reachability).unwrap().advice.contains("firewall"), "{report}");
    assert_eq!(report.get(Check::Reachability).unwrap().settings, [Setting::BaseUrl, Setting::Proxy]);
    assert_eq!(report.get(Check::ApiKey).unwrap().status, CheckStatus::Unfinished);
    assert_eq!(report.get(Check::Aes).unwrap().status, CheckStatus::Skipped, "nobody asked for it");
    let plain = sandbox.base_url().replace("http://", "https://");
    let report = at(&plain).doctor(None);
    assert_eq!(report.get(Check::Reachability).unwrap().status, CheckStatus::Fail, "{report}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let report = at(&format!("http://{}", silent.local_addr().unwrap())).doctor(None);
    assert!(report.get(Check::Reachability).unwrap().advice.contains("too slow"), "{report}");
    sandbox.fault(Fault::on("token", FaultKind::Html));
    let report = builder(&sandbox).build().unwrap().doctor(None);
    assert!(report.get(Check::Reachability).unwrap().advice.contains("something other"), "{report}");
}

#[test]
fn disabled_pci_display_and_unusable_cards_are_reported() {
    let sandbox = Sandbox::start().unwrap();
    let card_no = card(&sandbox);
    sandbox.set_pci_enabled(false);
    bad(&builder(&sandbox).build().unwrap().doctor(Some(&card_no)), Check::Pci, Some(1013));
    sandbox.set_pci_enabled(true);
    let report = builder(&sandbox).build().unwrap().doctor(Some("404"));
    assert_eq!(report.get(Check::Pci).unwrap().status, CheckStatus::Fail, "{report}");
}

#[test]
fn the_doctor_finds_the_aes_scheme_and_shows_no_secret() {
    let schemes = [
        (KeyScheme::Md5, "md5"),
        (KeyScheme::Md5Hex, "md5hex"),
        (KeyScheme::Sha256, "sha256"),
        (KeyScheme::Sha1Prng, "sha1prng"),
        (KeyScheme::Hex, "hex"),
        (KeyScheme::Base64, "base64"),
    ];
    for (scheme, name) in schemes {
        for mode in [CipherMode::Ecb, CipherMode::Cbc] {
            // 32 hex digits fit utf8, hex and base64 alike.
            let secret = "00112233445566778899aabbccddeeff";
            let sandbox = Sandbox::builder().api_secret(secret).aes(scheme, mode).start().unwrap();
            let card_no = card(&sandbox);
            let report = builder(&sandbox).build().unwrap().doctor(Some(&card_no));
            let aes = report.get(Check::Aes).unwrap();
            let value = if mode == CipherMode::Cbc { format!("{name}/cbc") } else { name.to_owned() };
            assert_eq!((aes.settings.as_slice(), aes.value.as_ref()), (&[Setting::Aes][..], Some(&value)), "{report}");
            assert!(report.to_string().contains(&format!("(setting aes: {value})")), "{report}");
            let shown = format!("{report} {report:?} {}", report.to_json());
            let (pan, cvv) = (sandbox.pan_for_tests(&card_no).unwrap(), sandbox.cvv_for_tests(&card_no).unwrap());
            assert!(!shown.contains(&pan) && !shown.contains(&format!("\"{cvv}\"")) && !shown.contains(secret));
        }
    }
    let sandbox = Sandbox::start().unwrap();
    let card_no = card(&sandbox);
    let other = Client::builder(sandbox.api_key(), "0123456789abcdef").base_url(sandbox.base_url()).build().unwrap();
    let report = other.doctor(Some(&card_no));
    bad(&report, Check::Aes, None);
    assert_eq!(report.get(Check::Aes).unwrap().settings[0], Setting::ApiSecret, "a wrong secret is no wrong scheme");
}

#[test]
fn a_platform_without_a_date_is_a_warning() {
    let packages = r#"{"code":0,"data":{"list":[]}}"#;
    let server = MockServer::platform(move |_| MockResponse::Keep(http("200 OK", &[], packages.as_bytes()))).unwrap();
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    let report = client.doctor(None);
    assert_eq!(report.get(Check::Clock).unwrap().status, CheckStatus::Warn, "{report}");
    assert!(report.is_healthy(), "{report}");
}

/// A device's clock with an offset in seconds.
struct WrongClock(SystemClock, i64);

impl Clock for WrongClock {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.1.unsigned_abs());
        if self.1 < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
    fn sleep(&self, duration: Duration) -> Result<(), keysecure::Interrupted> {
        self.0.sleep(duration)
    }
}

#[test]
fn a_wrong_clock_is_a_warning_with_its_offset() {
    let sandbox = Sandbox::start().unwrap();
    for (seconds, side) in [(-3600, "behind"), (3600, "ahead of")] {
        let client = builder(&sandbox).clock(Arc::new(WrongClock(SystemClock::new(), seconds))).build().unwrap();
        let report = client.doctor(None);
        let finding = report.get(Check::Clock).unwrap();
        assert_eq!(finding.status, CheckStatus::Warn);
        assert!(finding.found.contains(side) && finding.found.contains("about 3"), "{report}");
        assert!(report.is_healthy());
    }
}

#[test]
fn the_doctor_does_not_take_a_gateway_for_the_platform() {
    for (status, body, check, words) in [
        ("504 Gateway Timeout", r#"{"code":504,"msg":"upstream request timeout"}"#, Check::Reachability, "address"),
        ("401 Unauthorized", "", Check::ApiKey, "Api-Key"),
        ("403 Forbidden", "<html>", Check::IpWhitelist, "whitelist"),
    ] {
        let server = MockServer::platform(move |_| MockResponse::Keep(http(status, &[], body.as_bytes()))).unwrap();
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
        let report = client.doctor(None);
        let finding = report.get(check).unwrap();
        assert_eq!(finding.status, CheckStatus::Fail, "{report}");
        assert!(finding.advice.contains(words), "{report}");
        assert_eq!(report.get(Check::Token).unwrap().status, CheckStatus::Unfinished, "{report}");
    }
}

#[test]
fn the_first_check_that_did_not_pass_does_not_blame_an_earlier_one() {
    let words = "an earlier check did not pass";
    for (status, body) in
        [("504 Gateway Timeout", "upstream request timeout"), ("401 Unauthorized", ""), ("403 Forbidden", "<html>")]
    {
        let server = MockServer::platform(move |_| MockResponse::Keep(http(status, &[], body.as_bytes()))).unwrap();
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
        let report = client.doctor(None);
        let first = report.findings.iter().find(|finding| finding.status != CheckStatus::Pass).unwrap();
        assert!(!first.found.contains(words), "{report}");
        assert!(!report.get(Check::Reachability).unwrap().found.contains(words), "{report}");
        assert!(report.get(Check::Token).unwrap().found.contains(words), "{report}");
    }
}
