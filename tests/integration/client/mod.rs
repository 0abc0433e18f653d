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
mod lists;
mod matrix;
mod observer;
mod outcomes;
mod own_process;
mod patience;
mod raw_calls;
mod resets;
mod secrets;
mod tokens;
mod transport;
