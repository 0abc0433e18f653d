//! One attempts file: reading, appending, repairing, compacting. The caller must hold its lock.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::moment::Moment;
use super::record::{Event, Record};
use crate::store::file::{create_new, open_plain};

/// Size below which a file is never compacted.
pub(super) const SMALL: u64 = 64 * 1024;

pub(super) struct Shard {
    path: PathBuf,
}

/// Contents of a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    bytes: Vec<u8>,
    /// Length without an incomplete last line.
    whole: usize,
}

/// Record of one reference in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub record: Option<Record>,
    /// Whether the file has damaged lines, which may belong to any reference.
    pub damaged: bool,
}

impl Shard {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

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

    /// Appends a record. An incomplete last line of a killed writer is cut off: it was never acknowledged.
    pub(super) fn append(&self, record: &Record, sync: bool) -> io::Result<()> {
        let mut file = open_plain(&self.path, OpenOptions::new().read(true).append(true).create(true))?;
        let length = file.metadata()?.len();
        if !ends_a_line(&mut file, length)? {
            file.set_len(self.read()?.whole as u64)?;
        }
        if length == 0 {
            // Before the first record, so that the name of every file with records is durable.
            sync_directory(&self.path)?;
        }
        file.write_all(record.to_line().as_bytes())?;
        if sync { file.sync_data() } else { Ok(()) }
    }

    /// Rewrites the file with the last record of each reference, if that halves its size. Returns its length.
    pub(super) fn compact(&self, contents: &Contents, keep_for: Option<Duration>) -> io::Result<u64> {
        let now = Moment::now();
        let mut kept: BTreeMap<String, Record> = BTreeMap::new();
        for line in contents.lines() {
            // With a damaged line nothing is compacted: it may belong to any reference.
            let Some(record) = Record::from_line(line) else { return Ok(contents.whole as u64) };
            let known = kept.remove(&record.name);
            let record = known.map_or_else(|| record.clone(), |known| known.followed_by(record.clone()));
            kept.insert(record.name.clone(), record);
        }
        if let Some(keep_for) = keep_for {
            kept.retain(|_, record| !matches!(record.event, Event::Ended(_)) || record.at.age(&now) <= keep_for);
        }
        let text: String = kept.values().map(Record::to_line).collect();
        if text.len() * 2 > contents.whole {
            return Ok(contents.whole as u64);
        }
        let draft = self.path.with_extension("draft");
        // A draft of a killed process: only the holder of the lock writes here.
        let _ = fs::remove_file(&draft);
        let mut file = create_new(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&draft, &self.path)?;
        sync_directory(&self.path)?;
        Ok(text.len() as u64)
    }
}

impl Contents {
    pub(super) fn len(&self) -> u64 {
        self.whole as u64
    }

    pub(super) fn find(&self, name: &str) -> Found {
        let mut found = Found::default();
        for line in self.lines() {
            match Record::from_line(line) {
                None => found.damaged = true,
                Some(record) if record.name == name => {
                    found.record = Some(match found.record.take() {
                        Some(known) => known.followed_by(record),
                        None => record,
                    });
                }
                Some(_) => {}
            }
        }
        found
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes[..self.whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    use std::io::{Seek as _, SeekFrom};
    if length == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Makes the name of a file durable, by syncing its directory.
pub(super) fn sync_directory(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::AttemptEnd;
    use crate::store::file::tests::Scratch;

    const END: Event = Event::Ended(AttemptEnd::Done);

    fn shard(scratch: &Scratch) -> Shard {
        drop(scratch.store());
        Shard::new(scratch.0.join("00.log"))
    }

    fn record(name: &str, event: Event) -> Record {
        Record { name: name.to_owned(), attempt: "1".to_owned(), at: Moment::now(), event }
    }

    fn began() -> Event {
        Event::Began { lasts: Duration::from_secs(30), operation: "accounts.transfer".to_owned() }
    }

    #[test]
    fn a_line_that_is_torn_anywhere_is_ignored_and_cut_off() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        let (first, second) = (record("a", began()), record("b", began()));
        let line = second.to_line();
        for torn in 1..line.len() {
            let left = format!("{}{}", first.to_line(), &line[..torn]);
            fs::write(&shard.path, &left).unwrap();
            let contents = shard.read().unwrap();
            assert_eq!(contents.find("a"), Found { record: Some(first.clone()), damaged: false });
            assert_eq!(contents.find("b"), Found::default(), "{torn}");
            shard.append(&second, true).unwrap();
            assert_eq!(fs::read_to_string(&shard.path).unwrap(), format!("{}{line}", first.to_line()));
        }
    }

    #[test]
    fn the_zeros_that_a_power_failure_leaves_are_cut_off() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        fs::write(&shard.path, [record("a", began()).to_line().as_bytes(), &[0; 100]].concat()).unwrap();
        shard.append(&record("b", began()), true).unwrap();
        let contents = shard.read().unwrap();
        assert!(contents.find("a").record.is_some() && contents.find("b").record.is_some());
        assert!(!contents.find("c").damaged);
    }

    #[test]
    fn after_a_damaged_line_no_reference_counts_as_new() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        let text = format!("{}b nonsense\n{}", record("a", began()).to_line(), record("b", END).to_line());
        fs::write(&shard.path, &text).unwrap();
        let contents = shard.read().unwrap();
        assert!(contents.find("c").damaged);
        assert!(contents.find("b").record.is_some());
        shard.compact(&contents, Some(Duration::ZERO)).unwrap();
        assert_eq!(fs::read_to_string(&shard.path).unwrap(), text);
    }

    #[test]
    fn compaction_keeps_the_last_line_of_each_reference() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        for _ in 0..3 {
            shard.append(&record("done", began()), false).unwrap();
            shard.append(&record("done", END), false).unwrap();
        }
        shard.append(&record("open", began()), false).unwrap();
        let before = shard.read().unwrap();
        let length = shard.compact(&before, None).unwrap();
        let after = shard.read().unwrap();
        assert_eq!((after.len(), after.lines().count()), (length, 2));
        for name in ["done", "open"] {
            assert_eq!(after.find(name), before.find(name));
        }
        assert_eq!(shard.compact(&after, None).unwrap(), length, "it would not halve it");
    }

    #[test]
    fn retention_drops_what_has_ended_and_nothing_else() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        for name in ["a", "b", "c"] {
            shard.append(&record(name, END), false).unwrap();
        }
        shard.append(&record("open", began()), false).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let contents = shard.read().unwrap();
        shard.compact(&contents, Some(Duration::from_millis(1))).unwrap();
        let after = shard.read().unwrap();
        assert_eq!(after.lines().count(), 1);
        assert!(after.find("open").record.is_some());
    }

    #[test]
    fn a_fifo_or_a_link_instead_of_the_file_is_an_error() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        std::os::unix::fs::symlink("/dev/null", &shard.path).unwrap();
        assert!(shard.read().is_err() && shard.append(&record("a", began()), true).is_err());
        fs::remove_file(&shard.path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&shard.path).status().unwrap().success());
        assert!(shard.read().is_err() && shard.append(&record("a", began()), true).is_err());
    }
}
