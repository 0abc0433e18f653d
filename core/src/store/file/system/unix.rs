//! Modes, owners, and locks of files whose names can be removed while they are locked.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::store::file::try_lock;

/// Creates a directory for its user alone.
pub(in crate::store::file) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates a file for its user alone.
pub(in crate::store::file) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a regular file without blocking. Other kinds of files are errors: opening a FIFO would wait for its other end.
pub(in crate::store::file) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).mode(0o600).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// Refuses a directory that other users can enter.
pub(in crate::store::file) fn check_access(path: &Path, directory: &Metadata) -> Result<(), Error> {
    if is_for_one(directory) {
        return Ok(());
    }
    let path = path.display();
    Err(Error::config(format!(
        "the file store's directory {path} is accessible to other users: run `chmod 700 {path}`"
    )))
}

/// Whether a directory belongs to the user with whom this process created `file`.
pub(in crate::store::file) fn has_owner_of(directory: &Metadata, file: &File) -> io::Result<bool> {
    Ok(directory.uid() == file.metadata()?.uid())
}

/// Whether only its user can read a file.
pub(in crate::store::file) fn is_private(file: &File) -> io::Result<bool> {
    Ok(is_for_one(&file.metadata()?))
}

/// Whether neither the group nor others have access.
fn is_for_one(data: &Metadata) -> bool {
    const OTHERS: u32 = 0o077;
    data.mode() & OTHERS == 0
}

/// Gives a file another name, which may be taken, atomically.
pub(in crate::store::file) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Makes the name of a file durable, by syncing its directory.
pub(in crate::store::file) fn sync_directory(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// The file of a lease, locked. It is removed when the lease ends, so that only references in use have a file.
pub(in crate::store::file) struct LeaseFile {
    file: File,
    path: PathBuf,
}

impl LeaseFile {
    /// Takes a lease; `None` if another worker holds it.
    pub(in crate::store::file) fn take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = open_plain(path, OpenOptions::new().write(true).create(true).truncate(false))?;
            let Some(file) = try_lock(file)? else { return Ok(None) };
            let lease = Self { file, path: path.to_owned() };
            // The previous holder may have removed the file after it was opened here.
            if lease.is_held()? {
                return Ok(Some(lease));
            }
        }
    }

    /// Whether the locked file still has its name. If not, the lock excludes nobody.
    pub(in crate::store::file) fn is_held(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        match fs::symlink_metadata(&self.path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends the lease.
    pub(in crate::store::file) fn end(self) {
        // Removed while locked: after unlocking, the name may belong to another worker.
        if self.is_held().unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
        // Unlocked, not only closed: a forked child may have it open too.
        let _ = self.file.unlock();
    }
}
