//! What authorizes an attempt: the platform's access token, or the session of an app with its relay.

use std::time::Duration;

use super::Engine;
use super::operation::{Auth, Operation};
use super::token::CachedToken;
use crate::error::Error;
use crate::secrets::Secret;
use crate::settings::Access;

/// What authorizes an attempt.
pub(super) enum Credential {
    /// The access token of the platform.
    Token(CachedToken),
    /// The session of an app with its relay, as the value of its header.
    Session(Secret),
    /// Nothing, or the Api-Key alone.
    None,
}

impl Credential {
    pub(super) fn token(&self) -> Option<&CachedToken> {
        match self {
            Self::Token(token) => Some(token),
            Self::Session(_) | Self::None => None,
        }
    }

    /// The header that holds it.
    pub(super) fn header(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Token(token) => Some(("Access-Token", token.secret.expose())),
            Self::Session(session) => Some(("Authorization", session.expose())),
            Self::None => None,
        }
    }
}

impl Engine {
    /// The credential of the next attempt: not the `refused` token. `renewed`: the one of an earlier attempt was refused.
    pub(super) fn credential(
        &self,
        operation: &Operation,
        refused: Option<&CachedToken>,
        renewed: bool,
        attempts: u32,
        deadline: Duration,
    ) -> Result<Credential, Error> {
        match (operation.auth, &self.settings.access) {
            (Auth::Token, Access::Direct(_)) => self
                .token(refused, deadline)
                .map(Credential::Token)
                .map_err(|error| error.while_fetching_token(operation.name, attempts, renewed)),
            (Auth::Token, Access::Relay(session)) => self
                .authorization(&**session, renewed, deadline)
                .map(Credential::Session)
                .map_err(|error| error.in_call(operation.name, attempts)),
            (Auth::ApiKey | Auth::Open, _) => Ok(Credential::None),
        }
    }
}
