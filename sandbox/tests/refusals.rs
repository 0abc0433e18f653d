//! Every error code, and the order of the checks.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{ApiResponse, Caller, TestEnv, address};
use keysecure_sandbox::{Fault, FaultKind, KeyState, MerchantState, Repeat, Sandbox};
use serde_json::{Value, json};

const TOKEN: &str = "/v1/merchant/token";
const CARDS: &str = "/v1/card/list";

/// The codes of the platform's list that a call can return.
const ALL: [i64; 40] = [
    1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019,
    1020, 1021, 1022, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010, 2011, 3001, 4005, 4006, 4010, 4016,
    4017, 0,
];

fn window(start: &str, end: &str) -> Value {
    json!({"start_time": start, "end_time": end})
}

fn holder_application(unique_no: &str, token: &str) -> Value {
    json!({"cardholder_unique_no": unique_no, "sumsub_share_token": token})
}

fn physical(env: &TestEnv, changes: &[(&str, &str)]) -> ApiResponse {
    let mut address = address();
    for (field, value) in changes {
        address[*field] = json!(value);
    }
    env.caller.post(
        "/v1/card/apply",
        json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Physical",
               "package_no": "1600000000000000103", "address_info": address}),
    )
}

fn virtual_for(env: &TestEnv, holder: &str) -> ApiResponse {
    env.caller.post(
        "/v1/card/apply",
        json!({"cardholder_no": holder, "card_unique_no": "c", "card_type": "Virtual",
               "package_no": "1600000000000000101"}),
    )
}

/// Makes a call that is refused with that code. Returns the response, and whether the call changed anything.
fn provoke(code: i64) -> (ApiResponse, bool) {
    let env = TestEnv::credit();
    let response = provoke_on(&env, code);
    let committed = env.sandbox.requests().last().unwrap().committed;
    (response, committed)
}

fn provoke_on(env: &TestEnv, code: i64) -> ApiResponse {
    let TestEnv { sandbox, caller, holder } = env;
    let cards = |caller: &Caller| caller.post(CARDS, window("2026-01-01", "2026-01-02"));
    match code {
        0 => caller.get(TOKEN),
        1001 | 1009 => {
            sandbox.fault(Fault::on("cards.list", FaultKind::Code(code)));
            cards(caller)
        }
        1002 => cards(&caller.without("Api-Key")),
        1003 => {
            sandbox.set_ip_whitelist(vec!["192.0.2.1".parse().unwrap()]);
            cards(caller)
        }
        1004 => caller.post(CARDS, json!({})),
        1005 => cards(&caller.with("Timestamp", (sandbox.now_ms() - 61_000).to_string())),
        1006 => cards(&caller.without("Access-Token")),
        1007 => {
            sandbox.revoke_tokens();
            cards(caller)
        }
        1008 => cards(&caller.with("Api-Key", "someone-else")),
        1010 | 1011 => {
            sandbox.set_key_state(if code == 1010 { KeyState::NotEnabled } else { KeyState::Expired });
            cards(caller)
        }
        1012 => caller.post("/v1/card/support/bins", json!({})),
        1013 => {
            sandbox.set_pci_enabled(false);
            caller.get(&format!("/v1/card/{}/private/info", env.virtual_card()))
        }
        1014..=1018 => provoke_on_card_page(env, code),
        1019 => caller.post(CARDS, window("2026-01-02", "2026-01-01")),
        1020 => caller.post(CARDS, window("2026-01-01", "2026-04-02")),
        1021 | 1022 => {
            let state = if code == 1021 { MerchantState::Missing } else { MerchantState::Abnormal };
            sandbox.set_merchant_state(state);
            cards(caller)
        }
        2001 => {
            caller.post("/v1/cardholder/apply", holder_application("u", "x")).data();
            caller.post("/v1/cardholder/apply", holder_application("u", "x"))
        }
        2002 => caller.get("/v1/cardholder/17/info"),
        2003 | 2011 => {
            let known = &sandbox.cardholders()[0].cardholder_unique_no;
            let unique_no = if code == 2003 { known } else { "other" };
            let mut body = holder_application(unique_no, "x");
            body["cardholder_no"] = json!(holder);
            caller.post("/v1/cardholder/apply", body)
        }
        2004 => {
            let no = caller.post("/v1/cardholder/apply", holder_application("u", "wait")).text("cardholder_no");
            sandbox.start_review(&no).unwrap();
            let mut body = holder_application("u", "x");
            body["cardholder_no"] = json!(no);
            caller.post("/v1/cardholder/apply", body)
        }
        2005 => {
            let applied = caller.post("/v1/cardholder/apply", holder_application("u", "wait"));
            virtual_for(env, &applied.text("cardholder_no"))
        }
        2006 => caller.post("/v1/cardholder/apply", holder_application("u", "nokyc-1")),
        2007 => physical(env, &[("address_line1", "1 Main St <br>")]),
        2008 => physical(env, &[("city", "北京")]),
        2009 => physical(env, &[("country", "ZZ")]),
        2010 => physical(env, &[("postal_code", "1")]),
        3001 => env.transfer("t", "Out", "0.01"),
        4005 => {
            let card_no = env.virtual_card();
            caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Activated"}))
        }
        4006 => {
            env.fund("10");
            let card_no = env.virtual_card();
            let bought = caller.post("/v1/simulate/auth", json!({"card_no": card_no, "amount": 1})).text("consume_no");
            caller.post("/v1/simulate/refund", json!({"consume_relate_no": bought}))
        }
        4010 => {
            let card_no = env.physical_card();
            let cvv = env.encrypt(&sandbox.cvv_for_tests(&card_no).unwrap());
            let body = json!({"cardholder_no": holder, "card_no": card_no, "cvv": cvv, "card_last_no": "none"});
            caller.post("/v1/card/active", body)
        }
        4016 | 4017 => {
            let card_no = if code == 4017 { env.virtual_card() } else { env.physical_card() };
            if code == 4016 {
                activate(env, &card_no).data();
            }
            let body = json!({"cardholder_no": holder, "card_no": card_no, "pin": env.encrypt("123456")});
            caller.post("/v1/card/pin/set", body)
        }
        _ => panic!("no way to {code}"),
    }
}

fn activate(env: &TestEnv, card_no: &str) -> ApiResponse {
    let card = env.sandbox.cards().into_iter().find(|card| card.card_no == card_no).unwrap();
    let cvv = env.encrypt(&env.sandbox.cvv_for_tests(card_no).unwrap());
    env.caller.post(
        "/v1/card/active",
        json!({"cardholder_no": env.holder, "card_no": card_no, "cvv": cvv, "card_last_no": card.card_last_no}),
    )
}

fn provoke_on_card_page(env: &TestEnv, code: i64) -> ApiResponse {
    let fresh = || {
        let token = env.caller.get(&format!("/v1/merchant/client/{}/token", env.virtual_card()));
        token.text("client_access_token")
    };
    let page = |token: &str, nonce: &str, parent: &str, origin: &str, site: &str| {
        Caller::new(&env.sandbox)
            .with("Origin", origin)
            .with("Sec-Fetch-Site", site)
            .with("Sec-Fetch-Mode", "cors")
            .with("Sec-Fetch-Dest", "empty")
            .post(
                "/v1/merchant/pci/card/detail",
                json!({"client_access_token": token, "nonce": nonce, "parent_origin": parent}),
            )
    };
    let (parent, origin) = (env.sandbox.parent_origin(), env.sandbox.hosted_origin());
    let same = "same-origin";
    let token = fresh();
    match code {
        1014 => {
            page(&token, "n1", parent, origin, same).data();
            page(&token, "n2", parent, origin, same)
        }
        1015 => page(&token, "n1", "https://evil.example", origin, same),
        1016 => page(&token, "n1", parent, "https://evil.example", same),
        1017 => {
            page(&token, "n1", parent, origin, same).data();
            page(&fresh(), "n1", parent, origin, same)
        }
        _ => page(&token, "n1", parent, origin, "cross-site"),
    }
}

#[test]
fn every_code_can_be_returned_and_changes_nothing() {
    for code in ALL {
        let (response, committed) = provoke(code);
        assert_eq!(code, response.code(), "{}", response.body);
        assert_eq!(200, response.status);
        assert_eq!(code == 0, committed, "{code}");
        assert_eq!(code == 0, response.body.get("data").is_some(), "{}", response.body);
    }
    assert_eq!(ALL.len(), ALL.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn errors_name_the_field_first_and_4010_names_it_last() {
    assert!(provoke(1004).0.msg().starts_with("start_time "));
    assert!(provoke(2007).0.msg().starts_with("address_line1 "));
    assert!(provoke(2008).0.msg().starts_with("city "));
    assert!(provoke(2009).0.msg().starts_with("country "));
    assert!(provoke(2010).0.msg().starts_with("postal_code "));
    assert!(provoke(4010).0.msg().ends_with(" card_last_no"));
}

#[test]
fn the_language_header_selects_the_language() {
    let env = TestEnv::credit();
    let missing = |language: &str| env.caller.with("Language", language).get("/v1/cardholder/17/info").msg().to_owned();
    assert_eq!("cardholder does not exist", missing("en_US"));
    assert_eq!("持卡人不存在", missing("zh_CN"));
}

#[test]
fn checks_are_made_in_the_documented_order() {
    // Everything is wrong at first; each step fixes what the previous response refused.
    let sandbox = Sandbox::builder().ip_whitelist(vec!["192.0.2.1".parse().unwrap()]).start().unwrap();
    sandbox.set_key_state(KeyState::NotEnabled);
    sandbox.set_merchant_state(MerchantState::Missing);
    let call = |caller: &Caller| caller.try_post("/v1/card/support/bins", b"not JSON").unwrap().code();
    let caller = Caller::new(&sandbox).with("Timestamp", "1").without("Content-Type");
    assert_eq!(1002, call(&caller.without("Api-Key")));
    assert_eq!(1008, call(&caller.with("Api-Key", "other")));
    assert_eq!(1010, call(&caller));
    sandbox.set_key_state(KeyState::Active);
    assert_eq!(1021, call(&caller));
    sandbox.set_merchant_state(MerchantState::Active);
    assert_eq!(1003, call(&caller));
    sandbox.set_ip_whitelist(Vec::new());
    assert_eq!(1005, call(&caller));
    let mut caller = Caller::new(&sandbox).without("Content-Type");
    assert_eq!(1006, call(&caller));
    caller.token = Some("wrong".into());
    assert_eq!(1007, call(&caller));
    caller.token = Caller::with_token(&sandbox).token;
    assert_eq!(1012, call(&caller));
    let elsewhere = |caller: &Caller| caller.try_post(CARDS, b"not JSON").unwrap();
    assert!(elsewhere(&caller).msg().starts_with("content_type "));
    assert!(elsewhere(&Caller::with_token(&sandbox)).msg().starts_with("body "));
}

#[test]
fn a_timestamp_may_be_60_seconds_old_but_not_in_the_future() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.freeze();
    let now_ms = sandbox.now_ms();
    let caller = Caller::new(&sandbox);
    let code = |stamp: String| caller.with("Timestamp", stamp).get(TOKEN).code();
    assert_eq!(0, code(now_ms.to_string()));
    assert_eq!(0, code((now_ms - 60_000).to_string()));
    assert_eq!(1005, code((now_ms - 60_001).to_string()));
    assert_eq!(1005, code((now_ms + 1).to_string()));
    for invalid in [(now_ms / 1000).to_string(), format!("{now_ms}0"), format!("+{now_ms}"), "now".into()] {
        assert_eq!(1005, code(invalid.clone()), "{invalid}");
    }
    assert_eq!(1005, caller.without("Timestamp").get(TOKEN).code());
}

#[test]
fn a_token_expires_in_time_or_when_a_new_one_is_issued() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.freeze();
    let caller = Caller::with_token(&sandbox);
    let code = |caller: &Caller| caller.post("/v1/card/package/list", json!({})).code();
    sandbox.advance(Duration::from_millis(24 * 3_600_000 - 1));
    assert_eq!(0, code(&caller));
    sandbox.advance(Duration::from_millis(1));
    assert_eq!(1007, code(&caller));

    let first = Caller::with_token(&sandbox);
    assert_eq!(0, code(&first));
    let second = Caller::with_token(&sandbox);
    assert_eq!((1007, 0), (code(&first), code(&second)));

    let lenient = Sandbox::builder().token_voids_previous(false).start().unwrap();
    let first = Caller::with_token(&lenient);
    let second = Caller::with_token(&lenient);
    assert_eq!((0, 0), (code(&first), code(&second)));
}

#[test]
fn the_token_states_its_expiry() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(60)).start().unwrap();
    sandbox.freeze();
    let response = Caller::new(&sandbox).get(TOKEN);
    assert_eq!(sandbox.now_ms() + 60_000, response.data()["expired_time"].as_i64().unwrap());
}

#[test]
fn a_get_request_needs_a_content_type_too() {
    let env = TestEnv::credit();
    let path = format!("/v1/cardholder/{}/info", env.holder);
    assert!(env.caller.without("Content-Type").get(&path).msg().starts_with("content_type "));
    assert_eq!(0, env.caller.with("Content-Type", "application/json; charset=utf-8").get(&path).code());
    assert_eq!(1004, env.caller.with("Content-Type", "text/plain").get(&path).code());
}

#[test]
fn each_mode_has_its_own_calls() {
    let credit = TestEnv::credit();
    let authorization = TestEnv::authorization();
    let bins = |env: &TestEnv| env.caller.post("/v1/card/support/bins", json!({})).code();
    let packages = |env: &TestEnv| env.caller.post("/v1/card/package/list", json!({})).code();
    let account = |env: &TestEnv| env.caller.get(&format!("/v1/account/{}/info", env.holder)).code();
    assert_eq!((1012, 0, 0), (bins(&credit), packages(&credit), account(&credit)));
    assert_eq!((0, 1012, 1012), (bins(&authorization), packages(&authorization), account(&authorization)));
    assert_eq!(1012, authorization.transfer("t", "In", "1").code());
}

#[test]
fn an_unknown_path_and_a_wrong_method_are_http_errors() {
    let env = TestEnv::credit();
    assert_eq!(404, env.caller.get("/v1/card/consume").status);
    assert_eq!(405, env.caller.get("/v1/card/list").status);
}

#[test]
fn a_repeated_reference_has_the_configured_effect() {
    for (repeat, code, transfers) in [(Repeat::Execute, 0, 2), (Repeat::Refuse, 1004, 1), (Repeat::ReturnFirst, 0, 1)] {
        let env = TestEnv::new(Sandbox::builder().repeated_numbers(repeat));
        let first = env.transfer("t", "In", "5").text("transfer_no");
        let second = env.transfer("t", "In", "5");
        assert_eq!(code, second.code(), "{repeat:?}");
        assert_eq!(transfers, env.sandbox.transfers().len(), "{repeat:?}");
        if repeat == Repeat::ReturnFirst {
            assert_eq!(first, second.text("transfer_no"));
        }
        let cards = [virtual_for(&env, &env.holder), virtual_for(&env, &env.holder)];
        assert_eq!([0, code], cards.map(|response| response.code()), "{repeat:?}");
        assert_eq!(transfers, env.sandbox.cards().len(), "{repeat:?}");
    }
}

#[test]
fn a_refused_call_does_not_even_change_later_numbers() {
    let (refused, plain) = (TestEnv::credit(), TestEnv::credit());
    let body = json!({"cardholder_no": refused.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000102"});
    // The card is created already when the balance turns out to be insufficient for its fee.
    assert_eq!(3001, refused.caller.post("/v1/card/apply", body).code());
    assert_eq!(plain.virtual_card(), refused.virtual_card());
}
