//! Access tokens: the response of the platform and the cached form.

use std::sync::Arc;
use std::time::SystemTime;

use serde::de::{Deserializer, Error as _};

use crate::codec::{Decode, OnMismatch, PATH_SEPARATOR, model};
use crate::secrets::Secret;
use crate::values::instant;

/// An access token as the platform issued it.
#[derive(Debug, Clone)]
pub(crate) struct AccessTokenData {
    pub secret: Secret,
    pub expires_at: SystemTime,
    /// The time at which the fleet renews it; set by the worker that fetched it.
    pub renew_at: Option<SystemTime>,
}

impl AccessTokenData {
    /// Sets the renewal time of a token that arrived at `now`: a tenth of its lifetime before it expires, at most a minute.
    pub(crate) fn with_renewal(self, now: i64) -> Self {
        let ends_at = instant::to_millis(self.expires_at);
        let ahead = (ends_at.saturating_sub(now).max(0) / 10).min(60_000);
        Self { renew_at: instant::from_millis(ends_at.saturating_sub(ahead)), ..self }
    }
}

model! {
    /// The platform's response to a token request.
    secret struct TokenResponse {
        access_token: Secret,
        expired_time: i64,
    }
}

impl Decode for AccessTokenData {
    const EXPECTED: &'static str = TokenResponse::EXPECTED;

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        let TokenResponse { access_token: secret, expired_time } = TokenResponse::read(deserializer, on_mismatch)?;
        // A token that never ends is a token.
        let expires_at = instant::from_millis_clamped(expired_time);
        // A token goes into a header, so it must be valid there.
        if secret.expose().is_empty() || !secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(D::Error::custom(format_args!("access_token{PATH_SEPARATOR}is not printable ASCII")));
        }
        Ok(Self { secret, expires_at, renew_at: None })
    }
}

/// A token in use. Two are the same if they came from the same fetch.
#[derive(Debug, Clone)]
pub(crate) struct CachedToken(Arc<Fetched>);

#[derive(Debug)]
struct Fetched {
    token: AccessTokenData,
    /// The time from which a new token is fetched, in the platform's Unix milliseconds.
    renew_at: i64,
    /// The end of the token, in the same unit.
    ends_at: i64,
}

impl CachedToken {
    /// Creates the cached form of a token that arrived at `now`, from the platform or from the fleet's store.
    pub(super) fn new(token: AccessTokenData, now: i64) -> Self {
        let token = if token.renew_at.is_some() { token } else { token.with_renewal(now) };
        let ends_at = instant::to_millis(token.expires_at);
        let renew_at = token.renew_at.map_or(ends_at, instant::to_millis);
        Self(Arc::new(Fetched { token, renew_at, ends_at }))
    }

    /// The time from which a new token is fetched, in the platform's Unix milliseconds.
    pub(super) fn renew_at(&self) -> i64 {
        self.0.renew_at
    }

    /// The end of the token, in the platform's Unix milliseconds.
    pub(super) fn ends_at(&self) -> i64 {
        self.0.ends_at
    }

    pub(super) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for CachedToken {
    type Target = AccessTokenData;

    fn deref(&self) -> &AccessTokenData {
        &self.0.token
    }
}
