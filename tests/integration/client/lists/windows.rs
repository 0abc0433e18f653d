//! Windows: spans of more than 90 days, the ends of a window, dates and time zones.

use std::collections::{BTreeMap, HashSet};

use keysecure::{
    Client, Date, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers, UtcOffset,
    WindowBound,
};
use keysecure_sandbox::{Mode, Sandbox};
use keysecure_tests::{TestEnv, millis};

use super::{DAY, WINDOW, asked_of, civil, recent_second, second};

const ROWS: usize = 12_345;

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
    // More than a page within the second of one boundary, and half a page within one millisecond elsewhere.
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
fn a_span_of_whole_windows_misses_no_row_at_its_ends() {
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
fn the_ends_of_a_window_are_inclusive_and_rounded_to_whole_seconds() {
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

        // The zone never shifts an instant, and a date and an instant may be combined.
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
fn a_filter_is_sent_with_every_page_and_window() {
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
