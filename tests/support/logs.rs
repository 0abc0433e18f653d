//! What is logged while something runs.

use std::cell::RefCell;

use log::{Level, LevelFilter, Log, Metadata, Record};

/// One record of the `log` facade.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Who logged it, such as `keysecure`.
    pub target: String,
    /// How important it is.
    pub level: Level,
    /// What it says.
    pub text: String,
}

struct Capture;

thread_local! {
    /// The records of this thread; `None` while nobody wants them.
    static LINES: RefCell<Option<Vec<LogLine>>> = const { RefCell::new(None) };
}

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LINES.with(|lines| lines.borrow().is_some())
    }

    fn log(&self, record: &Record<'_>) {
        // Formatting may log again; the cell is free while it runs.
        if !self.enabled(record.metadata()) {
            return;
        }
        let line =
            LogLine { target: record.target().to_owned(), level: record.level(), text: record.args().to_string() };
        LINES.with(|lines| {
            if let Some(lines) = lines.borrow_mut().as_mut() {
                lines.push(line);
            }
        });
    }

    fn flush(&self) {}
}

/// Runs something and gives, beside its result, all that this thread logged meanwhile, at every level.
///
/// It becomes the logger of the whole process; other threads' records are dropped.
pub fn logged<T>(run: impl FnOnce() -> T) -> (T, Vec<LogLine>) {
    // A second call finds the same logger in place.
    let _ = log::set_logger(&Capture);
    log::set_max_level(LevelFilter::Trace);
    LINES.with(|lines| lines.borrow_mut().replace(Vec::new()));
    let result = run();
    let lines = LINES.with(|lines| lines.borrow_mut().take());
    (result, lines.unwrap_or_default())
}
