//! Replay keys in files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime};

use super::{FileStore, LEFTOVER, SHARDS, age, create_new, lock_file, make_directory, unavailable};
use crate::store::ReplayStore;
use crate::store::{StoreUnavailable, digest, unique};

/// Interval at which a process removes ended keys of one directory.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// State of a directory of replay keys in this process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shard {
    swept: Option<Instant>,
    /// Number of keys at the last sweep, plus those added by this process since.
    keys: usize,
}

impl FileStore {
    /// Creates the file of a key. Returns the value of an existing one.
    ///
    /// One file for each key, because creating a name is atomic in the kernel: that needs no lock and no growing file. The
    /// modification time of the file is the end of the key. The file gets its name, by a hard link, only after that is set, so
    /// that no sweep mistakes it for an ended one.
    fn add_key(directory: &Path, key: &str, value: &str, end: SystemTime) -> io::Result<Option<String>> {
        let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
        // In the directory of the keys, so that a sweep removes the drafts of killed processes.
        let draft = directory.join(format!("{name}.draft"));
        let mut file = match create_new(&draft) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_directory(directory)?;
                create_new(&draft)?
            }
            created => created?,
        };
        let place = directory.join(key);
        let written = file.write_all(value.as_bytes()).and_then(|()| file.set_modified(end));
        // Closed first: on Windows the name of an open file may outlast its removal.
        drop(file);
        let linked = written.and_then(|()| fs::hard_link(&draft, &place));
        let _ = fs::remove_file(&draft);
        match linked {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(place).map(Some),
            Err(error) => Err(error),
        }
    }

    /// Whether a directory of keys has room. Sweeps it at intervals, and if it seems full.
    fn has_room(&self, number: usize, directory: &Path) -> io::Result<bool> {
        let most = self.max_replays / SHARDS;
        let known = self.with_shard(number, |shard| *shard);
        let due = known.swept.is_none_or(|swept| swept.elapsed() > SWEEP_EVERY);
        if !due && known.keys < most {
            return Ok(true);
        }
        let keys = sweep_keys(directory)?;
        self.with_shard(number, |shard| *shard = Shard { swept: Some(Instant::now()), keys });
        Ok(keys < most)
    }

    /// Accesses the state of a directory, under a lock that is held for a few instructions only.
    fn with_shard<T>(&self, number: usize, work: impl FnOnce(&mut Shard) -> T) -> T {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.resize(SHARDS, Shard::default());
        work(&mut shards[number % SHARDS])
    }

    /// File name of a key, with number and path of its directory.
    fn place_of(&self, key: &str) -> (String, usize, PathBuf) {
        let key = digest(&["keysecure replay", key]);
        let (first, _) = key.split_at(2);
        let number = usize::from_str_radix(first, 16).unwrap_or(0);
        let directory = self.directory.join("replay").join(first);
        (key, number, directory)
    }

    fn insert_key(&self, key: &str, value: &str, keep: Duration) -> io::Result<Option<String>> {
        let (key, number, directory) = self.place_of(key);
        if !self.has_room(number, &directory)? {
            log::warn!(target: "keysecure", "the file store is full: it accepts no more webhooks");
            return Err(ErrorKind::StorageFull.into());
        }
        let end = SystemTime::now().checked_add(keep).ok_or(ErrorKind::InvalidInput)?;
        let present = Self::add_key(&directory, &key, value, end)?;
        if present.is_none() {
            self.with_shard(number, |shard| shard.keys += 1);
        }
        Ok(present)
    }

    fn value_of(&self, key: &str) -> io::Result<Option<String>> {
        let (key, _, directory) = self.place_of(key);
        match File::open(directory.join(key)) {
            Ok(mut file) => {
                // The modification time is the end of the key.
                if file.metadata()?.modified()? <= SystemTime::now() {
                    return Ok(None);
                }
                let mut value = String::new();
                file.read_to_string(&mut value)?;
                Ok(Some(value))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn remove_key(&self, key: &str) -> io::Result<()> {
        let (key, number, directory) = self.place_of(key);
        match fs::remove_file(directory.join(key)) {
            Ok(()) => {
                self.with_shard(number, |shard| shard.keys = shard.keys.saturating_sub(1));
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl ReplayStore for FileStore {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.insert_key(key, value, keep).map_err(|error| unavailable("insert", &error))
    }

    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.value_of(key).map_err(|error| unavailable("get", &error))
    }

    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.remove_key(key).map_err(|error| unavailable("remove", &error))
    }
}

/// Removes the keys that have ended and counts the others. One sweeper at a time: of two, the slower one could remove a
/// key that was created again after the quicker one had removed it.
fn sweep_keys(directory: &Path) -> io::Result<usize> {
    let lock = match lock_file(&directory.join("lock")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        lock => lock?,
    };
    let mut keys = 0;
    for entry in fs::read_dir(directory)?.flatten() {
        if entry.file_name() == "lock" {
            continue;
        }
        // A key's time of change is its end; a draft's may be its beginning.
        let path = entry.path();
        let draft = path.extension().is_some();
        let ended = age(&path).is_some_and(|age| !draft || age > LEFTOVER);
        if ended && lock.is_some() {
            let _ = fs::remove_file(path);
        } else if !draft {
            keys += 1;
        }
    }
    if let Some(lock) = lock {
        let _ = lock.unlock();
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ReplayChecks as _;
    use crate::store::file::tests::Scratch;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn one_of_many_concurrent_inserts_is_first() {
        let scratch = Scratch::new();
        for key in 0..20 {
            let firsts: usize = std::thread::scope(|scope| {
                let insert = || usize::from(scratch.store().insert_new(&format!("key-{key}"), LONG) == Ok(true));
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(insert)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(firsts, 1);
        }
    }

    #[test]
    fn a_key_is_forgotten_after_its_time_and_only_then() {
        let scratch = Scratch::new();
        assert_eq!(scratch.store().insert_new("short", Duration::ZERO), Ok(true));
        assert_eq!(scratch.store().insert_new("long", LONG), Ok(true));
        std::thread::sleep(Duration::from_millis(20));
        // A new store sweeps at its first check.
        assert_eq!(scratch.store().insert_new("short", LONG), Ok(true));
        assert_eq!(scratch.store().insert_new("long", LONG), Ok(false));
    }

    #[test]
    fn a_key_can_be_read_and_removed() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!((store.contains("a"), store.remove("a")), (Ok(false), Ok(())));
        assert_eq!((store.insert_new("a", LONG), store.insert_new("ended", Duration::ZERO)), (Ok(true), Ok(true)));
        assert_eq!((scratch.store().contains("a"), scratch.store().contains("ended")), (Ok(true), Ok(false)));
        assert_eq!(scratch.store().remove("a"), Ok(()));
        assert_eq!((store.contains("a"), store.insert_new("a", LONG)), (Ok(false), Ok(true)));
    }

    #[test]
    fn a_full_store_refuses_rather_than_forgets() {
        let scratch = Scratch::new();
        let store = scratch.store().max_replays(0);
        let inserted: Vec<_> = (0..2_000).map(|key| store.insert_new(&key.to_string(), LONG)).collect();
        let taken = inserted.iter().filter(|inserted| **inserted == Ok(true)).count();
        assert!((200..=SHARDS).contains(&taken), "{taken}");
        assert!(!inserted.contains(&Ok(false)));
    }

    #[test]
    fn a_hostile_key_is_a_valid_key() {
        let scratch = Scratch::new();
        let store = scratch.store();
        for key in ["", "../../etc/passwd", "a/b\0c"] {
            assert_eq!((store.insert_new(key, LONG), store.insert_new(key, LONG)), (Ok(true), Ok(false)), "{key:?}");
        }
    }

    #[test]
    fn the_first_value_is_kept() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(store.insert("a", "first", LONG), Ok(None));
        assert_eq!(scratch.store().insert("a", "second", LONG), Ok(Some("first".to_owned())));
        assert_eq!(scratch.store().get("a"), Ok(Some("first".to_owned())));
    }
}
