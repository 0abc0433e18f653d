//! Access tokens in files.

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::system::{create_new, is_private, open_plain, rename};
use super::{FileStore, LEFTOVER, age, lock_file, unavailable};
use crate::store::{StoreLock, StoreUnavailable, StoredToken, TokenStore, unique};

/// Maximum length of a token, that of a header.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

impl FileStore {
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
            .and_then(|()| rename(&draft, path));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        self.sweep_drafts();
        written
    }

    /// Removes unfinished files of killed processes.
    fn sweep_drafts(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_draft = path.extension().is_some_and(|ending| ending == "draft");
            if is_draft && age(&path).is_some_and(|age| age > LEFTOVER) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl TokenStore for FileStore {
    fn load(&self, slot: &str, _: Duration) -> Result<Option<StoredToken>, StoreUnavailable> {
        let path = self.path(slot, "token")?;
        match read_private(&path) {
            Ok(line) => Ok(StoredToken::from_line(&line)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // The next token replaces the file, with the correct mode.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && path.exists() => {
                log::warn!(target: "keysecure", "a token in the file store is not used: its file is accessible to other users");
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
            // Unlocked, not only closed: a forked child may have it open too.
            Ok(Some(file)) => Ok(Some(StoreLock::new(move |_| drop(file.unlock())))),
            Ok(None) => Ok(None),
            Err(error) => Err(unavailable("lock", &error)),
        }
    }
}

/// Reads a small text file that only its user can read; `PermissionDenied` for other files.
fn read_private(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = open_plain(path, fs::OpenOptions::new().read(true))?;
    if !is_private(&file)? {
        return Err(ErrorKind::PermissionDenied.into());
    }
    // Allocated at full size: a buffer that grows would leave copies of the token in memory.
    let mut text = Zeroizing::new(String::with_capacity(4 * 1024));
    match file.take(MAX_TOKEN_BYTES).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        // Not a token.
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Zeroizing::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::SystemTime;

    use super::*;
    use crate::store::file::tests::Scratch;
    use crate::values::instant;

    const NOW: Duration = Duration::ZERO;

    fn token(name: &str) -> StoredToken {
        StoredToken::new(name, instant::from_millis(1).unwrap(), instant::from_millis(2).unwrap())
    }

    #[cfg(unix)]
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
        let mut names: Vec<_> = fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["attempts", "slot.token"], "nothing else is left");
        #[cfg(unix)]
        assert_eq!((mode(&scratch.0), mode(&scratch.0.join("slot.token"))), (0o700, 0o600));
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_can_read_is_replaced() {
        let scratch = Scratch::new();
        let (store, path) = (scratch.store(), scratch.0.join("slot.token"));
        store.save("slot", &token("first"), NOW).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(store.load("slot", NOW), Ok(None));
        store.save("slot", &token("second"), NOW).unwrap();
        assert_eq!((store.load("slot", NOW), mode(&path)), (Ok(Some(token("second"))), 0o600));
    }

    #[test]
    fn an_invalid_token_file_holds_no_token() {
        let scratch = Scratch::new();
        let (store, path) = (scratch.store(), scratch.0.join("slot.token"));
        store.save("slot", &token("first"), NOW).unwrap();
        for bytes in [&b"1 1 2 half"[..], b"\xff\n", b""] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(store.load("slot", NOW), Ok(None));
        }
    }

    #[test]
    fn a_slot_cannot_leave_the_directory() {
        let scratch = Scratch::new();
        for slot in ["", "../a", "a/b", "a.b"] {
            assert_eq!(scratch.store().load(slot, NOW), Err(StoreUnavailable), "{slot:?}");
        }
    }

    #[test]
    fn a_lock_is_exclusive_until_it_is_dropped() {
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
    fn a_missing_directory_is_an_outage_without_a_panic() {
        let scratch = Scratch::new();
        let store = scratch.store();
        fs::remove_dir_all(&scratch.0).unwrap();
        assert_eq!(store.save("slot", &token("first"), NOW), Err(StoreUnavailable));
        assert!(store.try_lock("slot", NOW).is_err());
    }

    #[cfg(unix)] // Windows has no such files
    #[test]
    fn a_fifo_or_a_link_in_place_of_a_file_is_not_waited_for() {
        let scratch = Scratch::new();
        let store = scratch.store();
        for name in ["slot.token", "slot.lock"] {
            assert!(std::process::Command::new("mkfifo").arg(scratch.0.join(name)).status().unwrap().success());
        }
        assert!(store.load("slot", NOW).is_err());
        assert!(store.try_lock("slot", NOW).is_err());
        store.save("slot", &token("first"), NOW).unwrap();
        assert_eq!(store.load("slot", NOW), Ok(Some(token("first"))), "it was replaced");
        let (elsewhere, link) = (scratch.0.join("elsewhere"), scratch.0.join("link.token"));
        fs::rename(scratch.0.join("slot.token"), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert!(store.load("link", NOW).is_err());
    }
}
