//! The trait of quota stores: amounts that are counted against limits.

use std::time::Duration;

use super::StoreUnavailable;

/// Store that counts amounts against limits, such as the transfers of a cardholder in one day.
///
/// A `key` names one sum, an `entry` one amount in it. Both are 64 hexadecimal digits: digests, not secrets. Amounts are whole
/// numbers in a unit that the caller chooses, the same for all entries of a key. `within` is the time limit of a method.
///
/// Share one store among all workers: a store in memory counts what one process does, from its start.
///
/// [`MemoryStore`](crate::MemoryStore), `FileStore` and `RedisStore` implement it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use keysecure::{MemoryStore, QuotaStore, Reservation, Reserved};
///
/// let store = MemoryStore::new();
/// let within = Duration::from_secs(1);
/// let (key, first, second) = ("0a".repeat(32), "1b".repeat(32), "2c".repeat(32));
/// let reserve = |entry: &str, amount| {
///     let keep = Duration::from_secs(48 * 3600);
///     QuotaStore::reserve(&store, &Reservation { key: &key, entry, amount, limit: 100, keep }, within)
/// };
/// assert_eq!(reserve(&first, 60)?, Reserved::New);
/// assert_eq!(reserve(&first, 60)?, Reserved::Repeated);
/// assert_eq!(reserve(&second, 60)?, Reserved::Exceeded);
///
/// // The first one did not happen.
/// QuotaStore::release(&store, &key, &first, within)?;
/// assert_eq!(reserve(&second, 60)?, Reserved::New);
/// # Ok::<(), keysecure::StoreUnavailable>(())
/// ```
pub trait QuotaStore: Send + Sync {
    /// Adds an amount to the sum of a key, unless the sum would exceed the limit.
    ///
    /// It must be atomic: however many workers reserve at once, the sum never exceeds the limit of the reservations that
    /// returned [`Reserved::New`]. Each entry counts once: if it is present, nothing changes, whatever its amount.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time. The amount may have been added: repeat the reservation, or
    /// [`release`](Self::release) the entry.
    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> Result<Reserved, StoreUnavailable>;

    /// Removes an entry and takes its amount from the sum. No effect if the entry is absent.
    ///
    /// # Errors
    ///
    /// [`StoreUnavailable`] if the store cannot be reached in time. The amount may then still count.
    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable>;
}

/// Amount to be counted against a limit.
#[derive(Debug, Clone, Copy)]
pub struct Reservation<'a> {
    /// Name of the sum: 64 hexadecimal digits.
    pub key: &'a str,
    /// Name of the amount within the sum: 64 hexadecimal digits.
    pub entry: &'a str,
    /// The amount.
    pub amount: u64,
    /// The largest allowed sum, including this amount.
    pub limit: u64,
    /// Time for which the sum is needed from now on. It is forgotten when this time has passed for all its entries.
    pub keep: Duration,
}

/// Result of [`QuotaStore::reserve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reserved {
    /// The amount was added.
    New,
    /// The entry was counted before. Nothing was added.
    Repeated,
    /// The sum would exceed the limit. Nothing was added.
    Exceeded,
}
