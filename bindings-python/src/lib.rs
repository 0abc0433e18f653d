//! The Python face of keysecure: the module `keysecure._native`.
//!
//! It holds no logic beyond Python's idiom: arguments in, calls of the core without the GIL, objects and exceptions out.

// PyO3 hands arguments over by reference or by value as Python has them, and a call with many keywords has as many
// arguments.
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::unused_self)]
#![allow(missing_debug_implementations)]

use pyo3::prelude::*;

mod address;
mod blocking;
mod client;
mod ensured;
mod errors;
mod lists;
mod process;
mod resources;
mod sandbox;
mod secrets;
mod settings;
mod stores;
mod values;

/// The native part of keysecure.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::address::Address;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::ensured::Ensured;
    #[pymodule_export]
    use crate::lists::{List, Page};
    #[pymodule_export]
    use crate::resources::Cards;
    #[pymodule_export]
    use crate::sandbox::Sandbox;
    #[pymodule_export]
    use crate::secrets::{AccessToken, CardSecrets, ClientToken};
    #[pymodule_export]
    use keysecure::{Bin, Card, CardApplied, Limits, Package, Tariff};
}
