//! The merchant's function that decides what a session may do.

use std::fmt;

use keysecure::{Decimal, FfiError, Grant, Scope};
use keysecure_ffi::ForeignFailure;

/// An exception of code that the caller implements. Its message is omitted, because it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum HookFailure {
    /// The code threw.
    Failed {
        /// The type of the exception and, where it is known, the place, for the log.
        what: String,
    },
}

impl fmt::Display for HookFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { what } = self;
        formatter.write_str(what)
    }
}

impl std::error::Error for HookFailure {}

impl From<uniffi::UnexpectedUniFFICallbackError> for HookFailure {
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { what: ForeignFailure::from(unexpected).to_string() }
    }
}

/// Returns the scopes of requests.
#[uniffi::export(foreign)]
pub trait Authorizer: Send + Sync {
    /// Returns the scope of the request that this thread serves; none refuses it. `bearer` is its token.
    fn scope(&self, bearer: Option<String>) -> Result<Option<SessionScope>, HookFailure>;
}

keysecure_ffi::in_c_order!(UniFfiTraitVtableAuthorizer: scope);

/// What a session may do.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SessionScope {
    /// The platform's number of the cardholder.
    pub cardholder_no: String,
    /// The name of the session.
    pub session: Option<String>,
    /// The granted operations.
    pub grants: Vec<Grant>,
    /// Whether the reads without secrets and the events are granted.
    pub is_read_only: bool,
    /// The largest amount of one transfer, in cents.
    pub max_transfer_cents: Option<i64>,
    /// The largest sum of a day, in cents.
    pub max_per_day_cents: Option<i64>,
    /// How many cards the cardholder may apply for in one day; below 0 counts as 0.
    pub max_cards_per_day: Option<i32>,
}

impl From<SessionScope> for Scope {
    fn from(given: SessionScope) -> Self {
        let mut scope = Self::cardholder(given.cardholder_no).grants(given.grants);
        if given.is_read_only {
            scope = scope.read_only();
        }
        if let Some(session) = given.session {
            scope = scope.session(session);
        }
        if let Some(cents) = given.max_transfer_cents {
            scope = scope.max_transfer(Decimal::new(cents, 2));
        }
        if let Some(cents) = given.max_per_day_cents {
            scope = scope.max_per_day(Decimal::new(cents, 2));
        }
        if let Some(cards) = given.max_cards_per_day {
            scope = scope.max_cards_per_day(u32::try_from(cards).unwrap_or(0));
        }
        scope
    }
}

/// Returns the grant of a name in the protocol, such as `cards.get`.
#[uniffi::export]
pub fn grant_from_name(name: String) -> Result<Grant, FfiError> {
    Ok(name.parse()?)
}

/// The scope that the merchant's code returns. What it throws is a refusal, and is logged by its type.
pub(crate) fn scope(authorizer: &dyn Authorizer, bearer: Option<&str>) -> Option<Scope> {
    match authorizer.scope(bearer.map(str::to_owned)) {
        Ok(scope) => scope.map(Scope::from),
        Err(failure) => {
            log::error!(target: "keysecure", "relay: authorize threw {failure}: the request is refused");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Authorizer, Decimal, Grant, HookFailure, Scope, SessionScope, grant_from_name, scope};

    fn given() -> SessionScope {
        SessionScope {
            cardholder_no: "1001".to_owned(),
            session: Some("phone-7".to_owned()),
            grants: vec![Grant::AccountsTransferIn],
            is_read_only: true,
            max_transfer_cents: Some(1_050),
            max_per_day_cents: Some(20_000),
            max_cards_per_day: Some(2),
        }
    }

    struct Throws(bool);

    impl Authorizer for Throws {
        fn scope(&self, bearer: Option<String>) -> Result<Option<SessionScope>, HookFailure> {
            let failed = || HookFailure::Failed { what: "a.Class".to_owned() };
            if self.0 { Err(failed()) } else { Ok(bearer.map(|_| given())) }
        }
    }

    #[test]
    fn every_field_of_a_scope_reaches_the_core() {
        let expected = Scope::cardholder("1001")
            .grant(Grant::AccountsTransferIn)
            .read_only()
            .session("phone-7")
            .max_transfer(Decimal::new(1_050, 2))
            .max_per_day(Decimal::new(200, 0))
            .max_cards_per_day(2);
        assert_eq!(Scope::from(given()), expected);
        let none = SessionScope { max_cards_per_day: Some(-1), ..given() };
        assert_eq!(Scope::from(none), expected.max_cards_per_day(0));
        let nothing = SessionScope { session: None, grants: vec![], is_read_only: false, ..given() };
        let nothing =
            SessionScope { max_transfer_cents: None, max_per_day_cents: None, max_cards_per_day: None, ..nothing };
        assert_eq!(Scope::from(nothing), Scope::cardholder("1001"));
    }

    #[test]
    fn no_scope_and_an_exception_are_refusals() {
        assert!(scope(&Throws(false), Some("token")).is_some());
        assert!(scope(&Throws(false), None).is_none());
        assert!(scope(&Throws(true), Some("token")).is_none());
    }

    #[test]
    fn a_grant_is_known_by_its_name_in_the_protocol() {
        assert_eq!(grant_from_name("cards.private_info".to_owned()).unwrap(), Grant::CardsPrivateInfo);
        assert!(grant_from_name("CARDS_GET".to_owned()).is_err());
    }
}
