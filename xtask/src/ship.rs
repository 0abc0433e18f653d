//! How everything that is shipped is compiled, beyond its cargo profile.

use crate::run;

/// The library for phones: without HTTP, TLS and Redis, and with the core compiled for size, where it is compiled for speed
/// otherwise. A phone has the one and waits for the network anyway.
pub const FOR_PHONES: [&str; 3] =
    ["--no-default-features", "--config", "profile.ship.package.keysecure.opt-level=\"s\""];

/// For `RUSTFLAGS`: dependencies must be told as well.
pub fn flags() -> String {
    // AES encrypts a few digits here and need not be quick: one implementation, in constant time, instead of four.
    let mut flags = r#"--cfg aes_backend="soft""#.to_owned();
    if let Some(home) = run::cargo_home() {
        // Panics say where they were, but not where the machine that built them keeps its packages.
        flags.extend([" --remap-path-prefix=", &home.join("registry/src").to_string_lossy(), "="]);
    }
    flags
}
