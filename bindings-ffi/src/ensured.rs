//! Options and results of the exactly-once calls.

use std::time::Duration;

use keysecure::{Card, Cardholder, Ensured, OnStoreFailure, TransferRecord, WindowBound};

/// Options of the `ensure` calls.
#[derive(Debug, Clone, uniffi::Record)]
pub struct EnsureOptions {
    /// Limits the whole call; must be longer than `settle`. Default: 60 s, or 180 s over a transport that does not
    /// abort failed requests.
    #[uniffi(default = None)]
    pub deadline: Option<Duration>,
    /// How long after an attempt the platform may still carry it out. Default: 10 s, or 120 s over a transport that
    /// does not abort failed requests.
    #[uniffi(default = None)]
    pub settle: Option<Duration>,
    /// The earliest time at which the request may have been sent; not in the future. Default: 90 days ago. An older
    /// recorded attempt extends it.
    #[uniffi(default = None)]
    pub since: Option<WindowBound>,
    /// Declares that no process has sent this reference before: it is sent without waiting for `settle`. A recorded
    /// attempt that may have been carried out overrides it.
    #[uniffi(default = false)]
    pub first_attempt: bool,
    /// What to do when the attempt store is unavailable. `Reject`, the default, fails the call, before its first
    /// attempt with outcome `NotSent`. `Accept` continues with the records of this process alone: another worker may
    /// carry out the same operation at the same time.
    #[uniffi(default = None)]
    pub on_store_failure: Option<OnStoreFailure>,
}

impl From<EnsureOptions> for keysecure::EnsureOptions {
    fn from(options: EnsureOptions) -> Self {
        Self {
            deadline: options.deadline,
            settle: options.settle,
            since: options.since,
            first_attempt: options.first_attempt,
            on_store_failure: options.on_store_failure.unwrap_or_default(),
        }
    }
}

macro_rules! ensured {
    ($($name:ident of $target:ident,)+) => { $(
        /// The result of an `ensure` call.
        #[derive(Debug, Clone, uniffi::Record)]
        pub struct $name {
            /// The card, cardholder or transfer. When this call created it and received the response, it holds what the
            /// request and that response say: a transfer has no status and no time, a card or cardholder is pending.
            /// Otherwise it is the row of the platform's list.
            pub value: $target,
            /// True when this call created it, even when the response to its request was lost; false when it was
            /// found.
            pub created: bool,
        }

        impl From<Ensured<$target>> for $name {
            fn from(ensured: Ensured<$target>) -> Self {
                Self { value: ensured.value, created: ensured.created }
            }
        }
    )+ };
}

ensured! {
    EnsuredCardholder of Cardholder,
    EnsuredCard of Card,
    EnsuredTransfer of TransferRecord,
}
