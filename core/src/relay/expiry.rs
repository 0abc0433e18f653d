//! Changes that arrive late: something in between has held them back, and the app has given them up.

use super::audit::Denial;
use super::request::RelayRequest;
use super::response::Refusal;
use crate::error::{Error, ErrorKind};

/// The header with the last time at which a request may arrive, in Unix milliseconds.
const HEADER: &str = "expires-at";
/// How far ahead that time may be: longer than any call takes. A later one is of a clock that is wrong, and would never come.
const MAX_AHEAD: i64 = 200_000;

/// Refuses a request that has expired at `now`, in Unix milliseconds, with that time, by which the app may send it again.
pub(super) fn check(request: &RelayRequest<'_>, now: i64) -> Result<(), Refusal> {
    let Some(text) = request.header(HEADER) else { return Ok(()) };
    let digits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(at) = text.parse::<i64>().ok().filter(|_| digits) else {
        return Err(Refusal::invalid(Error::invalid_input(HEADER, "must be a time in Unix milliseconds")));
    };
    if (now..=now.saturating_add(MAX_AHEAD)).contains(&at) {
        return Ok(());
    }
    let text = if at < now {
        "the request arrived after the app had given it up; nothing was done"
    } else {
        "the request expires too far in the future: the clock of the app is wrong"
    };
    let refusal = Refusal::denied(Denial::Expired, ErrorKind::Timeout, text).with_status(412);
    Err(Refusal { now: Some(now), ..refusal })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_734_422_741;

    fn checked(value: &str) -> Result<(), Refusal> {
        let headers = [("Expires-At", value)];
        check(&RelayRequest { method: "POST", path: "/v1/cards.set_pin", headers: &headers, body: b"{}" }, NOW)
    }

    #[test]
    fn a_request_counts_until_its_time_and_not_from_another_age() {
        for at in [NOW, NOW + 1, NOW + MAX_AHEAD] {
            assert!(checked(&at.to_string()).is_ok(), "{at}");
        }
        for at in [0, NOW - 1, NOW + MAX_AHEAD + 1, 999_999_999_999_999] {
            let refusal = checked(&at.to_string()).unwrap_err();
            assert_eq!((refusal.denial, refusal.now), (Some(Denial::Expired), Some(NOW)), "{at}");
            assert_eq!(refusal.error.outcome(), crate::Outcome::NotSent);
        }
    }

    #[test]
    fn what_is_no_time_is_refused_by_name() {
        for value in ["", "-1", "+5", "soon", "1e3", " 1", "9999999999999999", "1795734422.741"] {
            let refusal = checked(value).unwrap_err();
            assert_eq!(
                (refusal.denial, refusal.error.field()),
                (Some(Denial::InvalidRequest), Some(HEADER)),
                "{value}"
            );
        }
    }
}
