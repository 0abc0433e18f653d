//! Every fault for every mutation.

use std::sync::atomic::{AtomicUsize, Ordering};

use FaultKind as F;
use keysecure::{
    ApplyCardholder, CardDetail, Client, Effect, Error, OPERATIONS, Outcome, Pin, SetPin, SimulationRequest,
};
use keysecure_sandbox::{CardStatus, ConsumptionType, Fault, FaultKind, Sandbox, Status};
use keysecure_tests::{cents, virtual_card};

use super::{
    Expected, Setup, about, client_for, kinds, of, purchase, repeat_timeouts, settled, transfer, with_optional_fields,
};

/// A mutating call, and how often it was done according to the sandbox's state.
struct Mutation {
    name: &'static str,
    act: fn(&Client, &Setup) -> Result<(), Error>,
    done: fn(&Setup) -> usize,
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
            done: |setup| {
                let all = setup.env.sandbox.cardholders();
                all.iter().filter(|row| row.cardholder_unique_no == "matrix").count()
            },
        },
        Mutation {
            name: "cards.apply",
            act: |client, setup| client.cards().apply(&virtual_card(&setup.env.cardholder_no, "matrix")).map(drop),
            done: |setup| setup.env.sandbox.cards().iter().filter(|row| row.card_unique_no == "matrix").count(),
        },
        Mutation {
            name: "cards.activate",
            act: |client, setup| client.cards().activate(&setup.to_activate),
            done: |setup| setup.has_status(&setup.to_activate.card_no, CardStatus::Activated),
        },
        Mutation {
            name: "cards.update_status",
            act: |client, setup| client.cards().freeze(&setup.virtual_card),
            done: |setup| setup.has_status(&setup.virtual_card, CardStatus::Frozen),
        },
        Mutation {
            name: "cards.set_pin",
            act: |client, setup| {
                client.cards().set_pin(&SetPin {
                    card_no: setup.physical_card.clone(),
                    cardholder_no: setup.env.cardholder_no.clone(),
                    pin: Pin::new("739251")?,
                })
            },
            done: |setup| usize::from(setup.env.sandbox.pin_matches(&setup.physical_card, "739251")),
        },
        Mutation {
            name: "accounts.transfer",
            act: |client, setup| client.accounts().transfer(&transfer(&setup.env, "matrix", cents(12_34))).map(drop),
            done: |setup| {
                let sandbox = &setup.env.sandbox;
                let rows = sandbox.transfers().iter().filter(|row| row.transfer_unique_no == "matrix").count();
                let postings = sandbox.ledger().postings().iter().filter(|one| one.amount == cents(12_34)).count();
                assert_eq!(rows, postings, "the ledger and the transfers agree");
                rows
            },
        },
        Mutation {
            name: "simulation.auth",
            act: |client, setup| {
                let request = SimulationRequest { amount: Some(cents(3_21)), ..purchase(&setup.virtual_card) };
                client.simulation().auth(&request).map(drop)
            },
            done: |setup| setup.consumptions(|row| row.amount == cents(3_21)),
        },
        Mutation {
            name: "simulation.consumption_clear",
            act: |client, setup| client.simulation().consumption_clear(&of(&setup.pending)).map(drop),
            done: |setup| setup.consumptions(|row| row.consume_no == setup.pending && row.status == Status::Success),
        },
        Mutation {
            name: "simulation.consumption_fail",
            act: |client, setup| client.simulation().consumption_fail(&of(&setup.pending)).map(drop),
            done: |setup| setup.consumptions(|row| row.consume_no == setup.pending && row.status == Status::Fail),
        },
        Mutation {
            name: "simulation.reversal",
            act: |client, setup| client.simulation().reversal(&about(&setup.pending)).map(drop),
            done: |setup| setup.consumptions(|row| row.kind == ConsumptionType::Reversal),
        },
        Mutation {
            name: "simulation.refund",
            act: |client, setup| {
                let part = SimulationRequest { amount: Some(cents(1_00)), ..about(&setup.settled) };
                client.simulation().refund(&part).map(drop)
            },
            done: |setup| setup.consumptions(|row| row.kind == ConsumptionType::Refund),
        },
        Mutation {
            name: "pci.card_detail",
            act: |client, setup| client.pci().card_detail(&setup.detail()).map(drop),
            // A used nonce is refused with 1017.
            done: |setup| {
                let probe = CardDetail { client_access_token: "nobody's".into(), ..setup.detail() };
                let code = setup.env.client.pci().card_detail(&probe).unwrap_err().code();
                assert!(matches!(code, Some(1014 | 1017)));
                usize::from(code == Some(1017))
            },
        },
    ]
}

/// Checks one mutation under one fault.
fn mutation_under(setup: &Setup, mutation: &Mutation, kind: FaultKind, expected: Expected) {
    let expected = with_optional_fields(mutation.name, kind, expected);
    let cell = format!("{} under {kind:?}", mutation.name);
    let sandbox = &setup.env.sandbox;
    let before = sandbox.snapshot();
    let client = client_for(setup, kind);
    // A token and an open connection, so that the fault hits the call itself.
    repeat_timeouts(|| client.access_token());
    let (skip, fired) = (setup.env.count(), sandbox.faults_fired().len());
    assert_eq!((mutation.done)(setup), 0, "{cell}: done before it began");
    let skip = skip + usize::from(mutation.name == "pci.card_detail");
    sandbox.fault(Fault::on(mutation.name, kind));
    let result = (mutation.act)(&client, setup);
    let requests = settled(setup, mutation.name, kind, skip);
    sandbox.clear_faults();
    assert_eq!(sandbox.faults_fired().len() - fired, 1, "{cell}: the fault did not hit");

    let done = (mutation.done)(setup);
    match &result {
        Ok(()) => assert_eq!(done, 1, "{cell}: success, yet not done once"),
        Err(error) => match error.outcome() {
            Outcome::NotSent | Outcome::Rejected => assert_eq!(done, 0, "{cell}: {error}, yet done"),
            Outcome::Unknown => assert!(done <= 1, "{cell}: done {done} times"),
        },
    }
    let committed = requests.iter().filter(|request| request.committed).count();
    assert_eq!(committed, done, "{cell}: the log and the state disagree");
    let since_commit = requests.iter().skip_while(|request| !request.committed).count();
    assert!(since_commit <= 1, "{cell}: sent again after it was done");
    assert_eq!(sandbox.redirect_calls(), 0, "{cell}: followed a redirect");

    let open = OPERATIONS.iter().any(|one| one.name == mutation.name && one.auth == keysecure::Auth::Open);
    let renewal = matches!(kind, F::Code(1006 | 1007) | F::HttpStatus(401, _) | F::ExpiredToken);
    match expected {
        // A call without a token has none to renew.
        Expected::Success(_) if open && renewal => {
            assert_eq!(result.as_ref().unwrap_err().outcome(), Outcome::Rejected, "{cell}");
        }
        Expected::Success(count) => {
            assert!(result.is_ok(), "{cell}: {result:?}");
            assert_eq!(requests.len(), count, "{cell}");
        }
        Expected::Failure(error_kind, outcome) => {
            let error = result.as_ref().expect_err(&cell);
            assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
            assert_eq!((error.operation(), error.attempts()), (Some(mutation.name), 1), "{cell}");
            assert_eq!(requests.len(), 1, "{cell}: what may have been done is never sent again");
        }
        Expected::Retried(..) => unreachable!("a mutation is not retried"),
        Expected::EitherButTruthful => assert!(requests.len() <= 2, "{cell}"),
    }
    // The client still works, and no late response is taken for that of another call.
    let holder = repeat_timeouts(|| client.cardholders().get(&setup.env.cardholder_no));
    assert_eq!(holder.cardholder_no, setup.env.cardholder_no, "{cell}");
    sandbox.restore(&before);
}

#[test]
fn under_every_fault_a_mutation_is_done_once_at_most_and_its_error_true() {
    let (mutations, kinds) = (mutations(), kinds());
    let mutating = OPERATIONS.iter().filter(|operation| operation.effect == Effect::Mutation);
    let mutating: Vec<_> = mutating.map(|one| one.name).collect();
    let rows: Vec<_> = mutations.iter().map(|mutation| mutation.name).collect();
    assert_eq!(rows, mutating, "every mutation is in the matrix, in order");
    let cells = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for mutation in &mutations {
            let (kinds, cells) = (&kinds, &cells);
            scope.spawn(move || {
                let setup = Setup::new(Sandbox::builder());
                for (kind, expected, _) in kinds {
                    mutation_under(&setup, mutation, *kind, *expected);
                    cells.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let cells = cells.into_inner();
    println!("matrix of mutations: {} calls x {} faults = {cells} cells", mutations.len(), kinds.len());
    assert_eq!(cells, mutations.len() * kinds.len());
}
