//! The store in a directory.

mod attempts;
mod log_file;
mod moment;
mod quota;
mod replays;
mod system;
mod tokens;

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use self::attempts::Attempts;
use self::quota::Quotas;
use self::replays::Shard;
use self::system::{create_new, make_directory, open_plain};
use super::{StoreUnavailable, unique};
use crate::error::Error;

/// Age from which unfinished files of killed processes are removed.
const LEFTOVER: Duration = Duration::from_secs(60);
/// Name of the system's function that locks a file.
const LOCK: &str = if cfg!(windows) { "LockFileEx" } else { "flock" };
/// Interval between attempts to lock a file.
const PAUSE: Duration = Duration::from_millis(2);
/// Number of shards of replay keys and attempts: one for each first byte of their digest.
const SHARDS: usize = 256;

/// [`TokenStore`](crate::TokenStore), [`AttemptStore`](crate::AttemptStore), [`ReplayStore`](crate::ReplayStore) and
/// [`QuotaStore`](crate::QuotaStore) in a directory, for all processes of one user on one machine.
///
/// The directory must be on a local file system. Locks are those of the system (`flock`, on Windows `LockFileEx`): they end with
/// the process that holds them, and a suspended process keeps them. A forked child that outlives its parent keeps the locks
/// that its parent held at the fork.
///
/// * **Permissions, Unix:** the directory must belong to the user and be accessible to the user only (mode 0700).
/// * **Permissions, Windows:** the directory and its files inherit the permissions of the parent directory, and **nothing checks
///   them**. Choose a place that other users cannot read or change, such as one below `%LOCALAPPDATA%`; a new directory on
///   `C:\` is open to all users. The file system must have hard links: NTFS and `ReFS` do, FAT and exFAT do not.
/// * **Tokens** are in files that are replaced atomically, on Unix of mode 0600: one that others can read is not used. Files are
///   not synced: after a power failure a new token is fetched.
/// * **Attempts** take about 100 bytes for each reference, in 256 files that are appended to and compacted. A record is on the
///   disk before its request is sent. Records are kept forever; see [`FileStore::keep_attempts_for`].
/// * **Webhooks** are not forgotten early, except that a power failure may lose those of the last seconds. A full store is
///   unavailable, so that by default a webhook is rejected rather than accepted twice.
/// * **Sums** with a limit have a file each. An entry is on the disk before it is confirmed. A sum whose file is damaged is
///   unavailable: it counts no more, and the log names the file. Sums that have ended are removed.
///
/// # Examples
///
/// ```
/// use keysecure::{Client, FileStore};
///
/// # let directory = std::env::temp_dir().join(format!("keysecure-doctest-{}", std::process::id()));
/// let store = FileStore::open(&directory)?.max_replays(100_000);
/// let client = Client::builder("api-key", "api-secret-of-16").store(store).build()?;
/// # drop(client);
/// # let _ = std::fs::remove_dir_all(directory);
/// # Ok::<(), keysecure::Error>(())
/// ```
pub struct FileStore {
    directory: PathBuf,
    max_replays: usize,
    shards: Mutex<Vec<Shard>>,
    attempts: Attempts,
    quotas: Quotas,
}

impl FileStore {
    /// Opens a store in `directory`, which is created if it is missing, on Unix with mode 0700.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if the directory cannot be created, is on a file system without locks, as some
    /// network drives (SMB, NFS) are, or, on Unix, is accessible to others or belongs to another user.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        let cannot =
            |error: io::Error| Error::config(format!("the file store's directory cannot be used: {}", error.kind()));
        let data = make_directory(&directory).and_then(|()| fs::metadata(&directory)).map_err(cannot)?;
        if !data.is_dir() {
            return Err(Error::config("the file store's path is not a directory"));
        }
        system::check_access(&directory, &data)?;
        let probe = Probe::new(&directory).map_err(cannot)?;
        if !system::has_owner_of(&data, &probe.file).map_err(cannot)? {
            return Err(Error::config("the file store's directory belongs to another user"));
        }
        probe.check_locks(File::try_lock)?;
        let attempts = Attempts::new(&directory);
        // The age of the store starts here, not with the first attempt.
        attempts.mark_creation().map_err(cannot)?;
        let quotas = Quotas::new(&directory);
        Ok(Self { directory, max_replays: 1_000_000, shards: Mutex::default(), attempts, quotas })
    }

    /// Sets the approximate number of webhooks that are remembered at once. Default: 1,000,000, each in a file, usually empty.
    #[must_use]
    pub fn max_replays(self, most: usize) -> Self {
        Self { max_replays: most.max(SHARDS), ..self }
    }

    /// Sets the age from which records of ended attempts are dropped when their file is compacted. Default: never.
    ///
    /// **Risk:** a reference without a record looks as if it was never sent. Only the lookup protects it then, which reaches
    /// back to [`EnsureOptions::since`](crate::EnsureOptions::since), 90 days by default: a worker that uses an older reference
    /// again carries out the operation a second time.
    #[must_use]
    pub fn keep_attempts_for(self, time: Duration) -> Self {
        Self { attempts: self.attempts.keep_for(time), ..self }
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FileStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

fn unavailable(action: &str, error: &io::Error) -> StoreUnavailable {
    log::debug!(target: "keysecure", "file store: {action}: {}", error.kind());
    StoreUnavailable
}

/// A file that shows what the file system can do.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn new(directory: &Path) -> io::Result<Self> {
        let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
        let path = directory.join(format!("{name}.draft"));
        let file = create_new(&path)?;
        Ok(Self { path, file })
    }

    /// Refuses a file system without locks. The store would be unavailable in every call, without a reason.
    fn check_locks(&self, lock: impl FnOnce(&File) -> Result<(), TryLockError>) -> Result<(), Error> {
        let Err(TryLockError::Error(error)) = lock(&self.file) else { return Ok(()) };
        Err(Error::config(format!(
            "the file store's directory is on a file system that cannot lock files ({LOCK}: {error}), as some network drives \
             cannot: use a directory on a local disk, or Redis"
        )))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Locks a file. It is never removed: after a removal two processes could each lock a file of that name.
fn lock_file(path: &Path) -> io::Result<Option<File>> {
    try_lock(open_plain(path, OpenOptions::new().write(true).create(true).truncate(false))?)
}

/// Waits for the lock of a file, which others hold for one read or write.
fn lock_within(path: &Path, within: Duration) -> io::Result<File> {
    let begin = Instant::now();
    loop {
        if let Some(lock) = lock_file(path)? {
            return Ok(lock);
        }
        if begin.elapsed() >= within {
            return Err(ErrorKind::TimedOut.into());
        }
        std::thread::sleep(PAUSE);
    }
}

fn try_lock(file: File) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Time since a file was modified; `None` if that is in the future or unknown.
///
/// The file itself is asked: on Windows the entry of a hard link in its directory may hold an older time.
fn age(path: &Path) -> Option<Duration> {
    SystemTime::now().duration_since(fs::symlink_metadata(path).ok()?.modified().ok()?).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Temporary directory that is removed when dropped.
    pub(super) struct Scratch(pub(super) PathBuf);

    impl Scratch {
        pub(super) fn new() -> Self {
            Self(std::env::temp_dir().join(format!("keysecure-{}", unique().unwrap())))
        }

        pub(super) fn store(&self) -> FileStore {
            FileStore::open(&self.0).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let scratch = Scratch::new();
        drop(scratch.store());
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o750)).unwrap();
        let advice = format!("chmod 700 {}", scratch.0.display());
        assert!(FileStore::open(&scratch.0).unwrap_err().to_string().contains(&advice));
    }

    /// Only root can change the owner of a directory and still write into it.
    #[cfg(unix)]
    #[test]
    fn a_directory_of_another_user_is_refused_for_root_too() {
        let scratch = Scratch::new();
        drop(scratch.store());
        if std::os::unix::fs::chown(&scratch.0, Some(65_534), None).is_err() {
            eprintln!("SKIPPED: this test needs root");
            return;
        }
        let error = FileStore::open(&scratch.0).unwrap_err();
        assert!(error.to_string().contains("another user"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_system_without_locks_is_named_in_the_words_of_the_system() {
        let scratch = Scratch::new();
        make_directory(&scratch.0).unwrap();
        for code in [libc::EOPNOTSUPP, libc::ENOLCK, libc::ENOSYS] {
            let probe = Probe::new(&scratch.0).unwrap();
            let refused = |_: &File| Err(TryLockError::Error(io::Error::from_raw_os_error(code)));
            let text = probe.check_locks(refused).unwrap_err().to_string();
            // glibc and musl have different words.
            let words = format!("cannot lock files (flock: {})", io::Error::from_raw_os_error(code));
            assert!(text.contains(&words), "{text}");
            assert!(text.contains("a local disk, or Redis"), "{text}");
            assert!(probe.check_locks(File::try_lock).is_ok());
        }
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    }

    #[test]
    fn a_path_that_is_no_directory_is_refused() {
        let scratch = Scratch::new();
        make_directory(&scratch.0).unwrap();
        let path = scratch.0.join("file");
        create_new(&path).unwrap();
        assert_eq!(FileStore::open(&path).unwrap_err().kind(), crate::ErrorKind::Config);
    }
}
