//! Everything that can go wrong with a request, for every call: what the error claims is true, and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{
    ActivateCard, ApplyCardholder, CardDetail, Client, Effect, Error, ErrorKind, ListBins, ListCardholders, ListCards,
    ListConsumptions, ListPackages, ListTransfers, OPERATIONS, Outcome, Pin, SetPin, SimulationRequest, Transfer,
    TransferType,
};
use keysecure_sandbox::{
    CardStatus, ConsumptionType, Fault, FaultKind, Mode, RequestRecord, Sandbox, SandboxBuilder, Status,
};
use keysecure_tests::{TestClock, TestEnv, cents, virtual_card};

use FaultKind as F;

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

fn of(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}

fn about(consume_no: &str) -> SimulationRequest {
    SimulationRequest { consume_relate_no: Some(consume_no.to_owned()), ..SimulationRequest::default() }
}

/// A mutating call: how it is made, and how often the platform's state says that it was done.
struct Mutation {
    name: &'static str,
    act: fn(&Client, &Scene) -> Result<(), Error>,
    done: fn(&Scene) -> usize,
}

fn mutations() -> Vec<Mutation> {
    vec![
        Mutation {
            name: "cardholders.apply",
            act: |client, _| {
                let request = ApplyCardholder {
                    cardholder_unique_no: "matrix".into(),
                    sumsub_share_token: "share".into(),
                    cardholder_no: None,
                };
                client.cardholders().apply(&request).map(drop)
            },
            done: |scene| {
                let all = scene.env.sandbox.cardholders();
                all.iter().filter(|row| row.cardholder_unique_no == "matrix").count()
            },
        },
        Mutation {
            name: "cards.apply",
            act: |client, scene| client.cards().apply(&virtual_card(&scene.env.cardholder_no, "matrix")).map(drop),
            done: |scene| scene.env.sandbox.cards().iter().filter(|row| row.card_unique_no == "matrix").count(),
        },
        Mutation {
            name: "cards.activate",
            act: |client, scene| client.cards().activate(&scene.to_activate),
            done: |scene| scene.has_status(&scene.to_activate.card_no, CardStatus::Activated),
        },
        Mutation {
            name: "cards.update_status",
            act: |client, scene| client.cards().freeze(&scene.virtual_card),
            done: |scene| scene.has_status(&scene.virtual_card, CardStatus::Frozen),
        },
        Mutation {
            name: "cards.set_pin",
            act: |client, scene| {
                client.cards().set_pin(&SetPin {
                    card_no: scene.physical_card.clone(),
                    cardholder_no: scene.env.cardholder_no.clone(),
                    pin: Pin::new("739251")?,
                })
            },
            done: |scene| usize::from(scene.env.sandbox.pin_matches(&scene.physical_card, "739251")),
        },
        Mutation {
            name: "accounts.transfer",
            act: |client, scene| client.accounts().transfer(&transfer(&scene.env, "matrix", cents(12_34))).map(drop),
            done: |scene| {
                let sandbox = &scene.env.sandbox;
                let rows = sandbox.transfers().iter().filter(|row| row.transfer_unique_no == "matrix").count();
                let postings = sandbox.ledger().postings().iter().filter(|one| one.amount == cents(12_34)).count();
                assert_eq!(rows, postings, "the ledger and the transfers agree");
                rows
            },
        },
        Mutation {
            name: "simulation.auth",
            act: |client, scene| {
                let request = SimulationRequest { amount: Some(cents(3_21)), ..purchase(&scene.virtual_card) };
                client.simulation().auth(&request).map(drop)
            },
            done: |scene| scene.consumptions(|row| row.amount == cents(3_21)),
        },
        Mutation {
            name: "simulation.consumption_clear",
            act: |client, scene| client.simulation().consumption_clear(&of(&scene.pending)).map(drop),
            done: |scene| scene.consumptions(|row| row.consume_no == scene.pending && row.status == Status::Success),
        },
        Mutation {
            name: "simulation.consumption_fail",
            act: |client, scene| client.simulation().consumption_fail(&of(&scene.pending)).map(drop),
            done: |scene| scene.consumptions(|row| row.consume_no == scene.pending && row.status == Status::Fail),
        },
        Mutation {
            name: "simulation.reversal",
            act: |client, scene| client.simulation().reversal(&about(&scene.pending)).map(drop),
            done: |scene| scene.consumptions(|row| row.kind == ConsumptionType::Reversal),
        },
        Mutation {
            name: "simulation.refund",
            act: |client, scene| {
                let part = SimulationRequest { amount: Some(cents(1_00)), ..about(&scene.settled) };
                client.simulation().refund(&part).map(drop)
            },
            done: |scene| scene.consumptions(|row| row.kind == ConsumptionType::Refund),
        },
        Mutation {
            name: "pci.card_detail",
            act: |client, scene| client.pci().card_detail(&scene.detail()).map(drop),
            // A nonce that is spent is refused with 1017, one that is not is not.
            done: |scene| {
                let probe = CardDetail { client_access_token: "nobody's".into(), ..scene.detail() };
                let code = scene.env.client.pci().card_detail(&probe).unwrap_err().code();
                assert!(matches!(code, Some(1014 | 1017)));
                usize::from(code == Some(1017))
            },
        },
    ]
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

/// One cell of the matrix of mutations.
fn mutation_under(scene: &Scene, mutation: &Mutation, kind: FaultKind, ends: Ends) {
    let ends = with_optional_fields(mutation.name, kind, ends);
    let cell = format!("{} under {kind:?}", mutation.name);
    let sandbox = &scene.env.sandbox;
    let before = sandbox.snapshot();
    let client = client_for(scene, kind);
    // A token and an open connection, so that the fault meets the call itself.
    patiently(|| client.access_token());
    let (skip, fired) = (scene.env.count(), sandbox.faults_fired().len());
    assert_eq!((mutation.done)(scene), 0, "{cell}: done before it began");
    let skip = skip + usize::from(mutation.name == "pci.card_detail");
    sandbox.fault(Fault::on(mutation.name, kind));
    let result = (mutation.act)(&client, scene);
    let requests = settled(scene, mutation.name, kind, skip);
    sandbox.clear_faults();
    assert_eq!(sandbox.faults_fired().len() - fired, 1, "{cell}: the fault did not hit");

    let done = (mutation.done)(scene);
    match &result {
        Ok(()) => assert_eq!(done, 1, "{cell}: success, yet not done once"),
        Err(error) => match error.outcome() {
            Outcome::NotSent | Outcome::Rejected => assert_eq!(done, 0, "{cell}: {error}, yet done"),
            Outcome::Unknown => assert!(done <= 1, "{cell}: done {done} times"),
        },
    }
    let committed = requests.iter().filter(|request| request.committed).count();
    assert_eq!(committed, done, "{cell}: the log and the state disagree");
    let behind_the_commit = requests.iter().skip_while(|request| !request.committed).count();
    assert!(behind_the_commit <= 1, "{cell}: sent again after it was done");
    assert_eq!(sandbox.redirect_calls(), 0, "{cell}: followed a redirect");

    let open = OPERATIONS.iter().any(|one| one.name == mutation.name && one.auth == keysecure::Auth::Open);
    let renewal = matches!(kind, F::Code(1006 | 1007) | F::HttpStatus(401, _) | F::ExpiredToken);
    match ends {
        // A call without a token has none to renew.
        Ends::Well(_) if open && renewal => {
            assert_eq!(result.as_ref().unwrap_err().outcome(), Outcome::Rejected, "{cell}");
        }
        Ends::Well(count) => {
            assert!(result.is_ok(), "{cell}: {result:?}");
            assert_eq!(requests.len(), count, "{cell}");
        }
        Ends::Badly(error_kind, outcome) => {
            let error = result.as_ref().expect_err(&cell);
            assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
            assert_eq!((error.operation(), error.attempts()), (Some(mutation.name), 1), "{cell}");
            assert_eq!(requests.len(), 1, "{cell}: what may have been done is never sent again");
        }
        Ends::Retried(..) => unreachable!("a mutation is not retried"),
        Ends::Truly => assert!(requests.len() <= 2, "{cell}"),
    }
    // The client goes on working, and no late answer is taken for another call's.
    let holder = patiently(|| client.cardholders().get(&scene.env.cardholder_no));
    assert_eq!(holder.cardholder_no, scene.env.cardholder_no, "{cell}");
    sandbox.restore(&before);
}

#[test]
fn after_every_fault_on_every_mutation_the_error_says_the_truth_and_nothing_is_done_twice() {
    let (mutations, kinds) = (mutations(), kinds());
    let mutating = OPERATIONS.iter().filter(|operation| operation.effect == Effect::Mutation).map(|one| one.name);
    assert!(mutations.iter().map(|mutation| mutation.name).eq(mutating), "every mutation is in the matrix, in order");
    let cells = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for mutation in &mutations {
            let (kinds, cells) = (&kinds, &cells);
            scope.spawn(move || {
                let scene = Scene::new(Sandbox::builder());
                for (kind, ends, _) in kinds {
                    mutation_under(&scene, mutation, *kind, *ends);
                    cells.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let cells = cells.into_inner();
    println!("matrix of mutations: {} calls x {} faults = {cells} cells", mutations.len(), kinds.len());
    assert_eq!(cells, mutations.len() * kinds.len());
}

/// A reading call.
struct Reading {
    name: &'static str,
    mode: Mode,
    act: fn(&Client, &Scene) -> Result<(), Error>,
}

fn readings() -> Vec<Reading> {
    fn around_now() -> (SystemTime, SystemTime) {
        let day = Duration::from_secs(24 * 3600);
        (SystemTime::now() - day, SystemTime::now() + day)
    }
    let reading = |name, act| Reading { name, mode: Mode::Credit, act };
    vec![
        reading("cardholders.list", |client, _| {
            let (start, end) = around_now();
            client.cardholders().list_page(&ListCardholders::between(start, end), 0, 10).map(drop)
        }),
        reading("cardholders.get", |client, scene| client.cardholders().get(&scene.env.cardholder_no).map(drop)),
        reading("cards.list", |client, _| {
            let (start, end) = around_now();
            client.cards().list_page(&ListCards::between(start, end), 0, 10).map(drop)
        }),
        reading("cards.get", |client, scene| client.cards().get(&scene.virtual_card).map(drop)),
        reading("cards.private_info", |client, scene| client.cards().private_info(&scene.virtual_card).map(drop)),
        reading("consumptions.get", |client, scene| client.consumptions().get(&scene.settled).map(drop)),
        reading("consumptions.list", |client, _| {
            let (start, end) = around_now();
            client.consumptions().list_page(&ListConsumptions::between(start, end), 0, 10).map(drop)
        }),
        reading("pci.client_token", |client, scene| client.pci().client_token(&scene.virtual_card).map(drop)),
        reading("accounts.get", |client, scene| client.accounts().get(&scene.env.cardholder_no).map(drop)),
        reading("accounts.transfers", |client, _| {
            let (start, end) = around_now();
            client.accounts().transfers_page(&ListTransfers::between(start, end), 0, 10).map(drop)
        }),
        reading("cards.packages", |client, _| client.cards().packages_page(&ListPackages::default(), 0, 10).map(drop)),
        Reading {
            name: "cards.bins",
            mode: Mode::Authorization,
            act: |client, _| client.cards().bins_page(&ListBins::default(), 0, 10).map(drop),
        },
    ]
}

fn reading_under(scene: &Scene, reading: &Reading, kind: FaultKind, ends: Ends) {
    let ends = with_optional_fields(reading.name, kind, ends);
    let cell = format!("{} under {kind:?}", reading.name);
    let sandbox = &scene.env.sandbox;
    let client = client_for(scene, kind);
    patiently(|| client.access_token());
    let (skip, fired) = (scene.env.count(), sandbox.faults_fired().len());
    sandbox.fault(Fault::on(reading.name, kind));
    let result = (reading.act)(&client, scene);
    let requests = settled(scene, reading.name, kind, skip);
    sandbox.clear_faults();
    assert_eq!(sandbox.faults_fired().len() - fired, 1, "{cell}: the fault did not hit");
    assert_eq!(sandbox.redirect_calls(), 0, "{cell}: followed a redirect");
    match ends {
        Ends::Well(count) => {
            assert!(result.is_ok(), "{cell}: {result:?}");
            assert_eq!(requests.len(), count, "{cell}");
        }
        Ends::Badly(error_kind, outcome) => {
            let error = result.expect_err(&cell);
            // Text that is no ciphertext is named as such.
            let undecrypted = reading.name == "cards.private_info" && matches!(kind, F::Oversize(_));
            let small = matches!(kind, F::Oversize(bytes) if bytes < 8 << 20);
            let error_kind = if undecrypted && small { ErrorKind::Decrypt } else { error_kind };
            assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
            assert_eq!((error.operation(), error.attempts()), (Some(reading.name), 1), "{cell}");
            assert_eq!(requests.len(), 1, "{cell}");
        }
        Ends::Retried(error_kind, outcome) => {
            assert!((2..=3).contains(&requests.len()), "{cell}");
            if let Err(error) = result {
                assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
                assert!(error.attempts() >= 2, "{cell}: {error}");
            }
        }
        Ends::Truly => {
            assert!(requests.len() <= 2, "{cell}");
            if let Err(error) = result {
                assert_eq!((error.code(), error.outcome()), (Some(1005), Outcome::Rejected), "{cell}: {error}");
            }
        }
    }
    patiently(|| client.cardholders().get(&scene.env.cardholder_no));
}

#[test]
fn after_every_fault_on_every_read_it_is_sent_again_where_that_helps_and_else_ends_in_a_typed_error() {
    let (readings, kinds) = (readings(), kinds());
    let reading = OPERATIONS.iter().filter(|one| one.effect == Effect::Read && one.name != "token");
    assert!(readings.iter().map(|reading| reading.name).eq(reading.map(|one| one.name)), "every read is in the matrix");
    let cells = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for reading in &readings {
            let (kinds, cells) = (&kinds, &cells);
            scope.spawn(move || {
                let scene = Scene::new(Sandbox::builder().mode(reading.mode));
                for (kind, _, ends) in kinds {
                    reading_under(&scene, reading, *kind, *ends);
                    cells.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let cells = cells.into_inner();
    println!("matrix of reads: {} calls x {} faults = {cells} cells", readings.len(), kinds.len());
    assert_eq!(cells, readings.len() * kinds.len());
}
