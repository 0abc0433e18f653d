//! The relay: apps without a secret, served with the merchant's client, against the sandbox.

mod attacks;
mod clocks;
mod errors;
mod events;
mod limits;
mod lists;
mod operations;
mod requests;
mod taps;
mod through;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{
    Acquired, AttemptEnd, AttemptStart, AttemptStore, AuditRecord, Client, ClientBuilder, Grant, MemoryStore, Relay,
    RelayBuilder, RelayRequest, RelayResponse, Scope, Store, StoreUnavailable,
};
use keysecure_sandbox::{Sandbox, SandboxBuilder};
use keysecure_tests::TestClock;
use serde_json::Value;

/// A store in memory that is old enough to tell that a reference is new, so that nothing waits for `settle`.
#[derive(Debug, Clone, Default)]
struct OldStore(MemoryStore);

impl AttemptStore for OldStore {
    fn acquire(&self, reference: &str, lease: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        Ok(match self.0.acquire(reference, lease, within)? {
            Acquired::Leased { lease_id, last_attempt, .. } => {
                Acquired::Leased { lease_id, last_attempt, store_age: Duration::from_secs(3600) }
            }
            Acquired::Busy => Acquired::Busy,
        })
    }
    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        self.0.begin(attempt, within)
    }
    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.0.finish(reference, lease_id, end, within)
    }
    fn release(&self, reference: &str, lease_id: &str, within: Duration) -> Result<(), StoreUnavailable> {
        AttemptStore::release(&self.0, reference, lease_id, within)
    }
}

/// A sandbox with two cardholders, and a relay whose sessions are tokens.
struct Shop {
    sandbox: Sandbox,
    client: Client,
    relay: Relay,
    /// The cardholder of the app.
    own: String,
    /// Another cardholder.
    other: String,
    records: Arc<Mutex<Vec<AuditRecord>>>,
}

/// A response of the relay.
struct AppResponse {
    status: u16,
    body: String,
    json: Value,
    headers: Vec<(&'static str, String)>,
}

impl AppResponse {
    fn new(response: RelayResponse) -> Self {
        let body = String::from_utf8(response.body.to_vec()).unwrap();
        Self { status: response.status, json: serde_json::from_str(&body).unwrap(), body, headers: response.headers }
    }

    /// The data of a success.
    fn data(&self) -> &Value {
        assert_eq!((self.status, &self.json["code"]), (200, &Value::from(0)), "{}", self.body);
        &self.json["data"]
    }

    /// Kind and outcome of an error.
    fn error(&self) -> (&str, &str) {
        assert_eq!(self.json["code"], 1, "{}", self.body);
        let error = &self.json["error"];
        (error["kind"].as_str().unwrap(), error["outcome"].as_str().unwrap())
    }

    fn field(&self) -> Option<&str> {
        self.json["error"]["field"].as_str()
    }
}

/// Everything that a scope can grant, with high limits.
fn everything(cardholder_no: &str) -> Scope {
    Scope::cardholder(cardholder_no)
        .session(format!("session-{cardholder_no}"))
        .grants(Grant::ALL)
        .max_transfer(10_000.into())
        .max_per_day(100_000.into())
}

impl Shop {
    fn new() -> Self {
        Self::with(Sandbox::builder(), |relay| relay)
    }

    fn with(sandbox: SandboxBuilder, settings: impl FnOnce(RelayBuilder) -> RelayBuilder) -> Self {
        Self::start(sandbox.start().unwrap(), |client| client, settings)
    }

    /// A shop whose waits take no time.
    fn without_waits() -> Self {
        Self::without_waits_in(Sandbox::builder())
    }

    fn without_waits_in(sandbox: SandboxBuilder) -> Self {
        let sandbox = sandbox.start().unwrap();
        let clock = Arc::new(TestClock::virtual_sleeps(Some(sandbox.platform())));
        Self::start(sandbox, |client| client.clock(clock), |relay| relay)
    }

    fn start(
        sandbox: Sandbox,
        client: impl FnOnce(ClientBuilder) -> ClientBuilder,
        settings: impl FnOnce(RelayBuilder) -> RelayBuilder,
    ) -> Self {
        let memory = MemoryStore::new();
        let store = Store::new().attempts(Arc::new(OldStore(memory.clone()))).quota(Arc::new(memory));
        let builder = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
        let client = client(builder.store(store)).build().unwrap();
        let (own, other) = (sandbox.seed_approved_cardholder(), sandbox.seed_approved_cardholder());
        let numbers = (own.clone(), other.clone());
        let builder = Relay::builder(&client, move |request| match request.bearer()? {
            "own" => Some(everything(&numbers.0)),
            "other" => Some(everything(&numbers.1)),
            "reads" => Some(Scope::cardholder(&numbers.0).session("reads").read_only()),
            "nothing" => Some(Scope::cardholder(&numbers.0).session("nothing")),
            "small" => Some(everything(&numbers.0).max_transfer(50.into()).max_per_day(100.into())),
            "cents" => Some(everything(&numbers.0).max_transfer(1.into())),
            "two cards" => Some(everything(&numbers.0).max_cards_per_day(2)),
            "no cards" => Some(everything(&numbers.0).max_cards_per_day(0)),
            "dotted" => Some(everything("1.2")),
            "panic" => panic!("authorize fails"),
            _ => None,
        });
        let records = Arc::<Mutex<Vec<AuditRecord>>>::default();
        let sink = Arc::clone(&records);
        let builder = builder.audit(move |record| sink.lock().unwrap().push(record.clone()));
        let relay = settings(builder.requests_per_second(10_000)).build().unwrap();
        Self { sandbox, client, relay, own, other, records }
    }

    /// Sends a request of the app.
    fn post(&self, operation: &str, body: &str) -> AppResponse {
        self.send("own", operation, &[], body)
    }

    /// Sends a mutation with a tap.
    fn tap(&self, operation: &str, tap: &str, body: &str) -> AppResponse {
        self.send("own", operation, &[("Idempotency-Key", tap)], body)
    }

    fn send(&self, session: &str, operation: &str, headers: &[(&str, &str)], body: &str) -> AppResponse {
        let session = format!("Bearer {session}");
        let common = [("Authorization", &*session), ("Content-Type", "application/json")];
        let path = format!("/v1/{operation}");
        let headers = [&common[..], headers].concat();
        let request = RelayRequest { method: "POST", path: &path, headers: &headers, body: body.as_bytes() };
        AppResponse::new(self.relay.handle(&request))
    }

    fn transfer(&self, session: &str, tap: &str, amount: &str) -> AppResponse {
        let body = format!(r#"{{"transfer_unique_no":"{tap}","type":"In","balance":"{amount}"}}"#);
        self.send(session, "accounts.ensure_transfer", &[], &body)
    }

    /// A card of a cardholder.
    fn card(&self, cardholder_no: &str) -> String {
        self.sandbox.seed_virtual_card(cardholder_no).unwrap()
    }

    /// The last audit record.
    fn record(&self) -> AuditRecord {
        self.records.lock().unwrap().last().unwrap().clone()
    }

    /// The status of a card at the platform.
    fn status(&self, card_no: &str) -> String {
        self.client.cards().get(card_no).unwrap().status.as_str().to_owned()
    }
}

/// A window of 80 days around now, with a page, as fields of a list request.
fn window() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (now, month) = (i64::try_from(now).unwrap(), 40 * 86_400);
    let (start, end) = (civil(now - month), civil(now + month));
    format!(r#""start_time":"{start}","end_time":"{end}","page":0,"size":100"#)
}

/// A Unix second as a civil time in UTC.
fn civil(second: i64) -> String {
    let (mut left, time) = (second / 86_400, second % 86_400);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02} {:02}:{:02}:{:02}", month + 1, left + 1, time / 3600, time / 60 % 60, time % 60)
}
