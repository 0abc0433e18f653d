//! Relay over a blocking HTTP server: an app without a secret calls the platform through the merchant's server.
//!
//! `cargo run --example relay` runs the embedded sandbox, a relay in front of it, and an app that signs in as a customer.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use keysecure::{
    Client, EnsureOptions, ErrorKind, EventStream, Grant, Relay, RelayRequest, Scope, Secret, Store, Transfer,
    TransferType,
};
use keysecure_sandbox::Sandbox;
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let sandbox = Sandbox::start()?;
    let (customer, stranger) = (sandbox.seed_approved_cardholder(), sandbox.seed_approved_cardholder());
    let (own_card, other_card) = (sandbox.seed_virtual_card(&customer)?, sandbox.seed_virtual_card(&stranger)?);

    // The server. A store in memory cannot tell that a tap is new, so that a new transfer waits 10 s; a file or Redis can.
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
        .base_url(sandbox.base_url())
        .store(Store::memory())
        .build()?;
    let address = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    serve(&client, customer.clone(), address)?;

    // The app: it knows the address of the merchant's server and the token of its own session. Apps use https.
    let app = Client::relay(format!("http://{address}/keysecure"), |_: bool| Ok(Secret::from("token-of-customer")))
        .build()?;
    println!("The card is {}.", app.cards().get(&own_card)?.status);
    let topup = Transfer {
        cardholder_no: customer,
        transfer_unique_no: "tap-1".into(),
        r#type: TransferType::In,
        amount: "25.00".parse()?,
    };
    for _ in 0..2 {
        let made = app.accounts().ensure_transfer(&topup, &EnsureOptions::default())?;
        println!("Transfer {}: created by this request: {}.", made.value.transfer_no, made.created);
    }
    let error = app.cards().get(&other_card).err().ok_or("another customer's card was shown")?;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    println!("The card of another customer: {error}");
    Ok(())
}

/// Starts a relay on threads of its own, below `/keysecure`.
fn serve(client: &Client, customer: String, address: SocketAddr) -> Outcome {
    let relay = Relay::builder(client, move |request| authorize(request, &customer))
        .mount("/keysecure")
        .audit(|record| println!("  {record}"))
        .build()?;
    let server = Server::new(move |request| respond(&relay, request))
        .bind(address)
        .with_global_timeout(Duration::from_secs(200))
        .with_max_concurrent_connections(256);
    server.spawn()?;
    Ok(())
}

/// What the session of a request may do. A real server looks the token up, or verifies its signature.
fn authorize(request: &RelayRequest<'_>, customer: &str) -> Option<Scope> {
    if request.bearer()? != "token-of-customer" {
        return None;
    }
    let scope = Scope::cardholder(customer)
        .session("session-of-customer")
        .read_only()
        .grants([Grant::CardsFreeze, Grant::CardsUnfreeze, Grant::AccountsTransferIn])
        .max_transfer(200.into())
        .max_per_day(500.into());
    Some(scope)
}

/// Passes a request on and sends the response.
fn respond(relay: &Relay, request: &mut Request<Body>) -> Response<Body> {
    let mut body = Vec::new();
    let most = u64::try_from(relay.max_request_bytes()).unwrap_or(u64::MAX).saturating_add(1);
    // A body that breaks off is shorter than it says: it is no JSON, and the relay refuses it.
    let _ = request.body_mut().take(most).read_to_end(&mut body);
    let headers: Vec<(&str, &str)> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let request = RelayRequest { method: request.method().as_str(), path, headers: &headers, body: &body };
    let response = if relay.is_events(&request) {
        match relay.events(&request) {
            Ok(stream) => {
                let response = EventStream::HEADERS
                    .iter()
                    .fold(Response::builder(), |built, (name, value)| built.header(*name, *value));
                let chunks = Chunks { stream, rest: Vec::new() };
                return response.body(Body::from_read(chunks)).unwrap_or_default();
            }
            Err(refused) => refused,
        }
    } else {
        relay.handle(&request)
    };
    let built = response
        .headers
        .iter()
        .fold(Response::builder().status(response.status), |built, (name, value)| built.header(*name, value));
    built.body(Body::from(response.body.to_vec())).unwrap_or_default()
}

/// A stream of events as a body.
struct Chunks {
    stream: EventStream,
    rest: Vec<u8>,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.stream.next().unwrap_or_default().into_bytes();
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}
