//! The administrative API of the sandbox: the methods of [`Platform`](platform::Platform), by subject. The same calls over
//! HTTP are in [`control`](crate::control).

mod clock;
mod decisions;
mod faults;
mod inspection;
mod manage_fee;
pub(crate) mod platform;
mod seed;
mod settings;
pub(crate) mod snapshot;
mod webhooks;
