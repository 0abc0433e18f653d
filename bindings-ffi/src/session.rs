//! The session of an app with the relay of its merchant.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

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

thread_local! {
    static LEFT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// How much of its time the call has left for which this thread asks a `Session`, for sessions that wait.
#[uniffi::export]
pub fn session_time_left() -> Duration {
    LEFT.get()
}

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

    fn token_within(&self, refused: bool, left: Duration) -> Result<Secret, SessionUnavailable> {
        LEFT.set(left);
        self.token(refused)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use keysecure::Session as _;

    use super::{Foreign, Session, session_time_left};
    use crate::convert::ForeignFailure;

    struct TimeLeft;

    impl Session for TimeLeft {
        fn token(&self, _: bool) -> Result<Option<String>, ForeignFailure> {
            Ok(Some(session_time_left().as_millis().to_string()))
        }
    }

    #[test]
    fn a_session_can_ask_how_much_time_its_call_has_left() {
        let session = Foreign(Arc::new(TimeLeft));
        assert_eq!(session.token_within(false, Duration::from_millis(700)).unwrap().expose(), "700");
    }
}
