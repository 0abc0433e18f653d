//! Lists: every row exactly once, over any span, and no request more than needed.

use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use keysecure::{
    Client, Date, ErrorKind, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers,
    Outcome, UtcOffset, WindowBound,
};
use keysecure_sandbox::{Fault, FaultKind, Mode, RequestRecord, Sandbox};
use keysecure_tests::{MockResponse, MockServer, TestEnv, envelope, millis};

const DAY: i64 = 86_400;
const WINDOW: i64 = 90 * DAY;
const ROWS: usize = 12_345;

/// The civil second of `yyyy-MM-dd HH:mm:ss`, counted from 1970-01-01 00:00:00 of the same zone.
fn civil(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = (1970..year).map(|year| 365 + i64::from(leap(year))).sum::<i64>()
        + lengths[..usize::try_from(month - 1).unwrap()].iter().sum::<i64>()
        + day
        - 1;
    days * DAY + number(11..13) * 3600 + number(14..16) * 60 + number(17..19)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
struct Asked {
    start: i64,
    end: i64,
    page: i64,
    size: i64,
}

/// What a list call asked for, in civil seconds.
fn asked(request: &RequestRecord) -> Asked {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let time = |name: &str| body[name].as_str().map_or(0, civil);
    Asked {
        start: time("start_time"),
        end: time("end_time"),
        page: body["page"].as_i64().unwrap(),
        size: body["size"].as_i64().unwrap(),
    }
}

fn asked_of(env: &TestEnv, operation: &str) -> Vec<Asked> {
    let requests = env.sandbox.requests();
    requests.iter().filter(|request| request.operation == operation).map(asked).collect()
}

fn second(second: i64) -> SystemTime {
    millis(second * 1000)
}

/// A second about an hour ago.
fn recent_second(env: &TestEnv) -> i64 {
    env.sandbox.now_ms() / 1000 - 3600
}

#[test]
fn a_list_over_400_days_gives_each_of_12345_rows_exactly_once() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let start = end - 400 * DAY;
    let seams: Vec<i64> = (1..=4).map(|cut| start + cut * WINDOW).collect();
    let mut times = Vec::new();
    for seam in &seams {
        times.extend([-1_000, -1, 0, 1, 999, 1_000].map(|around| seam * 1000 + around));
    }
    // More than a page on one seam's second, and half a page on one millisecond elsewhere.
    times.extend((0..250).map(|row| seams[1] * 1000 + row % 100 * 10));
    times.extend(vec![seams[2] * 1000 + 7_777_777; 50]);
    times.extend([start * 1000, end * 1000, end * 1000 + 999]);
    let mut random = fastrand::Rng::with_seed(1);
    while times.len() < ROWS {
        times.push(start * 1000 + random.i64(0..400 * DAY * 1000));
    }
    let outside = [start * 1000 - 1, start * 1000 - 1_000, (end + 1) * 1000, end * 1000 + 86_400_000];
    let wanted: HashSet<String> = env.sandbox.seed_consumptions(&card_no, &times).unwrap().into_iter().collect();
    env.sandbox.seed_consumptions(&card_no, &outside).unwrap();
    assert_eq!(wanted.len(), ROWS);

    let query = ListConsumptions::between(second(start), second(end));
    let listed: Vec<_> = env.client.consumptions().list(&query).unwrap().map(Result::unwrap).collect();
    let numbers: HashSet<String> = listed.iter().map(|row| row.consume_no.clone()).collect();
    assert_eq!((listed.len(), numbers.len()), (ROWS, ROWS), "none twice");
    assert_eq!(numbers, wanted, "none missed and none from outside");

    let requests = asked_of(&env, "consumptions.list");
    let mut windows: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    for asked in &requests {
        assert_eq!(asked.size, 100);
        assert!(asked.end > asked.start && asked.end - asked.start <= WINDOW, "{asked:?}");
        windows.entry((asked.start, asked.end)).or_default().push(asked.page);
    }
    assert_eq!(windows.len(), 5);
    assert!(windows.values().all(|pages| pages.iter().copied().eq(0..i64::try_from(pages.len()).unwrap())));
    let ends: Vec<_> = windows.keys().collect();
    assert!(ends.windows(2).all(|pair| pair[1].0 <= pair[0].1 + 1), "no gap between windows");
    let zone = 8 * 3600;
    assert_eq!((ends[0].0, ends[4].1), (start + zone, end + zone));
    assert_eq!(env.sandbox.requests_to("token"), 1);
}

#[test]
fn rows_come_from_new_to_old_over_all_windows() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let end = recent_second(&env);
    let start = end - 400 * DAY;
    let times: Vec<i64> = (0..900).map(|row| (start + row * 400 * DAY / 899) * 1000).collect();
    let mut wanted = env.sandbox.seed_consumptions(&card_no, &times).unwrap();
    wanted.reverse();
    let query = ListConsumptions::between(second(start), second(end));
    let listed: Vec<_> = env.client.consumptions().list(&query).unwrap().map(Result::unwrap).collect();
    assert!(listed.windows(2).all(|pair| pair[0].time >= pair[1].time));
    assert_eq!(listed.into_iter().map(|row| row.consume_no).collect::<Vec<_>>(), wanted);
}

#[test]
fn a_span_of_whole_windows_or_one_second_more_misses_nothing_at_its_ends() {
    for extra in [-1, 0, 1, 2] {
        let env = TestEnv::credit().unwrap();
        let card_no = env.virtual_card().unwrap();
        let end = recent_second(&env);
        let start = end - 2 * WINDOW - extra;
        let edges = [start, start + WINDOW - 1, start + WINDOW, start + WINDOW + 1, start + 2 * WINDOW, end];
        let times: Vec<i64> = edges.iter().flat_map(|edge| [edge * 1000, edge * 1000 + 999]).collect();
        env.sandbox.seed_consumptions(&card_no, &times).unwrap();
        let query = ListConsumptions::between(second(start), second(end));
        let wanted = times.iter().filter(|time| (start..=end).contains(&(*time / 1000))).count();
        assert_eq!(env.client.consumptions().list(&query).unwrap().map(Result::unwrap).count(), wanted, "{extra}");
        let lengths: Vec<_> = asked_of(&env, "consumptions.list").iter().map(|asked| asked.end - asked.start).collect();
        assert!(lengths.iter().all(|length| (1..=WINDOW).contains(length)), "{extra}: {lengths:?}");
    }
}

#[test]
fn the_ends_of_a_window_are_included_and_rounded_outwards_to_whole_seconds() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let at = recent_second(&env) * 1000;
    let rows =
        env.sandbox.seed_consumptions(&card_no, &[at - 1, at, at + 500, at + 5_000, at + 5_999, at + 6_000]).unwrap();
    let listed = |from: i64, to: i64| -> Vec<String> {
        let query = ListConsumptions::between(millis(from), millis(to));
        let mut listed: Vec<_> =
            env.client.consumptions().list(&query).unwrap().map(|row| row.unwrap().consume_no).collect();
        listed.sort_by_key(|no| rows.iter().position(|row| row == no));
        listed
    };
    assert_eq!(listed(at, at + 5_000), rows[1..5]);
    assert_eq!(listed(at + 500, at + 5_000), rows[1..5], "a start inside a second is rounded down");
    assert_eq!(listed(at, at + 4_001), rows[1..5], "an end inside a second is rounded up");
    assert_eq!(listed(at, at + 4_000), rows[1..3]);
}

#[test]
fn a_bare_date_means_the_whole_day_of_the_clients_zone() {
    for (zone, offset) in [("UTC+8", 8 * 3600), ("UTC-3", -3 * 3600), ("UTC+5:30", 5 * 3600 + 1800), ("UTC", 0)] {
        let env = TestEnv::credit().unwrap();
        let card_no = env.virtual_card().unwrap();
        let client: Client = env.builder().timezone(zone.parse::<UtcOffset>().unwrap()).build().unwrap();
        let midnight = (civil("2026-03-01 00:00:00") - offset) * 1000;
        let three_days = 3 * DAY * 1000;
        let times = [midnight - 1, midnight, midnight + three_days - 1, midnight + three_days];
        let rows = env.sandbox.seed_consumptions(&card_no, &times).unwrap();
        let date = |text: &str| text.parse::<Date>().unwrap();
        let query = ListConsumptions::between(date("2026-03-01"), date("2026-03-03"));
        let mut listed: Vec<_> =
            client.consumptions().list(&query).unwrap().map(|row| row.unwrap().consume_no).collect();
        listed.reverse();
        assert_eq!(listed, rows[1..3], "{zone}");
        let body = env.sandbox.requests().pop().unwrap().body;
        assert!(body.contains(r#""start_time":"2026-03-01 00:00:00""#), "{zone}: {body}");
        assert!(body.contains(r#""end_time":"2026-03-03 23:59:59""#), "{zone}: {body}");

        let one_day = ListConsumptions::between(date("2026-03-01"), date("2026-03-01"));
        let listed: Vec<_> = client.consumptions().list(&one_day).unwrap().map(|row| row.unwrap().consume_no).collect();
        assert_eq!(listed, rows[1..2], "{zone}");

        // The zone never shifts an instant, and a date and an instant may stand together.
        let instants = ListConsumptions::between(millis(midnight), millis(midnight + three_days - 1_000));
        let mut listed: Vec<_> =
            client.consumptions().list(&instants).unwrap().map(|row| row.unwrap().consume_no).collect();
        listed.reverse();
        assert_eq!(listed, rows[1..3], "{zone}");
        let mixed = ListConsumptions {
            end: WindowBound::from(date("2026-03-03")),
            ..ListConsumptions::between(millis(midnight), millis(midnight + 1_000))
        };
        assert_eq!(client.consumptions().list(&mixed).unwrap().count(), 2, "{zone}");
    }
}

#[test]
fn the_lists_of_all_resources_give_each_row_once_over_200_days() {
    let env = TestEnv::credit().unwrap();
    let end = recent_second(&env);
    let start = end - 200 * DAY;
    let times: Vec<i64> = (0..230).map(|row| (start + row * 200 * DAY / 229) * 1000).collect();
    let (from, to) = (second(start), second(end));
    let client = &env.client;

    let wanted: HashSet<_> = env.sandbox.seed_transfers(&env.cardholder_no, &times).unwrap().into_iter().collect();
    let listed: Vec<_> =
        client.accounts().transfers(&ListTransfers::between(from, to)).unwrap().map(Result::unwrap).collect();
    assert_eq!(listed.len(), wanted.len());
    assert_eq!(listed.into_iter().map(|row| row.transfer_no).collect::<HashSet<_>>(), wanted);

    let wanted: HashSet<_> = env.sandbox.seed_cards(&env.cardholder_no, &times).unwrap().into_iter().collect();
    let listed: Vec<_> = client.cards().list(&ListCards::between(from, to)).unwrap().map(Result::unwrap).collect();
    assert_eq!(listed.len(), wanted.len());
    assert_eq!(listed.into_iter().map(|row| row.card_no).collect::<HashSet<_>>(), wanted);

    let wanted: HashSet<_> = env.sandbox.seed_cardholders(&times).into_iter().collect();
    let listed: Vec<_> =
        client.cardholders().list(&ListCardholders::between(from, to)).unwrap().map(Result::unwrap).collect();
    assert_eq!(listed.len(), wanted.len());
    assert_eq!(listed.into_iter().map(|row| row.cardholder_no).collect::<HashSet<_>>(), wanted);

    let before = env.count();
    assert_eq!(client.cards().packages(&ListPackages::default()).map(Result::unwrap).count(), 4);
    assert_eq!(env.count() - before, 1);
    let authorization = TestEnv::with(Sandbox::builder().mode(Mode::Authorization)).unwrap();
    assert_eq!(authorization.client.cards().bins(&ListBins::default()).map(Result::unwrap).count(), 3);
    assert_eq!(authorization.sandbox.requests_to("cards.bins"), 1);
}

#[test]
fn a_filter_goes_along_on_every_page_and_window() {
    let env = TestEnv::credit().unwrap();
    let (mine, other) = (env.virtual_card().unwrap(), env.virtual_card().unwrap());
    let end = recent_second(&env);
    let times: Vec<i64> = (0..150).map(|row| (end - row * DAY) * 1000).collect();
    let wanted = env.sandbox.seed_consumptions(&mine, &times).unwrap();
    env.sandbox.seed_consumptions(&other, &times).unwrap();
    let query =
        ListConsumptions { card_no: Some(mine), ..ListConsumptions::between(second(end - 150 * DAY), second(end)) };
    let listed: HashSet<_> =
        env.client.consumptions().list(&query).unwrap().map(|row| row.unwrap().consume_no).collect();
    assert_eq!(listed, wanted.into_iter().collect());
}

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
fn no_request_is_made_before_the_first_row_is_asked_for_and_none_more_than_needed() {
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
    assert!(list.next().is_none(), "and the end stays the end");
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
fn rows_that_arrive_while_a_list_is_read_make_none_come_twice() {
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
    assert!(distinct.is_superset(&wanted), "and none of the old ones missed");
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
    assert_eq!(rows.len(), 250, "a new list begins anew");
}

#[test]
fn an_error_behind_the_first_page_leaves_the_rows_of_the_first_page() {
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
fn a_page_whose_answer_was_lost_is_read_again_and_no_row_is_missed() {
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
fn a_server_that_repeats_a_page_ends_in_an_error_and_not_in_an_endless_list() {
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
fn a_page_without_a_list_is_an_error_and_a_page_of_other_things_too() {
    for data in ["{}", "[]", "null", r#"{"list":{}}"#, r#"{"list":[7]}"#, r#"{"list":[{}]}"#, r#"{"list":"none"}"#] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
        let rows: Vec<_> = client.cards().packages(&ListPackages::default()).collect();
        assert_eq!(rows.len(), 1, "{data}");
        assert_eq!(rows[0].as_ref().unwrap_err().kind(), ErrorKind::InvalidResponse, "{data}");
    }
}

#[test]
fn a_list_outlives_the_resource_it_came_from_and_goes_to_another_thread() {
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
