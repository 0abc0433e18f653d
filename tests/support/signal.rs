use std::process::Command;

/// Sends a signal, such as `STOP`, to the process with that id. By the shell: a small system has no program `kill`.
///
/// # Panics
///
/// If the signal was not sent.
pub fn signal(name: &str, process: u32) {
    let (shell, id) = ("kill -\"$0\" \"$1\"", process.to_string());
    let sent = Command::new("sh").args(["-c", shell, name, &id]).status().is_ok_and(|status| status.success());
    assert!(sent, "no signal {name} to {process}");
}
