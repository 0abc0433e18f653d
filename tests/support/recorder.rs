//! An observer that keeps its records.

use std::sync::Mutex;

use keysecure::{AttemptRecord, CallRecord, Observer};

/// Keeps every record, in the order in which they came.
#[derive(Debug, Default)]
pub struct Recorder {
    attempts: Mutex<Vec<AttemptRecord>>,
    calls: Mutex<Vec<CallRecord>>,
}

impl Recorder {
    /// All attempts so far.
    pub fn attempts(&self) -> Vec<AttemptRecord> {
        self.attempts.lock().map(|records| records.clone()).unwrap_or_default()
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.calls.lock().map(|records| records.clone()).unwrap_or_default()
    }
}

impl Observer for Recorder {
    fn attempt(&self, record: &AttemptRecord) {
        if let Ok(mut records) = self.attempts.lock() {
            records.push(record.clone());
        }
    }

    fn call(&self, record: &CallRecord) {
        if let Ok(mut records) = self.calls.lock() {
            records.push(record.clone());
        }
    }
}
