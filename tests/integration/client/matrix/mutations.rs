//! Every fault for every mutation.

use std::sync::atomic::{AtomicUsize, Ordering};

use FaultKind as F;
use keysecure::{
    ApplyCardholder, CardDetail, Client, Effect, Error, OPERATIONS, Outcome, Pin, SetPin, SimulationRequest,
};
use keysecure_sandbox::{CardStatus, ConsumptionType, Fault, FaultKind, Sandbox, Status};
use keysecure_tests::{cents, virtual_card};

use super::{Ends, Scene, about, client_for, kinds, of, patiently, purchase, settled, transfer, with_optional_fields};

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
fn under_every_fault_a_mutation_is_done_once_at_most_and_its_error_true() {
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
