//! The Redis server for the tests of fleets, installed from Debian's packages where possible.

use crate::run;

/// Installs the package without starting its service: the tests start their own server.
const INSTALL: [&str; 2] =
    ["env RUNLEVEL=1 apt-get update -q", "env RUNLEVEL=1 apt-get install -q -y --no-install-recommends redis-server"];

/// Installs `redis-server` if it is missing and this needs no password. Otherwise the tests that need it are skipped
/// locally and fail in CI.
pub fn ensure() {
    if run::exists("redis-server", "--version") || !run::exists("apt-get", "--version") {
        return;
    }
    let root = run::output(run::command("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !root && !run::exists("sudo", "-nv") {
        return;
    }
    for line in INSTALL {
        // Root needs no sudo, and a container often has none.
        let mut words = if root { line.to_owned() } else { format!("sudo -n {line}") };
        let arguments = words.split_off(words.find(' ').unwrap_or(words.len()));
        if !run::passes(run::command(words).args(arguments.split_whitespace())) {
            return;
        }
    }
}
