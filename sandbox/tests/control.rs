//! The program and its control URL, used as another language would use them.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Caller, TestEnv};
use keysecure_sandbox::Sandbox;
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

struct Control {
    agent: ureq::Agent,
    url: String,
}

impl Control {
    fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Self { agent: config.build().into(), url: url.to_owned() }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        read(self.agent.get(format!("{}{path}", self.url)).call().unwrap())
    }

    fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.agent.post(format!("{}{path}", self.url)).send(body.to_string().as_bytes()).unwrap())
    }

    /// The answer of a call that must work.
    fn done(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.post(path, body);
        assert_eq!(200, status, "{path}: {value}");
        value
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.body_mut().read_to_vec().unwrap()).unwrap())
}

fn started() -> (TestEnv, Control) {
    let env = TestEnv::credit();
    let control = Control::new(env.sandbox.control_url());
    (env, control)
}

#[test]
fn cardholders_and_cards_can_be_decided_on() {
    let env = TestEnv::new(Sandbox::builder().manual_cards());
    let control = Control::new(env.sandbox.control_url());
    let applied =
        env.caller.post("/v1/cardholder/apply", json!({"cardholder_unique_no": "u", "sumsub_share_token": "papers"}));
    let holder = json!({"cardholder_no": applied.text("cardholder_no")});
    let status = || {
        let state = control.get("/state").1;
        state["cardholders"][1]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(Value::Null, control.done("/cardholders/review", holder.clone()));
    assert_eq!("In_progress", status());
    control.done("/cardholders/reject", json!({"cardholder_no": holder["cardholder_no"], "reason": "blurred"}));
    assert_eq!("Rejected", status());
    control.done("/cardholders/approve", holder.clone());
    assert_eq!("Approved", status());
    let (code, error) = control.post("/cardholders/approve", holder);
    assert_eq!(
        (409, "the cardholder is Approved, which does not allow this"),
        (code, error["error"].as_str().unwrap())
    );
    assert_eq!(404, control.post("/cardholders/approve", json!({"cardholder_no": "17"})).0);

    for (at, call) in ["/cards/issue", "/cards/fail"].into_iter().enumerate() {
        let body = json!({"cardholder_no": env.holder, "card_unique_no": call, "card_type": "Virtual",
                          "package_no": "1600000000000000101"});
        let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
        let mut body = json!({"card_no": card_no});
        if at == 1 {
            body["reason"] = json!("no stock");
        }
        control.done(call, body);
        assert_eq!(["Activated", "Fail"][at], control.get("/state").1["cards"][at]["status"]);
    }
}

#[test]
fn the_clock_the_tokens_and_the_settings_can_be_set() {
    let (env, control) = started();
    let code = || env.caller.get(&format!("/v1/cardholder/{}/info", env.holder)).code();
    control.done("/clock/freeze", json!({}));
    let now_ms = || control.get("/clock").1["now_ms"].as_i64().unwrap();
    let stood = now_ms();
    control.done("/clock/advance", json!({"ms": 5000}));
    control.done("/clock/rewind", json!({"ms": 2000}));
    assert_eq!(stood + 3000, now_ms());
    control.done("/clock/unfreeze", json!({}));
    std::thread::sleep(Duration::from_millis(5));
    assert!(now_ms() > stood + 3000);
    for (settings, refused) in [
        (json!({"key_state": "expired"}), 1011),
        (json!({"key_state": "active", "merchant_state": "abnormal"}), 1022),
        (json!({"merchant_state": "active", "ip_whitelist": ["192.0.2.1"]}), 1003),
        (json!({"ip_whitelist": []}), 0),
    ] {
        control.done("/settings", settings);
        assert_eq!(refused, code());
    }
    control.done("/settings", json!({"pci_enabled": false}));
    assert_eq!(1013, env.caller.get("/v1/card/17/private/info").code());
    control.done("/tokens/revoke", json!({}));
    assert_eq!(1007, code());
}

#[test]
fn faults_can_be_planned_and_watched() {
    let (env, control) = started();
    control.done("/faults", json!({"operation": "accounts.transfer", "nth": 2, "kind": "drop_after_commit"}));
    control.done("/faults", json!({"operation": "cards.packages", "times": 2, "kind": {"code": 1009}}));
    env.transfer("a", "In", "1").data();
    let body =
        json!({"cardholder_no": env.holder, "transfer_unique_no": "b", "type": "In", "balance": "1"}).to_string();
    assert!(env.caller.try_post("/v1/account/transfer", body.as_bytes()).is_err());
    let fired = control.get("/faults/fired").1;
    assert_eq!(json!("drop_after_commit"), fired["faults"][0]["kind"]);
    assert_eq!(2, control.get("/state").1["transfers"].as_array().unwrap().len());
    assert_eq!(1009, env.caller.post("/v1/card/package/list", json!({})).code());
    control.done("/faults/clear", json!({}));
    assert_eq!(0, env.caller.post("/v1/card/package/list", json!({})).code());
    assert_eq!(json!({"calls": 0}), control.get("/redirect_calls").1);
    let requests = control.get("/requests").1;
    assert!(requests["requests"].as_array().unwrap().iter().any(|request| request["fault"] == "drop_after_commit"));
    assert_eq!(json!({"count": 2}), control.done("/requests/count", json!({"operation": "accounts.transfer"})));
    for odd in [
        json!({"kind": "explode"}),
        json!({"operation": "accounts.tranfser", "kind": "html"}),
        json!({"kind": "html", "oeration": "token"}),
        json!({}),
    ] {
        assert_eq!(400, control.post("/faults", odd.clone()).0, "{odd}");
    }
}

#[test]
fn rows_can_be_seeded_and_the_books_read() {
    let (env, control) = started();
    let holder = control.done("/seed/approved_cardholder", json!({}))["cardholder_no"].clone();
    let card = control.done("/seed/virtual_card", json!({"cardholder_no": holder}))["card_no"].clone();
    let physical = control.done("/seed/physical_card", json!({"cardholder_no": holder}))["card_no"].clone();
    let times = json!([1_772_323_200_000_i64, 1_772_323_201_000_i64]);
    assert_eq!(2, control.done("/seed/cardholders", json!({"times_ms": times}))["numbers"].as_array().unwrap().len());
    for (call, owner, kind) in [
        ("/seed/cards", json!({"cardholder_no": holder, "times_ms": times}), "cards"),
        ("/seed/transfers", json!({"cardholder_no": holder, "times_ms": times}), "transfers"),
        ("/seed/consumptions", json!({"card_no": card, "times_ms": times}), "consumptions"),
    ] {
        let numbers = control.done(call, owner)["numbers"].clone();
        let state = control.get("/state").1;
        let rows = state[kind].as_array().unwrap();
        assert!(rows.iter().any(|row| row.as_object().unwrap().values().any(|value| *value == numbers[1])), "{kind}");
    }
    let account = format!("cardholder:{}", holder.as_str().unwrap());
    assert_eq!(json!("2.00"), control.get("/ledger").1["balances"][account]);
    let secrets = control.done("/cards/secrets_for_tests", json!({"card_no": physical}));
    let physical = physical.as_str().unwrap();
    assert_eq!(env.sandbox.pan_for_tests(physical).unwrap(), secrets["pan"].as_str().unwrap());
    assert_eq!(env.sandbox.cvv_for_tests(physical).unwrap(), secrets["cvv"].as_str().unwrap());
    assert_eq!(json!({"matches": false}), control.done("/cards/pin_matches", json!({"card_no": physical, "pin": "1"})));
}

#[test]
fn callbacks_can_be_set_up_broken_and_looked_at() {
    let receiver = WebhookReceiver::accepting();
    let (env, control) = started();
    env.fund("100");
    let settings = json!({"url": receiver.url(), "secret": "s1", "app_id": "app", "sign_style": "java_hash_map"});
    control.done("/callbacks/settings", settings);
    control.done("/callbacks/settings", json!({"rotated_secret": "s2", "nulls": "sent"}));
    assert_eq!(
        json!({"url": receiver.url(), "app_id": "app", "sign_style": "java_hash_map", "nulls": "sent", "waiting": 0}),
        control.get("/callbacks").1
    );
    control.done("/callbacks/faults", json!({"action": "Card_update", "kind": "drop"}));
    control.done("/callbacks/faults", json!({"kind": "old_secret"}));
    let card_no = env.virtual_card();
    let purchase = json!({"card_no": card_no, "amount": "1"});
    let consume_no = env.caller.post("/v1/simulate/auth", purchase).text("consume_no");
    env.caller.post("/v1/simulate/consumption_clear", json!({"consume_no": consume_no})).data();
    let fees = json!([{"fee_type": "Atm_fee", "amount": "0.10"}]);
    control.done("/consumptions/complete_fees", json!({"consume_no": consume_no, "fee_detail": fees}));
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    let settled = || control.done("/callbacks/settle", json!({"ms": 10_000}));
    assert_eq!(json!({"settled": true}), settled());
    assert_eq!(vec!["Consumption"; 3], receiver.actions());
    assert!(receiver.received()[0].is_signed_by("app", "s1") && receiver.last().is_signed_by("app", "s2"));
    let deliveries = control.get("/callbacks/deliveries").1["deliveries"].clone();
    assert_eq!(4, deliveries.as_array().unwrap().len());
    assert_eq!((json!("drop"), json!(null)), (deliveries[3]["fault"].clone(), deliveries[3]["http_status"].clone()));
    assert_eq!((json!(1), json!(200), json!(0)), {
        let taken = &deliveries[2];
        (taken["attempt"].clone(), taken["http_status"].clone(), taken["code"].clone())
    });
    control.done("/callbacks/redeliver", json!({"id": deliveries[3]["id"]}));
    settled();
    assert_eq!("Card_update", receiver.last().action());
    assert_eq!(404, control.post("/callbacks/redeliver", json!({"id": "x"})).0);
    assert_eq!(404, control.post("/consumptions/complete_fees", json!({"consume_no": "1", "fee_detail": []})).0);
    assert_eq!(400, control.post("/callbacks/settings", json!({"url": "http://example.com/"})).0);
    assert_eq!(400, control.post("/callbacks/faults", json!({"kind": "explode"})).0);
    control.done("/callbacks/settings", json!({"url": "", "secret": "s3"}));
    assert_eq!(json!(null), control.get("/callbacks").1["url"]);
    assert_eq!(409, control.post("/callbacks/faults", json!({"kind": "old_secret"})).0);
}

#[test]
fn the_program_sends_callbacks() {
    let receiver = WebhookReceiver::accepting();
    let (_running, info) = program(&["--callback-url", &receiver.url(), "--manual-cards"]);
    let control = Control::new(info["control_url"].as_str().unwrap());
    assert_eq!(json!(receiver.url()), control.get("/callbacks").1["url"]);
}

#[test]
fn a_snapshot_can_be_taken_and_restored() {
    let (env, control) = started();
    let name = control.done("/snapshot", json!({}));
    env.fund("3");
    control.done("/restore", name);
    assert_eq!("0.00", env.balance());
    assert_eq!(404, control.post("/restore", json!({"snapshot": 9})).0);
    assert_eq!(404, control.post("/restore", json!({"snapshot": 0})).0);
}

#[test]
fn control_calls_that_make_no_sense_are_told_so() {
    let (_given, control) = started();
    assert_eq!(404, control.get("/nothing").0);
    assert_eq!(405, control.post("/clock", json!({})).0);
    assert_eq!(400, control.post("/clock/advance", json!({"s": 1})).0);
    assert_eq!(400, control.post("/clock/advance", json!("soon")).0);
    let page = control.agent.get(format!("{}/info", control.url)).header("Origin", "https://evil.example").call();
    assert_eq!(403, page.unwrap().status().as_u16(), "no web page steers the sandbox");
}

#[test]
fn a_name_that_leads_to_loopback_is_not_enough_to_steer() {
    let (_given, control) = started();
    let status = |host: &str| {
        let call = control.agent.get(format!("{}/info", control.url)).header("Host", host).call();
        call.unwrap().status().as_u16()
    };
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:9", "127.1.2.3", "[::1]:80", "[::1]"] {
        assert_eq!(200, status(host), "{host}");
    }
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example:80"] {
        assert_eq!(403, status(host), "{host}");
    }
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(args: &[&str]) -> (Program, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox"))
        .arg("serve")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Program(child), serde_json::from_str(&line).unwrap())
}

#[test]
fn the_program_prints_where_it_is_and_serves() {
    let (_running, info) = program(&["--mode", "authorization", "--seed", "7", "--aes-key", "md5"]);
    let same = Sandbox::builder().seed(7).start().unwrap();
    assert_eq!(same.api_key(), info["api_key"].as_str().unwrap());
    assert_eq!(same.api_secret(), info["api_secret"].as_str().unwrap());
    assert_eq!("authorization", info["mode"]);
    let control = Control::new(info["control_url"].as_str().unwrap());
    assert_eq!(info, control.get("/info").1);
    let url = format!("{}/open-api/v1/merchant/token", info["base_url"].as_str().unwrap());
    let now_ms = control.get("/clock").1["now_ms"].to_string();
    let answer = ureq::get(url)
        .header("Api-Key", info["api_key"].as_str().unwrap())
        .header("Timestamp", now_ms)
        .header("Content-Type", "application/json")
        .call()
        .unwrap();
    assert_eq!(0, read(answer).1["code"]);
}

#[test]
fn the_program_takes_the_settings_of_lists_statuses_and_tariffs() {
    let options = ["--page-cap", "1", "--list-total", "--http-status", "strict_bare", "--tariffs"];
    let (_running, info) = program(&options);
    let url = |path: &str| format!("{}/open-api{path}", info["base_url"].as_str().unwrap());
    let control = Control::new(info["control_url"].as_str().unwrap());
    let now_ms = || control.get("/clock").1["now_ms"].to_string();
    let key = info["api_key"].as_str().unwrap();
    let bare = control.agent.get(url("/v1/merchant/token")).header("Api-Key", "other").call().unwrap();
    assert_eq!((401, "text/plain"), (bare.status().as_u16(), bare.headers()["content-type"].to_str().unwrap()));
    let token = control.agent.get(url("/v1/merchant/token")).header("Api-Key", key).header("Timestamp", now_ms());
    let token = read(token.header("Content-Type", "application/json").call().unwrap()).1;
    let packages = control.agent.post(url("/v1/card/package/list")).header("Api-Key", key);
    let packages = packages.header("Access-Token", token["data"]["access_token"].as_str().unwrap());
    let packages =
        packages.header("Timestamp", now_ms()).header("Content-Type", "application/json").send("{}").unwrap();
    let data = read(packages).1["data"].clone();
    assert_eq!((1, json!(4)), (data["list"].as_array().unwrap().len(), data["total"].clone()));
    let holder = control.done("/seed/approved_cardholder", json!({}))["cardholder_no"].clone();
    let card = control.done("/seed/virtual_card", json!({"cardholder_no": holder}))["card_no"].clone();
    let bought = control.agent.post(url("/v1/simulate/auth")).send(json!({"card_no": card, "amount": 1}).to_string());
    assert_eq!(0, read(bought.unwrap()).1["code"]);
    assert_eq!("Decline_fee", control.get("/state").1["consumptions"][0]["fees"][0]["fee_type"], "it has no money");
}

#[test]
fn the_program_explains_itself() {
    for args in [&["--help"][..], &["help"], &["serve", "--help"], &["serve", "--tariffs", "-h"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).args(args).output().unwrap();
        assert!(done.status.success() && done.stdout.starts_with(b"Usage:"), "{args:?}");
    }
}

#[test]
fn the_program_ends_with_its_standard_input_if_asked_to() {
    let (mut running, info) = program(&["--exit-with-stdin"]);
    assert!(info["base_url"].is_string());
    drop(running.0.stdin.take());
    assert!(running.0.wait().unwrap().success());
}

#[test]
fn the_program_refuses_what_it_does_not_know() {
    for args in [
        &["--mode", "other"][..],
        &["--port"],
        &["--port", "99999"],
        &["--nonsense"],
        &["--page-cap", "0"],
        &["--http-status", "200"],
        &["--callback-url", "http://example.com/"],
        &["--api-secret", "short"],
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).arg("serve").args(args).output().unwrap();
        assert_eq!(Some(2), done.status.code(), "{args:?}");
        assert!(done.stdout.is_empty() && !done.stderr.is_empty());
    }
}

#[test]
fn the_library_and_the_control_url_see_the_same_sandbox() {
    let (env, control) = started();
    Caller::with_token(&env.sandbox);
    let shown = control.get("/requests").1["requests"].as_array().unwrap().len();
    assert_eq!(env.sandbox.requests().len(), shown);
}
