//! One exchange outside the attempt loop, for the probe: any token or none, one attempt, and the response as it is.

use std::time::Duration;

use super::operation::{Auth, Operation};
use super::{Engine, outcome};
use crate::error::{Error, Outcome};
use crate::observe::AttemptRecord;
use crate::transport::Request;
use crate::values::instant;

/// Maximum size of a response body.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// A request whose response is examined and not interpreted.
pub(crate) struct BareRequest<'a> {
    pub operation: &'static Operation,
    /// The path after `/open-api`, with the variable substituted.
    pub path: &'a str,
    pub body: &'a [u8],
    /// The access token; `None` sends none.
    pub token: Option<&'a str>,
}

/// What came back.
pub(crate) struct BareResponse {
    pub http_status: u16,
    /// Whether it has a readable `Date` header.
    pub has_date: bool,
    /// The body, if it is a JSON object.
    pub envelope: Option<serde_json::Map<String, serde_json::Value>>,
}

impl BareResponse {
    /// The code of the envelope.
    pub(crate) fn code(&self) -> Option<i64> {
        self.envelope.as_ref()?.get("code")?.as_i64()
    }

    /// The data of the envelope.
    pub(crate) fn data(&self) -> Option<&serde_json::Value> {
        self.envelope.as_ref()?.get("data")
    }
}

impl Engine {
    /// Sends a request once, whatever its response is.
    pub(crate) fn exchange(&self, request: &BareRequest<'_>) -> Result<BareResponse, Error> {
        self.check_allowed(request.operation)?;
        let credentials = self.settings.credentials()?;
        let started = self.now();
        let stamp = self.server_time().stamp(instant::to_millis(self.clock.now()), started).to_string();
        let mut headers = vec![
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("Language", self.settings.language.as_str()),
        ];
        if request.operation.auth != Auth::Open {
            headers.extend([("Api-Key", credentials.api_key.expose()), ("Timestamp", stamp.as_str())]);
        }
        headers.extend(request.token.map(|token| ("Access-Token", token)));
        if request.operation.window {
            headers.push(("Timezone", &self.settings.timezone_text));
        }
        let sent = self.transport.send(&Request {
            method: request.operation.method,
            url: &format!("{}/open-api{}", self.settings.base_url, request.path),
            headers: &headers,
            body: request.body,
            timeout: self.settings.timeout,
            connect_timeout: self.settings.connect_timeout.min(self.settings.timeout),
            start_within: None,
            max_response_bytes: MAX_RESPONSE_BYTES,
        });
        let mut record = AttemptRecord {
            operation: request.operation.name,
            attempt: 1,
            duration: self.now().saturating_sub(started).max(Duration::ZERO),
            http_status: sent.as_ref().ok().map(|response| response.status),
            code: None,
            outcome: Some(Outcome::Unknown),
        };
        let result = sent.map_err(|error| Error::transport(error, Some(&self.settings.peer))).map(|response| {
            let date = response.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok());
            if let Some(date) = date {
                let device = instant::to_millis(self.clock.now());
                self.server_time().observe(instant::to_millis(date), device, self.now());
            }
            let envelope = serde_json::from_slice(&response.body).ok();
            BareResponse { http_status: response.status, has_date: date.is_some(), envelope }
        });
        record.code = result.as_ref().ok().and_then(BareResponse::code);
        record.outcome = match (record.code, &result) {
            (Some(0), _) => None,
            (Some(code), Ok(response)) => Some(outcome::from_code(code, response.http_status)),
            (_, Err(error)) => Some(error.outcome()),
            (None, Ok(_)) => Some(Outcome::Unknown),
        };
        self.report(&record);
        result
    }
}
