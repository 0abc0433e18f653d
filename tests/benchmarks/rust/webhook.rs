//! A webhook of one kilobyte, as the platform sends it, and the most expensive body of 64 KiB.

use std::time::SystemTime;

use keysecure::{Rejection, WebhookVerifier};

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

/// Verifies and types the webhook, as a receiver does.
pub(crate) fn verification() -> Outcome<impl Fn() -> Outcome + Sync> {
    let body = body();
    let verifier = WebhookVerifier::new("the-api-key-of-the-merchant", ["the-api-secret-of-a-merchant-32b"])?;
    let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes())?;
    Ok(move || {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        verifier.verify(headers, body.as_bytes()).map(drop).map_err(Into::into)
    })
}

/// The most expensive body that an attacker can send: 64 KiB in which all canonical forms differ. Of the bodies that were tried
/// (long texts, escapes, numbers with exponents, deep arrays, many names, names of one hash), texts of escapes and numbers
/// whose exponents differ cost most.
fn worst_body() -> String {
    let names = ["BBBB", "AaAa", "AaBB", "BBAa"].map(|name| format!(r#""{name}":1e9"#)).join(",");
    let nulls: Vec<String> = (0..20).map(|number| format!(r#""f{}":null"#, number * 37 % 101)).collect();
    let numbers: Vec<String> = (0..900).map(|number| format!("1{number}234567890123456.5e{}", number % 300)).collect();
    let head = format!(
        r#"{{"id":"1","action":"x","data":{{"z":{{{names},{}}},"n":[{}],"t":["#,
        nulls.join(","),
        numbers.join(",")
    );
    let text = format!("\"{}\",", "\\n".repeat(28));
    let texts = text.repeat((64 * 1024 - head.len() - 4) / text.len());
    format!("{head}{}]}}}}", texts.trim_end_matches(','))
}

/// Refuses the most expensive body, as every receiver must.
pub(crate) fn refusal() -> Outcome<impl Fn() -> Outcome + Sync> {
    let body = worst_body();
    let verifier = WebhookVerifier::new("the-api-key-of-the-merchant", ["the-api-secret-of-a-merchant-32b"])?;
    let mut headers = verifier.sign_for_tests(SystemTime::now(), b"{\"id\":\"\",\"action\":\"\",\"data\":{}}")?;
    headers.retain(|(name, _)| *name != "Signature");
    headers.push(("Signature", "0".repeat(64)));
    Ok(move || {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        match verifier.verify(headers, body.as_bytes()) {
            Err(error) if error.rejection() == Some(Rejection::WrongSignature) => Ok(()),
            other => Err(format!("the worst body gives {other:?}").into()),
        }
    })
}
