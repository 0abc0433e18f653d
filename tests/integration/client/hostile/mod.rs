//! Servers that send anything: each call ends in a typed error or in success, in bounded time and memory, and no mutation
//! is sent twice.

mod broken_http;
mod envelopes;
mod tokens;
mod values;

use std::sync::Arc;
use std::time::{Duration, Instant};

use keysecure::{Card, Client, Error, ErrorKind, Outcome, Transfer, TransferResult, TransferType};
use keysecure_tests::{MockResponse, MockServer, TestClock, cents, http};

const TIMEOUT: Duration = Duration::from_secs(2);

type Call = fn(&Client) -> Result<(), Error>;

fn client_of(server: &MockServer) -> Client {
    Client::builder("key", "0123456789abcdef")
        .base_url(server.base_url())
        .clock(Arc::new(TestClock::virtual_sleeps(None)))
        .timeout(TIMEOUT)
        .build()
        .unwrap()
}

fn read(client: &Client) -> Result<Card, Error> {
    client.cards().get("17")
}

fn mutate(client: &Client) -> Result<TransferResult, Error> {
    client.accounts().transfer(&Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    })
}

/// Makes a read and a mutation on a server that always sends the same; returns both errors and the numbers of requests.
fn ask(name: &str, reply: MockResponse) -> [(Error, usize); 2] {
    let server = MockServer::platform(move |_| reply.clone()).unwrap();
    let client = client_of(&server);
    let mut results = Vec::new();
    let calls: [Call; 2] = [|client| read(client).map(drop), |client| mutate(client).map(drop)];
    for (number, call) in calls.iter().enumerate() {
        let (before, started) = (server.requests().len(), Instant::now());
        let error = call(&client).expect_err(name);
        assert!(started.elapsed() < TIMEOUT + Duration::from_secs(3), "{name}: {:?}", started.elapsed());
        let sent = server.requests().len() - before;
        if number == 1 {
            assert_eq!(sent, 1, "{name}: a mutation is sent once");
            assert_eq!(error.outcome(), Outcome::Unknown, "{name}: {error}");
        }
        results.push((error, sent));
    }
    results.try_into().unwrap()
}

/// Checks that a body with status 200 is an invalid response to a read and to a mutation.
fn is_invalid(name: &str, body: &[u8]) {
    for (error, sent) in ask(name, MockResponse::Keep(http("200 OK", &[], body))) {
        assert_eq!((error.kind(), sent), (ErrorKind::InvalidResponse, 1), "{name}: {error}");
        assert_eq!(error.http_status(), Some(200), "{name}");
    }
}
