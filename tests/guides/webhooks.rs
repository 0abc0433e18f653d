//! The code of the guide "Webhooks and purchase decisions".

use std::sync::Arc;
use std::time::SystemTime;

use keysecure::{Decision, Event, MemoryReplayStore, OnStoreFailure, Rejection, Responder, WebhookVerifier};

// --8<-- [start:receiver]
struct Receiver {
    verifier: WebhookVerifier,
    responder: Responder,
}

impl Receiver {
    fn new() -> Result<Self, keysecure::Error> {
        let store = Arc::new(MemoryReplayStore::default());
        let verifier = WebhookVerifier::new("my-api-key", ["current-secret-16", "previous-secret"])?
            .replay_guard(store, OnStoreFailure::Reject);
        let responder = Responder::new(|purchase| {
            if purchase.amount < 100.into() { Decision::Approve } else { Decision::Decline("over the limit".into()) }
        });
        Ok(Self { verifier, responder })
    }

    /// Returns the status and the body of the response: call it from the HTTP server of your choice.
    fn receive(&self, headers: &[(&str, String)], body: &[u8]) -> (u16, String) {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        match self.verifier.claim(headers, body) {
            Ok((received, claim)) => {
                match &received.event {
                    Event::Consumption { data } => println!("{} {:?}", data.consume_no, data.status),
                    Event::CardUpdate { data } => println!("card {} is {}", data.card_no, data.after_status),
                    _ => (),
                }
                let reply = self.responder.respond(&received);
                let _ = claim.finish(); // without it, the platform sends the webhook again
                (200, reply)
            }
            Err(error) if error.rejection() == Some(Rejection::Replayed) => (200, self.verifier.reply_duplicate(body)),
            Err(error) => (400, error.to_string()),
        }
    }
}
// --8<-- [end:receiver]

#[test]
fn a_purchase_is_decided() -> super::Outcome {
    // --8<-- [start:test]
    let receiver = Receiver::new()?;
    let body = br#"{"id": "w-1", "action": "Auth", "data": {"consume_no": "c-1", "card_no": "k-1", "amount": 12.50}}"#;
    let headers = receiver.verifier.sign_for_tests(SystemTime::now(), body)?;
    assert_eq!(receiver.receive(&headers, body), (200, r#"{"code":0,"message":""}"#.to_owned()));
    // --8<-- [end:test]
    assert_eq!(receiver.receive(&headers[..1], body).0, 400);
    Ok(())
}

#[test]
fn a_webhook_is_handled_once() -> super::Outcome {
    let Receiver { verifier, .. } = Receiver::new()?;
    let body = br#"{"id": "w-2", "action": "Card_update", "data": {"card_no": "k-1", "after_status": "Frozen"}}"#;
    let headers = verifier.sign_for_tests(SystemTime::now(), body)?;
    let mut saved = Vec::new();
    // --8<-- [start:claim]
    // Fails with kind Webhook when it is forged, old or handled before.
    let (webhook, claim) = verifier.claim(headers, body)?;
    saved.push(webhook);
    claim.finish()?; // without it, the platform sends the webhook again
    // --8<-- [end:claim]
    assert_eq!(saved.len(), 1);
    Ok(())
}
