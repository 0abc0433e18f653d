//! The `ensure_*` calls and the attempt store: under every failure the target exists once, or the error states the known facts.

mod ended_early;
mod mock_platform;
mod rows;
mod sandbox;
mod sends;
mod stores;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use keysecure::{Client, Clock, Decimal, Interrupted, Store, SystemClock, Transfer, TransferType};
use keysecure_sandbox::Sandbox;

const TRANSFER: &str = "accounts.transfer";
const LIST: &str = "accounts.transfers";

/// A clock whose `sleep` takes no time but advances its time, so that tests do not wait for `settle`.
struct FastClock {
    real: SystemClock,
    slept: Mutex<Duration>,
}

impl FastClock {
    fn new() -> Self {
        Self { real: SystemClock::new(), slept: Mutex::default() }
    }

    fn slept(&self) -> Duration {
        *self.slept.lock().unwrap()
    }
}

impl Clock for FastClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
    fn monotonic(&self) -> Duration {
        self.real.monotonic() + *self.slept.lock().unwrap()
    }
    fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        *self.slept.lock().unwrap() += duration;
        Ok(())
    }
}

struct Setup {
    sandbox: Sandbox,
    client: Client,
    clock: Arc<FastClock>,
    transfer: Transfer,
}

/// A sandbox and a client with a memory store, which cannot tell that a reference is new.
fn setup() -> Setup {
    setup_with(Store::memory())
}

fn setup_with(store: impl Into<Store>) -> Setup {
    let sandbox = Sandbox::start().unwrap();
    let clock = Arc::new(FastClock::new());
    let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
        .base_url(sandbox.base_url())
        .clock(clock.clone())
        .store(store)
        .build()
        .unwrap();
    let cardholder_no = sandbox.seed_approved_cardholder();
    let transfer = Transfer {
        cardholder_no,
        transfer_unique_no: "topup-1".into(),
        r#type: TransferType::In,
        amount: Decimal::TEN,
    };
    Setup { sandbox, client, clock, transfer }
}

impl Setup {
    fn slept(&self) -> Duration {
        self.clock.slept()
    }
}

/// A top-up of 10 for cardholder 1001.
fn top_up(reference: &str) -> Transfer {
    Transfer {
        cardholder_no: "1001".into(),
        transfer_unique_no: reference.into(),
        r#type: TransferType::In,
        amount: Decimal::TEN,
    }
}
