//! Derives the outcome of a request from the error code and the HTTP status of its response. Pure functions.

use super::envelope::{EnvelopeError, Unreadable};
use super::retry::AttemptOutcome;
use crate::error::{Error, Outcome};

/// Whether the platform documents this code (platform documentation, error codes).
pub(super) fn is_documented(code: i64) -> bool {
    matches!(code, 1001..=1022 | 2001..=2011 | 4005 | 4010 | 4016 | 4017)
}

/// The outcome of a request whose response has this nonzero code under this HTTP status.
///
/// `Rejected` requires that the platform says it did not carry the request out. Code 1001, a system error, may occur after
/// the request was carried out. A code that the platform does not document counts only from its own ranges and under a status that
/// refuses: gateways in between wrap their failures in `{"code": 504, ...}` too, and time out while the platform works.
pub(super) fn from_code(code: i64, http_status: u16) -> Outcome {
    let refuses = matches!(http_status, 200..=299 | 400..=499) && !matches!(http_status, 408 | 429);
    let rejected = match code {
        1001 => false,
        1000..=4999 => refuses || is_documented(code),
        _ => false,
    };
    if rejected { Outcome::Rejected } else { Outcome::Unknown }
}

/// The outcome of an attempt whose response has this nonzero code, with the error.
pub(super) fn refusal(code: i64, msg: &str, http_status: u16) -> (AttemptOutcome, Error) {
    match from_code(code, http_status) {
        Outcome::Unknown if code != 1001 => {
            (AttemptOutcome::MalformedResponse { http_status }, Error::undocumented(code, msg, http_status))
        }
        outcome => (AttemptOutcome::Refused(code), Error::api(code, msg, outcome)),
    }
}

/// The outcome of an attempt whose response cannot be relied on, with the error.
pub(super) fn for_unreadable(unreadable: Unreadable, http_status: u16) -> (AttemptOutcome, Error) {
    match (unreadable.reason, http_status) {
        (EnvelopeError::NoCode | EnvelopeError::Page, 401) => (AttemptOutcome::Unauthorized, Error::unauthorized()),
        (EnvelopeError::NoCode, 403) => (AttemptOutcome::MalformedResponse { http_status }, Error::forbidden()),
        (EnvelopeError::Page, 403) => {
            let error = Error::forbidden().with_hint("the response is an HTML page, so it is probably a gateway's");
            (AttemptOutcome::MalformedResponse { http_status }, error)
        }
        (EnvelopeError::Contradictory, _) => (AttemptOutcome::Unacceptable, unreadable.error),
        _ => (AttemptOutcome::MalformedResponse { http_status }, unreadable.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUSES: [u16; 14] = [200, 201, 299, 400, 401, 403, 404, 408, 429, 499, 500, 502, 503, 504];

    #[test]
    fn documented_codes_are_refusals_under_any_status() {
        let documented = (1002..=1022).chain(2001..=2011).chain([4005, 4010, 4016, 4017]);
        for code in documented {
            for status in STATUSES {
                assert_eq!(from_code(code, status), Outcome::Rejected, "{code} under {status}");
            }
        }
    }

    #[test]
    fn undocumented_codes_of_the_platforms_ranges_need_a_status_that_refuses() {
        for code in [1000, 1023, 1999, 2000, 2012, 3000, 3001, 3999, 4000, 4001, 4018, 4999] {
            for status in STATUSES {
                let refuses = matches!(status, 200 | 201 | 299 | 400 | 401 | 403 | 404 | 499);
                let expected = if refuses { Outcome::Rejected } else { Outcome::Unknown };
                assert_eq!(from_code(code, status), expected, "{code} under {status}");
            }
        }
    }

    #[test]
    fn every_other_code_leaves_the_outcome_unknown() {
        for code in [i64::MIN, -1002, -1, 1, 2, 401, 403, 500, 504, 999, 1001, 5000, 10_007, i64::MAX] {
            for status in STATUSES {
                assert_eq!(from_code(code, status), Outcome::Unknown, "{code} under {status}");
            }
        }
    }
}
