//! The session of an app with the relay of its merchant.

use std::sync::Arc;

use keysecure::{Secret, SessionUnavailable};

use crate::convert::ForeignFailure;

/// The source of the session token with which an app calls the merchant's relay.
///
/// It is asked before each request, on the thread of the call. Return a token that you keep, not one fetched each time.
#[uniffi::export(foreign)]
pub trait Session: Send + Sync {
    /// Returns the session token: printable ASCII without spaces; none if no user is signed in. `refused` says that the relay
    /// refused the one before it. An error counts as none, and is logged by its type.
    fn token(&self, refused: bool) -> Result<Option<String>, ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableSession: token);

/// A session over one that the caller implements.
pub(crate) struct Foreign(pub Arc<dyn Session>);

impl keysecure::Session for Foreign {
    fn token(&self, refused: bool) -> Result<Secret, SessionUnavailable> {
        match self.0.token(refused) {
            Ok(token) => token.map(Secret::from).ok_or(SessionUnavailable),
            Err(failure) => {
                log::warn!(target: "keysecure", "the session threw {failure}");
                Err(SessionUnavailable)
            }
        }
    }
}
