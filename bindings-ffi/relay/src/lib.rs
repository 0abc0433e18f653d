//! The relay server for the JVM: thin objects over `keysecure::Relay`, by UniFFI.
//!
//! A crate of its own, so that the libraries of apps cannot hold the server: those are built from `keysecure-ffi` alone. Kotlin has
//! the types in the package `io.keysecure.internal.relay`, below the classes of `io.keysecure.relay`.

// UniFFI takes arguments by value.
#![allow(clippy::needless_pass_by_value)]

mod audit;
mod authorize;
mod messages;
mod quota;
mod relay;
mod stream;

pub use audit::{AuditRecord, AuditSink};
pub use authorize::{Authorizer, HookFailure, SessionScope, grant_from_name};
pub use messages::{RelayHeader, RelayRequest, RelayResponse};
pub use quota::{QuotaReservation, QuotaReserved, QuotaStore, store_with_quota};
pub use relay::{OpenedEvents, Relay, RelayOptions};
pub use stream::{EventStream, event_headers};

uniffi::setup_scaffolding!();
