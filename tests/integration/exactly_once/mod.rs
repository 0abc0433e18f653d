//! The `ensure_*` calls, and the record of attempts: whatever happens on the way, the target exists once, or the error says
//! what is known.

mod platform;
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

/// A clock whose `sleep` takes no time but moves time on, so that a settle of ten seconds is tested at once.
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

struct Scene {
    sandbox: Sandbox,
    client: Client,
    clock: Arc<FastClock>,
    transfer: Transfer,
}

/// On a store that cannot tell that a reference is new.
fn scene() -> Scene {
    scene_with(Store::memory())
}

fn scene_with(store: impl Into<Store>) -> Scene {
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
    Scene { sandbox, client, clock, transfer }
}

impl Scene {
    fn slept(&self) -> Duration {
        self.clock.slept()
    }
}

/// A top-up of 10 to cardholder 1001.
fn top_up(reference: &str) -> Transfer {
    Transfer {
        cardholder_no: "1001".into(),
        transfer_unique_no: reference.into(),
        r#type: TransferType::In,
        amount: Decimal::TEN,
    }
}
