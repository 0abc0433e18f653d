//! The log of requests.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::exchange::Exchange;
use crate::fault::kinds::FaultKind;
use crate::http::response::EncodedResponse;
use crate::masking::masked;

/// The maximum length of a recorded body, in bytes.
const MAX_BODY: usize = 8 * 1024;
/// The maximum size of all kept exchanges, in bytes.
const MAX_EXCHANGE_BYTES: usize = 32 * 1024 * 1024;

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestRecord {
    /// The operation, such as `cards.get`; `unknown` for an unknown path.
    pub operation: String,
    /// The HTTP method.
    pub method: String,
    /// The path, with `{}` for its variable part if the operation is known.
    pub path: String,
    /// The number of the connection since the sandbox started, from 1.
    pub connection: u64,
    /// The names of the headers in their order, without values.
    pub headers: Vec<String>,
    /// The JSON body with masked secrets, or a note about its length.
    pub body: String,
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
    /// The code of the response; `None` if no whole envelope was sent.
    pub code: Option<i64>,
    /// The fault that affected the request.
    pub fault: Option<FaultKind>,
    /// Whether the request changed the state.
    pub committed: bool,
}

/// A log entry. It is cheap to make; [`Entry::record`] masks and formats it on request.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) operation: &'static str,
    pub(crate) method: Cow<'static, str>,
    pub(crate) path: Cow<'static, str>,
    pub(crate) connection: u64,
    /// One name per line. Most requests have the same names as the request before, and share the text.
    pub(crate) header_names: Arc<str>,
    pub(crate) body: Box<[u8]>,
    pub(crate) time_ms: i64,
    pub(crate) code: Option<i64>,
    pub(crate) fault: Option<FaultKind>,
    pub(crate) committed: bool,
    /// The time from the head of the request to its response, in real time.
    pub(crate) took: Option<Duration>,
    /// The HTTP status of the response.
    pub(crate) status: Option<u16>,
    /// Headers and response; `None` if they are not kept (any more).
    pub(crate) exchange: Option<Box<Exchange>>,
    /// The value of [`Log::changes`] when the entry changed last.
    pub(crate) change: u64,
}

/// The log of the last requests.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    capacity: usize,
    /// The number of entries added so far, which is the id of the last one.
    pushed: usize,
    /// Grows with every change.
    changes: u64,
    /// The size of all kept exchanges, in bytes.
    exchange_bytes: usize,
    /// The id of the oldest entry that may have an exchange.
    oldest_exchange: usize,
}

impl Log {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity, pushed: 0, changes: 0, exchange_bytes: 0, oldest_exchange: 1 }
    }

    /// Adds an entry and returns its id.
    pub(crate) fn push(&mut self, mut entry: Entry) -> usize {
        if let Some(last) = self.entries.back().filter(|last| last.header_names == entry.header_names) {
            entry.header_names = Arc::clone(&last.header_names);
        }
        if self.entries.len() >= self.capacity {
            let removed = self.entries.pop_front().and_then(|entry| entry.exchange);
            self.exchange_bytes -= removed.map_or(0, |exchange| exchange.size());
        }
        self.changes += 1;
        entry.change = self.changes;
        if self.capacity > 0 {
            self.exchange_bytes += entry.exchange.as_ref().map_or(0, |exchange| exchange.size());
            self.entries.push_back(entry);
        }
        self.pushed += 1;
        self.drop_old_exchanges();
        self.pushed
    }

    /// Adds the response to the entry of that id.
    pub(crate) fn responded(&mut self, id: usize, response: &EncodedResponse, took: Duration) {
        self.changes += 1;
        let change = self.changes;
        let Some(entry) = self.entry_mut(id) else { return };
        entry.took = Some(took);
        entry.status = response.status();
        entry.change = change;
        if let Some(exchange) = &mut entry.exchange {
            let before = exchange.size();
            exchange.set_response(response);
            let after = exchange.size();
            self.exchange_bytes = self.exchange_bytes - before + after;
        }
        self.drop_old_exchanges();
    }

    /// Forgets the exchanges of the oldest entries when all of them together are too large.
    fn drop_old_exchanges(&mut self) {
        while self.exchange_bytes > MAX_EXCHANGE_BYTES && self.oldest_exchange <= self.pushed {
            let id = self.oldest_exchange;
            let removed = self.entry_mut(id).and_then(|entry| entry.exchange.take());
            self.exchange_bytes -= removed.map_or(0, |exchange| exchange.size());
            self.oldest_exchange += 1;
        }
    }

    fn index(&self, id: usize) -> Option<usize> {
        self.entries.len().checked_sub(self.pushed.checked_sub(id)? + 1)
    }

    fn entry_mut(&mut self, id: usize) -> Option<&mut Entry> {
        let at = self.index(id)?;
        self.entries.get_mut(at)
    }

    /// The entry of that id, if it is still kept.
    pub(crate) fn entry(&self, id: usize) -> Option<&Entry> {
        self.entries.get(self.index(id)?)
    }

    /// The kept entries with their ids, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (usize, &Entry)> {
        (0..=self.pushed).rev().zip(self.entries.iter().rev())
    }

    /// A number that grows with every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Marks the entry of that id as committed.
    pub(crate) fn committed_late(&mut self, id: usize) {
        self.changes += 1;
        let change = self.changes;
        if let Some(entry) = self.entry_mut(id) {
            entry.committed = true;
            entry.change = change;
        }
    }

    /// All entries, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

impl Entry {
    /// The body as it is stored.
    pub(crate) fn body_to_keep(body: &[u8]) -> Box<[u8]> {
        if body.len() > MAX_BODY { format!("\"{} bytes\"", body.len()).into_bytes().into() } else { body.into() }
    }

    /// The public form of the entry.
    pub(crate) fn record(&self) -> RequestRecord {
        RequestRecord {
            operation: self.operation.to_owned(),
            method: self.method.to_string(),
            path: self.path.to_string(),
            connection: self.connection,
            headers: self.header_names.lines().map(str::to_owned).collect(),
            body: masked(&self.body),
            time_ms: self.time_ms,
            code: self.code,
            fault: self.fault,
            committed: self.committed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_last_entries() {
        let entry = |connection| Entry {
            operation: "token",
            method: Cow::Borrowed(""),
            path: Cow::Borrowed(""),
            connection,
            header_names: Arc::from(""),
            body: Box::default(),
            time_ms: 0,
            code: None,
            fault: None,
            committed: false,
            took: None,
            status: None,
            exchange: None,
            change: 0,
        };
        let mut log = Log::new(2);
        let ids: Vec<_> = (1..=3).map(|connection| log.push(entry(connection))).collect();
        assert_eq!(vec![2, 3], log.entries().map(|entry| entry.connection).collect::<Vec<_>>());
        log.committed_late(ids[0]);
        log.committed_late(ids[1]);
        assert_eq!(vec![true, false], log.entries().map(|entry| entry.committed).collect::<Vec<_>>());
    }
}
