//! Servers for the tests, installed from Debian's packages where possible. The tests start their own processes of them.

use std::fs;

use crate::run;

/// A server that some tests need.
pub struct Server {
    /// Name of the Debian package.
    package: &'static str,
    is_installed: fn() -> bool,
}

/// Redis, for the tests of fleets.
pub const REDIS: Server = Server { package: "redis-server", is_installed: || run::exists("redis-server", "--version") };

/// `PostgreSQL`, for the stores of the cookbook.
pub const POSTGRESQL: Server = Server { package: "postgresql", is_installed: has_postgres };

/// Debian keeps the server of each version in a folder that is not on the PATH.
fn has_postgres() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/postgres")).any(|program| program.is_file())
        || run::exists("postgres", "--version")
}

/// Installs the server if it is missing and this needs no password. Otherwise the tests that need it are skipped
/// locally and fail in CI.
pub fn ensure(server: &Server) {
    if (server.is_installed)() || !run::exists("apt-get", "--version") {
        return;
    }
    let root = run::output(run::command("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !root && !run::exists("sudo", "-nv") {
        return;
    }
    // At this run level the package does not start its service.
    let apt_get = ["sudo", "-n", "env", "RUNLEVEL=1", "apt-get"];
    // Root needs no sudo, and a container often has none.
    let apt_get = if root { &apt_get[2..] } else { &apt_get[..] };
    let install = ["install", "-q", "-y", "--no-install-recommends", server.package];
    for arguments in [&["update", "-q"][..], &install[..]] {
        if !run::passes(run::command(apt_get[0]).args(&apt_get[1..]).args(arguments)) {
            return;
        }
    }
}
