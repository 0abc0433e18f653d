//! What a session may do.

use pyo3::prelude::*;

use crate::arguments::{CardholderNo, Grants, MaxCardsPerDay, MaxPerDay, MaxTransfer, SessionName};

/// What a session may do: one cardholder, and the operations that are granted for it. Nothing is granted by default.
///
/// `cardholder_no`: the platform's number of the cardholder. `grants`: names of operations, such as `"cards.get"`;
/// `keysecure.literals.Grant` lists them. An unknown name is a `ConfigError`. `read_only=True` grants the reads that show no secret
/// of a card, and the events: not `cards.private_info`, not `pci.client_token`. `max_transfer` and `max_per_day`: the largest
/// amount of one transfer, and the largest sum of the cardholder's transfers in one day (UTC+8), in TUSDT, as `Decimal`, int or
/// text; without both of them no transfer is granted. `max_cards_per_day`: how many cards the cardholder may apply for in one day,
/// if `cards.apply` is granted. `session`: the name of the session for the rate limit and the audit records,
/// which must not be the token of the session; the cardholder's number unless set.
#[pyclass(frozen, eq, module = "keysecure")]
pub struct Scope {
    pub core: keysecure::Scope,
    cardholder_no: String,
    grants: Vec<String>,
    is_read_only: bool,
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.core == other.core
    }
}

#[pymethods]
impl Scope {
    #[new]
    #[pyo3(
        signature = (
            cardholder_no, *, grants=None, read_only=false, max_transfer=None, max_per_day=None, max_cards_per_day=None,
            session=None,
        ),
        text_signature = "(cardholder_no, *, grants=(), read_only=False, max_transfer=None, max_per_day=None, \
            max_cards_per_day=10, session=None)",
    )]
    fn new(
        cardholder_no: CardholderNo,
        grants: Option<Grants>,
        read_only: bool,
        max_transfer: Option<MaxTransfer>,
        max_per_day: Option<MaxPerDay>,
        max_cards_per_day: Option<MaxCardsPerDay>,
        session: Option<SessionName>,
    ) -> PyResult<Self> {
        let grants = grants.map(|grants| grants.0.0).unwrap_or_default();
        let mut core = keysecure::Scope::cardholder(&*cardholder_no.0).grant_names(&grants)?;
        if read_only {
            core = core.read_only();
        }
        if let Some(amount) = max_transfer {
            core = core.max_transfer(amount.0);
        }
        if let Some(amount) = max_per_day {
            core = core.max_per_day(amount.0);
        }
        if let Some(cards) = max_cards_per_day {
            core = core.max_cards_per_day(cards.0);
        }
        if let Some(session) = session {
            core = core.session(session.0);
        }
        Ok(Self { core, cardholder_no: cardholder_no.0, grants, is_read_only: read_only })
    }

    /// The cardholder's number.
    #[getter]
    fn cardholder_no(&self) -> &str {
        &self.cardholder_no
    }

    fn __repr__(&self) -> String {
        let read_only = if self.is_read_only { ", read_only=True" } else { "" };
        format!("Scope({:?}, grants={:?}{read_only})", self.cardholder_no, self.grants)
    }
}
