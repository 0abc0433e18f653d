//! Responses to apps: the data of a call, or an error.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::audit::Denial;
use crate::error::{Error, ErrorKind, Outcome};

/// HTTP response of a [`Relay`](crate::Relay). Send all of it, unchanged.
///
/// The body may hold the secrets of a card: it is wiped when dropped, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayResponse {
    /// The status.
    pub status: u16,
    /// The headers, with `Content-Type` and `Cache-Control: no-store`. `Content-Length` is left to the server.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON in UTF-8.
    pub body: Zeroizing<Vec<u8>>,
}

/// The data of a successful call, as JSON text.
pub(super) type Data = Zeroizing<String>;

/// A request that ended without data.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Why the relay denied it. `None`: a call failed.
    pub denial: Option<Denial>,
    /// What the app receives.
    pub error: Error,
    /// The error of the call, for the audit record.
    pub cause: Option<Error>,
    /// Status other than the one that follows from the kind of the error.
    pub status: Option<u16>,
    /// The relay's clock in Unix milliseconds, for an app whose request had expired by it.
    pub now: Option<i64>,
}

impl Refusal {
    /// A denial with outcome `NotSent`.
    pub(super) fn denied(denial: Denial, kind: ErrorKind, text: &str) -> Self {
        let error = Error::with_kind(kind, Outcome::NotSent, text);
        Self { denial: Some(denial), error, cause: None, status: None, now: None }
    }

    /// A rule of a request is broken.
    pub(super) fn invalid(error: Error) -> Self {
        Self { denial: Some(Denial::InvalidRequest), error, cause: None, status: None, now: None }
    }

    /// The one refusal for numbers that do not exist, for those of others, and for those that the platform refuses.
    pub(super) fn not_found(cause: Option<Error>) -> Self {
        let error = Error::with_kind(ErrorKind::NotFound, Outcome::Rejected, "not found");
        Self { denial: Some(Denial::NotOwned), error, cause, status: None, now: None }
    }

    /// There is no such operation.
    pub(super) fn unknown_operation() -> Self {
        Self::denied(Denial::UnknownOperation, ErrorKind::NotFound, "not found")
    }

    /// The error of a call to the platform. `prefix` is what the relay puts before the app's references.
    pub(super) fn failed(cause: Error, prefix: &str) -> Self {
        match cause.kind() {
            ErrorKind::InvalidInput => Self { cause: Some(cause.clone()), ..Self::invalid(cause.for_app(prefix)) },
            ErrorKind::NotFound if cause.outcome() == Outcome::Unknown => {
                // A look-up that found nothing says nothing about what was sent before.
                let refusal = Self::not_found(Some(cause));
                Self { error: refusal.error.with_outcome(Outcome::Unknown), ..refusal }
            }
            ErrorKind::NotFound => Self::not_found(Some(cause)),
            _ => Self { denial: None, error: cause.for_app(prefix), cause: Some(cause), status: None, now: None },
        }
    }

    /// The outcome is that of the tap, whoever sent it.
    pub(super) fn about_tap(self) -> Self {
        Self { error: self.error.about_reference(), ..self }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    fn status(&self) -> u16 {
        self.status.unwrap_or(match self.error.kind() {
            ErrorKind::InvalidInput => 400,
            ErrorKind::Authentication => 401,
            ErrorKind::Permission => 403,
            ErrorKind::NotFound => 404,
            ErrorKind::Conflict | ErrorKind::State => 409,
            ErrorKind::RateLimit => 429,
            ErrorKind::Transport => 503,
            ErrorKind::Timeout => 504,
            _ => 502,
        })
    }
}

impl RelayResponse {
    pub(super) fn new(result: Result<Data, &Refusal>) -> Self {
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Cache-Control", "no-store".to_owned()),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        match result {
            Ok(data) => {
                // With room for all of it: what a growing vector leaves behind is not wiped.
                let mut body = Zeroizing::new(Vec::with_capacity(data.len() + 20));
                body.extend_from_slice(b"{\"code\":0,\"data\":");
                body.extend_from_slice(data.as_bytes());
                body.push(b'}');
                Self { status: 200, headers, body }
            }
            Err(refusal) => {
                let status = refusal.status();
                match status {
                    401 => headers.push(("WWW-Authenticate", "Bearer".to_owned())),
                    405 => headers.push(("Allow", "POST".to_owned())),
                    429 => headers.push(("Retry-After", seconds(refusal.error.retry_after()).to_string())),
                    _ => {}
                }
                let now = refusal.now.map(|now| format!(",\"now_ms\":{now}")).unwrap_or_default();
                let body = format!("{{\"code\":1,\"error\":{}{now}}}", refusal.error.to_wire());
                Self { status, headers, body: Zeroizing::new(body.into_bytes()) }
            }
        }
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Option<Duration>) -> u64 {
    let wait = wait.unwrap_or_default();
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl fmt::Debug for RelayResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_and_errors_have_the_form_of_the_protocol() {
        let data = RelayResponse::new(Ok(Zeroizing::new("{\"pan\":\"4111\"}".to_owned())));
        assert_eq!((data.status, data.body.as_slice()), (200, &b"{\"code\":0,\"data\":{\"pan\":\"4111\"}}"[..]));
        assert!(data.headers.contains(&("Cache-Control", "no-store".to_owned())));
        assert!(!format!("{data:?}").contains("4111"));
        let wait = Refusal {
            error: Error::with_kind(ErrorKind::RateLimit, Outcome::NotSent, "too many requests")
                .with_retry_after(Some(Duration::from_millis(1200))),
            ..Refusal::denied(Denial::RateLimited, ErrorKind::RateLimit, "")
        };
        let response = RelayResponse::new(Err(&wait));
        assert_eq!(response.status, 429);
        assert!(response.headers.contains(&("Retry-After", "2".to_owned())));
        let body = std::str::from_utf8(&response.body).unwrap().to_owned();
        let error = body.strip_prefix("{\"code\":1,\"error\":").unwrap().strip_suffix('}').unwrap();
        assert_eq!(Error::from_wire(error).unwrap(), wait.error);
    }

    #[test]
    fn the_status_follows_from_the_kind() {
        for (kind, status) in [
            (ErrorKind::State, 409),
            (ErrorKind::Conflict, 409),
            (ErrorKind::Transport, 503),
            (ErrorKind::Timeout, 504),
            (ErrorKind::Api, 502),
            (ErrorKind::InvalidResponse, 502),
            (ErrorKind::Permission, 403),
            (ErrorKind::InvalidInput, 400),
        ] {
            assert_eq!(Refusal::denied(Denial::NotGranted, kind, "").status(), status, "{kind:?}");
        }
        assert_eq!(Refusal::invalid(Error::invalid_input("body", "")).with_status(413).status(), 413);
    }

    #[test]
    fn a_rule_of_the_platform_names_no_reference_of_the_relay() {
        let cause = Error::invalid_input("transfer_unique_no", "app.1001.tap-1 is not valid");
        let refusal = Refusal::failed(cause.clone(), "app.1001.");
        assert_eq!(
            (refusal.error.to_string().as_str(), refusal.status()),
            ("transfer_unique_no tap-1 is not valid", 400)
        );
        assert_eq!((refusal.error.field(), refusal.cause), (Some("transfer_unique_no"), Some(cause)));
    }
}
