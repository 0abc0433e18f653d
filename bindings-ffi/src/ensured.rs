//! Exactly once: how to make sure of a target, and the target.

use std::time::Duration;

use keysecure::{Card, Cardholder, Ensured, OnStoreFailure, TransferRecord, WindowBound};

/// How to make sure of a target. See the core's `EnsureOptions`.
#[derive(Debug, Clone, uniffi::Record)]
pub struct EnsureOptions {
    /// The most time that the whole call may take; it must be longer than `settle`. Default: 60 s, or 180 s over a
    /// transport that does not abort its failed requests.
    #[uniffi(default = None)]
    pub deadline: Option<Duration>,
    /// How long after an attempt the platform may still commit it. Default: 10 s, or 120 s over a transport that does not
    /// abort its failed requests.
    #[uniffi(default = None)]
    pub settle: Option<Duration>,
    /// Since when the target may have been sent. Default: the last 90 days. A recorded attempt that is older extends it.
    #[uniffi(default = None)]
    pub since: Option<WindowBound>,
    /// Declares that no process ever sent this reference: it is then sent at once, also by a store that cannot tell. A
    /// recorded attempt that may have been carried out overrides it.
    #[uniffi(default = false)]
    pub first_attempt: bool,
    /// What to do when the attempt store cannot be reached. `Reject`, the default, fails the call: before its first attempt
    /// with outcome `NotSent`. `Accept` continues with the record of this process alone: another worker may do the same
    /// operation at the same time.
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
    ($($name:ident of $thing:ident,)+) => { $(
        /// A target that exists exactly once.
        #[derive(Debug, Clone, uniffi::Record)]
        pub struct $name {
            /// The target.
            pub value: $thing,
            /// Whether this call created it, also when the response to the request was lost. `false`: it was found.
            pub created: bool,
        }

        impl From<Ensured<$thing>> for $name {
            fn from(ensured: Ensured<$thing>) -> Self {
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
