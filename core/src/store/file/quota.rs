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

use super::log_file::{Contents, LogFile, SMALL, seal, unseal};
use super::moment::Moment;
use super::system::sync_directory;
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
            make_directory(&place.directory)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::lock_file;
    use crate::store::file::tests::Scratch;

    const WITHIN: Duration = Duration::from_secs(10);
    const LONG: Duration = Duration::from_secs(600);

    fn reserve_for(store: &FileStore, key: &str, entry: &str, amount: u64, keep: Duration) -> Option<Reserved> {
        QuotaStore::reserve(store, &Reservation { key, entry, amount, limit: 100, keep }, WITHIN).ok()
    }

    fn reserve(store: &FileStore, key: &str, entry: &str, amount: u64) -> Option<Reserved> {
        reserve_for(store, key, entry, amount, LONG)
    }

    fn release(store: &FileStore, key: &str, entry: &str) {
        QuotaStore::release(store, key, entry, WITHIN).unwrap();
    }

    fn path_of(store: &FileStore, key: &str) -> PathBuf {
        store.quotas.place_of(key).file.path
    }

    #[test]
    fn an_entry_whose_line_is_torn_does_not_count() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(reserve(&store, "a", "first", 60), Some(Reserved::New));
        let path = path_of(&store, "a");
        let first = fs::read(&path).unwrap();
        assert_eq!(reserve(&store, "a", "second", 40), Some(Reserved::New));
        let both = fs::read(&path).unwrap();
        for torn in first.len()..both.len() {
            fs::write(&path, &both[..torn]).unwrap();
            assert_eq!(reserve(&store, "a", "third", 40), Some(Reserved::New), "{torn}");
            assert_eq!(reserve(&store, "a", "first", 60), Some(Reserved::Repeated), "{torn}");
            assert_eq!(reserve(&store, "a", "second", 1), Some(Reserved::Exceeded), "{torn}");
        }
    }

    #[test]
    fn a_damaged_line_may_be_an_entry() {
        let scratch = Scratch::new();
        let store = scratch.store();
        for key in ["a", "b"] {
            assert_eq!(reserve_for(&store, key, "first", 10, Duration::from_millis(50)), Some(Reserved::New));
        }
        std::thread::sleep(Duration::from_millis(100));
        let path = path_of(&store, "a");
        let whole = fs::read(&path).unwrap();
        for damaged in [&b"r damaged\n"[..], b"\xff\n", b"\0\n", seal("x ab").as_bytes(), seal("f ab more").as_bytes()]
        {
            fs::write(&path, [&whole, damaged].concat()).unwrap();
            assert_eq!(reserve(&store, "a", "second", 10), None, "{damaged:?}");
            release(&store, "a", "first");
            assert_eq!(reserve(&store, "a", "second", 10), None, "{damaged:?}");
        }
        scratch.store().quotas.sweep(path.parent().unwrap());
        assert!(path.exists(), "a sum is not ended if that cannot be read");
        assert_eq!(reserve(&store, "b", "second", 100), Some(Reserved::New), "another sum");
    }

    #[test]
    fn sums_that_are_empty_or_have_ended_leave_no_file() {
        let scratch = Scratch::new();
        let store = scratch.store();
        // All of them share a directory.
        let first = path_of(&store, "0").parent().unwrap().to_owned();
        let keys: Vec<_> =
            (0..).map(|key| key.to_string()).filter(|key| path_of(&store, key).starts_with(&first)).take(4).collect();
        assert_eq!(reserve(&store, &keys[0], "a", 1), Some(Reserved::New));
        assert_eq!(reserve_for(&store, &keys[1], "a", 1, Duration::ZERO), Some(Reserved::New));
        assert_eq!(reserve_for(&store, &keys[2], "a", 1, Duration::ZERO), Some(Reserved::New));
        assert_eq!(reserve(&store, &keys[2], "b", 1), Some(Reserved::New));
        assert_eq!(reserve(&store, &keys[3], "a", 1), Some(Reserved::New));
        release(&store, &keys[3], "a");
        let left = || keys.iter().map(|key| path_of(&store, key).exists()).collect::<Vec<_>>();
        assert_eq!(left(), [true, true, true, false]);
        // A new store sweeps at its first reservation.
        assert_eq!(reserve(&scratch.store(), &keys[0], "a", 1), Some(Reserved::Repeated));
        assert_eq!(left(), [true, false, true, false]);
        assert_eq!(fs::read_dir(first).unwrap().count(), 3, "with the lock");
    }

    #[test]
    fn released_entries_do_not_make_a_file_grow_forever() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(reserve(&store, "a", "stays", 60), Some(Reserved::New));
        let path = path_of(&store, "a");
        // Without waiting for the disk.
        let line = |number: u64| {
            let (entry, now) = (format!("{number:064x}"), Moment::now().to_words());
            format!("{}{}", seal(&format!("r {entry} 40 {now} 600000")), seal(&format!("f {entry}")))
        };
        let mut text = fs::read_to_string(&path).unwrap();
        text.extend((0..1_000).map(line));
        assert!(text.len() as u64 > SMALL);
        fs::write(&path, text).unwrap();
        assert_eq!(reserve(&store, "a", "next", 40), Some(Reserved::New));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(reserve(&store, "a", "stays", 1), Some(Reserved::Repeated));
        assert_eq!(reserve(&store, "a", "more", 1), Some(Reserved::Exceeded));
    }

    #[test]
    fn a_lock_that_others_hold_for_too_long_is_an_outage() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(reserve(&store, "a", "first", 1), Some(Reserved::New));
        let lock = lock_file(&path_of(&store, "a").with_file_name("lock")).unwrap().unwrap();
        let short = Duration::from_millis(20);
        let second = Reservation { key: "a", entry: "second", amount: 1, limit: 100, keep: LONG };
        assert_eq!(QuotaStore::reserve(&store, &second, short), Err(StoreUnavailable));
        assert_eq!(QuotaStore::release(&store, "a", "first", short), Err(StoreUnavailable));
        drop(lock);
        assert_eq!(reserve(&store, "a", "first", 1), Some(Reserved::Repeated));
        assert_eq!(reserve(&store, "a", "second", 1), Some(Reserved::New));
    }

    #[cfg(unix)] // Windows has no such files
    #[test]
    fn a_fifo_or_a_link_instead_of_a_sum_is_an_error() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(reserve(&store, "a", "first", 1), Some(Reserved::New));
        let path = path_of(&store, "a");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        assert_eq!(reserve(&store, "a", "first", 1), None);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(reserve(&store, "a", "first", 1), None);
    }

    #[test]
    fn a_directory_that_vanishes_starts_new_sums() {
        let scratch = Scratch::new();
        let store = scratch.store();
        release(&store, "a", "never reserved");
        assert_eq!(reserve(&store, "a", "first", 100), Some(Reserved::New));
        fs::remove_dir_all(scratch.0.join("quota")).unwrap();
        release(&store, "a", "first");
        assert_eq!(reserve(&store, "a", "first", 100), Some(Reserved::New));
    }
}
