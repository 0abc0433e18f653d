//! The code of the guide "Operations".

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keysecure::{CallRecord, Client, ListPackages, Observer};
use keysecure_sandbox::Sandbox;

use super::{Outcome, builder};

#[test]
fn limits_and_a_proxy_are_set() -> Outcome {
    let (api_key, api_secret) = ("api-key", "api-secret-16-by");
    // --8<-- [start:limits]
    let client = Client::builder(api_key, api_secret)
        .timeout(Duration::from_secs(10)) // the whole call: attempts, waits and the token included
        .connect_timeout(Duration::from_secs(3))
        .max_retries(2) // reads, and requests that the platform refused before acting
        .proxy("http://proxy.internal:3128")
        .build()?;
    // --8<-- [end:limits]
    drop(client);
    Ok(())
}

// --8<-- [start:metrics]
#[derive(Debug, Default)]
struct Metrics {
    calls: Mutex<HashMap<String, u64>>, // or a histogram of your metrics library
}

impl Observer for Metrics {
    fn call(&self, record: &CallRecord) {
        let outcome = record.outcome.map_or("ok", |outcome| outcome.as_str());
        let name = format!("{} {outcome}", record.operation); // record.duration
        *self.calls.lock().unwrap().entry(name).or_default() += 1;
    }
}
// --8<-- [end:metrics]

#[test]
fn calls_are_counted() -> Outcome {
    let sandbox = Sandbox::start()?;
    let metrics = Arc::new(Metrics::default());
    let client = builder(&sandbox).observer(metrics.clone()).build()?;
    client.cards().packages(&ListPackages::default()).count();
    assert_eq!(metrics.calls.lock().unwrap()["cards.packages ok"], 1);
    Ok(())
}
