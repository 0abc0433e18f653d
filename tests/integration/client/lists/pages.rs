//! Pages: laziness, the last page, errors, and rows that arrive meanwhile.

use std::collections::HashSet;

use keysecure::{Client, Date, ErrorKind, ListConsumptions, ListPackages, Outcome};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{MockResponse, MockServer, TestEnv, envelope};

use super::{DAY, WINDOW, recent_second, second};

#[test]
fn single_pages_keep_to_the_platforms_limits() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..120).map(|row| (end - row) * 1000).collect();
    let rows = env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    let client = &env.client;
    let query = ListConsumptions::between(second(end - WINDOW), second(end));
    let page = |page, size| client.consumptions().list_page(&query, page, size);
    assert_eq!(page(0, 100).unwrap().list.len(), 100);
    assert_eq!(page(1, 100).unwrap().list.len(), 20);
    assert_eq!(page(2, 100).unwrap().list.len(), 0, "beyond the end");
    assert_eq!(page(4_000_000_000, 100).unwrap().list.len(), 0);
    assert_eq!(page(0, 1).unwrap().list[0].consume_no, rows[0], "the newest first");
    let sent = env.count();
    for size in [0, 101, u32::MAX] {
        let error = page(0, size).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("size")));
    }
    let too_long = ListConsumptions::between(second(end - WINDOW - 1), second(end));
    let error = client.consumptions().list_page(&too_long, 0, 10).unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.outcome()),
        (ErrorKind::InvalidInput, Some("end"), Outcome::NotSent)
    );
    let date = |text: &str| text.parse::<Date>().unwrap();
    let error = client
        .consumptions()
        .list_page(&ListConsumptions::between(date("2026-01-01"), date("2026-04-01")), 0, 10)
        .unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("end")), "91 whole days");
    assert_eq!(env.count(), sent, "nothing was sent");
    let ninety_days = ListConsumptions::between(date("2026-01-01"), date("2026-03-31"));
    client.consumptions().list_page(&ninety_days, 0, 10).unwrap();
}

#[test]
fn a_pager_makes_no_request_before_the_first_row_and_no_unneeded_one() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..240).map(|row| (end - row) * 1000).collect();
    env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    let query = ListConsumptions::between(second(end - 10 * DAY), second(end));
    let mut list = env.client.consumptions().list(&query).unwrap();
    assert_eq!(env.count(), 0, "not even a token");
    let pages = || env.sandbox.requests_to("consumptions.list");
    let mut taken = 0;
    for (row, wanted) in [(1, 1), (100, 1), (101, 2), (200, 2), (201, 3), (240, 3)] {
        while taken < row {
            list.next().unwrap().unwrap();
            taken += 1;
        }
        assert_eq!(pages(), wanted, "at row {row}");
    }
    assert!(list.next().is_none());
    assert_eq!(pages(), 3, "a short page is the last one");
    assert!(list.next().is_none(), "and the pager stays at its end");
}

#[test]
fn a_last_page_that_is_exactly_full_is_followed_by_one_empty_page() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..200).map(|row| (end - row) * 1000).collect();
    env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    let query = ListConsumptions::between(second(end - DAY), second(end));
    assert_eq!(env.client.consumptions().list(&query).unwrap().map(Result::unwrap).count(), 200);
    assert_eq!(env.sandbox.requests_to("consumptions.list"), 3);
}

#[test]
fn rows_that_arrive_while_a_list_is_read_repeat_no_row() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let now = env.sandbox.now_ms() / 1000;
    let times: Vec<i64> = (1..=250).map(|row| (now - row) * 1000).collect();
    let wanted: HashSet<_> = env.sandbox.seed_consumptions(&card_no, &times).unwrap().into_iter().collect();
    let query = ListConsumptions::between(second(now - DAY), second(now + DAY));
    let mut listed = Vec::new();
    for row in env.client.consumptions().list(&query).unwrap() {
        listed.push(row.unwrap().consume_no);
        if listed.len() % 50 == 0 {
            env.sandbox.seed_consumptions(&card_no, &[(now + 1) * 1000; 3]).unwrap();
        }
    }
    let distinct: HashSet<_> = listed.iter().cloned().collect();
    assert_eq!(distinct.len(), listed.len(), "none twice");
    assert!(distinct.is_superset(&wanted), "and no old row missed");
}

#[test]
fn the_first_error_ends_a_list_for_good() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..250).map(|row| (end - row) * 1000).collect();
    env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    env.sandbox.fault(Fault::on("consumptions.list", FaultKind::Code(1013)).after(1));
    let query = ListConsumptions::between(second(end - 300 * DAY), second(end));
    let mut list = env.client.consumptions().list(&query).unwrap();
    let error = list.find_map(Result::err).unwrap();
    assert_eq!((error.code(), error.operation()), (Some(1013), Some("consumptions.list")));
    let sent = env.count();
    for _ in 0..3 {
        assert!(list.next().is_none());
    }
    assert_eq!(env.count(), sent);
    let rows: Vec<_> = env.client.consumptions().list(&query).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 250, "a new list starts from the first row");
}

#[test]
fn an_error_on_the_second_page_keeps_the_rows_of_the_first() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..250).map(|row| (end - row) * 1000).collect();
    env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    env.sandbox.fault(Fault::on("consumptions.list", FaultKind::Html).after(1));
    let query = ListConsumptions::between(second(end - DAY), second(end));
    let rows: Vec<_> = env.client.consumptions().list(&query).unwrap().collect();
    assert_eq!(rows.len(), 101);
    assert!(rows[..100].iter().all(Result::is_ok) && rows[100].is_err());
}

#[test]
fn a_page_whose_response_was_lost_is_read_again() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let times: Vec<i64> = (0..240).map(|row| (end - row) * 1000).collect();
    env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    let (client, _) = env.with_virtual_clock().unwrap();
    env.sandbox.fault(Fault::on("consumptions.list", FaultKind::DropAfterCommit).after(1));
    let query = ListConsumptions::between(second(end - DAY), second(end));
    assert_eq!(client.consumptions().list(&query).unwrap().map(Result::unwrap).count(), 240);
    assert_eq!(env.sandbox.requests_to("consumptions.list"), 4);
}

#[test]
fn a_server_that_repeats_a_page_ends_the_list_with_an_error() {
    let page = (0..100).map(|row| format!(r#"{{"consume_no":"{row}"}}"#)).collect::<Vec<_>>().join(",");
    let server =
        MockServer::platform(move |_| MockResponse::Keep(envelope(&format!(r#"{{"list":[{page}]}}"#)))).unwrap();
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    let query = ListConsumptions::between(second(1_700_000_000), second(1_700_000_000 + DAY));
    let rows: Vec<_> = client.consumptions().list(&query).unwrap().collect();
    assert_eq!(rows.len(), 101);
    let error = rows.into_iter().next_back().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_page_without_a_list_or_with_other_values_is_an_error() {
    for data in ["{}", "[]", "null", r#"{"list":{}}"#, r#"{"list":[7]}"#, r#"{"list":[{}]}"#, r#"{"list":"none"}"#] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
        let rows: Vec<_> = client.cards().packages(&ListPackages::default()).collect();
        assert_eq!(rows.len(), 1, "{data}");
        assert_eq!(rows[0].as_ref().unwrap_err().kind(), ErrorKind::InvalidResponse, "{data}");
    }
}

#[test]
fn a_pager_outlives_its_resource_and_can_move_to_another_thread() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    env.sandbox.seed_consumptions(&card_no, &[end * 1000]).unwrap();
    let list = {
        let client = env.client.clone();
        client.consumptions().list(&ListConsumptions::between(second(end - DAY), second(end))).unwrap()
    };
    assert_eq!(std::thread::spawn(move || list.map(Result::unwrap).count()).join().unwrap(), 1);
}
