//! Every fault for every call: what the error claims is true, and nothing is done twice.

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

/// Longer than the client of the matrix waits.
const LONG: Duration = Duration::from_millis(1_500);

const PATIENCE: Duration = Duration::from_millis(600);

const SHORT: Duration = Duration::from_millis(20);

/// What a fault must lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Success after that many requests.
    Well(usize),
    /// An error after one request.
    Badly(ErrorKind, Outcome),
    /// Success after further requests, or an error of that kind when the machine was too busy for them.
    Retried(ErrorKind, Outcome),
    /// Whatever is true: how far the request came is a matter of chance.
    Truly,
}

/// Every kind of fault: what it means for a mutation, and for a read.
fn kinds() -> Vec<(FaultKind, Ends, Ends)> {
    use Ends::{Badly, Retried, Truly, Well};
    use ErrorKind::{Api, InvalidResponse, NotFound, Permission, State, Timeout, Transport};
    use Outcome::{Rejected, Unknown};
    let lost = Badly(Transport, Unknown);
    let late = Badly(Timeout, Unknown);
    let garbled = Badly(InvalidResponse, Unknown);
    let gateway = garbled;
    vec![
        (F::Refuse, Truly, Well(1)),
        (F::DropBeforeRead, Truly, Well(2)),
        (F::DropAfterCommit, lost, Well(2)),
        (F::LateCommit(SHORT), lost, Well(2)),
        (F::Stall(SHORT), Well(1), Well(1)),
        (F::Stall(LONG), late, Retried(Timeout, Unknown)),
        (F::StallAfterCommit(SHORT), Well(1), Well(1)),
        (F::StallAfterCommit(LONG), late, Retried(Timeout, Unknown)),
        (F::Truncate, lost, Well(2)),
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
        (F::Code(1001), Badly(Api, Unknown), Well(2)),
        (F::Code(1004), Badly(Api, Rejected), Badly(Api, Rejected)),
        (F::Code(1005), Well(2), Well(2)),
        (F::Code(1006), Well(2), Well(2)),
        (F::Code(1007), Well(2), Well(2)),
        (F::Code(1009), Well(2), Well(2)),
        (F::Code(2002), Badly(NotFound, Rejected), Badly(NotFound, Rejected)),
        (F::Code(4005), Badly(State, Rejected), Badly(State, Rejected)),
        (F::Code(987_654), Badly(Api, Unknown), Badly(Api, Unknown)),
        (F::Code(3_999), Badly(Api, Rejected), Badly(Api, Rejected)),
        (F::Code(-1), Badly(Api, Unknown), Badly(Api, Unknown)),
        (F::CodeAfterCommit(1001), Badly(Api, Unknown), Well(2)),
        (F::HttpStatus(429, Some(1)), gateway, Well(2)),
        (F::HttpStatus(500, None), gateway, Well(2)),
        (F::HttpStatus(502, None), gateway, Well(2)),
        (F::HttpStatus(503, Some(1)), gateway, Well(2)),
        (F::HttpStatus(504, None), gateway, Well(2)),
        (F::HttpStatus(401, None), Well(2), Well(2)),
        (F::HttpStatus(403, None), Badly(Permission, Unknown), Badly(Permission, Unknown)),
        (F::HttpStatus(404, None), gateway, gateway),
        (F::ExpiredToken, Well(2), Well(2)),
        (F::SkewClock(5_000), Truly, Truly),
        (F::SkewClock(-5_000), Truly, Truly),
        (F::SkewClock(3 * 3_600_000), Truly, Truly),
        (F::SkewClock(-3 * 3_600_000), Truly, Truly),
    ]
}

/// A platform with something of everything, so that each call has what it needs.
struct Scene {
    env: TestEnv,
    virtual_card: String,
    to_activate: ActivateCard,
    physical_card: String,
    pending: String,
    settled: String,
    client_token: String,
}

impl Scene {
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

/// The client of the matrix: impatient where it waits for the network, and its back-off takes no time.
fn impatient(scene: &Scene) -> Client {
    let clock = Arc::new(TestClock::virtual_sleeps(Some(scene.env.sandbox.platform())));
    scene.env.builder().clock(clock).timeout(PATIENCE).max_retries(2).build().unwrap()
}

/// A client whose only short patience is the one that the fault asks for.
fn client_for(scene: &Scene, kind: FaultKind) -> Client {
    match kind {
        F::Stall(LONG) | F::StallAfterCommit(LONG) => impatient(scene),
        _ => scene.env.with_virtual_clock().unwrap().0,
    }
}

fn mutates(operation: &str) -> bool {
    OPERATIONS.iter().any(|one| one.name == operation && one.effect == Effect::Mutation)
}

/// The result of a call that no fault hits, also where an impatient client meets a busy machine.
fn patiently<T>(call: impl Fn() -> Result<T, Error>) -> T {
    for _ in 0..20 {
        match call() {
            Err(error) if error.kind() == ErrorKind::Timeout => {}
            result => return result.unwrap(),
        }
    }
    call().unwrap()
}

/// The requests of an operation behind the first `skip`, once the server has finished with all of them.
fn settled(scene: &Scene, operation: &str, kind: FaultKind, skip: usize) -> Vec<RequestRecord> {
    let all_in = || {
        let requests = scene.env.requests_since(skip);
        match kind {
            // The sandbox logs a stalled request at its end, behind the retries of a read.
            F::Stall(LONG) | F::StallAfterCommit(LONG) => requests.len() > usize::from(!mutates(operation)),
            // A read commits nothing, sooner or later.
            F::LateCommit(_) if mutates(operation) => requests.iter().any(|request| request.committed),
            _ => true,
        }
    };
    let end = Instant::now() + Duration::from_secs(5);
    while !all_in() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut requests = scene.env.requests_since(skip);
    requests.retain(|request| request.operation == operation);
    requests
}

/// Where every field is optional, a response with fields of other types is read all the same.
fn with_optional_fields(name: &str, kind: FaultKind, ends: Ends) -> Ends {
    let optional = name == "accounts.get" || name.starts_with("simulation.");
    if optional && matches!(kind, F::WrongFieldTypes) { Ends::Well(1) } else { ends }
}

fn of(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}

fn about(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_relate_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}
