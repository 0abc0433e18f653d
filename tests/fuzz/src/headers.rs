//! The headers `Date` and `Retry-After`, and the token's expiry: a client that learns a wrong clock still works.
//!
//! Input: a byte that chooses status and code, then `Date`, `Retry-After`, and the token's `expired_time`.

use std::time::Duration;

use keysecure::{Response, TransferType};

use super::SEPARATOR;
use super::platform::{Platform, START, response};

/// The longest `retry_after` of an error.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

pub fn run(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == SEPARATOR).map(|part| String::from_utf8(part.to_vec()).ok());
    let (date, retry_after) = (parts.next().flatten(), parts.next().flatten());
    let expiry = parts.next().flatten().unwrap_or_else(|| "4102444800000".to_owned());
    let code = [1005, 1007, 1009, 1001, 2002, 0][usize::from(choice % 6)];
    let status = if choice & 0x40 == 0 { 200 } else { 503 };
    // A fresh client each time: what one input teaches it must not reach the next.
    let platform = Platform::new();
    let token = format!(r#"{{"code":0,"data":{{"access_token":"token","expired_time":{expiry}}}}}"#);
    let (given_date, given_wait) = (date.clone(), retry_after);
    platform.respond_to_token_calls();
    platform.respond_with(move |_, request| {
        let body = if request.url.ends_with("/v1/merchant/token") {
            token.clone()
        } else {
            format!(r#"{{"code":{code},"msg":"no","data":{{"transfer_no":"T1"}}}}"#)
        };
        let response = response(status, body.into_bytes());
        Ok(Response { date: given_date.clone(), retry_after: given_wait.clone(), ..response })
    });
    let request = keysecure::Transfer {
        cardholder_no: "1001".into(),
        transfer_unique_no: "order-7".into(),
        r#type: TransferType::In,
        amount: "25.00".parse().unwrap(),
    };
    let result = platform.client.accounts().transfer(&request);
    if let Err(error) = &result {
        assert!(error.retry_after().is_none_or(|wait| wait <= LONGEST));
        assert!(!error.to_string().is_empty());
    }
    let sent = platform.sent();
    assert!((1..=8).contains(&sent.len()), "{} requests", sent.len());
    for (number, request) in sent.iter().enumerate() {
        let stamp: i64 = request.timestamp.as_ref().expect("a timestamp").parse().expect("milliseconds");
        // Until the client has seen a `Date`, the device's clock counts, less a margin.
        let device = i64::try_from(START).unwrap();
        assert!(number > 0 || (device - 60_000..=device).contains(&stamp), "{stamp}");
        if date.is_none() {
            assert!((device - 60_000..=device + 60_000).contains(&stamp), "{stamp}");
        }
    }
}
