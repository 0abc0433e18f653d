//! Windows, UTC offsets and pages of the list calls.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use common::{ApiResponse, Caller, TestEnv};
use serde_json::{Value, json};

/// 2026-03-01 00:00:00 UTC.
const MARCH: i64 = 1_772_323_200_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

const LISTS: [(&str, &str); 4] = [
    ("/v1/cardholder/list", "cardholder_no"),
    ("/v1/card/list", "card_no"),
    ("/v1/card/consume/list", "consume_no"),
    ("/v1/account/transfer/list", "transfer_no"),
];

fn list(caller: &Caller, path: &str, start: &str, end: &str, more: Value) -> ApiResponse {
    let mut body = json!({"start_time": start, "end_time": end});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    caller.post(path, body)
}

fn numbers(response: &ApiResponse, field: &str) -> Vec<String> {
    response.list().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// Seeds rows of the list's kind at those times.
fn seed(env: &TestEnv, path: &str, times: &[i64]) -> Vec<String> {
    match path {
        "/v1/cardholder/list" => env.sandbox.seed_cardholders(times),
        "/v1/card/list" => env.sandbox.seed_cards(&env.holder, times).unwrap(),
        "/v1/card/consume/list" => env.sandbox.seed_consumptions(&env.virtual_card(), times).unwrap(),
        _ => env.sandbox.seed_transfers(&env.holder, times).unwrap(),
    }
}

#[test]
fn both_ends_of_a_window_are_inclusive_to_the_second() {
    for (path, field) in LISTS {
        let env = TestEnv::credit();
        let made = seed(&env, path, &[MARCH - 1, MARCH, MARCH + HOUR, MARCH + 2 * HOUR + 999, MARCH + 2 * HOUR + 1000]);
        let utc = env.caller.with("Timezone", "UTC+0");
        let response = list(&utc, path, "2026-03-01 00:00:00", "2026-03-01 02:00:00", json!({}));
        let newest_first: Vec<_> = made[1..4].iter().rev().cloned().collect();
        assert_eq!(newest_first, numbers(&response, field), "{path}");
    }
}

#[test]
fn an_end_date_without_time_is_the_whole_day_at_the_offset() {
    let env = TestEnv::credit();
    let made = env.sandbox.seed_cardholders(&[
        MARCH - 8 * HOUR - 1, // 28 February in UTC+8
        MARCH - 8 * HOUR,     // 1 March, 00:00, in UTC+8
        MARCH + 16 * HOUR - 1,
        MARCH + 16 * HOUR, // 2 March in UTC+8
        MARCH + 27 * HOUR - 1,
    ]);
    let days = |caller: &Caller| {
        numbers(&list(caller, "/v1/cardholder/list", "2026-03-01", "2026-03-01", json!({})), "cardholder_no")
    };
    assert_eq!(vec![made[2].clone(), made[1].clone()], days(&env.caller), "UTC+8 is the default");
    assert_eq!(vec![made[2].clone(), made[1].clone()], days(&env.caller.with("Timezone", "UTC+8")));
    // 1 March in UTC-3 is 03:00 to 03:00 UTC.
    assert_eq!(vec![made[4].clone(), made[3].clone(), made[2].clone()], days(&env.caller.with("Timezone", "UTC-3")));
    let invalid =
        list(&env.caller.with("Timezone", "Mars"), "/v1/cardholder/list", "2026-03-01", "2026-03-02", json!({}));
    assert!(invalid.msg().starts_with("timezone "), "{}", invalid.msg());
}

#[test]
fn an_offset_of_half_an_hour_moves_the_window() {
    let env = TestEnv::credit();
    let made = env.sandbox.seed_cardholders(&[MARCH - 330 * 60_000 - 1, MARCH - 330 * 60_000]);
    let caller = env.caller.with("Timezone", "UTC+5:30");
    let response = list(&caller, "/v1/cardholder/list", "2026-03-01", "2026-03-01", json!({}));
    assert_eq!(made[1..], numbers(&response, "cardholder_no"));
}

#[test]
fn a_window_must_be_in_order_and_at_most_90_days() {
    for (path, _) in LISTS {
        let env = TestEnv::credit();
        let code = |start: &str, end: &str| list(&env.caller, path, start, end, json!({})).code();
        assert_eq!(1019, code("2026-03-02", "2026-03-01"), "{path}");
        assert_eq!(1019, code("2026-03-01 10:00:00", "2026-03-01 10:00:00"), "{path}");
        assert_eq!(0, code("2026-03-01 10:00:00", "2026-03-01 10:00:01"), "{path}");
        assert_eq!(0, code("2026-01-01", "2026-04-01"), "90 days, {path}");
        assert_eq!(0, code("2026-01-01 00:00:00", "2026-04-01 00:00:00"), "90 days, {path}");
        assert_eq!(1020, code("2026-01-01 00:00:00", "2026-04-01 00:00:01"), "{path}");
        assert_eq!(1020, code("2026-01-01", "2026-04-02"), "{path}");
        for (start, end, field) in [
            ("", "2026-03-01", "start_time "),
            ("2026-03-01", "", "end_time "),
            ("2026-02-30", "2026-03-01", "start_time "),
            ("2026-03-01", "2026-03-01T00:00:00", "end_time "),
        ] {
            let response = list(&env.caller, path, start, end, json!({}));
            assert!(response.code() == 1004 && response.msg().starts_with(field), "{path}: {}", response.msg());
        }
    }
}

#[test]
fn pages_count_from_zero_with_ten_rows_up_to_a_hundred() {
    for (path, field) in LISTS {
        let env = TestEnv::credit();
        let times: Vec<i64> = (0..105).map(|at| MARCH + at * 1000).collect();
        let mut made = seed(&env, path, &times);
        made.reverse();
        let page = |more: Value| list(&env.caller, path, "2026-02-28", "2026-03-03", more);
        assert_eq!(made[..10], numbers(&page(json!({})), field), "{path}");
        assert_eq!(made[10..20], numbers(&page(json!({"page": 1})), field), "{path}");
        assert_eq!(made[..100], numbers(&page(json!({"size": 100})), field), "{path}");
        assert_eq!(made[100..], numbers(&page(json!({"size": 100, "page": 1})), field), "{path}");
        assert!(numbers(&page(json!({"size": 100, "page": 4_294_967_295_u32})), field).is_empty(), "{path}");
        for invalid in
            [json!({"size": 101}), json!({"size": 0}), json!({"size": "10"}), json!({"size": -1}), json!({"size": 1e9})]
        {
            assert!(page(invalid.clone()).msg().starts_with("size "), "{path} {invalid}");
        }
        assert!(page(json!({"page": -1})).msg().starts_with("page "), "{path}");
        assert!(page(json!({"page": 1.5})).msg().starts_with("page "), "{path}");
    }
}

#[test]
fn filters_select_rows_and_unknown_numbers_find_none() {
    let env = TestEnv::credit();
    let other = env.sandbox.seed_approved_cardholder();
    let cards = env.sandbox.seed_cards(&env.holder, &[MARCH, MARCH + 1]).unwrap();
    let of_other = env.sandbox.seed_cards(&other, &[MARCH + 2]).unwrap();
    let transfers = env.sandbox.seed_transfers(&other, &[MARCH, MARCH + 1]).unwrap();
    let consumed = env.sandbox.seed_consumptions(&cards[0], &[MARCH, MARCH + 1]).unwrap();
    let unique = env.sandbox.cards()[0].card_unique_no.clone();
    let unique_transfer = env.sandbox.transfers()[1].transfer_unique_no.clone();
    let holders = env.sandbox.seed_cardholders(&[MARCH, MARCH + 1]);
    let unique_holder = env.sandbox.cardholders()[0].cardholder_unique_no.clone();
    let found = |path: &str, field: &str, filter: Value| {
        numbers(&list(&env.caller, path, "2026-03-01", "2026-03-02", filter), field)
    };
    let card = |filter| found("/v1/card/list", "card_no", filter);
    assert_eq!(of_other, card(json!({"cardholder_no": other})));
    assert_eq!(cards[..1], card(json!({"card_unique_no": unique})));
    assert_eq!(cards[1..], card(json!({"card_no": cards[1]})));
    assert!(card(json!({"card_no": cards[1], "cardholder_no": other})).is_empty());
    assert!(card(json!({"cardholder_no": "17"})).is_empty());
    let transfer = |filter| found("/v1/account/transfer/list", "transfer_no", filter);
    assert_eq!(2, transfer(json!({"cardholder_no": other})).len());
    assert_eq!(transfers[..1], transfer(json!({"transfer_no": transfers[0]})));
    assert_eq!(transfers[1..], transfer(json!({"transfer_unique_no": unique_transfer})));
    let consumption = |filter| found("/v1/card/consume/list", "consume_no", filter);
    assert_eq!(2, consumption(json!({"card_no": cards[0], "cardholder_no": env.holder})).len());
    assert_eq!(consumed[..1], consumption(json!({"consume_no": consumed[0]})));
    let holder = |filter| found("/v1/cardholder/list", "cardholder_no", filter);
    assert_eq!(holders[1..], holder(json!({"cardholder_no": holders[1]})));
    assert_eq!(holders[..1], holder(json!({"cardholder_unique_no": unique_holder})));
}

#[test]
fn a_list_follows_the_virtual_clock() {
    let env = TestEnv::credit();
    env.sandbox.rewind(std::time::Duration::from_secs(u64::try_from(400 * DAY / 1000).unwrap()));
    let later = env.sandbox.seed_approved_cardholder();
    let row = env.sandbox.cardholders().into_iter().find(|row| row.cardholder_no == later).unwrap();
    assert!((row.time_ms - (env.sandbox.now_ms())).abs() < 5000);
    assert_eq!(later, env.sandbox.cardholders()[0].cardholder_no, "an earlier time is an older row");
}

#[test]
fn catalogs_have_pages_and_filters_but_no_window() {
    let env = TestEnv::credit();
    let packages = |body: Value| numbers(&env.caller.post("/v1/card/package/list", body), "package_no");
    let all = packages(json!({}));
    assert_eq!(4, all.len());
    assert_eq!(all[2..], packages(json!({"type": "Physical"})));
    assert_eq!(all[1..2], packages(json!({"page": 1, "size": 1})));
    assert_eq!(all[3..], packages(json!({"package_no": all[3]})));
    assert!(env.caller.post("/v1/card/package/list", json!({"type": "Wooden"})).msg().starts_with("type "));
    assert!(env.caller.post("/v1/card/package/list", json!({"size": 101})).msg().starts_with("size "));

    let env = TestEnv::authorization();
    let bins = |body: Value| numbers(&env.caller.post("/v1/card/support/bins", body), "card_bin_no");
    let all = bins(json!({}));
    assert_eq!(3, all.len());
    assert_eq!(all[2..], bins(json!({"card_bin_no": all[2]})));
}
