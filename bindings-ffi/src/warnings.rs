//! The library's warnings: a store that cannot be reached, a decision that was late. Somebody must be able to read them.

use std::sync::{Arc, Once, PoisonError, RwLock};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::convert::{ForeignFailure, Result};

/// Receives the warnings of the library, on any thread; should return quickly. No warning holds a secret. What it
/// throws is ignored.
#[uniffi::export(foreign)]
pub trait WarningSink: Send + Sync {
    /// Receives one warning, a line of text.
    fn warn(&self, text: String) -> Result<(), ForeignFailure>;
}

crate::tables::in_c_order!(UniFfiTraitVtableWarningSink: warn);

/// Sends the warnings of the library to `sink` from now on, for the whole process. Default: the standard error.
#[uniffi::export]
pub fn set_warning_sink(sink: Option<Arc<dyn WarningSink>>) {
    begin();
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
}

static SINK: RwLock<Option<Arc<dyn WarningSink>>> = RwLock::new(None);

/// Installs a logger for the warnings. A Rust program that has a logger keeps it.
pub(crate) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if log::set_logger(&Warnings).is_ok() {
            log::set_max_level(LevelFilter::Warn);
        }
    });
}

struct Warnings;

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && metadata.target().starts_with("keysecure")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // No lock is held over foreign code, which may set another sink.
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
        let text = record.args().to_string();
        match sink {
            Some(sink) => drop(sink.warn(text)),
            None => eprintln!("keysecure: {text}"),
        }
    }

    fn flush(&self) {}
}
