//! Attempts on merchant references, in files.
//!
//! ```text
//! attempts/created          when the store was created
//! attempts/3f.log           the records of the references whose digest begins with 3f
//! attempts/3f.lock          held for a read or a write of that file
//! attempts/leases/3f0c...   held by the worker that has that reference
//! ```

mod record;
mod shard;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::record::{Event, Record};
use self::shard::Shard;
use super::log_file::{Contents, SMALL};
use super::moment::Moment;
use super::system::{LeaseFile, sync_directory};
use super::{FileStore, SHARDS, create_new, lock_within, make_directory, open_plain, unavailable};
use crate::store::{Acquired, AttemptEnd, AttemptStart, AttemptStore, PastAttempt, StoreUnavailable, digest, unique};

/// Number of hexadecimal digits that identify a reference: 128 bits.
const NAME: usize = 32;
/// Number of digits of a lease id that distinguish the attempts on one reference.
const ATTEMPT: usize = 8;

pub(super) struct Attempts {
    directory: PathBuf,
    keep_for: Option<Duration>,
    /// Leases of this process by id.
    leases: Mutex<HashMap<String, Lease>>,
    /// Length at which a file is compacted next, by file number.
    compact_at: Mutex<HashMap<usize, u64>>,
}

struct Lease {
    file: LeaseFile,
    /// Process that took the lease. A forked child must not end its parent's lease.
    process: u32,
}

/// Location of the record of a reference.
struct Place {
    shard: usize,
    /// Digest of the reference. A line omits its first two digits.
    name: String,
}

impl Place {
    fn for_reference(reference: &str) -> Self {
        let mut name = digest(&["keysecure attempt", reference]);
        name.truncate(NAME);
        Self { shard: usize::from_str_radix(&name[..2], 16).unwrap_or(0) % SHARDS, name }
    }

    fn in_line(&self) -> &str {
        &self.name[2..]
    }
}

impl Attempts {
    pub(super) fn new(store: &Path) -> Self {
        Self {
            directory: store.join("attempts"),
            keep_for: None,
            leases: Mutex::default(),
            compact_at: Mutex::default(),
        }
    }

    pub(super) fn keep_for(self, time: Duration) -> Self {
        Self { keep_for: Some(time), ..self }
    }

    /// Records the creation time of the store, unless it is recorded.
    pub(super) fn mark_creation(&self) -> io::Result<()> {
        let place = self.directory.join("created");
        if fs::exists(&place)? {
            return Ok(());
        }
        make_directory(&self.directory.join("leases"))?;
        let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
        let draft = self.directory.join(format!("{name}.draft"));
        let written = create_new(&draft)
            .and_then(|mut file| {
                file.write_all(Moment::now().to_words().as_bytes())?;
                file.sync_data()
            })
            .and_then(|()| fs::hard_link(&draft, &place));
        let _ = fs::remove_file(&draft);
        match written {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => sync_directory(&place).and_then(|()| sync_directory(&self.directory)),
        }
    }

    fn age(&self) -> io::Result<Duration> {
        // The file is missing if the directory was emptied: then the store is new.
        self.mark_creation()?;
        let place = self.directory.join("created");
        let mut text = String::new();
        open_plain(&place, OpenOptions::new().read(true))?.read_to_string(&mut text)?;
        let Some(created) = Moment::from_words(&mut text.split(' ')) else {
            // An unreadable file counts as missing.
            fs::remove_file(&place)?;
            self.mark_creation()?;
            return Ok(Duration::ZERO);
        };
        Ok(created.age(&Moment::now()))
    }

    /// Runs `work` on a file while holding its lock.
    fn with_shard<T>(
        &self,
        number: usize,
        within: Duration,
        work: impl FnOnce(&Shard) -> io::Result<T>,
    ) -> io::Result<T> {
        let lock = lock_within(&self.directory.join(format!("{number:02x}.lock")), within)?;
        let done = work(&Shard::new(self.directory.join(format!("{number:02x}.log"))));
        // Unlocked, not only closed: a forked child may have it open too.
        let _ = lock.unlock();
        done
    }

    /// Takes the lease of a reference; `None` if another worker holds it.
    fn lease(&self, place: &Place) -> io::Result<Option<Lease>> {
        let file = LeaseFile::take(&self.directory.join("leases").join(&place.name))?;
        Ok(file.map(|file| Lease { file, process: process::id() }))
    }

    fn acquire(&self, reference: &str, within: Duration) -> io::Result<Acquired> {
        let (place, lease_id) =
            (Place::for_reference(reference), unique().map_err(|_| io::Error::from(ErrorKind::Other))?);
        let store_age = self.age()?;
        let Some(lease) = self.lease(&place)? else { return Ok(Acquired::Busy) };
        let found = self.with_shard(place.shard, within, |shard| {
            let contents = shard.read()?;
            self.compact(place.shard, shard, &contents);
            Ok(contents.find(place.in_line()))
        });
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                lease.end();
                return Err(error);
            }
        };
        if found.damaged {
            log::warn!(target: "keysecure", "the file store holds damaged records: no reference in that file counts as new");
        }
        let now = Moment::now();
        let last_attempt = match &found.record {
            // The damaged line may have been the record of this reference, or a later one.
            None | Some(Record { event: Event::Ended(AttemptEnd::NotDone), .. }) if found.damaged => {
                Some(PastAttempt { ended: Duration::ZERO, end: None })
            }
            found => found.as_ref().map(|record| record.past(&now)),
        };
        held(&self.leases).insert(lease_id.clone(), lease);
        Ok(Acquired::Leased { lease_id, last_attempt, store_age })
    }

    /// Compacts a file that has grown. If that fails, the file stays as it is.
    fn compact(&self, number: usize, shard: &Shard, contents: &Contents) {
        let due = held(&self.compact_at).get(&number).copied().unwrap_or(SMALL);
        if contents.len() < due {
            return;
        }
        let length = shard.compact(contents, self.keep_for).unwrap_or(contents.len());
        held(&self.compact_at).insert(number, SMALL.max(length.saturating_mul(5) / 4));
    }

    /// Writes a record. The begin of an attempt requires the lease; without it nothing is written and `false` is returned.
    fn write(&self, reference: &str, lease_id: &str, event: Event, within: Duration) -> io::Result<bool> {
        let place = Place::for_reference(reference);
        let attempt = lease_id.chars().take(ATTEMPT).collect();
        let begins = matches!(event, Event::Began { .. });
        self.with_shard(place.shard, within, |shard| {
            // Checked while the file is locked, so that the next holder of the lease reads this record.
            if begins && !self.holds(lease_id)? {
                return Ok(false);
            }
            let record = Record { name: place.in_line().to_owned(), attempt, at: Moment::now(), event };
            // An end is not synced: if a power failure loses it, the attempt stays unknown.
            shard.append(&record, begins).map(|()| true)
        })
    }

    /// Removes and returns a lease of this process. A forked child ignores leases of its parent.
    fn take_lease(&self, lease_id: &str) -> Option<Lease> {
        let mut leases = held(&self.leases);
        let is_ours = leases.get(lease_id).is_some_and(|lease| lease.process == process::id());
        is_ours.then(|| leases.remove(lease_id)).flatten()
    }

    /// Whether a lease is held by this process.
    fn holds(&self, lease_id: &str) -> io::Result<bool> {
        match held(&self.leases).get(lease_id) {
            Some(lease) if lease.process == process::id() => lease.file.is_held(),
            _ => Ok(false),
        }
    }
}

impl Lease {
    fn end(self) {
        if self.process == process::id() {
            self.file.end();
        }
    }
}

impl AttemptStore for FileStore {
    fn acquire(&self, reference: &str, _: Duration, within: Duration) -> Result<Acquired, StoreUnavailable> {
        self.attempts.acquire(reference, within).map_err(|error| unavailable("acquire", &error))
    }

    fn begin(&self, attempt: &AttemptStart<'_>, within: Duration) -> Result<bool, StoreUnavailable> {
        let event = Event::Began { lasts: attempt.lasts, operation: attempt.operation.to_owned() };
        self.attempts
            .write(attempt.reference, attempt.lease_id, event, within)
            .map_err(|error| unavailable("begin", &error))
    }

    fn finish(
        &self,
        reference: &str,
        lease_id: &str,
        end: AttemptEnd,
        within: Duration,
    ) -> Result<(), StoreUnavailable> {
        self.attempts
            .write(reference, lease_id, Event::Ended(end), within)
            .map(drop)
            .map_err(|error| unavailable("finish", &error))
    }

    fn release(&self, _: &str, lease_id: &str, _: Duration) -> Result<(), StoreUnavailable> {
        if let Some(lease) = self.attempts.take_lease(lease_id) {
            lease.end();
        }
        Ok(())
    }
}

/// Locks a mutex that is held for a few instructions only.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
