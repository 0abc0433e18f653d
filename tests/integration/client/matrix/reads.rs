//! Every fault for every read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use FaultKind as F;
use keysecure::{
    Client, Effect, Error, ErrorKind, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages,
    ListTransfers, OPERATIONS, Outcome,
};
use keysecure_sandbox::{Fault, FaultKind, Mode, Sandbox};

use super::{Expected, Setup, client_for, kinds, repeat_timeouts, settled, with_optional_fields};

/// A reading call.
struct Reading {
    name: &'static str,
    mode: Mode,
    act: fn(&Client, &Setup) -> Result<(), Error>,
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
        reading("cardholders.get", |client, setup| client.cardholders().get(&setup.env.cardholder_no).map(drop)),
        reading("cards.list", |client, _| {
            let (start, end) = around_now();
            client.cards().list_page(&ListCards::between(start, end), 0, 10).map(drop)
        }),
        reading("cards.get", |client, setup| client.cards().get(&setup.virtual_card).map(drop)),
        reading("cards.private_info", |client, setup| client.cards().private_info(&setup.virtual_card).map(drop)),
        reading("consumptions.get", |client, setup| client.consumptions().get(&setup.settled).map(drop)),
        reading("consumptions.list", |client, _| {
            let (start, end) = around_now();
            client.consumptions().list_page(&ListConsumptions::between(start, end), 0, 10).map(drop)
        }),
        reading("pci.client_token", |client, setup| client.pci().client_token(&setup.virtual_card).map(drop)),
        reading("accounts.get", |client, setup| client.accounts().get(&setup.env.cardholder_no).map(drop)),
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

fn reading_under(setup: &Setup, reading: &Reading, kind: FaultKind, expected: Expected) {
    let expected = with_optional_fields(reading.name, kind, expected);
    let cell = format!("{} under {kind:?}", reading.name);
    let sandbox = &setup.env.sandbox;
    let client = client_for(setup, kind);
    repeat_timeouts(|| client.access_token());
    let (skip, fired) = (setup.env.count(), sandbox.faults_fired().len());
    sandbox.fault(Fault::on(reading.name, kind));
    let result = (reading.act)(&client, setup);
    let requests = settled(setup, reading.name, kind, skip);
    sandbox.clear_faults();
    assert_eq!(sandbox.faults_fired().len() - fired, 1, "{cell}: the fault did not hit");
    assert_eq!(sandbox.redirect_calls(), 0, "{cell}: followed a redirect");
    match expected {
        Expected::Success(count) => {
            assert!(result.is_ok(), "{cell}: {result:?}");
            assert_eq!(requests.len(), count, "{cell}");
        }
        Expected::Failure(error_kind, outcome) => {
            let error = result.expect_err(&cell);
            // Text that is not a ciphertext has its own error kind.
            let undecrypted = reading.name == "cards.private_info" && matches!(kind, F::Oversize(_));
            let small = matches!(kind, F::Oversize(bytes) if bytes < 8 << 20);
            let error_kind = if undecrypted && small { ErrorKind::Decrypt } else { error_kind };
            assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
            assert_eq!((error.operation(), error.attempts()), (Some(reading.name), 1), "{cell}");
            assert_eq!(requests.len(), 1, "{cell}");
        }
        Expected::Retried(error_kind, outcome) => {
            assert!((2..=3).contains(&requests.len()), "{cell}");
            if let Err(error) = result {
                assert_eq!((error.kind(), error.outcome()), (error_kind, outcome), "{cell}: {error}");
                assert!(error.attempts() >= 2, "{cell}: {error}");
            }
        }
        Expected::EitherButTruthful => {
            assert!(requests.len() <= 2, "{cell}");
            if let Err(error) = result {
                assert_eq!((error.code(), error.outcome()), (Some(1005), Outcome::Rejected), "{cell}: {error}");
            }
        }
    }
    repeat_timeouts(|| client.cardholders().get(&setup.env.cardholder_no));
}

#[test]
fn every_fault_on_every_read_is_retried_or_ends_in_a_typed_error() {
    let (readings, kinds) = (readings(), kinds());
    let reading = OPERATIONS.iter().filter(|one| one.effect == Effect::Read && one.name != "token");
    let reading: Vec<_> = reading.map(|one| one.name).collect();
    let rows: Vec<_> = readings.iter().map(|reading| reading.name).collect();
    assert_eq!(rows, reading, "every read is in the matrix, in order");
    let cells = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for reading in &readings {
            let (kinds, cells) = (&kinds, &cells);
            scope.spawn(move || {
                let setup = Setup::new(Sandbox::builder().mode(reading.mode));
                for (kind, _, expected) in kinds {
                    reading_under(&setup, reading, *kind, *expected);
                    cells.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let cells = cells.into_inner();
    println!("matrix of reads: {} calls x {} faults = {cells} cells", readings.len(), kinds.len());
    assert_eq!(cells, readings.len() * kinds.len());
}
