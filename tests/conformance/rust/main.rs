//! The Rust runner of the conformance suite in `tests/conformance`; the runners of the other languages read the same files.
#![allow(clippy::unwrap_used, clippy::expect_used)] // test code

mod calls;
mod json;
mod pattern;
mod relayed;
mod scenario;
mod values;

use std::collections::BTreeSet;
use std::path::PathBuf;

use keysecure::OPERATIONS;
use scenario::{Scenario, Way};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Two tests for each file: with the merchant's client, and with the client of an app where a relay serves the call.
macro_rules! scenarios {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                Scenario::start(&read(concat!(stringify!($name), ".json")), Way::Direct).run();
            }
        )+

        mod through_the_relay {
            use super::*;

            $(
                #[test]
                fn $name() {
                    Scenario::start(&read(concat!(stringify!($name), ".json")), Way::Relayed).run();
                }
            )+
        }

        const NAMES: &[&str] = &[$(concat!(stringify!($name), ".json")),+];
    };
}

scenarios! { credit authorization errors faults clocks lists callbacks }

#[test]
fn every_scenario_file_has_a_test() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, NAMES.iter().map(ToString::to_string).collect());
}

#[test]
fn the_scenarios_make_every_call_of_the_platform() {
    let mut made = BTreeSet::new();
    for name in NAMES {
        let scenario = read(name);
        let steps = scenario["steps"].as_array().unwrap();
        made.extend(steps.iter().filter(|step| step.get("error").is_none()).filter_map(|step| {
            step["call"].as_str().map(|call| if call == "access_token" { "token" } else { call }.to_owned())
        }));
    }
    let missing: Vec<&str> =
        OPERATIONS.iter().map(|operation| operation.name).filter(|name| !made.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
