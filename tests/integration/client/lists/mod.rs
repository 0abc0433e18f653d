//! Lists: every row exactly once, over any span, and no request more than needed.

mod pages;
mod rows;
mod servers;
mod today;
mod windows;

use std::time::SystemTime;

use keysecure_sandbox::RequestRecord;
use keysecure_tests::{TestEnv, millis};

const DAY: i64 = 86_400;

const WINDOW: i64 = 90 * DAY;

/// Parses `yyyy-MM-dd HH:mm:ss` into seconds since 1970-01-01 00:00:00 of the same zone.
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

/// The window and the page that a list call requested, in civil seconds.
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
