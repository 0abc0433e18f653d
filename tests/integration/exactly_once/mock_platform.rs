//! A mock platform that behaves worse than the sandbox.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keysecure::{Client, ClientBuilder};
use keysecure_tests::{MockResponse, MockServer, RecordedRequest, envelope, http};
use serde_json::{Value, json};

use super::FastClock;

/// What happens to a transfer.
#[derive(Debug, Clone)]
pub enum Fate {
    /// Done, and the response arrives.
    Done,
    /// Done, and the response is lost.
    ResponseLost,
    /// Not done, and no response.
    Lost,
    /// Refused with this code.
    Refused(i64),
}

/// How the list shows the reference of a row.
pub type Shown = fn(&str) -> Option<String>;

pub struct State {
    /// What happens to the next transfers; later ones are done.
    pub fates: Mutex<VecDeque<Fate>>,
    /// The rows of the list.
    pub rows: Mutex<Vec<Value>>,
    /// A row of another client that appears when a transfer is lost.
    pub appears: Mutex<Option<Value>>,
    /// How the list shows the references of the rows that transfers create.
    pub shown: Shown,
    /// Whether the list gives only rows of the requested reference.
    pub filters: bool,
    /// The most rows on a page.
    pub cap: usize,
    /// The code with which lookups are refused once a transfer was sent.
    pub lookup_refused: Option<i64>,
}

pub struct Platform {
    pub server: MockServer,
    pub state: Arc<State>,
    pub clock: Arc<FastClock>,
}

impl State {
    pub fn new(fates: impl IntoIterator<Item = Fate>) -> Self {
        Self {
            fates: Mutex::new(fates.into_iter().collect()),
            rows: Mutex::default(),
            appears: Mutex::default(),
            shown: |reference| Some(reference.to_owned()),
            filters: true,
            cap: 100,
            lookup_refused: None,
        }
    }

    pub fn start(self) -> Platform {
        let state = Arc::new(self);
        let serving = Arc::clone(&state);
        let server = MockServer::platform(move |request| serving.reply(request)).unwrap();
        Platform { server, state, clock: Arc::new(FastClock::new()) }
    }

    fn reply(&self, request: &RecordedRequest) -> MockResponse {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let reference = body["transfer_unique_no"].as_str().unwrap();
        if request.target.ends_with("/transfer/list") {
            self.list(&body, reference)
        } else {
            self.transfer(&body, reference)
        }
    }

    fn transfer(&self, body: &Value, reference: &str) -> MockResponse {
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Done);
        if matches!(fate, Fate::Done | Fate::ResponseLost) {
            let mut rows = self.rows.lock().unwrap();
            let number = format!("T{}", rows.len() + 1);
            rows.push(row(&number, (self.shown)(reference).as_deref(), body["balance"].as_str().unwrap()));
            rows.last_mut().unwrap()["asked"] = json!(reference);
        }
        match fate {
            Fate::Done => {
                let data = json!({"transfer_no": "T1", "transfer_unique_no": reference});
                MockResponse::Keep(envelope(&data.to_string()))
            }
            Fate::ResponseLost => MockResponse::Close(Vec::new()),
            Fate::Lost => {
                let row = self.appears.lock().unwrap().take();
                self.rows.lock().unwrap().extend(row);
                MockResponse::Close(Vec::new())
            }
            Fate::Refused(code) => refused(code),
        }
    }

    fn list(&self, body: &Value, reference: &str) -> MockResponse {
        if let (Some(code), true) = (self.lookup_refused, self.fates.lock().unwrap().is_empty()) {
            return refused(code);
        }
        let rows = self.rows.lock().unwrap();
        let listed: Vec<_> = rows.iter().filter(|row| !self.filters || row["asked"] == reference).collect();
        let number = |name: &str| usize::try_from(body[name].as_u64().unwrap()).unwrap();
        let size = number("size").min(self.cap);
        let page: Vec<_> = listed.into_iter().skip(number("page") * size).take(size).collect();
        MockResponse::Keep(envelope(&json!({"list": page}).to_string()))
    }
}

impl Platform {
    pub fn builder(&self) -> ClientBuilder {
        Client::builder("key", "0123456789abcdef")
            .base_url(self.server.base_url())
            .clock(self.clock.clone())
            .max_retries(0)
            .timeout(Duration::from_secs(20))
    }

    /// How many transfers were requested.
    pub fn transfers(&self) -> usize {
        self.server.requests().iter().filter(|request| request.target.ends_with("/account/transfer")).count()
    }

    /// How many transfers were created.
    pub fn made(&self) -> usize {
        self.state.rows.lock().unwrap().len()
    }
}

/// A row of a transfer.
pub fn row(number: &str, reference: Option<&str>, balance: &str) -> Value {
    json!({
        "transfer_no": number, "transfer_unique_no": reference, "cardholder_no": "1001", "type": "In",
        "balance": balance, "status": "Success",
    })
}

pub fn refused(code: i64) -> MockResponse {
    let body = json!({"code": code, "msg": "refused"}).to_string();
    MockResponse::Keep(http("200 OK", &["Content-Type: application/json"], body.as_bytes()))
}
