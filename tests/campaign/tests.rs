//! A short exactly-once campaign; `cargo xtask campaign` runs the full one.

#![allow(clippy::unwrap_used)] // test code

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, EnsureOptions, Store, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind, Sandbox};
use keysecure_tests::campaign::{Campaign, Flaw};
use keysecure_tests::{TestClock, cents};

fn worker() -> PathBuf {
    env!("CARGO_BIN_EXE_campaign").into()
}

#[test]
fn every_operation_is_done_exactly_once_and_every_outcome_is_true() {
    let campaign = Campaign { skipped: 400, real: 48, relayed: 0, worker: Some(worker()), ..Campaign::default() };
    let figures = campaign.run().unwrap();
    eprintln!("{figures}");
    assert!(figures.is_clean(), "{figures}");
    // Faults that never happen prove nothing.
    assert!(figures.unknown_inside > 50, "{figures}");
    // The phases with several processes suspend them, which only Unix can do.
    if cfg!(unix) {
        assert!(figures.kills > 0 && figures.outcomes_checked > 500, "{figures}");
    }
}

#[cfg(unix)]
#[test]
fn apps_get_every_tap_done_once_through_relays_that_are_killed() {
    let campaign = Campaign { skipped: 0, real: 0, relayed: 300, worker: Some(worker()), ..Campaign::default() };
    let figures = campaign.run().unwrap();
    eprintln!("{figures}");
    assert!(figures.is_clean(), "{figures}");
    assert!(figures.unknown > 20 && figures.kills > 0 && figures.outcomes_checked > 350, "{figures}");
    // Limits that forbid everything, or nothing, prove nothing.
    assert!((1..100).contains(&figures.forbidden), "{figures}");
}

#[test]
fn the_audit_finds_every_deliberate_flaw() {
    for (name, flaw) in Flaw::ALL {
        if flaw.needs_workers() && cfg!(not(unix)) {
            continue;
        }
        let campaign = Campaign {
            skipped: 100,
            real: 0,
            relayed: 0,
            worker: Some(worker()),
            flaw: Some(flaw),
            ..Campaign::default()
        };
        let figures = campaign.run().unwrap();
        assert!(flaw.is_found_in(&figures), "{name}:\n{figures}");
    }
}

/// Two mistakes that the campaign uncovered: without a response only the device's clock limited the lookup; and a device is
/// late by less than the lookup reaches ahead, while the platform's clock was set back.
#[test]
fn a_lookup_that_was_cut_with_a_wrong_clock_proves_nothing() {
    for (late_ms, set_back) in [(3_600_000, 0), (3_900_000, 900), (4_200_000, 3_000)] {
        let sandbox = Sandbox::start().unwrap();
        let transfer = Transfer {
            cardholder_no: sandbox.seed_approved_cardholder(),
            transfer_unique_no: "topup-1".into(),
            r#type: TransferType::In,
            amount: cents(100),
        };
        let begin = || Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url());
        begin().build().unwrap().accounts().transfer(&transfer).unwrap();
        sandbox.rewind(Duration::from_secs(set_back));
        // The next process starts on a device that is late, and is offline for longer than `settle`.
        let clock = Arc::new(TestClock::virtual_sleeps(Some(sandbox.platform())));
        clock.set_wrong_by(-late_ms);
        let restarted = begin().clock(clock).store(Store::memory()).build().unwrap();
        sandbox.fault(Fault::on_any(FaultKind::Refuse).times(40));
        let options = EnsureOptions { deadline: Some(Duration::from_secs(600)), ..EnsureOptions::default() };
        let found = restarted.accounts().ensure_transfer(&transfer, &options).unwrap();
        assert!(!found.created, "late by {late_ms} ms, set back by {set_back} s");
        assert_eq!(sandbox.transfers().len(), 1);
    }
}
