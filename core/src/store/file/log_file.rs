//! A file of lines that is appended to: reading, appending, repairing, replacing. The caller must hold its lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::system::{create_new, open_plain, rename, sync_directory};

/// Size below which a file is never compacted.
pub(super) const SMALL: u64 = 64 * 1024;

pub(super) struct LogFile {
    pub path: PathBuf,
}

/// Contents of a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    bytes: Vec<u8>,
    /// Length without an incomplete last line.
    whole: usize,
}

impl LogFile {
    pub(super) fn read(&self) -> io::Result<Contents> {
        let mut bytes = Vec::new();
        match open_plain(&self.path, OpenOptions::new().read(true)) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Ok(Contents { bytes, whole })
    }

    /// Appends a line. An incomplete last line of a killed writer is cut off: it was never acknowledged.
    pub(super) fn append(&self, line: &str, sync: bool) -> io::Result<()> {
        let mut file = open_plain(&self.path, OpenOptions::new().read(true).append(true).create(true))?;
        let length = file.metadata()?.len();
        if !ends_a_line(&mut file, length)? {
            // Opened again: on Windows a file that is open to append cannot be cut off.
            open_plain(&self.path, OpenOptions::new().write(true))?.set_len(self.read()?.whole as u64)?;
        }
        if length == 0 {
            // Before the first line, so that the name of every file with lines is durable.
            sync_directory(&self.path)?;
        }
        file.write_all(line.as_bytes())?;
        if sync { file.sync_data() } else { Ok(()) }
    }

    /// Replaces the contents, atomically and durably.
    pub(super) fn replace(&self, text: &str) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        // A draft of a killed process: only the holder of the lock writes here.
        let _ = fs::remove_file(&draft);
        let mut file = create_new(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        rename(&draft, &self.path)?;
        sync_directory(&self.path)
    }
}

impl Contents {
    pub(super) fn len(&self) -> u64 {
        self.whole as u64
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes[..self.whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }
}

/// Returns a text as a line with its checksum and line end.
pub(super) fn seal(text: &str) -> String {
    format!("{text} {:08x}\n", checksum(text.as_bytes()))
}

/// Returns the text of a line without its line end; `None` if it is damaged.
pub(super) fn unseal(line: &[u8]) -> Option<&str> {
    let (text, sum) = std::str::from_utf8(line).ok()?.rsplit_once(' ')?;
    (u32::from_str_radix(sum, 16) == Ok(checksum(text.as_bytes()))).then_some(text)
}

/// FNV-1a: it detects torn and overwritten lines, and is cheap for thousands of lines.
fn checksum(text: &[u8]) -> u32 {
    text.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
