//! Every fault for every read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use FaultKind as F;
use keysecure::{
    Client, Effect, Error, ErrorKind, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages,
    ListTransfers, OPERATIONS, Outcome,
};
use keysecure_sandbox::{Fault, FaultKind, Mode, Sandbox};

use super::{Ends, Scene, client_for, kinds, patiently, settled, with_optional_fields};

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
fn every_fault_on_every_read_is_retried_or_ends_in_a_typed_error() {
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
