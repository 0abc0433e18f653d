//! The table of calls in the README.

use std::fmt::Write as _;

use keysecure::{Effect, Mode, OPERATIONS};

/// The line before the table.
pub const TABLE_BEGIN: &str = "<!-- calls:begin -->";
/// The line after the table.
pub const TABLE_END: &str = "<!-- calls:end -->";

/// The table of all calls in Markdown, with a line end after each row.
pub fn calls_table() -> String {
    let mut table = String::from(
        "| # | call in Rust | platform call | mode | retried after an unknown outcome? |\n|---|---|---|---|---|\n",
    );
    for operation in OPERATIONS {
        let mode = match operation.mode {
            Mode::Both => "both",
            Mode::Credit => "credit",
            Mode::Authorization => "authorization",
            Mode::SandboxOnly => "sandbox only",
            Mode::HostedPage => "hosted card page",
        };
        let repeated = match operation.effect {
            Effect::Read => "yes",
            Effect::Mutation => "never",
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            table,
            "| {} | `{}` | `{} /open-api{}` | {mode} | {repeated} |",
            operation.number,
            operation.rust,
            operation.method.as_str(),
            operation.path,
        );
    }
    table
}

/// Replaces the table between the two marks; `None` if the text does not contain both, in order.
pub fn with_calls_table(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(TABLE_BEGIN)?;
    let (_, after) = rest.split_once(TABLE_END)?;
    Some(format!("{before}{TABLE_BEGIN}\n{}{TABLE_END}{after}", calls_table()))
}
