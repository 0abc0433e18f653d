//! A callback of one kilobyte, as the platform sends it.

use std::time::SystemTime;

use keysecure::WebhookVerifier;

use crate::Outcome;

/// A consumption with its fees and a long description: 1,024 bytes.
fn body() -> String {
    let head = concat!(
        r#"{"id":"9f1b6c0e-0a3b-4c5d-8e7f-1a2b3c4d5e6f","action":"Consumption","data":{"consume_no":"1798091096130957902","#,
        r#""card_no":"1798091096123885905","cardholder_no":"1798091096122922938","type":"Consumption","amount":42.10,"#,
        r#""local_amount":39.90,"local_currency":"EUR","fee":0.45,"fee_detail":[{"amount":0.30,"fee_type":"Auth_fee"},"#,
        r#"{"amount":0.15,"fee_type":"Consume_fee"}],"merchant_info":{"country":"DE","merchant_mcc":"5942","city":"Koeln","#,
        r#""merchant_name":"Corner Books"},"status":"Success","time":1763812800123,"remark":"","detail":""#
    );
    format!("{head}{}\"}}}}", "x".repeat(1024 - head.len() - 3))
}

/// Verifies it and types what it says, as a receiver would.
pub(crate) fn verification() -> Outcome<impl Fn() -> Outcome + Sync> {
    let body = body();
    let verifier = WebhookVerifier::new("the-api-key-of-the-merchant", ["the-api-secret-of-a-merchant-32b"])?;
    let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes())?;
    Ok(move || {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        verifier.verify(headers, body.as_bytes()).map(drop).map_err(Into::into)
    })
}
