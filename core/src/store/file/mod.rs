//! A store in a directory, for the processes of one user on one machine.

mod attempts;
mod replays;
mod tokens;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use self::attempts::Attempts;
use self::replays::Shard;
use super::{StoreUnavailable, unique};
use crate::error::Error;

/// What a killed process left half done is removed after that long.
const LEFTOVER: Duration = Duration::from_secs(60);
/// How many parts the replay keys and the attempts are spread over: one for each first byte of their digest.
const SHARDS: usize = 256;

/// A [`TokenStore`](crate::TokenStore), [`AttemptStore`](crate::AttemptStore) and [`ReplayStore`](crate::ReplayStore) in a
/// directory: for all processes of one user on one machine.
///
/// The directory must belong to the user and be the user's alone (mode 0700), on a local file system. Locks are the kernel's
/// (`flock`): they end with the process that holds them, however that ends, and a process that is only suspended keeps them.
/// A child of a fork that outlives its parent keeps the locks that its parent held at the fork.
///
/// * **Tokens.** A token is in a file of mode 0600 that is replaced as a whole; a file that others can read is not used. It
///   is not synced to the disk: after a power failure the next token is fetched.
/// * **Attempts.** About 100 bytes for each reference, in 256 files that are appended to and compacted. A record is on the
///   disk before a request leaves. Records are kept for good; see [`FileStore::keep_attempts_for`].
/// * **Webhooks.** A webhook is never forgotten early, except that a power failure may lose those of the last seconds. A
///   full store is unavailable, so that by default a webhook is rejected rather than accepted twice.
pub struct FileStore {
    directory: PathBuf,
    max_replays: usize,
    shards: Mutex<Vec<Shard>>,
    attempts: Attempts,
}

impl FileStore {
    /// Opens a store in `directory`, which is created when it is missing (mode 0700). A directory that others can enter, or
    /// that belongs to another user, is a config error.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        let cannot =
            |error: io::Error| Error::config(format!("the file store's directory cannot be used: {}", error.kind()));
        let data = make_directory(&directory, true).and_then(|()| fs::metadata(&directory)).map_err(cannot)?;
        if !data.is_dir() {
            return Err(Error::config("the file store's path is no directory"));
        }
        if data.mode() & 0o077 != 0 {
            return Err(Error::config("the file store's directory must be its user's alone (mode 0700)"));
        }
        if data.uid() != current_user(&directory).map_err(cannot)? {
            return Err(Error::config("the file store's directory belongs to another user"));
        }
        let attempts = Attempts::new(&directory);
        // A store is young from now on, not from the first attempt.
        attempts.mark_creation().map_err(cannot)?;
        Ok(Self { directory, max_replays: 1_000_000, shards: Mutex::default(), attempts })
    }

    /// About how many callbacks are remembered at once. Default: 1,000,000, each a file of no bytes.
    #[must_use]
    pub fn max_replays(self, most: usize) -> Self {
        Self { max_replays: most.max(SHARDS), ..self }
    }

    /// Drops the records of attempts that ended longer ago than this, when their file is compacted. Default: never.
    ///
    /// **Risk:** a reference whose record is dropped looks as if it was never sent. It is then protected by the look-up
    /// alone, which reaches back to [`EnsureOptions::since`](crate::Ensure::since), 90 days by default: a worker that takes up an
    /// older reference again does the operation a second time.
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

/// The user that this process creates files as.
fn current_user(directory: &Path) -> io::Result<u32> {
    let name = unique().map_err(|_| io::Error::from(ErrorKind::Other))?;
    let probe = directory.join(format!("{name}.draft"));
    let user = create_new(&probe).and_then(|file| file.metadata()).map(|data| data.uid());
    let _ = fs::remove_file(&probe);
    user
}

/// Opens a plain file. Anything else in its place is an error, and nothing is waited for: opening a FIFO would wait for
/// whoever opens its other end.
fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).mode(0o600).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// Locks a file, which is never removed: whoever removed it could lock another one of the same name at the same time.
fn lock_file(path: &Path) -> io::Result<Option<File>> {
    try_lock(open_plain(path, OpenOptions::new().write(true).create(true).truncate(false))?)
}

fn try_lock(file: File) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How long ago an entry was changed; `None` if that is in the future or cannot be told.
fn age(entry: &fs::DirEntry) -> Option<Duration> {
    SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A directory that is gone afterwards.
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

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let scratch = Scratch::new();
        drop(scratch.store());
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(FileStore::open(&scratch.0).unwrap_err().to_string().contains("0700"));
    }

    /// Only root can give a directory away and still write into it.
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
}
