//! Sums with a limit, in files.
//!
//! ```text
//! quota/3f/lock      held for a read or a write of the sums whose digest begins with 3f
//! quota/3f/0c5d...   the entries of one sum, one line for each change
//! ```

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::log_file::{Contents, LogFile, SMALL, seal, sync_directory, unseal};
use super::moment::Moment;
use super::{FileStore, lock_within, make_directory, unavailable};
use crate::store::{QuotaStore, Reservation, Reserved, StoreUnavailable, digest};

/// Interval at which a process removes the ended sums of one directory.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

pub(super) struct Quotas {
    directory: PathBuf,
    /// Time of the last sweep of each directory by this process.
    swept: Mutex<HashMap<PathBuf, Instant>>,
}

/// Location of a sum.
struct Place {
    directory: PathBuf,
    file: LogFile,
}

/// The entries of a sum.
#[derive(Debug, Default)]
struct Sum<'a> {
    entries: HashMap<&'a str, Counted<'a>>,
    /// Whether the file has damaged lines, which may be entries.
    damaged: bool,
}

#[derive(Debug)]
struct Counted<'a> {
    /// The line without its checksum.
    text: &'a str,
    amount: u64,
    at: Moment,
    keep: Duration,
}

impl<'a> Sum<'a> {
    fn from_contents(contents: &'a Contents) -> Self {
        let mut sum = Self::default();
        for line in contents.lines() {
            sum.damaged |= sum.apply(line).is_none();
        }
        sum
    }

    /// Applies a line, `r ENTRY AMOUNT WALL BOOT UPTIME KEEP CHECKSUM` or `f ENTRY CHECKSUM`; `None` if it is damaged.
    fn apply(&mut self, line: &'a [u8]) -> Option<()> {
        let text = unseal(line)?;
        let mut words = text.split(' ');
        let (kind, entry) = (words.next()?, words.next()?);
        match kind {
            "r" => {
                let amount = words.next()?.parse().ok()?;
                let at = Moment::from_words(&mut words)?;
                let keep = Duration::from_millis(words.next()?.parse().ok()?);
                self.entries.insert(entry, Counted { text, amount, at, keep });
            }
            "f" => drop(self.entries.remove(entry)),
            _ => return None,
        }
        words.next().is_none().then_some(())
    }

    /// Whether the sum may be forgotten. Always, if it has no entries.
    fn has_ended(&self, now: &Moment) -> bool {
        !self.damaged && self.entries.values().all(|counted| counted.at.age(now) >= counted.keep)
    }

    /// The sum with another amount.
    fn plus(&self, amount: u64) -> u128 {
        self.entries.values().map(|counted| u128::from(counted.amount)).sum::<u128>() + u128::from(amount)
    }

    /// The lines of the entries that count.
    fn to_text(&self) -> String {
        self.entries.values().map(|counted| seal(counted.text)).collect()
    }
}

impl Quotas {
    pub(super) fn new(store: &Path) -> Self {
        Self { directory: store.join("quota"), swept: Mutex::default() }
    }

    fn place_of(&self, key: &str) -> Place {
        let name = digest(&["keysecure quota", key]);
        let (first, rest) = name.split_at(2);
        let directory = self.directory.join(first);
        Place { file: LogFile { path: directory.join(rest) }, directory }
    }

    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> io::Result<Reserved> {
        let place = self.place_of(reservation.key);
        if !fs::exists(&place.directory)? {
            make_directory(&place.directory, true)?;
        }
        place.locked(within, || {
            let reserved = place.reserve(reservation)?;
            self.sweep(&place.directory);
            Ok(reserved)
        })
    }

    fn release(&self, key: &str, entry: &str, within: Duration) -> io::Result<()> {
        let place = self.place_of(key);
        match place.locked(within, || place.release(key, entry)) {
            // The directory is created with its first sum.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Removes the sums of a directory that have ended, at intervals. The caller holds its lock.
    fn sweep(&self, directory: &Path) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.get(directory).is_some_and(|swept| swept.elapsed() < SWEEP_EVERY) {
            return;
        }
        swept.insert(directory.to_owned(), Instant::now());
        drop(swept);
        let (Ok(entries), now) = (fs::read_dir(directory), Moment::now()) else { return };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !path.ends_with("lock")) {
            // What fails here is tried again by the next sweep.
            let file = LogFile { path };
            if file.read().is_ok_and(|contents| Sum::from_contents(&contents).has_ended(&now)) {
                let _ = fs::remove_file(&file.path);
            }
        }
    }
}

impl Place {
    /// Runs `work` while holding the lock of the directory.
    fn locked<T>(&self, within: Duration, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let lock = lock_within(&self.directory.join("lock"), within)?;
        let done = work();
        // Unlocked, not only closed: a forked child may have it open too.
        let _ = lock.unlock();
        done
    }

    fn reserve(&self, reservation: &Reservation<'_>) -> io::Result<Reserved> {
        let Reservation { key, entry, amount, limit, keep } = *reservation;
        let (contents, now) = (self.file.read()?, Moment::now());
        let mut sum = Sum::from_contents(&contents);
        if sum.damaged {
            log::warn!(target: "keysecure", "the file store holds a damaged sum: nothing more is counted in {}", self.name());
            return Err(ErrorKind::InvalidData.into());
        }
        if sum.has_ended(&now) && contents.len() > 0 {
            fs::remove_file(&self.file.path)?;
            sum = Sum::default();
        }
        let entry = digest(&["keysecure quota entry", key, entry]);
        if sum.entries.contains_key(entry.as_str()) {
            return Ok(Reserved::Repeated);
        }
        if sum.plus(amount) > u128::from(limit) {
            return Ok(Reserved::Exceeded);
        }
        if contents.len() == 0 {
            // The name of the directory must be durable, whoever created it.
            sync_directory(&self.directory)?;
            self.directory.parent().map_or(Ok(()), sync_directory)?;
        }
        if contents.len() >= SMALL {
            // Releases leave lines behind.
            let text = sum.to_text();
            if text.len() as u64 * 2 <= contents.len() {
                self.file.replace(&text)?;
            }
        }
        let keep = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
        self.file.append(&seal(&format!("r {entry} {amount} {} {keep}", now.to_words())), true)?;
        Ok(Reserved::New)
    }

    fn release(&self, key: &str, entry: &str) -> io::Result<()> {
        let contents = self.file.read()?;
        let sum = Sum::from_contents(&contents);
        let entry = digest(&["keysecure quota entry", key, entry]);
        if !sum.entries.contains_key(entry.as_str()) {
            return Ok(());
        }
        if sum.entries.len() == 1 && !sum.damaged {
            return fs::remove_file(&self.file.path);
        }
        // Not synced: if a power failure loses it, the entry still counts.
        self.file.append(&seal(&format!("f {entry}")), false)
    }

    /// Name of the file below the directory of the store.
    fn name(&self) -> String {
        let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!("quota/{}/{}", last(&self.directory), last(&self.file.path))
    }
}

impl QuotaStore for FileStore {
    fn reserve(&self, reservation: &Reservation<'_>, within: Duration) -> Result<Reserved, StoreUnavailable> {
        self.quotas.reserve(reservation, within).map_err(|error| unavailable("reserve", &error))
    }

    fn release(&self, key: &str, entry: &str, within: Duration) -> Result<(), StoreUnavailable> {
        self.quotas.release(key, entry, within).map_err(|error| unavailable("release", &error))
    }
}
