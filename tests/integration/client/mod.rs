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
mod interruption;
mod lists;
mod logging;
mod matrix;
mod observer;
mod outcomes;
mod own_process;
mod raw_calls;
mod relayed;
mod requests;
mod resets;
mod secrets;
mod tokens;
mod transport;
