//! A store in a directory, for the processes of one user on one machine.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use zeroize::Zeroizing;

use super::{StoreLock, StoreUnavailable, StoredToken, TokenStore, digest, unique};
use crate::error::Error;
use crate::webhook::ReplayStore;

/// No token is longer than a header may be.
const LONGEST_TOKEN: u64 = 64 * 1024;
/// What a killed process left half done is removed after that long.
const LEFTOVER: Duration = Duration::from_secs(60);
/// How many directories the replay keys are spread over: one for each first byte of their digest.
const SHARDS: usize = 256;
/// How often a process removes the forgotten keys of one of them.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A [`TokenStore`] and [`ReplayStore`] in a directory: for all processes of one user on one machine.
///
/// The directory must be the user's alone (mode 0700), on a local file system. A token lies there in a file of mode 0600
/// that is replaced as a whole; a file that others can read is not used. The lock of a slot is the kernel's (`flock`): it
/// ends with the process that holds it, however that ends. Nothing is synced to the disk: after a power failure a token
/// is fetched anew, and callbacks accepted in the last seconds may be forgotten.
///
/// As a `ReplayStore` it never forgets a callback early. When it is full it is unavailable, so that by default a callback
/// is rejected rather than accepted twice.
pub struct FileStore {
    directory: PathBuf,
    max_replays: usize,
    shards: Mutex<Vec<Shard>>,
}

/// What this process knows of a directory of replay keys.
#[derive(Debug, Clone, Copy, Default)]
struct Shard {
    swept: Option<Instant>,
    /// Keys at the last sweep and those added since, by this process.
    keys: usize,
}

impl FileStore {
    /// A store in `directory`, which is made when it is missing (mode 0700). A directory that others can enter is a
    /// config error.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        let usable = make_directory(&directory, true).and_then(|()| fs::metadata(&directory));
        match usable {
            Ok(data) if !data.is_dir() => Err(Error::config("the file store's path is no directory")),
            Ok(data) if data.permissions().mode() & 0o077 != 0 => {
                Err(Error::config("the file store's directory must be its user's alone (mode 0700)"))
            }
            Ok(_) => Ok(Self { directory, max_replays: 1_000_000, shards: Mutex::default() }),
            Err(error) => Err(Error::config(format!("the file store's directory cannot be used: {}", error.kind()))),
        }
    }

    /// About how many callbacks are remembered at once. Default: 1,000,000, each a file of no bytes.
    #[must_use]
    pub fn max_replays(self, most: usize) -> Self {
        Self { max_replays: most.max(SHARDS), ..self }
    }

    fn path(&self, slot: &str, ending: &str) -> Result<PathBuf, StoreUnavailable> {
        let plain = slot.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if slot.is_empty() || slot.len() > 128 || !plain {
            return Err(StoreUnavailable);
        }
        Ok(self.directory.join(format!("{slot}.{ending}")))
    }

    fn write_token(&self, slot: &str, path: &Path, token: &StoredToken) -> io::Result<()> {
        let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
        let draft = self.directory.join(format!("{slot}.{name}.draft"));
        let written = create_new(&draft)
            .and_then(|mut file| file.write_all(token.expose_as_line().as_bytes()))
            .and_then(|()| fs::rename(&draft, path));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        self.sweep_drafts();
        written
    }

    /// Removes what killed processes left.
    fn sweep_drafts(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let draft = entry.path().extension().is_some_and(|ending| ending == "draft");
            if draft && age(&entry).is_some_and(|age| age > LEFTOVER) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Makes the key's file. Returns the value of the one that was there.
    ///
    /// One file for each key, and not one file for all: making a name is atomic in the kernel, so that a key needs no
    /// lock and no reading of a file that grows. The end of the key is the file's time of change; the file gets its name,
    /// by a hard link, only when that is set, so that no sweeper can take it for an old one.
    fn add_key(directory: &Path, key: &str, value: &str, end: SystemTime) -> io::Result<Option<String>> {
        let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
        // It ends like a key: what a killed process leaves is swept with the keys.
        let draft = directory.join(format!("{name}.draft"));
        let mut file = match create_new(&draft) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_directory(directory, true)?;
                create_new(&draft)?
            }
            created => created?,
        };
        let place = directory.join(key);
        let linked = file
            .write_all(value.as_bytes())
            .and_then(|()| file.set_modified(end))
            .and_then(|()| fs::hard_link(&draft, &place));
        let _ = fs::remove_file(&draft);
        match linked {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(place).map(Some),
            Err(error) => Err(error),
        }
    }

    /// Whether a directory of keys has room, sweeping it when it is time to or when it seems full.
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

    /// Under a lock that is held for a few instructions only.
    fn with_shard<T>(&self, number: usize, work: impl FnOnce(&mut Shard) -> T) -> T {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.resize(SHARDS, Shard::default());
        work(&mut shards[number % SHARDS])
    }

    /// The name of a key's file, and the number and path of the directory that it lies in.
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
            log::warn!(target: "keysecure", "the file store holds as many callbacks as it may: it takes no more");
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
                // Its time of change is its end.
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

impl TokenStore for FileStore {
    fn load(&self, slot: &str, _: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        let path = self.path(slot, "token")?;
        match read_private(&path) {
            Ok(line) => Ok(StoredToken::from_line(&line)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // It is replaced by the next token, with the right mode.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && path.exists() => {
                log::warn!(target: "keysecure", "a token in the file store is not used: its file is not its user's alone");
                Ok(None)
            }
            Err(error) => Err(unavailable("load", &error)),
        }
    }

    fn save(&self, slot: &str, token: &StoredToken, _: Duration) -> Result<(), StoreUnavailable> {
        let path = self.path(slot, "token")?;
        self.write_token(slot, &path, token).map_err(|error| unavailable("save", &error))
    }

    fn try_lock(&self, slot: &str, _: Duration) -> Result<Option<StoreLock>, StoreUnavailable> {
        let path = self.path(slot, "lock")?;
        match lock_file(&path) {
            // Not only closed: a child of a fork may have it open as well.
            Ok(Some(file)) => Ok(Some(StoreLock::new(move |_| drop(file.unlock())))),
            Ok(None) => Ok(None),
            Err(error) => Err(unavailable("lock", &error)),
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

impl fmt::Debug for FileStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FileStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

fn unavailable(what: &str, error: &io::Error) -> StoreUnavailable {
    log::debug!(target: "keysecure", "file store: {what}: {}", error.kind());
    StoreUnavailable
}

fn make_directory(path: &Path, recursive: bool) -> io::Result<()> {
    DirBuilder::new().recursive(recursive).mode(0o700).create(path)
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Locks a file, which is never removed: whoever removed it could lock another one of the same name at the same time.
fn lock_file(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Reads a small text file that is readable by its user alone; `PermissionDenied` for any other.
fn read_private(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(ErrorKind::PermissionDenied.into());
    }
    // Large enough at once: a buffer that grows would leave pieces of the token behind.
    let mut text = Zeroizing::new(String::with_capacity(4 * 1024));
    match file.take(LONGEST_TOKEN).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        // It is no token.
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Zeroizing::default()),
        Err(error) => Err(error),
    }
}

/// How long ago an entry was changed; `None` if that is in the future or cannot be told.
fn age(entry: &fs::DirEntry) -> Option<Duration> {
    SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok()
}

/// Removes the keys that have ended and counts the others. One sweeper at a time: of two, the slower one could remove a
/// key that was made anew after the quicker one had removed it.
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
        let draft = entry.path().extension().is_some();
        let ended = age(&entry).is_some_and(|age| !draft || age > LEFTOVER);
        if ended && lock.is_some() {
            let _ = fs::remove_file(entry.path());
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
    use crate::values::instant;
    use crate::webhook::ReplayChecks as _;

    const LONG: Duration = Duration::from_secs(600);
    const NOW: Duration = Duration::ZERO;

    /// A directory that is gone afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("keysecure-{}", unique().unwrap())))
        }

        fn store(&self) -> FileStore {
            FileStore::open(&self.0).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn token(name: &str) -> StoredToken {
        StoredToken::new(name, instant::from_millis(1).unwrap(), instant::from_millis(2).unwrap())
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_token_is_replaced_as_a_whole_and_read_by_its_user_alone() {
        let scratch = Scratch::new();
        let store = scratch.store();
        assert_eq!(store.load("slot", NOW), Ok(None));
        for name in ["first", "second"] {
            store.save("slot", &token(name), NOW).unwrap();
            assert_eq!(scratch.store().load("slot", NOW), Ok(Some(token(name))));
        }
        assert_eq!(mode(&scratch.0), 0o700);
        let names: Vec<_> = fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["slot.token"], "nothing else is left");
        assert_eq!(mode(&scratch.0.join("slot.token")), 0o600);
    }

    #[test]
    fn a_token_that_others_can_read_or_that_is_none_is_not_used_and_is_replaced() {
        let scratch = Scratch::new();
        let (store, path) = (scratch.store(), scratch.0.join("slot.token"));
        store.save("slot", &token("first"), NOW).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(store.load("slot", NOW), Ok(None));
        store.save("slot", &token("second"), NOW).unwrap();
        assert_eq!((store.load("slot", NOW), mode(&path)), (Ok(Some(token("second"))), 0o600));
        for bytes in [&b"1 1 2 half"[..], b"\xff\n", b""] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(store.load("slot", NOW), Ok(None));
        }
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let scratch = Scratch::new();
        drop(scratch.store());
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(FileStore::open(&scratch.0).unwrap_err().to_string().contains("0700"));
    }

    #[test]
    fn a_slot_cannot_leave_the_directory() {
        let scratch = Scratch::new();
        for slot in ["", "../a", "a/b", "a.b"] {
            assert_eq!(scratch.store().load(slot, NOW), Err(StoreUnavailable), "{slot:?}");
        }
    }

    #[test]
    fn one_holds_the_lock_until_it_is_dropped() {
        let scratch = Scratch::new();
        let lock = scratch.store().try_lock("slot", NOW).unwrap().unwrap();
        assert!(scratch.store().try_lock("slot", NOW).unwrap().is_none());
        drop(lock);
        assert!(scratch.store().try_lock("slot", NOW).unwrap().is_some());
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let (old, fresh) = (scratch.0.join("slot.a.draft"), scratch.0.join("slot.b.draft"));
        create_new(&old).unwrap().set_modified(SystemTime::now() - LEFTOVER * 2).unwrap();
        create_new(&fresh).unwrap();
        store.save("slot", &token("first"), NOW).unwrap();
        assert_eq!((old.exists(), fresh.exists()), (false, true));
    }

    #[test]
    fn a_directory_that_is_gone_is_an_outage_and_no_panic() {
        let scratch = Scratch::new();
        let store = scratch.store();
        fs::remove_dir_all(&scratch.0).unwrap();
        assert_eq!(store.save("slot", &token("first"), NOW), Err(StoreUnavailable));
        assert!(store.try_lock("slot", NOW).is_err());
    }

    #[test]
    fn of_many_at_once_one_is_first() {
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
        // A new store sweeps at its first look.
        assert_eq!(scratch.store().insert_new("short", LONG), Ok(true));
        assert_eq!(scratch.store().insert_new("long", LONG), Ok(false));
    }

    #[test]
    fn a_key_can_be_asked_for_and_removed() {
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
    fn a_hostile_key_is_a_name_like_any_other() {
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
