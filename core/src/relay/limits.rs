//! Limits of transfers: reserved before a transfer is sent, given back when it is known not to have happened.

use std::time::Duration;

use super::audit::Denial;
use super::response::Refusal;
use super::work::Work;
use crate::error::Outcome;
use crate::resources::accounts::{Accounts, Transfer};
use crate::store::{Reservation, Reserved};
use crate::values::civil::UtcOffset;

/// Time for which the sum of a day is kept: longer than any day lasts somewhere.
const KEPT_FOR: Duration = Duration::from_secs(48 * 3600);
/// Time limit of the store.
const WITHIN: Duration = Duration::from_secs(5);

/// How an amount is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// For this request.
    New,
    /// For an earlier request with the same tap, direction and amount.
    Before,
}

/// A transfer against the sum of its day.
#[derive(Debug)]
pub(super) struct Amount {
    cents: u64,
    /// Name of the day's sum. Taken once: the day may end before the transfer does.
    key: String,
    entry: String,
}

impl Amount {
    /// A tap counts once. With another amount or direction it counts again: a small amount must not make room for a large one.
    pub(super) fn new(work: &Work<'_>, request: &Transfer, cents: u64) -> Result<Self, Refusal> {
        let engine = &work.caller().engine;
        if engine.clock_offset().is_none() {
            // The day is the platform's. A relay that has just started learns its clock by a read.
            Accounts(work.caller())
                .get(work.own())
                .map_err(|error| work.failed(error.with_outcome(Outcome::Unknown)))?;
        }
        let day = UtcOffset::PLATFORM_DEFAULT.date_at(engine.server_now()).to_string();
        let digest = |purpose, parts: &[&str]| work.relay.merchant_key.digest(purpose, parts);
        let entry = [&*request.transfer_unique_no, request.r#type.as_str(), &cents.to_string()];
        let key = digest("transfers of a day", &[work.own(), &day]);
        Ok(Self { cents, key, entry: digest("transfer", &entry) })
    }

    /// Counts the transfer. `None`: the limit would be exceeded.
    pub(super) fn reserve(&self, work: &Work<'_>, limit: u64) -> Result<Option<Counted>, Refusal> {
        let Self { cents, key, entry } = self;
        let reservation = Reservation { key, entry, amount: *cents, limit, keep: KEPT_FOR };
        let store = work.caller().engine.quota.as_ref();
        match store.map(|store| store.reserve(&reservation, WITHIN)) {
            Some(Ok(Reserved::New)) => Ok(Some(Counted::New)),
            Some(Ok(Reserved::Repeated)) => Ok(Some(Counted::Before)),
            Some(Ok(Reserved::Exceeded)) => Ok(None),
            Some(Err(_)) | None => {
                Err(Refusal { denial: Some(Denial::LimitExceeded), ..work.no_store(Outcome::Unknown) })
            }
        }
    }

    /// Takes a transfer that did not happen from the sum.
    pub(super) fn give_back(&self, work: &Work<'_>) {
        let store = work.caller().engine.quota.as_ref();
        // If this fails, the amount counts for the day although nothing happened: never the other way round.
        if let Some(Err(_)) = store.map(|store| store.release(&self.key, &self.entry, WITHIN)) {
            log::warn!(target: "keysecure", "relay: a transfer that did not happen counts against the limit of the day");
        }
    }
}
