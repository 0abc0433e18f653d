//! The sums of limits in a store of the merchant's.

use std::sync::Arc;
use std::time::Duration;

use keysecure::StoreUnavailable;
use keysecure_ffi::Store;

use crate::authorize::HookFailure;

/// Counts amounts against limits.
#[uniffi::export(foreign)]
pub trait QuotaStore: Send + Sync {
    /// Adds an amount to the sum of a key, unless the sum would exceed the limit.
    fn reserve(&self, reservation: QuotaReservation, within: Duration) -> Result<QuotaReserved, HookFailure>;

    /// Removes an entry and takes its amount from the sum.
    fn release(&self, key: String, entry: String, within: Duration) -> Result<(), HookFailure>;
}

keysecure_ffi::in_c_order!(UniFfiTraitVtableQuotaStore: reserve, release);

/// An amount to be counted against a limit.
#[derive(Debug, Clone, uniffi::Record)]
pub struct QuotaReservation {
    /// The name of the sum.
    pub key: String,
    /// The name of the amount within the sum.
    pub entry: String,
    /// The amount.
    pub amount: i64,
    /// The largest allowed sum, including this amount.
    pub limit: i64,
    /// The time for which the sum is needed from now on.
    pub keep: Duration,
}

/// The result of a reservation.
#[derive(Debug, Clone, Copy, uniffi::Enum)]
pub enum QuotaReserved {
    /// The amount was added.
    New,
    /// The entry was counted before.
    Repeated,
    /// The sum would exceed the limit.
    Exceeded,
}

/// Returns the same store, whose sums are counted by `quota`.
#[uniffi::export]
pub fn store_with_quota(store: Arc<Store>, quota: Arc<dyn QuotaStore>) -> Arc<Store> {
    Arc::new(Store::from_core(store.core().clone().quota(Arc::new(Foreign(quota)))))
}

struct Foreign(Arc<dyn QuotaStore>);

/// Every sum of cents fits: a limit that does not is one that no sum reaches.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The exception is logged, because nobody else sees it.
fn unavailable(method: &str) -> impl FnOnce(HookFailure) -> StoreUnavailable {
    move |failure| {
        log::warn!(target: "keysecure", "{method} of a quota store threw {failure}");
        StoreUnavailable
    }
}

impl keysecure::QuotaStore for Foreign {
    fn reserve(
        &self,
        reservation: &keysecure::Reservation<'_>,
        within: Duration,
    ) -> Result<keysecure::Reserved, StoreUnavailable> {
        let reservation = QuotaReservation {
            key: reservation.key.to_owned(),
            entry: reservation.entry.to_owned(),
            amount: signed(reservation.amount),
            limit: signed(reservation.limit),
            keep: reservation.keep,
        };
        let reserved = self.0.reserve(reservation, within).map_err(unavailable("reserve"))?;
        Ok(match reserved {
            QuotaReserved::New => keysecure::Reserved::New,
            QuotaReserved::Repeated => keysecure::Reserved::Repeated,
            QuotaReserved::Exceeded => keysecure::Reserved::Exceeded,
        })
    }

    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.0.release(key.to_owned(), entry.to_owned(), within).map_err(unavailable("release"))
    }
}
