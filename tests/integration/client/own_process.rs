//! Tests that run in their own process.

use std::path::Path;
use std::process::Command;

/// The path of a test in this program, such as `client::connecting::a_test`. `module` is `module_path!()`.
pub fn test_path(module: &str, test: &str) -> String {
    let module = module.split_once("::").map_or("", |(_, module)| module);
    format!("{module}::{test}")
}

/// Runs one test of this program alone, in a process that `command` creates; true inside that process.
pub fn in_own_process(test: &str, command: impl FnOnce(&Path) -> Command) -> bool {
    const TEST: &str = "KEYSECURE_TESTS_OWN_PROCESS";
    if std::env::var(TEST).is_ok_and(|name| name == test) {
        return true;
    }
    let output = command(&std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(TEST, test)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(passed, "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    false
}
