//! The error kind, the outcome and the number of sends for every kind of wrong response.

mod envelopes;
mod requests;
mod tokens;
mod waits;
mod words;

use std::sync::Arc;

use keysecure::{Card, Client, ClientBuilder, Error, Pin, SetPin, Transfer, TransferResult, TransferType};
use keysecure_tests::{MockResponse, MockServer, TestClock, cents, virtual_card};

type Call = fn(&Client) -> Result<(), Error>;

fn builder(server: &MockServer) -> ClientBuilder {
    Client::builder("key", "0123456789abcdef").base_url(server.base_url())
}

/// A client whose back-off takes no time, with two retries.
fn client_of(server: &MockServer) -> Client {
    builder(server).clock(Arc::new(TestClock::virtual_sleeps(None))).build().unwrap()
}

fn transfer(client: &Client) -> Result<TransferResult, Error> {
    client.accounts().transfer(&Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    })
}

fn read(client: &Client) -> Result<Card, Error> {
    client.cards().get("17")
}

const MUTATIONS: [(&str, Call); 3] = [
    ("accounts.transfer", |client| transfer(client).map(drop)),
    ("cards.apply", |client| client.cards().apply(&virtual_card("17", "card-1")).map(drop)),
    ("cards.set_pin", |client| {
        let pin = Pin::new("739251").unwrap();
        client.cards().set_pin(&SetPin { card_no: "17".into(), cardholder_no: "18".into(), pin })
    }),
];

const READ: (&str, Call) = ("cards.get", |client| read(client).map(drop));

/// Makes one call to a server that always sends the same response; returns the error and the number of requests.
fn ask((name, call): (&str, Call), response: &[u8]) -> (Error, usize) {
    let response = response.to_vec();
    let server = MockServer::platform(move |_| MockResponse::Keep(response.clone())).unwrap();
    let error = call(&client_of(&server)).expect_err(name);
    assert_eq!(error.operation(), Some(name));
    let sent = server.requests().len();
    assert_eq!(error.attempts() as usize, sent, "{name}: {error}");
    (error, sent)
}

/// The data of a successful response to every call in this folder.
const ALL: &str = r#"{"result":true,"transfer_no":"1","card_no":"17","status":"Frozen","cardholder_no":"17"}"#;
