//! The library's warnings: a store that cannot be reached, a decision that was late. Somebody must be able to read them.

use std::sync::{Arc, Once, PoisonError, RwLock};

use log::kv::{self, Key, Value, VisitSource, VisitValue};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::convert::{ForeignFailure, Result};

/// The level of a line in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// A mutation failed, and whether it was carried out is not known.
    Error,
    /// Somebody should know it: another call failed, a purchase was declined, a store is unavailable.
    Warning,
    /// The end of a call that went as asked.
    Info,
    /// One of the attempts of a call.
    Debug,
}

/// A part of a warning, for logs that search and count.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WarningField {
    /// The name, such as `"operation"`, `"consume_no"` or `"duration_ms"`.
    pub name: String,
    /// The value as text.
    pub value: String,
}

/// A warning of the library. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Warning {
    /// How serious it is: an error or a warning.
    pub level: LogLevel,
    /// The warning, in one line.
    pub text: String,
    /// Its parts.
    pub fields: Vec<WarningField>,
}

impl Warning {
    fn from_record(record: &Record<'_>) -> Self {
        let mut fields = Fields(Vec::new());
        // Ours fail on nothing.
        let _ = record.key_values().visit(&mut fields);
        let level = match record.level() {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warning,
            Level::Info => LogLevel::Info,
            Level::Debug | Level::Trace => LogLevel::Debug,
        };
        Self { level, text: record.args().to_string(), fields: fields.0 }
    }
}

/// Collects fields; those whose value is null are left out.
struct Fields(Vec<WarningField>);

impl<'v> VisitSource<'v> for Fields {
    fn visit_pair(&mut self, key: Key<'v>, value: Value<'v>) -> Result<(), kv::Error> {
        let mut text = Text(None);
        value.visit(&mut text)?;
        self.0.extend(text.0.map(|value| WarningField { name: key.as_str().to_owned(), value }));
        Ok(())
    }
}

struct Text(Option<String>);

impl VisitValue<'_> for Text {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.0 = Some(value.to_string());
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }
}

/// Receives the warnings of the library, on any thread; should return quickly. What it throws is ignored.
#[uniffi::export(foreign)]
pub trait WarningSink: Send + Sync {
    /// Receives one warning.
    fn warn(&self, warning: Warning) -> Result<(), ForeignFailure>;
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
        let warning = Warning::from_record(record);
        match sink {
            Some(sink) => drop(sink.warn(warning)),
            None => eprintln!("keysecure: {}", warning.text),
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use log::{Level, Record};

    use super::{LogLevel, Warning, WarningField};

    #[test]
    fn a_warning_has_the_level_and_the_fields_of_its_record() {
        let fields = [("operation", log::kv::Value::from("cards.get")), ("code", log::kv::Value::null())];
        for (level, expected) in [(Level::Error, LogLevel::Error), (Level::Warn, LogLevel::Warning)] {
            let record = Record::builder().level(level).key_values(&fields).args(format_args!("a call failed")).build();
            let operation = WarningField { name: "operation".to_owned(), value: "cards.get".to_owned() };
            let warning = Warning { level: expected, text: "a call failed".to_owned(), fields: vec![operation] };
            assert_eq!(Warning::from_record(&record), warning);
        }
    }
}
