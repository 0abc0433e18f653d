//! Serves the platform's callbacks: verifies, tells replays, decides on purchases in time, answers.
//!
//! `cargo run --example receiver` shows it with the embedded sandbox, which sends the callbacks of a few purchases. With
//! `KEYSECURE_API_KEY` and `KEYSECURE_API_SECRET` set it listens on 127.0.0.1:8080 for the real platform; put it behind a
//! proxy that speaks TLS.

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

/// One byte more than the verifier takes, so that a longer body is told from one that just fits.
const LONGEST_BODY: u64 = 64 * 1024 + 1;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    match (std::env::var("KEYSECURE_API_KEY"), std::env::var("KEYSECURE_API_SECRET")) {
        (Ok(key), Ok(secret)) => {
            let server = serve(&key, &secret, SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))?;
            println!("Listening on http://127.0.0.1:8080 for callbacks.");
            Ok(server.join()?)
        }
        _ => demonstration(),
    }
}

/// A receiver of callbacks, running on its own threads.
fn serve(
    app_id: &str,
    secret: &str,
    address: SocketAddr,
) -> Result<oxhttp::ListeningServer, Box<dyn std::error::Error>> {
    // Share a store among all workers of a fleet; this one knows one process only. It also keeps the decisions on
    // purchases, so that each is decided once.
    let replays = Arc::new(MemoryReplayStore::default());
    let verifier = WebhookVerifier::new(app_id, [secret])?.replay_guard(replays, OnStoreFailure::Reject);
    let responder = Responder::new(decide);
    let server = Server::new(move |request| answer(&verifier, &responder, request))
        .bind(address)
        .with_global_timeout(Duration::from_secs(10))
        .with_max_concurrent_connections(128);
    Ok(server.spawn()?)
}

/// The merchant's decision on a purchase. It must come within 600 ms; after that the answer is no.
fn decide(purchase: &AuthEvent) -> Decision {
    if purchase.amount <= Decimal::ONE_HUNDRED {
        Decision::Approve
    } else {
        Decision::Decline("over the limit of 100".to_owned())
    }
}

fn answer(verifier: &WebhookVerifier, responder: &Responder, request: &mut Request<Body>) -> Response<Body> {
    let mut body = Vec::new();
    if request.body_mut().take(LONGEST_BODY).read_to_end(&mut body).is_err() {
        return reply(StatusCode::BAD_REQUEST, String::new());
    }
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    match verifier.claim(headers, &body) {
        Ok((received, claim)) => {
            let text = responder.respond(&received);
            // Where this is printed, put it into a queue or a table of your own. If that fails, answer with an error: the
            // claim is dropped, and the callback is new when the platform sends it again.
            println!("{} -> {text}", told(&received));
            if claim.finish().is_err() {
                println!("A replay of this one would not be told.");
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

fn told(received: &VerifiedWebhook) -> String {
    match &received.event {
        Event::Auth { data } => format!("A purchase of {} asks for approval", data.amount),
        Event::Consumption { data } => {
            format!("Consumption {} stands at {}", data.consume_no, data.status)
        }
        Event::CardUpdate { data } => format!("Card {} is {} now", data.card_no, data.after_status),
        Event::Unknown { action, .. } => format!("Something new: {action}"),
        _ => "Something newer than this program".to_owned(),
    }
}

fn reply(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}

/// Lets the embedded sandbox, in authorization mode, ask about two purchases.
fn demonstration() -> Outcome {
    let sandbox = Sandbox::builder().mode(Mode::Authorization).start()?;
    // A free port: taken, released, and taken again by the server.
    let address = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    serve(sandbox.api_key(), sandbox.api_secret(), address)?;
    sandbox.set_webhook_url(Some(&format!("http://{address}/callbacks")))?;
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
