//! The records that an observer receives are complete and true.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    AttemptRecord, CallRecord, Client, ErrorKind, ListConsumptions, Outcome, Pin, SetPin, Transfer, TransferType,
};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{Recorder, TestClock, TestEnv, cents, logged, millis};

fn observed(env: &TestEnv) -> (Client, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let clock = Arc::new(TestClock::virtual_sleeps(Some(env.sandbox.platform())));
    let client = env.builder().clock(clock).observer(recorder.clone()).build().unwrap();
    (client, recorder)
}

fn transfer(env: &TestEnv) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: cents(1_00),
    }
}

/// Operation, attempt, HTTP status, code, outcome.
type Attempt = (&'static str, u32, Option<u16>, Option<i64>, Option<Outcome>);

fn attempts(recorder: &Recorder) -> Vec<Attempt> {
    let short = |one: AttemptRecord| (one.operation, one.attempt, one.http_status, one.code, one.outcome);
    recorder.attempts().into_iter().map(short).collect()
}

/// Operation, attempts, kind, code, outcome.
type Made = (&'static str, u32, Option<ErrorKind>, Option<i64>, Option<Outcome>);

fn calls(recorder: &Recorder) -> Vec<Made> {
    let short = |one: CallRecord| (one.operation, one.attempts, one.kind, one.code, one.outcome);
    recorder.calls().into_iter().map(short).collect()
}

const GOOD: (Option<u16>, Option<i64>, Option<Outcome>) = (Some(200), Some(0), None);

#[test]
fn a_first_call_is_observed_with_its_token_call() {
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    client.accounts().get(&env.cardholder_no).unwrap();
    assert_eq!(
        attempts(&recorder),
        [("token", 1, GOOD.0, GOOD.1, GOOD.2), ("accounts.get", 1, GOOD.0, GOOD.1, GOOD.2)]
    );
    assert_eq!(calls(&recorder), [("token", 1, None, None, None), ("accounts.get", 1, None, None, None)]);
    client.accounts().get(&env.cardholder_no).unwrap();
    assert_eq!(attempts(&recorder).len(), 3);
    assert_eq!(calls(&recorder).len(), 3);
}

#[test]
fn every_attempt_is_observed_with_its_number_and_result() {
    use Outcome::{Rejected, Unknown};
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    client.access_token().unwrap();
    let table: [(FaultKind, Attempt); 6] = [
        (FaultKind::HttpStatus(503, None), ("accounts.get", 1, Some(503), None, Some(Unknown))),
        (FaultKind::DropAfterCommit, ("accounts.get", 1, None, None, Some(Unknown))),
        (FaultKind::Code(1001), ("accounts.get", 1, Some(200), Some(1001), Some(Unknown))),
        (FaultKind::Code(1005), ("accounts.get", 1, Some(200), Some(1005), Some(Rejected))),
        (FaultKind::Code(1009), ("accounts.get", 1, Some(200), Some(1009), Some(Rejected))),
        (FaultKind::Truncate, ("accounts.get", 1, None, None, Some(Unknown))),
    ];
    for (kind, first) in table {
        let (observed_before, made) = (attempts(&recorder).len(), calls(&recorder).len());
        env.sandbox.fault(Fault::on("accounts.get", kind));
        client.accounts().get(&env.cardholder_no).unwrap();
        let second = ("accounts.get", 2, GOOD.0, GOOD.1, GOOD.2);
        assert_eq!(attempts(&recorder)[observed_before..], [first, second], "{kind:?}");
        assert_eq!(calls(&recorder)[made..], [("accounts.get", 2, None, None, None)], "{kind:?}");
    }
    let observed_before = attempts(&recorder).len();
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::ExpiredToken));
    client.accounts().get(&env.cardholder_no).unwrap();
    let names: Vec<_> = attempts(&recorder)[observed_before..].iter().map(|one| (one.0, one.1, one.3)).collect();
    assert_eq!(names, [("accounts.get", 1, Some(1007)), ("token", 1, Some(0)), ("accounts.get", 2, Some(0))]);
}

#[test]
fn a_failed_call_is_observed_with_kind_code_and_outcome_of_its_error() {
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    client.access_token().unwrap();
    for kind in [
        FaultKind::DropAfterCommit,
        FaultKind::Malformed,
        FaultKind::Code(1001),
        FaultKind::Code(2002),
        FaultKind::HttpStatus(502, None),
        FaultKind::MissingData,
    ] {
        env.sandbox.fault(Fault::on("accounts.transfer", kind));
        let error = client.accounts().transfer(&transfer(&env)).unwrap_err();
        let attempt = attempts(&recorder).pop().unwrap();
        assert_eq!(
            attempt,
            ("accounts.transfer", 1, error.http_status(), error.code(), Some(error.outcome())),
            "{kind:?}"
        );
        let call = calls(&recorder).pop().unwrap();
        assert_eq!(
            call,
            ("accounts.transfer", error.attempts(), Some(error.kind()), error.code(), Some(error.outcome())),
            "{kind:?}"
        );
    }
}

#[test]
fn a_call_without_a_token_is_observed_without_attempts() {
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    env.sandbox.fault(Fault::on("token", FaultKind::HttpStatus(503, None)).times(10));
    let error = client.accounts().transfer(&transfer(&env)).unwrap_err();
    assert_eq!(
        attempts(&recorder).iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(),
        [("token", 1), ("token", 2), ("token", 3)]
    );
    let calls = calls(&recorder);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].0, "token");
    assert_eq!(calls[1], ("accounts.transfer", 0, Some(error.kind()), None, Some(Outcome::NotSent)));
}

#[test]
fn input_errors_are_not_observed() {
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    client.cards().get("").unwrap_err();
    client.accounts().transfer(&Transfer { amount: cents(0), ..transfer(&env) }).unwrap_err();
    let _ = client.consumptions().list(&ListConsumptions::between(millis(0), millis(1_000_000))).unwrap();
    assert!(recorder.attempts().is_empty() && recorder.calls().is_empty());
}

#[test]
fn the_observed_attempts_are_the_requests_that_the_platform_saw() {
    let env = TestEnv::credit().unwrap();
    let (client, recorder) = observed(&env);
    for (number, kind) in [
        FaultKind::Code(1009),
        FaultKind::HttpStatus(500, None),
        FaultKind::ExpiredToken,
        FaultKind::Html,
        FaultKind::Code(4005),
        FaultKind::DropAfterCommit,
        FaultKind::SkewClock(-5_000),
        FaultKind::Truncate,
    ]
    .into_iter()
    .enumerate()
    {
        env.sandbox.fault(Fault::on_any(kind).after(1));
        let _ = client.accounts().get(&env.cardholder_no);
        let _ = client.accounts().transfer(&Transfer { transfer_unique_no: number.to_string(), ..transfer(&env) });
        let _ = client.cardholders().get("17");
        env.sandbox.clear_faults();
    }
    let observations: Vec<_> = recorder.attempts().iter().map(|one| one.operation.to_owned()).collect();
    let received: Vec<_> = env.sandbox.requests().into_iter().map(|request| request.operation).collect();
    assert_eq!(observations, received);
    let own: u32 = recorder.calls().iter().map(|call| call.attempts).sum();
    assert_eq!(usize::try_from(own).unwrap(), received.len(), "and the calls count the same attempts");
}

#[test]
fn each_page_of_a_list_is_a_call() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let now = env.sandbox.now_ms();
    env.sandbox.seed_consumptions(&card_no, &vec![now - 5_000; 240]).unwrap();
    let (client, recorder) = observed(&env);
    let query = ListConsumptions::between(millis(now - 60_000), millis(now));
    assert_eq!(client.consumptions().list(&query).unwrap().count(), 240);
    let names: Vec<_> = recorder.calls().iter().map(|call| call.operation).collect();
    assert_eq!(names, ["token", "consumptions.list", "consumptions.list", "consumptions.list"]);
}

#[test]
fn durations_contain_the_elapsed_time() {
    let env = TestEnv::credit().unwrap();
    let recorder = Arc::new(Recorder::default());
    let client = env.builder().observer(recorder.clone()).build().unwrap();
    client.access_token().unwrap();
    let stall = Duration::from_millis(80);
    env.sandbox.fault(Fault::on("accounts.get", FaultKind::Stall(stall)));
    client.accounts().get(&env.cardholder_no).unwrap();
    let (attempt, call) = (recorder.attempts().pop().unwrap(), recorder.calls().pop().unwrap());
    assert!(attempt.duration >= stall && attempt.duration < stall * 20, "{attempt:?}");
    assert!(call.duration >= attempt.duration, "{call:?}");
}

#[test]
fn the_log_holds_the_same_attempts_and_no_number_of_a_card() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.physical_card().unwrap();
    let (client, recorder) = observed(&env);
    let ((), lines) = logged(|| {
        client.cards().get(&card_no).unwrap();
        let pin = Pin::new("739251").unwrap();
        let cardholder_no = env.cardholder_no.clone();
        client.cards().set_pin(&SetPin { card_no: card_no.clone(), cardholder_no, pin }).unwrap();
        client.cards().get("17").unwrap_err();
    });
    let observations: Vec<_> = recorder.attempts().iter().map(ToString::to_string).collect();
    let calls: Vec<_> = recorder.calls().iter().map(ToString::to_string).collect();
    for (level, expected) in [(log::Level::Debug, &observations), (log::Level::Info, &calls)] {
        let logged = lines.iter().filter(|line| line.target == "keysecure" && line.level == level);
        assert_eq!(logged.map(|line| &line.text).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    }
    assert!(calls[1].starts_with("operation=cards.get attempts=1 ms="), "{}", calls[1]);
    assert!(
        observations[1].starts_with("operation=cards.get attempt=1 ms=")
            && observations[1].ends_with(" http_status=200 code=0")
    );
    assert!(observations[3].contains(" outcome=rejected"), "{}", observations[3]);
    assert!(
        observations.iter().chain(&calls).all(|line| !line.contains(&card_no) && !line.contains(&env.cardholder_no))
    );
}
