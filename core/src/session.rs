//! The session of an app with the merchant's own server, which relays its calls.

use std::time::Duration;

use crate::secrets::Secret;

/// Source of the session token with which an app calls the merchant's relay.
///
/// The token is the merchant's own: whatever their server accepts as `Authorization: Bearer ...`. It is asked for before each
/// request, so that a user who signs out and another who signs in never share one. Return a token that you keep, not one fetched
/// each time. When the relay refuses it, it is asked for once more with `refused` set.
///
/// # Examples
///
/// A closure is a source as well:
///
/// ```
/// use keysecure::{Client, Secret, SessionUnavailable};
///
/// # fn refresh() -> Option<Secret> { None }
/// let client = Client::relay("https://api.shop.example/keysecure", |refused: bool| {
///     let token = if refused { refresh() } else { Some(Secret::from("token-of-this-user")) };
///     token.ok_or(SessionUnavailable)
/// })
/// .build()?;
/// # Ok::<(), keysecure::Error>(())
/// ```
pub trait Session: Send + Sync {
    /// Returns the session token: printable ASCII without spaces. `refused` says that the relay refused the one before it.
    ///
    /// # Errors
    ///
    /// [`SessionUnavailable`] if no user is signed in. The call fails with kind
    /// [`Authentication`](crate::ErrorKind::Authentication); if it was interrupted, ended or its client was closed meanwhile, with
    /// the error for that.
    fn token(&self, refused: bool) -> Result<Secret, SessionUnavailable>;

    /// Returns the session token as [`token`](Self::token) does, to a call that has `left` of its time. This is what a client calls:
    /// implement it as well when a token comes over the network, so that a source that hangs does not keep the call.
    ///
    /// # Errors
    ///
    /// [`SessionUnavailable`] as above. When the time has passed, the call fails with kind [`Timeout`](crate::ErrorKind::Timeout).
    fn token_within(&self, refused: bool, left: Duration) -> Result<Secret, SessionUnavailable> {
        let _ = left;
        self.token(refused)
    }
}

impl<F: Fn(bool) -> Result<Secret, SessionUnavailable> + Send + Sync> Session for F {
    fn token(&self, refused: bool) -> Result<Secret, SessionUnavailable> {
        self(refused)
    }
}

/// Error of a [`Session`] without a user: nobody is signed in, or the session cannot be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no session")]
pub struct SessionUnavailable;
