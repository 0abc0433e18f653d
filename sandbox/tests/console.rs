//! The console: what is served, to whom, and what its data shows.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/control_client.rs"]
mod control_client;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use common::TestEnv;
use control_client::Control;
use keysecure_sandbox::{Account, Sandbox};
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

fn env_with_control() -> (TestEnv, Control) {
    let env = TestEnv::credit();
    let control = Control::new(env.sandbox.control_url());
    (env, control)
}

/// Sends these bytes to the control URL and reads until the server closes the connection.
fn raw(sandbox: &Sandbox, head: &str) -> String {
    let mut stream = connect(sandbox);
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.control_url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn status(response: &str) -> &str {
    &response[9..12]
}

fn data(control: &Control, name: &str, query: Value) -> Value {
    control.done(&format!("/console/data/{name}"), query)
}

#[test]
fn the_page_is_served_with_a_strict_content_security_policy() {
    let (env, control) = env_with_control();
    assert_eq!(format!("{}/console/", env.sandbox.control_url()), env.sandbox.console_url());
    assert_eq!(env.sandbox.console_url(), control.get("/info").1["console_url"]);
    for (path, kind) in [
        ("", "text/html"),
        ("index.html", "text/html"),
        ("console.js", "text/javascript"),
        ("console.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
        ("LICENSES.txt", "text/plain"),
    ] {
        let response = control.agent.get(format!("{}{path}", env.sandbox.console_url())).call().unwrap();
        assert_eq!(200, response.status().as_u16(), "{path}");
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}");
        assert_eq!("nosniff", header("x-content-type-options"));
        assert_eq!("no-referrer", header("referrer-policy"));
        let policy = header("content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"] {
            assert!(policy.split(';').any(|given| given.trim() == rule), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
        let tag = header("etag");
        let again = control.agent.get(format!("{}{path}", env.sandbox.console_url())).header("If-None-Match", &tag);
        let mut again = again.call().unwrap();
        assert_eq!((304, 0), (again.status().as_u16(), again.body_mut().read_to_vec().unwrap().len()), "{path}");
    }
    let root = raw(&env.sandbox, "GET / HTTP/1.1\r\nHost: localhost\r\n");
    assert!(status(&root) == "307" && root.contains("Location: /console/\r\n"), "{root}");
}

#[test]
fn no_path_leads_out_of_the_console_files() {
    let (env, _) = env_with_control();
    for path in [
        "/console/../Cargo.toml",
        "/console/..%2f..%2fCargo.toml",
        "/console/%2e%2e/info",
        "/console//etc/passwd",
        "/console/./console.js",
        "/console/console.js/",
        "/console/console.js%00.html",
        "/console/CONSOLE.JS",
        "/console/data",
        "//console/",
        "/console/\\..\\info",
        "/consolex",
    ] {
        let response = raw(&env.sandbox, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n"));
        assert_eq!("404", status(&response), "{path}: {response}");
    }
    let query = raw(&env.sandbox, "GET /console/?<script> HTTP/1.1\r\nHost: localhost\r\n");
    assert!(status(&query) == "200" && !query.contains("<script>"), "{query}");
    assert_eq!("405", status(&raw(&env.sandbox, "GET /console/data/info HTTP/1.1\r\nHost: localhost\r\n")));
    assert_eq!(
        "405",
        status(&raw(&env.sandbox, "POST /console/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"))
    );
}

#[test]
fn only_the_own_page_of_a_browser_is_served() {
    let (env, _) = env_with_control();
    let own = env.sandbox.control_url().trim_start_matches("http://").to_owned();
    let port = own.rsplit(':').next().unwrap();
    let attempt = |path: &str, headers: &str| {
        status(&raw(&env.sandbox, &format!("POST {path} HTTP/1.1\r\n{headers}Content-Length: 2\r\n\r\n{{}}")))
            .to_owned()
    };
    // The body is sent before the header `Connection` of `raw`, which the server then takes for the next request.
    let allowed = format!("Host: {own}\r\nOrigin: http://{own}\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!("200", attempt("/console/data/info", &allowed));
    assert_eq!("200", attempt("/clock/freeze", &allowed));
    for headers in [
        format!("Host: {own}\r\nOrigin: https://evil.example\r\n"),
        format!("Host: {own}\r\nOrigin: null\r\n"),
        format!("Host: {own}\r\nOrigin: http://localhost:{port}\r\n"),
        format!("Host: {own}\r\nOrigin: http://127.0.0.1:1\r\n"),
        format!("Host: rebound.example:{port}\r\nOrigin: http://rebound.example:{port}\r\n"),
        format!("Host: rebound.example:{port}\r\n"),
        format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\n"),
        format!("Host: {own}\r\nOrigin: http://{own}\r\nSec-Fetch-Site: same-site\r\n"),
    ] {
        for path in ["/console/data/info", "/console/data/call", "/clock/unfreeze", "/cards/secrets_for_tests"] {
            assert_eq!("403", attempt(path, &headers), "{path}: {headers}");
        }
    }
    for path in ["/console/", "/info", "/console/events", "/console/console.js"] {
        let response = raw(&env.sandbox, &format!("GET {path} HTTP/1.1\r\nHost: rebound.example:{port}\r\n"));
        assert_eq!("403", status(&response), "{path}");
        let embedded =
            format!("GET {path} HTTP/1.1\r\nHost: {own}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n");
        assert_eq!("403", status(&raw(&env.sandbox, &embedded)), "{path}");
    }
    let frozen = raw(&env.sandbox, &format!("GET /clock HTTP/1.1\r\nHost: {own}\r\n"));
    assert!(frozen.contains("nosniff") && frozen.contains("Cross-Origin-Resource-Policy: same-origin"), "{frozen}");
}

#[test]
fn requests_are_shown_with_headers_bodies_and_masked_secrets() {
    let (env, control) = env_with_control();
    env.fund("25");
    let card_no = env.virtual_card();
    env.caller.get(&format!("/v1/card/{card_no}/private/info")).data();
    env.caller
        .post("/v1/cardholder/apply", json!({"cardholder_unique_no": "u-1", "sumsub_share_token": "share-secret"}));
    let list = data(&control, "requests", json!({}));
    let entries = list["entries"].as_array().unwrap();
    assert_eq!(4, entries.len());
    let operations: Vec<&str> = entries.iter().map(|entry| entry[2].as_str().unwrap()).collect();
    assert_eq!(vec!["cardholders.apply", "cards.private_info", "accounts.transfer", "token"], operations);
    assert_eq!(format!("/open-api/v1/card/{card_no}/private/info"), entries[1][4]);
    assert_eq!((json!(0), json!(200)), (entries[0][5].clone(), entries[0][6].clone()));
    assert!(entries.iter().all(|entry| entry[7].as_u64().is_some()), "every response has a time");
    let since = list["change"].clone();
    assert_eq!(json!([]), data(&control, "requests", json!({"change": since}))["entries"]);
    env.caller.get(&format!("/v1/card/{card_no}/detail")).data();
    assert_eq!(1, data(&control, "requests", json!({"change": since}))["entries"].as_array().unwrap().len());

    let token = env.caller.token.clone().unwrap();
    let secrets =
        [token.as_str(), "share-secret", &env.sandbox.pan_for_tests(&card_no).unwrap(), env.sandbox.api_secret()];
    for entry in entries {
        let shown = data(&control, "request", json!({"id": entry[0]}));
        for secret in secrets {
            assert!(!shown.to_string().contains(secret), "{secret}: {shown}");
        }
        let exchange = &shown["exchange"];
        let headers = exchange["headers"].as_array().unwrap();
        assert!(headers.iter().any(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case("timestamp")), "{exchange}");
        assert_eq!("kept", exchange["response"]["connection"]);
    }
    let private = data(&control, "request", json!({"id": entries[1][0]}));
    let body: Value = serde_json::from_str(private["exchange"]["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(json!("***"), body["data"], "the ciphertext of the card number");
    assert_eq!(404, control.post("/console/data/request", json!({"id": 99})).0);
}

#[test]
fn secrets_in_fields_and_headers_of_other_names_are_masked() {
    let (env, control) = env_with_control();
    let secret = env.sandbox.api_secret();
    let body = format!(
        r#"{{"PIN":"S-1","newPin":"S-2","cvv2":"S-3","apiSecret":"S-4","accessToken":"S-5","cardholder_no":"{secret}"}}"#
    );
    let head = format!(
        "POST /open-api/v1/account/transfer HTTP/1.1\r\nHost: x\r\nApi-Secret: S-6\r\nX-Access-Token: S-7\r\n\
         access_token: S-8\r\nAuthorization: Bearer S-9\r\nApi-Key: {secret}\r\nConnection: close\r\n"
    );
    let mut stream = TcpStream::connect(env.sandbox.base_url().trim_start_matches("http://")).unwrap();
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let newest = data(&control, "requests", json!({}))["entries"][0][0].clone();
    let shown = data(&control, "request", json!({"id": newest})).to_string();
    assert!(!shown.contains("S-") && !shown.contains(secret) && shown.contains("***"), "{shown}");
}

#[test]
fn faults_show_what_became_of_the_response() {
    let (env, control) = env_with_control();
    let newest = || {
        let list = data(&control, "requests", json!({}));
        data(&control, "request", json!({"id": list["entries"][0][0]}))
    };
    for (kind, connection, status) in [
        (json!("drop_after_commit"), "reset", json!(null)),
        (json!("truncate"), "closed", json!(200)),
        (json!({"http_status": [503, null]}), "kept", json!(503)),
        (json!({"oversize": 2_000_000}), "kept", json!(200)),
    ] {
        control.done("/faults", json!({"kind": kind}));
        let faults = data(&control, "faults", json!({}));
        assert_eq!(0, faults["planned"].as_array().unwrap().last().unwrap()["hit"]);
        let _ = env.caller.try_post("/v1/card/package/list", b"{}");
        let shown = newest();
        assert_eq!(kind, shown["record"]["fault"]);
        assert_eq!(
            (connection, status),
            (shown["exchange"]["response"]["connection"].as_str().unwrap(), shown["http_status"].clone())
        );
    }
    assert_eq!("2000000 bytes", newest()["exchange"]["response"]["body"]);
    let faults = data(&control, "faults", json!({}));
    assert_eq!((json!(4), json!(1)), (faults["fired_count"].clone(), faults["planned"][0]["hit"].clone()));
}

#[test]
fn the_console_makes_calls_without_a_token_and_without_faults() {
    let (env, control) = env_with_control();
    control.done("/faults", json!({"kind": "drop_after_commit"}));
    let transfer = json!({"operation": "accounts.transfer", "body": {"cardholder_no": env.holder,
        "transfer_unique_no": "by-console", "type": "In", "balance": "40.00"}});
    let made = data(&control, "call", transfer);
    assert_eq!((json!(0), "40.00"), (made["response"]["code"].clone(), &*env.balance()));
    let shown = data(&control, "request", json!({"id": made["request"]}));
    assert!(shown["exchange"]["headers"].to_string().contains("keysecure-console"), "{shown}");
    assert_eq!(0, env.sandbox.faults_fired().len(), "the fault waits for the merchant's own request");
    assert!(env.caller.try_get("/v1/merchant/token").is_err());

    let physical = env.physical_card();
    let card = &env.sandbox.cards()[0];
    let activate = json!({"operation": "cards.activate", "body": {"card_no": physical, "cardholder_no": env.holder,
        "card_last_no": card.card_last_no}});
    assert_eq!(json!(0), data(&control, "call", activate)["response"]["code"]);
    let pin = json!({"operation": "cards.set_pin", "body": {"card_no": physical, "cardholder_no": env.holder, "pin": "246810"}});
    assert_eq!(json!(0), data(&control, "call", pin)["response"]["code"]);
    assert!(env.sandbox.pin_matches(&physical, "246810"));

    let refused = data(&control, "call", json!({"operation": "cards.get", "no": "17"}));
    assert_eq!(json!(1004), refused["response"]["code"]);
    let other_mode = data(&control, "call", json!({"operation": "cards.bins"}));
    assert_eq!(json!(1012), other_mode["response"]["code"]);
    for bad in [
        json!({"operation": "token"}),
        json!({"operation": "cards.steal"}),
        json!({"operation": "cards.get", "no": "1/private/info?"}),
        json!({"operation": "cards.get", "no": ""}),
        json!({"operation": "cards.get", "no": 1}),
    ] {
        assert_eq!(400, control.post("/console/data/call", bad.clone()).0, "{bad}");
    }
}

#[test]
fn markup_of_merchants_and_callers_stays_text() {
    let (env, control) = env_with_control();
    env.fund("100");
    let markup = "<img src=x onerror=alert(1)>\"'</script>\u{2028}";
    let card_no = env.virtual_card();
    env.caller
        .post(
            "/v1/simulate/auth",
            json!({"card_no": card_no, "amount": "1", "merchant_info":
        {"merchant_name": markup, "merchant_mcc": "5411", "city": "c", "country": "US"}}),
        )
        .data();
    let mut stream = TcpStream::connect(env.sandbox.base_url().trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /<script>alert(1)</script> HTTP/1.1\r\nX: <b>\r\nConnection: close\r\n\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let rows = data(&control, "rows", json!({"kind": "consumptions", "text": "ONERROR"}));
    assert_eq!(
        (json!(1), json!(markup)),
        (rows["matching"].clone(), rows["rows"][0]["merchant_info"]["merchant_name"].clone())
    );
    // The response is JSON and says so: a browser shows it as text even when it is opened on its own.
    let own = env.sandbox.control_url().trim_start_matches("http://");
    let response = raw(&env.sandbox, &format!("GET /state HTTP/1.1\r\nHost: {own}\r\n"));
    assert!(response.contains("Content-Type: application/json") && response.contains("nosniff"), "{response}");
    let unknown = data(&control, "requests", json!({}))["entries"][0].clone();
    assert_eq!((json!("unknown"), json!("/<script>alert(1)</script>")), (unknown[2].clone(), unknown[4].clone()));
}

#[test]
fn rows_are_filtered_and_balances_and_postings_add_up() {
    let (env, control) = env_with_control();
    env.fund("30");
    let card_no = env.virtual_card();
    let consume_no =
        env.caller.post("/v1/simulate/auth", json!({"card_no": card_no, "amount": "12.50"})).text("consume_no");
    let holders = data(&control, "rows", json!({"kind": "cardholders", "status": "Approved"}));
    assert_eq!((json!(1), json!("17.50")), (holders["total"].clone(), holders["rows"][0]["balance"].clone()));
    assert_eq!(json!(0), data(&control, "rows", json!({"kind": "cardholders", "status": "Rejected"}))["matching"]);
    assert_eq!(json!(1), data(&control, "rows", json!({"kind": "cards", "text": card_no}))["matching"]);
    assert_eq!(400, control.post("/console/data/rows", json!({"kind": "secrets"})).0);

    let ledger = data(&control, "ledger", json!({}));
    assert_eq!(json!("0.00"), ledger["total"]);
    let account = format!("cardholder:{}", env.holder);
    let own = ledger["accounts"].as_array().unwrap().iter().find(|row| row["account"] == account).unwrap();
    assert_eq!(
        (json!("30.00"), json!("12.50"), json!("17.50")),
        (own["credits"].clone(), own["debits"].clone(), own["balance"].clone())
    );
    let postings = data(&control, "postings", json!({"account": account}))["postings"].clone();
    assert_eq!((json!("17.50"), json!("30.00")), (postings[0]["balance"].clone(), postings[1]["balance"].clone()));
    assert_eq!(json!(1), data(&control, "postings", json!({"text": consume_no}))["matching"]);

    let series = data(&control, "series", json!({}));
    let last = |name: &str| series[name].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    assert_eq!(("17.50".to_owned(), "12.50".to_owned()), (last("cardholders"), last("holds")));
    let overview = data(&control, "overview", json!({}));
    assert_eq!(json!("12.50"), overview["balances"]["holds"]);
    assert_eq!(
        format!("{:.2}", env.sandbox.ledger().balance(&Account::MerchantReserve)),
        overview["balances"]["reserve"]
    );
    let transfers =
        overview["operations"].as_array().unwrap().iter().find(|one| one["operation"] == "accounts.transfer").unwrap();
    assert_eq!(
        (json!(1), json!(1), json!(0)),
        (transfers["count"].clone(), transfers["succeeded"].clone(), transfers["faulty"].clone())
    );
    assert!(transfers["p95_us"].as_u64() >= transfers["p50_us"].as_u64());
}

#[test]
fn webhooks_show_the_text_whose_signature_was_sent() {
    let merchant = WebhookReceiver::accepting();
    let (env, control) = env_with_control();
    control.done("/callbacks/settings", json!({"url": merchant.url(), "app_id": "app-1"}));
    let card_no = env.virtual_card();
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    control.done("/callbacks/settle", json!({"ms": 10_000}));
    // A later change of the settings does not change what was signed.
    control.done("/callbacks/settings", json!({"app_id": "app-2", "sign_style": "as_sent"}));
    let all = data(&control, "webhooks", json!({}));
    let id = all["attempts"][0]["id"].clone();
    let attempt = data(&control, "webhook", json!({"id": id}))["attempts"][0].clone();
    let text = attempt["signed_text"].as_str().unwrap();
    assert!(text.starts_with("after_status=Frozen&appId=app-1&before_status=Activated&"), "{text}");
    assert_eq!("java_hash_map", attempt["sign_style"]);
    assert!(merchant.last().is_signed_by("app-1", env.sandbox.api_secret()));
    assert!(!all.to_string().contains(env.sandbox.api_secret()));
    control.done("/callbacks/settings", json!({"url": "http://127.0.0.1:1/"}));
    control.done("/callbacks/redeliver", json!({"id": id}));
    control.done("/callbacks/settle", json!({"ms": 10_000}));
    let again = data(&control, "webhook", json!({"id": id}));
    assert_eq!((json!(2), json!(3)), (again["attempts"][1]["attempt"].clone(), again["waiting"]["attempt"].clone()));
    assert!(again["attempts"][1]["signed_text"].as_str().unwrap().contains("appId=app-2"));
}

#[test]
fn snapshots_are_compared_with_each_other_and_the_present() {
    let (env, control) = env_with_control();
    env.fund("10");
    let card_no = env.virtual_card();
    control.done("/snapshot", json!({}));
    assert_eq!(json!(0), data(&control, "compare", json!({"from": 1}))["balance_count"]);
    env.fund("5");
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    control.done("/snapshot", json!({}));
    let list = data(&control, "snapshots", json!({}))["snapshots"].clone();
    assert_eq!((json!(1), json!(2)), (list[0]["transfers"].clone(), list[1]["transfers"].clone()));
    let there = data(&control, "compare", json!({"from": 1, "to": 2}));
    assert_eq!(json!(1), there["rows"]["transfers"]["added_count"]);
    let changed = &there["rows"]["cards"]["changed"][0];
    assert_eq!((json!(card_no), json!("status")), (changed["number"].clone(), changed["fields"][0]["field"].clone()));
    assert_eq!(
        (json!("Activated"), json!("Frozen")),
        (changed["fields"][0]["before"].clone(), changed["fields"][0]["after"].clone())
    );
    let balances = there["balances"].as_array().unwrap();
    let own = balances.iter().find(|row| row["account"] == format!("cardholder:{}", env.holder)).unwrap();
    assert_eq!(
        (json!("10.00"), json!("15.00"), json!("5.00")),
        (own["before"].clone(), own["after"].clone(), own["difference"].clone())
    );
    let back = data(&control, "compare", json!({"from": 2, "to": 1}));
    assert_eq!(json!(1), back["rows"]["transfers"]["removed_count"]);
    control.done("/restore", json!({"snapshot": 1}));
    assert_eq!(json!(0), data(&control, "compare", json!({"from": 1}))["balance_count"]);
    for bad in [json!({"from": 0}), json!({"from": 3}), json!({"from": 1, "to": 9})] {
        assert_eq!(404, control.post("/console/data/compare", bad).0);
    }
}

/// The next event of the stream.
fn next_event(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Value {
    let line = lines.find_map(|line| line.unwrap().strip_prefix("data: ").map(str::to_owned)).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[test]
fn the_stream_says_what_changed_and_ends_with_the_sandbox() {
    let (env, control) = env_with_control();
    let mut stream = connect(&env.sandbox);
    stream.write_all(b"GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert_eq!("HTTP/1.1 200 OK", lines.next().unwrap().unwrap());
    let head: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    assert!(head.contains(&"Content-Type: text/event-stream".to_owned()), "{head:?}");
    let first = next_event(&mut lines);
    env.fund("1");
    let mut event = next_event(&mut lines);
    while event["rows"] == first["rows"] || event["requests"] == first["requests"] {
        event = next_event(&mut lines);
    }
    assert_eq!(first["faults"], event["faults"]);
    for (call, changed) in [("/faults/clear", "faults"), ("/snapshot", "snapshots"), ("/clock/freeze", "frozen")] {
        let before = event[changed].clone();
        control.done(call, json!({}));
        while event[changed] == before {
            event = next_event(&mut lines);
        }
    }
    drop(env);
    // The server closes the connection; whether with an end or a reset does not matter.
    assert!(lines.all(|line| line.is_err()
        || line.is_ok_and(|line| line.is_empty() || line.starts_with(':') || line.starts_with("data"))));
}

#[test]
fn exchanges_are_dropped_when_they_take_too_much_memory() {
    let (env, control) = env_with_control();
    // Each keeps about 13 KB of request headers.
    let caller = env.caller.with("X-Padding", "a".repeat(13_000));
    for _ in 0..2_700 {
        caller.get("/v1/merchant/nothing");
    }
    let entries = data(&control, "requests", json!({}))["entries"].as_array().unwrap().clone();
    let kept = |at: usize| !data(&control, "request", json!({"id": entries[at][0]}))["exchange"].is_null();
    assert!(kept(0) && kept(1_000) && !kept(entries.len() - 1));
}

#[test]
fn open_pages_leave_connections_for_control_calls() {
    let (env, control) = env_with_control();
    let open = || {
        let mut stream = connect(&env.sandbox);
        stream.write_all(b"GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap().unwrap();
        (first, lines)
    };
    let streams: Vec<_> = (0..300).map(|_| open()).collect();
    let (served, refused) = streams.split_at(64);
    assert!(served.iter().all(|(first, _)| first == "HTTP/1.1 200 OK"));
    assert!(refused.iter().all(|(first, _)| first == "HTTP/1.1 503 Service Unavailable"));
    assert_eq!(200, control.get("/info").0);
    drop(streams);
    // Each change tells the server that its pages are closed.
    while open().0 != "HTTP/1.1 200 OK" {
        control.done("/clock/advance", json!({"ms": 1}));
    }
}
