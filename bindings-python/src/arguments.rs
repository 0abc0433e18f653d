//! Typed arguments: newtypes that convert themselves and know their name.
//!
//! An argument that does not fit is an `InvalidInputError`, a setting that does not fit a `ConfigError`; both name the
//! argument and the rule and hold nothing of the value. PyO3 gives a conversion no name, neither in `FromPyObject` nor in
//! `from_py_with` (it adds a note to what was raised, which has no field), so each name is a type.

use std::time::{Duration, SystemTime};

use keysecure::{
    AesSettings, CardStatus, CardType, Cvv, Decimal, Environment, Extra, Json, Language, Method, OnStoreFailure, Pin,
    Secret, TransferType, UtcOffset, WindowBound,
};
use pyo3::prelude::*;

use crate::clock::OwnClock;
use crate::relay::{Authorize, Plain};
use crate::session::OwnSession;
use crate::values::{FromArgument, GrantNames, Hosts, Pem, Positive, Secrets, Span};

/// Declares newtypes of a type, each with the name of its argument.
macro_rules! arguments {
    ($error:ident: $($type:ty { $($name:ident = $argument:literal),+ $(,)? })+) => {
        $($(
            #[doc = concat!("The argument `", $argument, "`.")]
            pub struct $name(pub $type);

            impl FromPyObject<'_, '_> for $name {
                type Error = PyErr;

                fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
                    <$type>::read($argument, &value).map(Self).map_err(|mismatch| mismatch.$error(value.py(), $argument))
                }
            }
        )+)+
    };
}

arguments! {
    of_argument:
    String {
        CardBinNo = "card_bin_no",
        CardLastNo = "card_last_no",
        CardNo = "card_no",
        CardUniqueNo = "card_unique_no",
        CardholderNo = "cardholder_no",
        CardholderUniqueNo = "cardholder_unique_no",
        ConsumeNo = "consume_no",
        JsonText = "text",
        Message = "message",
        Nonce = "nonce",
        Origin = "origin",
        PackageNo = "package_no",
        ParentOrigin = "parent_origin",
        Path = "path",
        Tap = "tap",
        TransferNo = "transfer_no",
        TransferUniqueNo = "transfer_unique_no",
    }
    Secret { ClientAccessToken = "client_access_token", SumsubShareToken = "sumsub_share_token" }
    Cvv { CardCvv = "cvv" }
    Pin { CardPin = "pin" }
    CardType { AppliedType = "card_type", PackageType = "type" }
    CardStatus { NewStatus = "status" }
    TransferType { Direction = "type" }
    keysecure::Address { AddressInfo = "address_info" }
    Decimal { Amount = "amount" }
    WindowBound { Start = "start", End = "end", Since = "since" }
    SystemTime { Timestamp = "timestamp" }
    u32 { PageNumber = "page", PageSize = "size" }
    Duration { Budget = "budget", Deadline = "deadline", Settle = "settle" }
    OnStoreFailure { EnsureOnStoreFailure = "on_store_failure" }
    Method { HttpMethod = "method" }
    Json { Body = "body" }
    Extra { ExtraFields = "extra" }
}

arguments! {
    of_setting:
    String { AppId = "app_id", BaseUrl = "base_url", Default = "default", Mount = "mount", RelayUrl = "url", SessionName = "session" }
    Secret { ApiKey = "api_key", ApiSecret = "api_secret", Proxy = "proxy", RedisUrl = "url" }
    Environment { EnvironmentName = "environment" }
    Language { LanguageName = "language" }
    UtcOffset { Timezone = "timezone" }
    AesSettings { Aes = "aes" }
    OwnClock { ClockSetting = "clock" }
    OwnSession { SessionSetting = "session" }
    Decimal { MaxPerDay = "max_per_day", MaxTransfer = "max_transfer" }
    Authorize { AuthorizeFunction = "authorize" }
    Plain { AuditFunction = "audit" }
    Positive { ConnectTimeout = "connect_timeout", StreamLasts = "stream_lasts", Timeout = "timeout" }
    u32 {
        ConcurrentRequests = "concurrent_requests",
        EventsKept = "events_kept",
        MaxBody = "max_body",
        MaxCardsPerDay = "max_cards_per_day",
        MaxRequestBytes = "max_request_bytes",
        MaxRetries = "max_retries",
        RequestsPerSecond = "requests_per_second",
    }
    Pem { CaPem = "ca_pem" }
    GrantNames { Grants = "grants" }
    Hosts { AllowPlainHttp = "allow_plain_http" }
    Secrets { WebhookSecrets = "secrets" }
    Span { Tolerance = "tolerance" }
    OnStoreFailure { VerifierOnStoreFailure = "on_store_failure", DeprecatedOnStoreFailure = "when_unavailable" }
}
