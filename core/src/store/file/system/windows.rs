//! Inherited permissions, and files that exist only while they are open.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;

use crate::error::Error;
use crate::store::file::PAUSE;

/// `CreateFile` opens a link itself, not its target.
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
/// `CreateFile` makes a file that the system removes when its last handle is closed, by the end of its process too.
const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const DELETE: u32 = 0x0001_0000;
/// Error: another handle excludes this access.
const ERROR_SHARING_VIOLATION: i32 = 32;
/// Number of attempts on a name that another process, such as a virus scanner, has open for a moment.
const TRIES: u32 = 50;

/// Creates a directory with the permissions of its parent.
pub(in crate::store::file) fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Creates a file with the permissions of its directory.
pub(in crate::store::file) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens a regular file. Links are errors.
pub(in crate::store::file) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// Accepts every directory: the caller chooses one whose permissions exclude others.
#[allow(clippy::unnecessary_wraps)] // as on Unix
pub(in crate::store::file) fn check_access(_: &Path, _: &Metadata) -> Result<(), Error> {
    Ok(())
}

/// Accepts every owner; see [`check_access`].
#[allow(clippy::unnecessary_wraps)] // as on Unix
pub(in crate::store::file) fn has_owner_of(_: &Metadata, _: &File) -> io::Result<bool> {
    Ok(true)
}

/// Accepts every file; see [`check_access`].
#[allow(clippy::unnecessary_wraps)] // as on Unix
pub(in crate::store::file) fn is_private(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Gives a file another name, which may be taken, atomically.
pub(in crate::store::file) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Does nothing: NTFS keeps names in its journal, which every flush of a file writes too.
#[allow(clippy::unnecessary_wraps)] // as on Unix
pub(in crate::store::file) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file of a lease, open without sharing: the system excludes all others from it, and removes it when it is closed.
pub(in crate::store::file) struct LeaseFile(#[allow(dead_code)] File); // closed by its drop

impl LeaseFile {
    /// Takes a lease; `None` if another worker holds it.
    pub(in crate::store::file) fn take(path: &Path) -> io::Result<Option<Self>> {
        let open = || {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .access_mode(GENERIC_WRITE | DELETE)
                .share_mode(0)
                .custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT)
                .open(path)
        };
        // Access is denied for a moment while the system removes the file of an ended lease.
        let opened = patiently(|| match open() {
            Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
            opened => opened.map(Some),
        });
        opened.map(|file| file.map(Self))
    }

    /// Always: nobody can remove or rename the file while it is open.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)] // as on Unix
    pub(in crate::store::file) fn is_held(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Ends the lease.
    pub(in crate::store::file) fn end(self) {
        drop(self);
    }
}

/// Repeats an operation while its access is denied, a tenth of a second at most.
fn patiently<T>(operation: impl Fn() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..TRIES {
        match operation() {
            Err(error)
                if error.kind() == ErrorKind::PermissionDenied
                    || error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) =>
            {
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
    operation()
}
