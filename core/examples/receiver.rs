//! Webhook receiver over a blocking HTTP server: verifies, detects replays, decides on purchases in time.
//!
//! `cargo run --example receiver` runs it with the embedded sandbox, which sends the webhooks of a few purchases. With
//! `KEYSECURE_API_KEY` and `KEYSECURE_API_SECRET` set it listens on 127.0.0.1:8080 for the real platform; put it behind a proxy
//! that terminates TLS.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    AuthEvent, Client, Decimal, Decision, Event, MemoryReplayStore, OnStoreFailure, Rejection, Responder,
    SimulationRequest, VerifiedWebhook, WebhookVerifier,
};
use keysecure_sandbox::{Mode, Sandbox};
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response, StatusCode};

/// One byte more than the verifier accepts, so that it rejects a longer body.
const MAX_READ: u64 = 64 * 1024 + 1;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    match (std::env::var("KEYSECURE_API_KEY"), std::env::var("KEYSECURE_API_SECRET")) {
        (Ok(key), Ok(secret)) => {
            let server = serve(&key, &secret, SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))?;
            println!("Listening on http://127.0.0.1:8080 for webhooks.");
            Ok(server.join()?)
        }
        _ => demonstration(),
    }
}

/// Starts a receiver on its own threads.
fn serve(
    app_id: &str,
    secret: &str,
    address: SocketAddr,
) -> Result<oxhttp::ListeningServer, Box<dyn std::error::Error>> {
    // With several processes, share a file or Redis store instead. The store also keeps the decisions on purchases, so that
    // each purchase is decided once.
    let replays = Arc::new(MemoryReplayStore::default());
    let verifier = WebhookVerifier::new(app_id, [secret])?.replay_guard(replays, OnStoreFailure::Reject);
    let responder = Responder::new(decide);
    let server = Server::new(move |request| handle(&verifier, &responder, request))
        .bind(address)
        .with_global_timeout(Duration::from_secs(10))
        .with_max_concurrent_connections(128);
    Ok(server.spawn()?)
}

/// The merchant's decision on a purchase. A decision that takes longer than 600 ms is a decline.
fn decide(purchase: &AuthEvent) -> Decision {
    if purchase.amount <= Decimal::ONE_HUNDRED {
        Decision::Approve
    } else {
        Decision::Decline("over the limit of 100".to_owned())
    }
}

fn handle(verifier: &WebhookVerifier, responder: &Responder, request: &mut Request<Body>) -> Response<Body> {
    let mut body = Vec::new();
    if request.body_mut().take(MAX_READ).read_to_end(&mut body).is_err() {
        return reply(StatusCode::BAD_REQUEST, String::new());
    }
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    match verifier.claim(headers, &body) {
        Ok((received, claim)) => {
            let text = responder.respond(&received);
            // Instead of printing, write the event to a queue or a table. If that fails, reply with an error: the claim is
            // dropped, and the webhook is new when the platform sends it again.
            println!("{} -> {text}", describe(&received));
            if claim.finish().is_err() {
                println!("The store is unavailable: a replay of this webhook would be handled again.");
            }
            reply(StatusCode::OK, text)
        }
        Err(error) if error.rejection() == Some(Rejection::Replayed) => {
            reply(StatusCode::OK, verifier.reply_duplicate(&body))
        }
        Err(error) => {
            println!("{error}");
            reply(StatusCode::BAD_REQUEST, String::new())
        }
    }
}

fn describe(received: &VerifiedWebhook) -> String {
    match &received.event {
        Event::Auth { data } => format!("A purchase of {} asks for approval", data.amount),
        Event::Consumption { data } => {
            format!("Consumption {} has the status {}", data.consume_no, data.status)
        }
        Event::CardUpdate { data } => format!("Card {} is now {}", data.card_no, data.after_status),
        Event::Unknown { action, .. } => format!("Unknown action: {action}"),
        _ => "Unknown event".to_owned(),
    }
}

fn reply(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}

/// Runs the receiver with the embedded sandbox in authorization mode, which asks about two purchases.
fn demonstration() -> Outcome {
    let sandbox = Sandbox::builder().mode(Mode::Authorization).start()?;
    // A free port, for the server.
    let address = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    serve(sandbox.api_key(), sandbox.api_secret(), address)?;
    sandbox.set_webhook_url(Some(&format!("http://{address}/webhooks")))?;
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build()?;
    let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    for amount in ["42.00", "420.00"] {
        let purchase = SimulationRequest {
            card_no: Some(card_no.clone()),
            amount: Some(amount.parse()?),
            ..SimulationRequest::default()
        };
        client.simulation().auth(&purchase)?;
    }
    client.cards().freeze(&card_no)?;
    sandbox.settle_webhooks(Duration::from_secs(5));
    Ok(())
}
