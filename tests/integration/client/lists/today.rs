//! Bare dates near today, on machines whose calendar is ahead of the client's time zone or behind it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use keysecure::{
    Client, Clock, Date, EnsureOptions, Error, ErrorKind, Interrupted, ListTransfers, MemoryStore, Outcome, Transfer,
    TransferType, UtcOffset, WindowBound,
};
use keysecure_tests::{MockResponse, MockServer, cents, http, logged};

use super::{civil, second};

/// A machine with a clock and a time zone.
struct Machine {
    now: SystemTime,
    started: Instant,
    zone: Option<UtcOffset>,
}

impl Clock for Machine {
    fn now(&self) -> SystemTime {
        self.now + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, _: Duration) -> Result<(), Interrupted> {
        Ok(())
    }

    fn local_offset(&self) -> Option<UtcOffset> {
        self.zone
    }
}

/// A token that ends on 28 November 2026.
const TOKEN: &str = r#"{"code":0,"msg":"","data":{"access_token":"t","expired_time":1795824000000}}"#;

/// A platform without rows, whose clock shows `utc`. Without one it sends no `Date`.
fn platform(utc: Option<&'static str>) -> MockServer {
    MockServer::start(move |request| {
        let body = if request.target.ends_with("/merchant/token") {
            TOKEN
        } else {
            r#"{"code":0,"msg":"","data":{"list":[]}}"#
        };
        let date = utc.map(|utc| format!("Date: {}", httpdate::fmt_http_date(second(civil(utc)))));
        let headers: Vec<&str> = date.as_deref().into_iter().collect();
        MockResponse::Keep(http("200 OK", &headers, body.as_bytes()))
    })
    .unwrap()
}

/// A client on a machine whose clock shows `utc`, in UTC+8.
fn client_on(server: &MockServer, utc: &str, zone: Option<&str>) -> Client {
    let zone = zone.map(|zone| zone.parse().unwrap());
    let machine = Machine { now: second(civil(utc)), started: Instant::now(), zone };
    Client::builder("key", "0123456789abcdef")
        .base_url(server.base_url())
        .clock(Arc::new(machine))
        .store(MemoryStore::new())
        .build()
        .unwrap()
}

fn list(client: &Client, start: &str, end: &str) -> Result<usize, Error> {
    let date = |text: &str| text.parse::<Date>().unwrap();
    let rows = client.accounts().transfers(&ListTransfers::between(date(start), date(end)))?;
    rows.collect::<Result<Vec<_>, _>>().map(|rows| rows.len())
}

fn assert_has_not_begun(error: &Error, field: &str) {
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
    let text = error.to_string();
    for part in ["2026-11-27 has not begun", "UTC+8", "it is 2026-11-26 23:30:", "Set timezone", "give an instant"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_start_that_has_not_begun_is_refused() {
    // Half past midnight in Tokyo.
    let server = platform(Some("2026-11-26 15:30:00"));
    let client = client_on(&server, "2026-11-26 15:30:00", Some("UTC+9"));
    let error = list(&client, "2026-11-27", "2026-11-27").unwrap_err();
    assert_has_not_begun(&error, "start");
    assert_eq!(error.outcome(), Outcome::NotSent);
    let sent = server.requests().len();
    assert_eq!(sent, 1, "before the platform's clock is known, it is asked");
    for end in ["2026-11-27", "2026-12-31"] {
        assert_has_not_begun(&list(&client, "2026-11-27", end).unwrap_err(), "start");
    }
    let date = "2026-11-27".parse::<Date>().unwrap();
    let page = client.accounts().transfers_page(&ListTransfers::between(date, date), 0, 10);
    assert_has_not_begun(&page.unwrap_err(), "start");
    assert_eq!(server.requests().len(), sent, "nothing is sent");
    assert_eq!(list(&client, "2026-11-26", "2026-11-27").unwrap(), 0);
    // A page is checked after its response too.
    let fresh = client_on(&server, "2026-11-26 15:30:00", None);
    assert_has_not_begun(
        &fresh.accounts().transfers_page(&ListTransfers::between(date, date), 0, 10).unwrap_err(),
        "start",
    );
}

#[test]
fn a_start_may_be_a_few_minutes_ahead_of_the_platforms_clock() {
    for (utc, is_refused) in [("2026-11-26 15:54:00", true), ("2026-11-26 15:56:00", false)] {
        let server = platform(Some(utc));
        let client = client_on(&server, utc, None);
        for _ in 0..2 {
            assert_eq!(list(&client, "2026-11-27", "2026-11-27").is_err(), is_refused, "{utc}");
        }
    }
}

#[test]
fn the_platforms_clock_tells_whether_a_day_has_begun() {
    // This machine's clock is wrong by years, in either direction.
    for machine in ["1971-01-01 00:00:00", "2031-01-01 00:00:00"] {
        let server = platform(Some("2026-11-26 15:30:00"));
        let client = client_on(&server, machine, None);
        assert_eq!(list(&client, "2026-11-26", "2026-11-26").unwrap(), 0, "{machine}");
        assert_has_not_begun(&list(&client, "2026-11-27", "2026-11-27").unwrap_err(), "start");
    }
    // A platform that does not tell its time: this machine's clock decides.
    let server = platform(None);
    let client = client_on(&server, "2026-11-26 15:30:00", None);
    assert_has_not_begun(&list(&client, "2026-11-27", "2026-11-27").unwrap_err(), "start");
}

#[test]
fn an_instant_in_the_future_is_a_valid_start() {
    let server = platform(Some("2026-11-26 15:30:00"));
    let client = client_on(&server, "2026-11-26 15:30:00", None);
    let from = second(civil("2026-11-26 17:00:00"));
    for _ in 0..2 {
        let query = ListTransfers::between(from, from + Duration::from_secs(60));
        assert_eq!(client.accounts().transfers(&query).unwrap().count(), 0);
    }
}

#[test]
fn a_list_that_ends_with_a_day_that_is_over_only_in_its_zone_is_logged() {
    let today = "2026-11-26";
    for (utc, machine, end, is_logged) in [
        ("2026-11-26 15:30:00", Some("UTC"), today, false),
        ("2026-11-26 17:00:00", Some("UTC"), today, true),
        ("2026-11-26 17:00:00", Some("UTC"), "2026-11-25", false),
        ("2026-11-26 17:00:00", Some("UTC"), "2026-11-27", false),
        ("2026-11-27 07:00:00", Some("UTC-8"), today, true),
        ("2026-11-27 09:00:00", Some("UTC-8"), today, false),
        ("2026-11-26 17:00:00", Some("UTC+8"), today, false),
        ("2026-11-26 15:30:00", Some("UTC+9"), today, false),
        ("2026-11-26 17:00:00", None, today, false),
    ] {
        let server = platform(None);
        let client = client_on(&server, utc, machine);
        let (rows, lines) = logged(|| (list(&client, "2026-11-20", end), list(&client, "2026-11-21", end)));
        assert_eq!(rows, (Ok(0), Ok(0)));
        let warnings: Vec<_> = lines.iter().filter(|line| line.level == log::Level::Warn).collect();
        assert_eq!(warnings.len(), usize::from(is_logged), "{utc} {machine:?} {end}: {lines:?}");
        for warning in warnings {
            for part in [today, "UTC+8", "Set timezone"] {
                assert!(warning.text.contains(part), "{warning:?}");
            }
        }
    }
}

#[test]
fn a_lookup_cannot_begin_in_the_future() {
    let transfer = Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    };
    let ensure = |client: &Client, since: WindowBound| {
        let options = EnsureOptions { since: Some(since), ..EnsureOptions::default() };
        client.accounts().ensure_transfer(&transfer, &options).unwrap_err()
    };
    let server = platform(Some("2026-11-26 15:30:00"));
    for machine in ["2026-11-26 15:30:00", "1971-01-01 00:00:00"] {
        let client = client_on(&server, machine, None);
        for _ in 0..2 {
            assert_has_not_begun(&ensure(&client, "2026-11-27".parse::<Date>().unwrap().into()), "since");
            let error = ensure(&client, second(civil("2026-11-26 17:00:00")).into());
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("since")), "{error}");
        }
    }
    assert!(server.requests().iter().all(|request| request.target.ends_with("/list")), "nothing was paid");
}
