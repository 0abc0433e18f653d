//! Deviating lists and strict HTTP statuses.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::collections::BTreeSet;

use common::{ApiResponse, Caller, TestEnv, today};
use keysecure_sandbox::{HttpStatuses, ListRules, RowReference, Sandbox};
use serde_json::{Value, json};

/// 2026-03-01 00:00:00 UTC.
const MARCH: i64 = 1_772_323_200_000;

const LISTS: [&str; 4] = ["/v1/cardholder/list", "/v1/card/list", "/v1/card/consume/list", "/v1/account/transfer/list"];

fn rules(env: &TestEnv, rules: Value) {
    env.sandbox.control("POST", "/lists/settings", &rules.to_string()).unwrap();
}

fn list(env: &TestEnv, path: &str, more: Value) -> ApiResponse {
    let mut body = json!({"start_time": "2026-02-28", "end_time": "2026-03-03"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    env.caller.post(path, body)
}

/// An environment with 120 rows of each kind.
fn seeded_env() -> TestEnv {
    let env = TestEnv::credit();
    let times: Vec<i64> = (0..120).map(|at| MARCH + at * 1000).collect();
    env.sandbox.seed_cardholders(&times);
    let cards = env.sandbox.seed_cards(&env.holder, &times).unwrap();
    env.sandbox.seed_consumptions(&cards[0], &times).unwrap();
    env.sandbox.seed_transfers(&env.holder, &times).unwrap();
    env
}

#[test]
fn rows_can_change_or_leave_out_the_merchant_reference() {
    let env = TestEnv::credit();
    env.transfer(" Order-1 ", "In", "1").data();
    for (reference, shown) in [
        ("kept", Some(" Order-1 ")),
        ("trimmed", Some("Order-1")),
        ("lower_case", Some(" order-1 ")),
        ("upper_case", Some(" ORDER-1 ")),
        ("left_out", None),
    ] {
        rules(&env, json!({"reference": reference}));
        let mut body = today(&env.sandbox);
        body["transfer_unique_no"] = json!(" Order-1 ");
        let response = env.caller.post("/v1/account/transfer/list", body);
        assert_eq!(1, response.list().len(), "it is still found by the reference that was sent");
        assert_eq!(shown, response.list()[0].get("transfer_unique_no").map(|no| no.as_str().unwrap()), "{reference}");
        assert!(response.list()[0].get("transfer_no").is_some());
    }
}

#[test]
fn only_known_fields_can_be_left_out() {
    let env = seeded_env();
    rules(&env, json!({"left_out": ["cardholder_no", "time"]}));
    for path in LISTS {
        let response = list(&env, path, json!({}));
        for row in response.list() {
            assert!(row.get("cardholder_no").is_none() && row.get("time").is_none(), "{row}");
        }
    }
    rules(&env, json!({"left_out": []}));
    assert!(list(&env, LISTS[1], json!({})).list()[0].get("time").is_some());
    let error = env.sandbox.control("POST", "/lists/settings", r#"{"left_out": ["tme"]}"#).unwrap_err();
    assert_eq!((400, "no list row has a field tme"), (error.status(), &*error.to_string()));
}

#[test]
fn every_field_of_every_row_can_be_left_out() {
    let env = seeded_env();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut add = |response: ApiResponse| names.extend(response.list()[0].as_object().unwrap().keys().cloned());
    for path in LISTS {
        add(list(&env, path, json!({})));
    }
    add(env.caller.post("/v1/card/package/list", json!({})));
    add(TestEnv::authorization().caller.post("/v1/card/support/bins", json!({})));
    let all: Vec<_> = names.iter().collect();
    assert!(all.len() > 30);
    rules(&env, json!({"left_out": all}));
    for path in LISTS {
        assert_eq!(json!({}), list(&env, path, json!({})).list()[0], "{path}");
    }
}

#[test]
fn filters_can_be_ignored() {
    let env = seeded_env();
    for path in LISTS {
        rules(&env, json!({"ignore_filters": true}));
        let filter = json!({"cardholder_no": "17", "size": 100});
        assert_eq!(100, list(&env, path, filter.clone()).list().len(), "{path}");
        rules(&env, json!({"ignore_filters": false}));
        assert_eq!(0, list(&env, path, filter).list().len(), "{path}");
    }
}

#[test]
fn pages_can_be_capped_with_and_without_a_total() {
    let env = seeded_env();
    for path in LISTS {
        rules(&env, json!({"page_cap": 50, "total": true}));
        let whole = list(&env, path, json!({"size": 100}));
        assert_eq!((50, json!(120)), (whole.list().len(), whole.data()["total"].clone()), "{path}");
        let mut pages = Vec::new();
        for page in 0..4 {
            let response = list(&env, path, json!({"size": 100, "page": page}));
            pages.push(response.list().clone());
        }
        assert_eq!(vec![50, 50, 20, 0], pages.iter().map(Vec::len).collect::<Vec<_>>(), "{path}");
        rules(&env, json!({"page_cap": 0, "total": false}));
        let all = list(&env, path, json!({"size": 100}));
        assert_eq!(all.list()[..], pages.concat()[..100], "{path}");
        assert!(all.data().get("total").is_none());
    }
    rules(&env, json!({"page_cap": 3, "total": true}));
    let packages = env.caller.post("/v1/card/package/list", json!({"page": 1}));
    assert_eq!((1, json!(4)), (packages.list().len(), packages.data()["total"].clone()));
}

#[test]
fn the_rust_api_has_the_same_rules() {
    let mut rules = ListRules::default();
    rules.reference = RowReference::LeftOut;
    rules.page_cap = Some(1);
    let env = TestEnv::new(Sandbox::builder().list_rules(rules.clone()));
    assert_eq!(rules, env.sandbox.list_rules());
    env.sandbox.seed_cards(&env.holder, &[MARCH, MARCH]).unwrap();
    let response = list(&env, LISTS[1], json!({}));
    assert_eq!((1, None), (response.list().len(), response.list()[0].get("card_unique_no")));
    rules.left_out = vec!["nothing".to_owned()];
    assert!(env.sandbox.set_list_rules(rules.clone()).is_err());
    assert!(Sandbox::builder().list_rules(rules).start().is_err());
    let snapshot = env.sandbox.snapshot();
    env.sandbox.set_list_rules(ListRules::default()).unwrap();
    env.sandbox.restore(&snapshot);
    assert_eq!(Some(1), env.sandbox.list_rules().page_cap);
}

#[test]
fn statuses_can_be_strict_with_and_without_an_envelope() {
    let env = TestEnv::credit();
    let cards = |caller: &Caller, body: Value| caller.post("/v1/card/list", body);
    let window = json!({"start_time": "2026-01-01", "end_time": "2026-01-02"});
    let all = || {
        let refused = [
            cards(&env.caller.without("Access-Token"), window.clone()),
            cards(&env.caller.with("Api-Key", "other"), window.clone()),
            cards(&env.caller.with("Access-Token", "other"), window.clone()),
            cards(&env.caller, json!({})),
            env.caller.post("/v1/card/support/bins", json!({})),
            env.caller.get("/v1/cardholder/17/info"),
            cards(&env.caller, window.clone()),
        ];
        refused.map(|response| (response.status, response.body.get("code").and_then(Value::as_i64)))
    };
    let codes = [1006, 1008, 1007, 1004, 1012, 2002, 0].map(Some);
    assert_eq!([200; 7].iter().copied().zip(codes).collect::<Vec<_>>(), all());
    let statuses = [401, 401, 401, 400, 403, 200, 200];
    env.sandbox.control("POST", "/settings", r#"{"http_statuses": "strict"}"#).unwrap();
    assert_eq!(statuses.into_iter().zip(codes).collect::<Vec<_>>(), all());
    env.sandbox.set_http_statuses(HttpStatuses::StrictBare);
    let bare = [None, None, None, None, None, Some(2002), Some(0)];
    assert_eq!(statuses.into_iter().zip(bare).collect::<Vec<_>>(), all());
    // Faults with a code follow the setting as well.
    env.sandbox.control("POST", "/faults", r#"{"operation": "cards.list", "kind": {"code": 1003}}"#).unwrap();
    assert_eq!(403, cards(&env.caller, window.clone()).status);
    env.sandbox.control("POST", "/faults", r#"{"operation": "cards.list", "kind": "expired_token"}"#).unwrap();
    assert_eq!(401, cards(&env.caller, window).status);
}
