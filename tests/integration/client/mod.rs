//! The client against the sandbox and against hostile servers.

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
