//! A webhook, its signature, and a verifier with a fixed clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{Clock, ErrorKind, Rejection, VerifiedWebhook, WebhookVerifier};

pub const BODY: &str = concat!(
    r#"{"id":"evt-1","action":"Consumption","data":{"consume_no":"c1","card_no":"k1","cardholder_no":"h1","#,
    r#""type":"Consumption","amount":10.50,"local_amount":10.5,"local_currency":"USD","fee":0.35,"status":"Success","#,
    r#""merchant_info":{"merchant_name":"Ein Café 书店","merchant_mcc":"5942","city":null,"country":"US"},"#,
    r#""fee_detail":[{"fee_type":"Consume_fee","amount":0.35}],"remark":"","time":1763812800123}}"#
);

pub const NOW: u64 = 1_763_812_800_500;

pub struct FixedClock(pub SystemTime);

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        self.0
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) -> Result<(), keysecure::Interrupted> {
        Ok(())
    }
}

pub fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

pub fn verifier() -> WebhookVerifier {
    WebhookVerifier::new("app-1", ["0123456789abcdef0123456789abcdef"]).unwrap().clock(Arc::new(FixedClock(at(NOW))))
}

pub type Headers = Vec<(String, String)>;

pub fn signed(body: &str, millis: u64) -> Headers {
    let headers = verifier().sign_for_tests(at(millis), body.as_bytes()).unwrap();
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn verify(headers: &Headers, body: &str) -> Result<VerifiedWebhook, Rejection> {
    verifier().verify(headers.iter().map(|(name, value)| (name, value)), body.as_bytes()).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Webhook);
        error.rejection().unwrap()
    })
}

pub const AUTH: &str =
    r#"{"id":"1","action":"Auth","data":{"consume_no":"c1","card_no":"k1","amount":42.00,"status":"Pending"}}"#;
