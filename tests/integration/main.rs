//! The client against the sandbox, and against hostile servers, over real sockets: one module for each subject.

// A test may stop where it stands; the helpers beside the tests are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Cents stand apart from dollars: 250_00 is 250.00.
#![allow(clippy::inconsistent_digit_grouping)]
// Time that goes backwards is a failed test.
#![allow(clippy::unchecked_time_subtraction)]
// A story that is told in order is clearer in one piece.
#![allow(clippy::too_many_lines)]

mod calls;
mod clocks;
mod connecting;
#[cfg(target_os = "linux")]
mod dead_path;
mod faults;
mod forks;
mod hostile;
mod input;
mod list_rows;
mod list_servers;
mod lists;
mod matrix;
mod observer;
mod outcomes;
mod patience;
mod resets;
mod secrets;
mod tokens;
mod transport;
