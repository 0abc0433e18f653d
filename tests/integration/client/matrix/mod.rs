//! Every fault for every call: the error's claim is true, and no change is made twice.

mod mutations;
mod reads;

use std::sync::Arc;
use std::time::{Duration, Instant};

use FaultKind as F;
use keysecure::{
    ActivateCard, CardDetail, Client, Effect, Error, ErrorKind, OPERATIONS, Outcome, SimulationRequest, Transfer,
    TransferType,
};
use keysecure_sandbox::{CardStatus, FaultKind, Mode, RequestRecord, SandboxBuilder};
use keysecure_tests::{TestClock, TestEnv, cents};

/// Longer than the client's timeout.
const LONG: Duration = Duration::from_millis(1_500);

const TIMEOUT: Duration = Duration::from_millis(600);

const SHORT: Duration = Duration::from_millis(20);

/// The expected result of a call under a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Success after this number of requests.
    Success(usize),
    /// An error after one request.
    Failure(ErrorKind, Outcome),
    /// Success after further requests, or this error if the machine was too busy for them.
    Retried(ErrorKind, Outcome),
    /// Success or an error, as long as the outcome is true: how far the request comes depends on timing.
    EitherButTruthful,
}

/// Every kind of fault, with the expected results of a mutation and of a read.
fn kinds() -> Vec<(FaultKind, Expected, Expected)> {
    use ErrorKind::{Api, InvalidResponse, NotFound, Permission, State, Timeout, Transport};
    use Expected::{EitherButTruthful, Failure, Retried, Success};
    use Outcome::{Rejected, Unknown};
    let lost = Failure(Transport, Unknown);
    let late = Failure(Timeout, Unknown);
    let garbled = Failure(InvalidResponse, Unknown);
    let gateway = garbled;
    vec![
        (F::Refuse, EitherButTruthful, Success(1)),
        (F::DropBeforeRead, EitherButTruthful, Success(2)),
        (F::DropAfterCommit, lost, Success(2)),
        (F::LateCommit(SHORT), lost, Success(2)),
        (F::Stall(SHORT), Success(1), Success(1)),
        (F::Stall(LONG), late, Retried(Timeout, Unknown)),
        (F::StallAfterCommit(SHORT), Success(1), Success(1)),
        (F::StallAfterCommit(LONG), late, Retried(Timeout, Unknown)),
        (F::Truncate, lost, Success(2)),
        (F::Malformed, garbled, garbled),
        (F::WrongType, garbled, garbled),
        (F::WrongFieldTypes, garbled, garbled),
        (F::MissingData, garbled, garbled),
        (F::Html, garbled, garbled),
        (F::Oversize(9 << 20), garbled, garbled),
        (F::Oversize(1 << 20), garbled, garbled),
        (F::GzipBomb, garbled, garbled),
        (F::DeepNesting, garbled, garbled),
        (F::InvalidUtf8, garbled, garbled),
        (F::Redirect, garbled, garbled),
        (F::Code(1001), Failure(Api, Unknown), Success(2)),
        (F::Code(1004), Failure(Api, Rejected), Failure(Api, Rejected)),
        (F::Code(1005), Success(2), Success(2)),
        (F::Code(1006), Success(2), Success(2)),
        (F::Code(1007), Success(2), Success(2)),
        (F::Code(1009), Success(2), Success(2)),
        (F::Code(2002), Failure(NotFound, Rejected), Failure(NotFound, Rejected)),
        (F::Code(4005), Failure(State, Rejected), Failure(State, Rejected)),
        (F::Code(987_654), Failure(Api, Unknown), Failure(Api, Unknown)),
        (F::Code(3_999), Failure(Api, Rejected), Failure(Api, Rejected)),
        (F::Code(-1), Failure(Api, Unknown), Failure(Api, Unknown)),
        (F::CodeAfterCommit(1001), Failure(Api, Unknown), Success(2)),
        (F::HttpStatus(429, Some(1)), gateway, Success(2)),
        (F::HttpStatus(500, None), gateway, Success(2)),
        (F::HttpStatus(502, None), gateway, Success(2)),
        (F::HttpStatus(503, Some(1)), gateway, Success(2)),
        (F::HttpStatus(504, None), gateway, Success(2)),
        (F::HttpStatus(401, None), Success(2), Success(2)),
        (F::HttpStatus(403, None), Failure(Permission, Unknown), Failure(Permission, Unknown)),
        (F::HttpStatus(404, None), gateway, gateway),
        (F::ExpiredToken, Success(2), Success(2)),
        (F::SkewClock(5_000), EitherButTruthful, EitherButTruthful),
        (F::SkewClock(-5_000), EitherButTruthful, EitherButTruthful),
        (F::SkewClock(3 * 3_600_000), EitherButTruthful, EitherButTruthful),
        (F::SkewClock(-3 * 3_600_000), EitherButTruthful, EitherButTruthful),
    ]
}

/// A sandbox with the objects that each call needs.
struct Setup {
    env: TestEnv,
    virtual_card: String,
    to_activate: ActivateCard,
    physical_card: String,
    pending: String,
    settled: String,
    client_token: String,
}

impl Setup {
    fn new(builder: SandboxBuilder) -> Self {
        let env = TestEnv::with(builder).unwrap();
        let client = &env.client;
        if env.sandbox.mode() == Mode::Credit {
            client.accounts().transfer(&transfer(&env, "float", cents(500_00))).unwrap();
        }
        let virtual_card = env.virtual_card().unwrap();
        let to_activate = env.card_to_activate().unwrap();
        let physical_card = env.physical_card().unwrap();
        let buy = || client.simulation().auth(&purchase(&virtual_card)).unwrap().consume_no.unwrap();
        let (pending, settled) = (buy(), buy());
        client.simulation().consumption_clear(&of(&settled)).unwrap();
        let client_token = client.pci().client_token(&virtual_card).unwrap().expose().to_owned();
        Self { env, virtual_card, to_activate, physical_card, pending, settled, client_token }
    }

    fn detail(&self) -> CardDetail {
        CardDetail {
            client_access_token: self.client_token.as_str().into(),
            origin: self.env.sandbox.hosted_origin().to_owned(),
            parent_origin: self.env.sandbox.parent_origin().to_owned(),
            nonce: "nonce".to_owned(),
            ..CardDetail::default()
        }
    }

    fn has_status(&self, card_no: &str, status: CardStatus) -> usize {
        let cards = self.env.sandbox.cards();
        cards.iter().filter(|card| card.card_no == card_no && card.status == status).count()
    }

    fn consumptions(&self, wanted: impl Fn(&keysecure_sandbox::ConsumptionRecord) -> bool) -> usize {
        self.env.sandbox.consumptions().iter().filter(|row| wanted(row)).count()
    }
}

pub fn transfer(env: &TestEnv, unique_no: &str, amount: keysecure::Decimal) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: unique_no.to_owned(),
        r#type: TransferType::In,
        amount,
    }
}

pub fn purchase(card_no: &str) -> SimulationRequest {
    SimulationRequest { card_no: Some(card_no.to_owned()), amount: Some(cents(7_00)), ..SimulationRequest::default() }
}

/// A client with a short timeout, whose back-off takes no time.
fn with_short_timeout(setup: &Setup) -> Client {
    let clock = Arc::new(TestClock::virtual_sleeps(Some(setup.env.sandbox.platform())));
    setup.env.builder().clock(clock).timeout(TIMEOUT).max_retries(2).build().unwrap()
}

/// A client with a short timeout where the fault needs one.
fn client_for(setup: &Setup, kind: FaultKind) -> Client {
    match kind {
        F::Stall(LONG) | F::StallAfterCommit(LONG) => with_short_timeout(setup),
        _ => setup.env.with_virtual_clock().unwrap().0,
    }
}

fn mutates(operation: &str) -> bool {
    OPERATIONS.iter().any(|one| one.name == operation && one.effect == Effect::Mutation)
}

/// Repeats a call that no fault hits while it times out, as on a busy machine.
fn repeat_timeouts<T>(call: impl Fn() -> Result<T, Error>) -> T {
    for _ in 0..20 {
        match call() {
            Err(error) if error.kind() == ErrorKind::Timeout => {}
            result => return result.unwrap(),
        }
    }
    call().unwrap()
}

/// The requests of an operation after the first `skip`, once the sandbox has finished all of them.
fn settled(setup: &Setup, operation: &str, kind: FaultKind, skip: usize) -> Vec<RequestRecord> {
    let all_in = || {
        let requests = setup.env.requests_since(skip);
        match kind {
            // The sandbox logs a stalled request when it ends, after the retries of a read.
            F::Stall(LONG) | F::StallAfterCommit(LONG) => requests.len() > usize::from(!mutates(operation)),
            // A read never commits anything.
            F::LateCommit(_) if mutates(operation) => requests.iter().any(|request| request.committed),
            _ => true,
        }
    };
    let end = Instant::now() + Duration::from_secs(5);
    while !all_in() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut requests = setup.env.requests_since(skip);
    requests.retain(|request| request.operation == operation);
    requests
}

/// The expected result where every field is optional: a response with fields of other types is still read.
fn with_optional_fields(name: &str, kind: FaultKind, expected: Expected) -> Expected {
    let optional = name == "accounts.get" || name.starts_with("simulation.");
    if optional && matches!(kind, F::WrongFieldTypes) { Expected::Success(1) } else { expected }
}

fn of(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}

fn about(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_relate_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}
