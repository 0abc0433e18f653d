//! The program: its command line, its output and its end.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

#[path = "common/control_client.rs"]
mod control_client;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use control_client::{Control, read};
use keysecure_sandbox::Sandbox;
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

/// A running program, which is killed on drop.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program and parses the line that it prints.
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
fn the_program_prints_its_addresses_and_serves() {
    let (_running, info) = program(&["--mode", "authorization", "--seed", "7", "--aes-key", "md5"]);
    let same = Sandbox::builder().seed(7).start().unwrap();
    assert_eq!(same.api_key(), info["api_key"].as_str().unwrap());
    assert_eq!(same.api_secret(), info["api_secret"].as_str().unwrap());
    assert_eq!("authorization", info["mode"]);
    let control = Control::new(info["control_url"].as_str().unwrap());
    assert_eq!(info, control.get("/info").1);
    let url = format!("{}/open-api/v1/merchant/token", info["base_url"].as_str().unwrap());
    let now_ms = control.get("/clock").1["now_ms"].to_string();
    let response = ureq::get(url)
        .header("Api-Key", info["api_key"].as_str().unwrap())
        .header("Timestamp", now_ms)
        .header("Content-Type", "application/json")
        .call()
        .unwrap();
    assert_eq!(0, read(response).1["code"]);
}

#[test]
fn the_program_sends_webhooks() {
    let merchant = WebhookReceiver::accepting();
    for option in ["--webhook-url", "--callback-url"] {
        let (_running, info) = program(&[option, &merchant.url(), "--manual-cards"]);
        let control = Control::new(info["control_url"].as_str().unwrap());
        assert_eq!(json!(merchant.url()), control.get("/callbacks").1["url"], "{option}");
    }
}

#[test]
fn the_program_has_options_for_lists_statuses_and_tariffs() {
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
    assert_eq!(
        "Decline_fee",
        control.get("/state").1["consumptions"][0]["fees"][0]["fee_type"],
        "the cardholder has no money"
    );
}

#[test]
fn the_program_explains_itself() {
    for args in [&["--help"][..], &["help"], &["serve", "--help"], &["serve", "--tariffs", "-h"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).args(args).output().unwrap();
        assert!(done.status.success() && done.stdout.starts_with(b"Usage:"), "{args:?}");
    }
}

#[test]
fn the_program_ends_with_its_standard_input_on_request() {
    let (mut running, info) = program(&["--exit-with-stdin"]);
    assert!(info["base_url"].is_string());
    drop(running.0.stdin.take());
    assert!(running.0.wait().unwrap().success());
}

#[test]
fn the_program_refuses_invalid_options() {
    for args in [
        &["--mode", "other"][..],
        &["--port"],
        &["--port", "99999"],
        &["--nonsense"],
        &["--page-cap", "0"],
        &["--http-status", "200"],
        &["--webhook-url", "http://example.com/"],
        &["--api-secret", "short"],
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).arg("serve").args(args).output().unwrap();
        assert_eq!(Some(2), done.status.code(), "{args:?}");
        assert!(done.stdout.is_empty() && !done.stderr.is_empty());
    }
}

#[test]
fn the_help_of_serve_lists_every_option_with_its_default() {
    let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(done.stdout).unwrap();
    assert!(done.stderr.is_empty());
    for (option, default) in [
        ("--port <N>", "0"),
        ("--mode <MODE>", "credit"),
        ("--seed <N>", "1"),
        ("--api-key <TEXT>", "generated from the seed"),
        ("--api-secret <TEXT>", "generated from the seed"),
        ("--aes-key <SCHEME>", "utf8"),
        ("--aes-mode <MODE>", "ecb"),
        ("--repeated-numbers <EFFECT>", "execute"),
        ("--manual-cards", "issue them at once"),
        ("--http-status <STATUSES>", "ok"),
        ("--tariffs", "only opening fees"),
        ("--page-cap <N>", "the requested size"),
        ("--list-total", "none"),
        ("--webhook-url <URL>", "none, no webhooks"),
        ("--exit-with-stdin", "serve until killed"),
    ] {
        let line = help.lines().find(|line| line.trim_start().starts_with(option)).expect(option);
        assert!(line.contains(&format!("[default: {default}]")), "{line}");
    }
    assert!(help.contains("[possible values: credit, authorization]"), "{help}");
}

#[test]
fn a_missing_command_is_an_error() {
    for args in [&[][..], &["run"], &["--port", "0"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_keysecure-sandbox")).args(args).output().unwrap();
        assert_eq!((Some(2), true), (done.status.code(), done.stdout.is_empty()), "{args:?}");
        assert!(String::from_utf8(done.stderr).unwrap().contains("Usage:"), "{args:?}");
    }
}
