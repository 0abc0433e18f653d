//! Exactly once: how to make sure of a thing, and the thing.

use std::time::Duration;

use keysecure::{Card, Cardholder, Ensure, Ensured, TransferRecord, When};

/// How to make sure of a thing. See the core's `Ensure`.
#[derive(Debug, Clone, uniffi::Record)]
pub struct EnsureOptions {
    /// The most time that all of it may take. Default: 60 s. It must be longer than `settle`.
    #[uniffi(default = None)]
    pub deadline: Option<Duration>,
    /// How long after an attempt the platform may still commit it. Default: 10 s.
    #[uniffi(default = None)]
    pub settle: Option<Duration>,
    /// Since when the thing may have been sent. Default: the last 90 days.
    #[uniffi(default = None)]
    pub since: Option<When>,
    /// That this number was never sent before, by any process: it is then sent at once, without waiting for `settle`.
    #[uniffi(default = false)]
    pub never_sent: bool,
}

impl From<EnsureOptions> for Ensure {
    fn from(options: EnsureOptions) -> Self {
        Self {
            deadline: options.deadline,
            settle: options.settle,
            since: options.since,
            never_sent: options.never_sent,
            ..Self::default()
        }
    }
}

macro_rules! ensured {
    ($($name:ident of $thing:ident,)+) => { $(
        /// A thing that exists exactly once.
        #[derive(Debug, Clone, uniffi::Record)]
        pub struct $name {
            /// The thing.
            pub value: $thing,
            /// Whether this call made it; otherwise it was found.
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
