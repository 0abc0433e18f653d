//! One attempts file: reading, appending, compacting. The caller must hold its lock.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::record::{Event, Record};
use crate::store::file::log_file::{Contents, LogFile};
use crate::store::file::moment::Moment;

pub(super) struct Shard(LogFile);

/// Record of one reference in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub record: Option<Record>,
    /// Whether the file has damaged lines, which may belong to any reference.
    pub damaged: bool,
}

impl Shard {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(LogFile { path })
    }

    pub(super) fn read(&self) -> io::Result<Contents> {
        self.0.read()
    }

    pub(super) fn append(&self, record: &Record, sync: bool) -> io::Result<()> {
        self.0.append(&record.to_line(), sync)
    }

    /// Rewrites the file with the last record of each reference, if that halves its size. Returns its length.
    pub(super) fn compact(&self, contents: &Contents, keep_for: Option<Duration>) -> io::Result<u64> {
        let now = Moment::now();
        let mut kept: BTreeMap<String, Record> = BTreeMap::new();
        for line in contents.lines() {
            // With a damaged line nothing is compacted: it may belong to any reference.
            let Some(record) = Record::from_line(line) else { return Ok(contents.len()) };
            let known = kept.remove(&record.name);
            let record = known.map_or_else(|| record.clone(), |known| known.followed_by(record.clone()));
            kept.insert(record.name.clone(), record);
        }
        if let Some(keep_for) = keep_for {
            kept.retain(|_, record| !matches!(record.event, Event::Ended(_)) || record.at.age(&now) <= keep_for);
        }
        let text: String = kept.values().map(Record::to_line).collect();
        if text.len() as u64 * 2 > contents.len() {
            return Ok(contents.len());
        }
        self.0.replace(&text)?;
        Ok(text.len() as u64)
    }
}

impl Contents {
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
}

#[cfg(test)]
mod tests {
    use std::fs;

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
            fs::write(&shard.0.path, &left).unwrap();
            let contents = shard.read().unwrap();
            assert_eq!(contents.find("a"), Found { record: Some(first.clone()), damaged: false });
            assert_eq!(contents.find("b"), Found::default(), "{torn}");
            shard.append(&second, true).unwrap();
            assert_eq!(fs::read_to_string(&shard.0.path).unwrap(), format!("{}{line}", first.to_line()));
        }
    }

    #[test]
    fn the_zeros_that_a_power_failure_leaves_are_cut_off() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        fs::write(&shard.0.path, [record("a", began()).to_line().as_bytes(), &[0; 100]].concat()).unwrap();
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
        fs::write(&shard.0.path, &text).unwrap();
        let contents = shard.read().unwrap();
        assert!(contents.find("c").damaged);
        assert!(contents.find("b").record.is_some());
        shard.compact(&contents, Some(Duration::ZERO)).unwrap();
        assert_eq!(fs::read_to_string(&shard.0.path).unwrap(), text);
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

    #[cfg(unix)] // Windows has no such files
    #[test]
    fn a_fifo_or_a_link_instead_of_the_file_is_an_error() {
        let scratch = Scratch::new();
        let shard = shard(&scratch);
        std::os::unix::fs::symlink("/dev/null", &shard.0.path).unwrap();
        assert!(shard.read().is_err() && shard.append(&record("a", began()), true).is_err());
        fs::remove_file(&shard.0.path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&shard.0.path).status().unwrap().success());
        assert!(shard.read().is_err() && shard.append(&record("a", began()), true).is_err());
    }
}
