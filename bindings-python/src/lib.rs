//! The Python binding of keysecure: the module `keysecure._native`.
//!
//! It holds no logic beyond Python's idiom: it converts arguments, calls the core without the GIL, and converts the result to
//! objects and exceptions.

// PyO3 hands arguments over by reference or by value as Python has them, and a call with many keywords has as many
// arguments.
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::unused_self)]
#![allow(missing_debug_implementations)]

use pyo3::prelude::*;

mod address;
mod arguments;
mod attach;
mod blocking;
mod client;
mod clock;
mod deprecated;
mod doctor;
mod ensured;
mod enums;
mod errors;
mod foreign;
mod hub;
mod interpreter;
mod json;
mod log;
mod pager;
mod pickle;
mod pool;
mod probe;
mod process;
mod redact;
mod relay;
mod resources;
mod secrets;
mod session;
mod settings;
mod stores;
mod timezone;
mod values;
mod webhooks;

/// The native part of keysecure. Use it through `keysecure`.
// `gil_used`: see `interpreter.rs`.
#[pymodule(gil_used = true)]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use crate::address::Address;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::doctor::{CheckResult, Report};
    #[pymodule_export]
    use crate::ensured::Ensured;
    #[pymodule_export]
    use crate::pager::{Page, Pager};
    #[pymodule_export]
    use crate::probe::{ProbeFinding, ProbeReport};
    #[pymodule_export]
    use crate::relay::{EventStream, Relay, Scope};
    #[pymodule_export]
    use crate::resources::{Accounts, Cardholders, Cards, Consumptions, Pci, Simulation};
    #[pymodule_export]
    use crate::secrets::{AccessToken, CardSecrets, ClientToken};
    #[pymodule_export]
    use crate::stores::{FileStore, MemoryReplayStore, MemoryStore, MemoryTokenStore, RedisStore};
    #[pymodule_export]
    use crate::webhooks::{
        Claim, Responder, SignatureMatch, UnknownEvent, VerifiedWebhook, WebhookVerifier, reply_accept, reply_decline,
        reply_duplicate,
    };
    #[pymodule_export]
    use keysecure::{
        Account, AccountInfo, AuthEvent, Bin, Card, CardApplied, CardUpdateEvent, Cardholder, CardholderApplied,
        CardholderCard, Consumption, ConsumptionEvent, Fee, FeeSchedule, Limits, MerchantInfo, Package,
        SimulationResult, TransferRecord, TransferResult,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::interpreter::require_main(module.py())?;
        crate::interpreter::require_gil(module.py())?;
        crate::errors::start();
        crate::log::start();
        crate::attach::start(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::redact::add(module)?;
        crate::enums::add(module)
    }
}
