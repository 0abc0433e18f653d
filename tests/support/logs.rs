//! Log capture for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use log::kv::{Key, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// One record of the `log` facade.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// The target, such as `keysecure`.
    pub target: String,
    /// The level.
    pub level: Level,
    /// The message.
    pub text: String,
    /// The key-value fields that are not null, as text.
    pub fields: BTreeMap<String, String>,
}

impl LogLine {
    fn new(record: &Record<'_>) -> Self {
        let mut fields = Fields(BTreeMap::new());
        let _ = record.key_values().visit(&mut fields);
        Self {
            target: record.target().to_owned(),
            level: record.level(),
            text: record.args().to_string(),
            fields: fields.0,
        }
    }

    /// A field; `None` if it is absent.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

struct Fields(BTreeMap<String, String>);

impl<'v> VisitSource<'v> for Fields {
    fn visit_pair(&mut self, key: Key<'v>, value: Value<'v>) -> Result<(), log::kv::Error> {
        let text = value.to_string();
        if text != Value::null().to_string() {
            self.0.insert(key.to_string(), text);
        }
        Ok(())
    }
}

/// The logger of the whole process.
struct Capture;

thread_local! {
    /// The records of this thread; `None` outside [`logged`].
    static LINES: RefCell<Option<Vec<LogLine>>> = const { RefCell::new(None) };
}

/// The warnings and errors of all threads.
static WARNINGS: Mutex<Vec<LogLine>> = Mutex::new(Vec::new());

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn || LINES.with(|lines| lines.borrow().is_some())
    }

    fn log(&self, record: &Record<'_>) {
        // Formatting may log again; the cell is free while it runs.
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = LogLine::new(record);
        if line.level <= Level::Warn {
            WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        }
        LINES.with(|lines| {
            if let Some(lines) = lines.borrow_mut().as_mut() {
                lines.push(line);
            }
        });
    }

    fn flush(&self) {}
}

/// Starts to capture the log records of the process.
pub fn capture_logs() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // Without the logger the tests that look for records fail.
        let _ = log::set_logger(&Capture);
        log::set_max_level(LevelFilter::Trace);
    });
}

/// Runs a function; returns its result and everything that this thread logged meanwhile, at every level.
pub fn logged<T>(run: impl FnOnce() -> T) -> (T, Vec<LogLine>) {
    capture_logs();
    LINES.with(|lines| lines.borrow_mut().replace(Vec::new()));
    let result = run();
    let lines = LINES.with(|lines| lines.borrow_mut().take());
    (result, lines.unwrap_or_default())
}

/// The warnings and errors that all threads have logged since [`capture_logs`].
pub fn warnings() -> Vec<LogLine> {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
